import { createHash } from 'node:crypto';
import {
  GetObjectCommand,
  PutObjectCommand,
  type GetObjectCommandOutput,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { IntegrityError } from '../kernel/errors.ts';
import { failure, isNamed, retrying, type Waiting } from './aws-retry.ts';

/** A bucket and how to talk to it. */
export interface Bucket extends Waiting {
  readonly client: S3Client;
  readonly name: string;
}

export const place = (bucket: Bucket, key: string): string => `s3://${bucket.name}/${key}`;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  jsonl: 'application/x-ndjson',
  md: 'text/markdown; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
};

/** What every object is put with. S3 refuses bytes that are not of this hash, and keeps it for whoever reads them. */
export const objectOf = (bucket: Bucket, key: string, bytes: Uint8Array): PutObjectCommandInput => ({
  Bucket: bucket.name,
  Key: key,
  Body: bytes,
  ChecksumSHA256: createHash('sha256').update(bytes).digest('base64'),
  ContentType: CONTENT_TYPES[key.slice(key.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
});

/** Sends a put as it is: its refusals are for the caller to read. */
export const send = (bucket: Bucket, input: PutObjectCommandInput): Promise<unknown> =>
  bucket.client.send(new PutObjectCommand(input));

/** Few, since each may wait for as long as a silent connection is borne. */
const BODY_ATTEMPTS_MAX = 3;

class BrokenBody extends Error {}

/**
 * The bytes of an object in a buffer of their own; undefined where the bucket says that there is none. A refusal is an
 * error, never an absence, and so is a bucket that is not there. A body that breaks off is read again: the SDK repeats
 * only what fails before the first byte.
 */
export async function readObject(bucket: Bucket, key: string): Promise<Uint8Array | undefined> {
  try {
    const isBroken = (error: unknown): boolean => error instanceof BrokenBody;
    return await retrying(() => readOnce(bucket, key), isBroken, bucket, BODY_ATTEMPTS_MAX);
  } catch (error) {
    if (isNamed(error, 'NoSuchKey')) return undefined;
    const cause = error instanceof BrokenBody ? error.cause : error;
    if (cause instanceof Error && cause.message.startsWith('Checksum mismatch'))
      throw new IntegrityError(`${place(bucket, key)} is damaged: ${cause.message}`, { key }, { cause });
    throw failure(`read ${place(bucket, key)}`, cause, { bucket: bucket.name, key });
  }
}

async function readOnce(bucket: Bucket, key: string): Promise<Uint8Array> {
  const input = { Bucket: bucket.name, Key: key, ChecksumMode: 'ENABLED' as const };
  const { Body, ContentLength }: GetObjectCommandOutput = await bucket.client.send(
    new GetObjectCommand(input),
  );
  try {
    const bytes = await Body!.transformToByteArray();
    if (ContentLength !== undefined && bytes.length !== ContentLength)
      throw new Error(`ends at ${bytes.length} of ${ContentLength} bytes`);
    // What the SDK gives may lie in the middle of a pooled buffer, where no column could be laid over it.
    return bytes.byteLength === bytes.buffer.byteLength ? new Uint8Array(bytes.buffer) : bytes.slice();
  } catch (cause) {
    throw new BrokenBody('the body broke off', { cause });
  }
}
