import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sha256, type Sha256 } from '../../../shared/kernel/canonical.ts';

/** Set by the bundler: the hash of the source tree that a bundle was made from. */
declare const PAPERGATE_CODE_SHA256: Sha256;

/** Hash of the source tree that this bundle was made from. */
export const codeOfBundle = (): Sha256 => PAPERGATE_CODE_SHA256;

/** Hash of the very file that runs: in a bundle every module has the bundle's address. */
export const ownBundle = (): Sha256 => sha256(readFileSync(fileURLToPath(import.meta.url)));
