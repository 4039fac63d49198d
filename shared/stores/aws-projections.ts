import type { S3Client } from '@aws-sdk/client-s3';
import { objectOf, place, readObject, send, type Bucket } from './aws-objects.ts';
import { failure, type Waiting } from './aws-retry.ts';
import { checkedKey } from './keys.ts';
import type { ProjectionStore } from './ports.ts';

/**
 * Projections as objects of a bucket; S3 replaces an object whole, and reads of it are consistent.
 * @throws StorageError naming the object where S3 fails.
 */
export function s3Projections(client: S3Client, bucketName: string, waiting: Waiting = {}): ProjectionStore {
  const bucket: Bucket = { ...waiting, client, name: bucketName };
  return {
    async write(path, bytes) {
      checkedKey(path);
      try {
        await send(bucket, objectOf(bucket, path, bytes));
      } catch (error) {
        throw failure(`write ${place(bucket, path)}`, error, { bucket: bucketName, key: path });
      }
    },
    async read(path) {
      return readObject(bucket, checkedKey(path));
    },
  };
}
