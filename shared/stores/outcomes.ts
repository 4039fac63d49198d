import { sha256 } from '../kernel/canonical.ts';
import { ConflictError, IntegrityError, PapergateError } from '../kernel/errors.ts';
import { nameOf } from './keys.ts';
import type { Write } from './ports.ts';

/** The medium under a store failed (full, not permitted, locked for too long); the message names the file. */
export class StorageError extends PapergateError {
  override readonly name = 'StorageError';
  readonly exitCode = 1;
}

/** The first write of a transaction whose condition failed. */
export const conflict = (write: Write): ConflictError =>
  new ConflictError(`${nameOf(write.item)} is not as expected (${write.expect})`, {
    partition: write.item.partition,
    sort: write.item.sort,
    expect: write.expect,
  });

/** Nothing lies under a key that something refers to. */
export const missingArtifact = (key: string): IntegrityError =>
  new IntegrityError(`artifact ${key} is missing`, { key });

/** @throws IntegrityError naming the key and both hashes, where bytes are offered for a key that holds others. */
export function assertSameBytes(key: string, stored: Uint8Array, offered: Uint8Array): void {
  if (Buffer.compare(stored, offered) === 0) return;
  const hashes = { stored: sha256(stored), offered: sha256(offered) };
  throw new IntegrityError(
    `artifact ${key} holds other bytes: stored ${hashes.stored}, offered ${hashes.offered}`,
    {
      key,
      ...hashes,
    },
  );
}
