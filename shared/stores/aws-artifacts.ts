import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { byCodeUnit } from '../kernel/canonical.ts';
import { objectOf, place, readObject, send, type Bucket } from './aws-objects.ts';
import { failure, retrying, statusOf, type Waiting } from './aws-retry.ts';
import { checkedKey, checkedPrefix } from './keys.ts';
import { assertSameBytes, missingArtifact, StorageError } from './outcomes.ts';
import type { ArtifactStore } from './ports.ts';

/**
 * Artifacts as objects of a bucket, each put on the condition that its key is free.
 * @throws StorageError naming the object where S3 fails.
 */
export function s3Artifacts(client: S3Client, bucketName: string, waiting: Waiting = {}): ArtifactStore {
  const bucket: Bucket = { ...waiting, client, name: bucketName };
  const find = async (key: string): Promise<Uint8Array | undefined> => readObject(bucket, checkedKey(key));
  return {
    find,
    async get(key) {
      const bytes = await find(key);
      if (!bytes) throw missingArtifact(key);
      return bytes;
    },
    async putIfAbsent(key, bytes) {
      checkedKey(key);
      if (await created(bucket, key, bytes)) return;
      const stored = await find(key);
      if (!stored)
        throw new StorageError(`cannot write ${place(bucket, key)}: it was there and is gone`, { key });
      assertSameBytes(key, stored, bytes);
    },
    async list(prefix) {
      checkedPrefix(prefix);
      return (await listed(bucket, { Prefix: prefix })).keys.sort(byCodeUnit);
    },
    async folders() {
      return (await listed(bucket, { Delimiter: '/' })).folders.sort(byCodeUnit);
    },
  };
}

/** Whether the object is of this put; false where the key was taken, also by an earlier attempt whose answer was lost. */
async function created(bucket: Bucket, key: string, bytes: Uint8Array): Promise<boolean> {
  const input = { ...objectOf(bucket, key, bytes), IfNoneMatch: '*' };
  try {
    // 409: another conditional put of the key was under way, and neither was judged.
    await retrying(
      () => send(bucket, input),
      (error) => statusOf(error) === 409,
      bucket,
    );
    return true;
  } catch (error) {
    if (statusOf(error) === 412) return false;
    throw failure(`write ${place(bucket, key)}`, error, { bucket: bucket.name, key });
  }
}

/** All pages of a listing: keys, and what stands before a delimiter. */
async function listed(
  bucket: Bucket,
  asked: { readonly Prefix?: string; readonly Delimiter?: '/' },
): Promise<{ keys: string[]; folders: string[] }> {
  const { client, name } = bucket;
  const keys: string[] = [];
  const folders: string[] = [];
  try {
    for await (const page of paginateListObjectsV2({ client }, { Bucket: name, ...asked })) {
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key);
      for (const { Prefix } of page.CommonPrefixes ?? [])
        if (Prefix !== undefined) folders.push(Prefix.slice(0, -1));
    }
  } catch (error) {
    throw failure(`list ${place(bucket, asked.Prefix ?? '')}`, error, { bucket: name, ...asked });
  }
  return { keys, folders };
}
