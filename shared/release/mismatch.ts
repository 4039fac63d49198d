import type { Release } from '../ledger/artifacts.ts';
import { RELEASE_PARTS, type ReleasePart } from '../risk/gates.ts';

/** What runs, in the parts that a release froze. */
export type Running = Pick<Release, 'code_sha256' | 'config_sha256' | 'model_version' | 'calendar_sha256'>;

const FIELDS: Readonly<Record<ReleasePart, keyof Running>> = {
  code: 'code_sha256',
  config: 'config_sha256',
  model: 'model_version',
  calendar: 'calendar_sha256',
};

/** Parts in which what runs differs from the active release; empty where it is that release. */
export const mismatchedParts = (release: Running, running: Running): ReleasePart[] =>
  RELEASE_PARTS.filter((part) => release[FIELDS[part]] !== running[FIELDS[part]]);
