import { Readable } from 'node:stream';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  DeleteParameterCommand,
  GetParameterHistoryCommand,
  PutParameterCommand,
  type PutParameterCommandInput,
} from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AwsClients } from '../../shared/stores/aws-clients.ts';
import type { JsonRpcServer } from '../support/aws/json-rpc.ts';
import { s3Server, type S3Server } from '../support/aws/s3-server.ts';
import { ssmServer } from '../support/aws/ssm-server.ts';
import { testClients } from '../support/aws/stores.ts';

/** The stand-ins refuse what the services refuse: a contract kept on a lenient one would say little. */
let s3: S3Server;
let ssm: JsonRpcServer;
let clients: AwsClients;
let stampedMs = 5_000;
let author = 'one';
beforeEach(async () => {
  s3 = await s3Server(['b', 'locked'], { locked: ['locked'] });
  ssm = await ssmServer({ atMs: () => stampedMs, by: () => author });
  clients = testClients({ endpoints: { s3: s3.url, ssm: ssm.url }, attemptsMax: 1 });
});
afterEach(async () => {
  clients.close();
  await Promise.all([s3.close(), ssm.close()]);
});

describe('the S3 of the tests', () => {
  const put = (Bucket: string, Body: string | Readable, more = {}) =>
    clients.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body, ...more }));
  const get = async (): Promise<string> =>
    (await clients.s3.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }))).Body!.transformToString();

  it('puts on condition until a delete marker stands on top', async () => {
    await put('b', 'one', { IfNoneMatch: '*' });
    await expect(put('b', 'two', { IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    });
    expect(await get()).toBe('one');
    await clients.s3.send(new DeleteObjectCommand({ Bucket: 'b', Key: 'k' }));
    await expect(get()).rejects.toMatchObject({ name: 'NoSuchKey' });
    await put('b', 'two', { IfNoneMatch: '*' });
    expect(await get()).toBe('two');
    expect(s3.versions('b', 'k').map(({ bytes }) => bytes?.toString())).toEqual(['one', undefined, 'two']);
  });

  it('deletes no version under object lock, and others', async () => {
    const remove = (Bucket: string, VersionId: string) =>
      clients.s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId }));
    const locked = (await put('locked', 'one')).VersionId!;
    await expect(remove('locked', locked)).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(s3.versions('locked', 'k')).toHaveLength(1);
    await remove('b', (await put('b', 'one')).VersionId!);
    expect(s3.versions('b', 'k')).toHaveLength(0);
  });

  it('takes a body in chunks with its checksum behind, and no body under a wrong one', async () => {
    await put('b', Readable.from([Buffer.from('one,'), Buffer.from('two')]), { ContentLength: 7 });
    expect(await get()).toBe('one,two');
    // The hash of `a`.
    const ChecksumSHA256 = 'ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=';
    await put('b', 'a', { ChecksumSHA256 });
    await expect(put('b', 'b', { ChecksumSHA256 })).rejects.toMatchObject({ name: 'BadDigest' });
    await expect(put('b', 'b', { ChecksumCRC32: 'AAAAAA==' })).rejects.toMatchObject({ name: 'BadDigest' });
    expect(await get()).toBe('a');
  });

  it('knows no bucket that it was not given', async () => {
    await expect(put('other', 'one')).rejects.toMatchObject({ name: 'NoSuchBucket' });
  });
});

describe('the Parameter Store of the tests', () => {
  const put = (more: Partial<PutParameterCommandInput>) =>
    clients.ssm.send(new PutParameterCommand({ Name: '/n', Value: 'v', Type: 'String', ...more }));
  const history = async (MaxResults: number, NextToken?: string) =>
    clients.ssm.send(
      new GetParameterHistoryCommand({ Name: '/n', MaxResults, ...(NextToken && { NextToken }) }),
    );

  it('overwrites only what it is told to, stamping time and author, and keeps a reason that is left out', async () => {
    await put({ Description: 'first' });
    await expect(put({})).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
    [stampedMs, author] = [7_125, 'two'];
    expect(await put({ Overwrite: true })).toMatchObject({ Version: 2 });
    const { Parameters } = await history(50);
    expect(Parameters).toMatchObject([
      { Version: 1, LastModifiedDate: new Date(5_000), LastModifiedUser: 'one', Description: 'first' },
      { Version: 2, LastModifiedDate: new Date(7_125), LastModifiedUser: 'two', Description: 'first' },
    ]);
  });

  it.each([
    ['an empty value', { Value: '' }],
    ['a value over 4 KB', { Value: 'é'.repeat(2_049) }],
    ['a long description', { Description: 'x'.repeat(1_025) }],
    ['a name with a space', { Name: '/a b' }],
  ])('refuses %s', async (_, more) => {
    await expect(put(more)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('refuses a value off its pattern', async () => {
    await put({ AllowedPattern: 'v|true' });
    await expect(put({ Overwrite: true, Value: 'truely' })).rejects.toMatchObject({
      name: 'ParameterPatternMismatchException',
    });
  });

  it('pages its history, oldest first and at most 50 at once, and forgets with the parameter', async () => {
    for (let n = 0; n < 60; n++) await put({ Overwrite: true });
    await expect(history(51)).rejects.toMatchObject({ name: 'ValidationException' });
    const first = await history(50);
    expect(first.Parameters!.map(({ Version }) => Version)).toEqual(
      Array.from({ length: 50 }, (_, k) => k + 1),
    );
    expect((await history(50, first.NextToken)).Parameters).toHaveLength(10);
    await clients.ssm.send(new DeleteParameterCommand({ Name: '/n' }));
    await expect(history(50)).rejects.toMatchObject({ name: 'ParameterNotFound' });
  });
});
