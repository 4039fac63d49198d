import { TransactionCanceledException, type CancellationReason } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { GetParameterCommand, GetParameterHistoryCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { GetCommand, QueryCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { ConflictError, IntegrityError } from '../../shared/kernel/errors.ts';
import { awsStores } from '../../shared/stores/aws.ts';
import { StorageError } from '../../shared/stores/outcomes.ts';
import type { Stores, Write } from '../../shared/stores/ports.ts';
import { NAMES, testClients } from '../support/aws/stores.ts';

const clients = testClients({});
const dynamo = mockClient(clients.dynamodb);
const s3 = mockClient(clients.s3);
const ssm = mockClient(clients.ssm);

const pauses: number[] = [];
let stores: Stores;
beforeEach(() => {
  for (const mock of [dynamo, s3, ssm]) mock.reset();
  pauses.length = 0;
  stores = awsStores({ clients, ...NAMES, pause: async (ms) => pauses.push(ms) });
});

/** An error as the SDK throws it. */
const refusal = (name: string, status: number): Error =>
  Object.assign(new Error(`${name}!`), { name, $metadata: { httpStatusCode: status, requestId: 'r-1' } });
const failed = (promise: Promise<unknown>): Promise<Error & { evidence: Record<string, unknown> }> =>
  promise.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => error as Error & { evidence: Record<string, unknown> },
  );

const write = (sort: string): Write => ({ item: { partition: 'p', sort, body: '1' }, expect: 'absent' });
const cancelled = (...codes: string[]): TransactionCanceledException =>
  new TransactionCanceledException({
    message: 'cancelled',
    $metadata: { httpStatusCode: 400 },
    CancellationReasons: codes.map((Code): CancellationReason => ({ Code })),
  });
const tokens = (): (string | undefined)[] =>
  dynamo.commandCalls(TransactWriteCommand).map(({ args }) => args[0].input.ClientRequestToken);

describe('a transaction that DynamoDB cancels', () => {
  it('names the first write whose condition failed, in the order of the writes, and is not repeated', async () => {
    dynamo
      .on(TransactWriteCommand)
      .rejects(cancelled('TransactionConflict', 'ConditionalCheckFailed', 'ConditionalCheckFailed'));
    const error = await failed(stores.state.transact([write('a'), write('b'), write('c')]));
    expect(error).toBeInstanceOf(ConflictError);
    expect(error.message).toBe('p b is not as expected (absent)');
    expect(error.evidence).toEqual({ partition: 'p', sort: 'b', expect: 'absent' });
    expect(tokens()).toHaveLength(1);
  });

  it.each([
    ['another transaction at the items', cancelled('None', 'TransactionConflict')],
    ['no capacity', cancelled('ThrottlingError', 'ProvisionedThroughputExceeded')],
    ['itself still in progress', refusal('TransactionInProgressException', 400)],
  ])('is sent again with the same token where the reason is %s', async (_, reason) => {
    dynamo.on(TransactWriteCommand).rejectsOnce(reason).rejectsOnce(reason).resolves({});
    await stores.state.transact([write('a'), write('b')]);
    expect(tokens()).toHaveLength(3);
    expect(new Set(tokens()).size).toBe(1);
    expect(tokens()[0]).toMatch(/^.{1,36}$/);
  });

  it('has another token in each call, though the writes are the same', async () => {
    dynamo.on(TransactWriteCommand).resolves({});
    await stores.state.transact([write('a')]);
    await stores.state.transact([write('a')]);
    expect(new Set(tokens()).size).toBe(2);
  });

  it('loses to the winner that a repeat finds', async () => {
    dynamo
      .on(TransactWriteCommand)
      .rejectsOnce(cancelled('TransactionConflict'))
      .rejects(cancelled('ConditionalCheckFailed'));
    await expect(stores.state.transact([write('a')])).rejects.toBeInstanceOf(ConflictError);
  });

  it('ends after eight attempts and two seconds, naming table and item, as no conflict', async () => {
    dynamo.on(TransactWriteCommand).rejects(cancelled('None', 'TransactionConflict'));
    const error = await failed(stores.state.transact([write('a'), write('b')]));
    expect(error).toBeInstanceOf(StorageError);
    expect(error.message).toBe(
      'cannot write p b of table papergate: busy in every attempt (None, TransactionConflict)',
    );
    expect(error.evidence).toMatchObject({ table: 'papergate', partition: 'p', sort: 'b' });
    expect(tokens()).toHaveLength(8);
    const longest = [25, 50, 100, 200, 400, 800, 1_000];
    expect(pauses).toHaveLength(7);
    pauses.forEach((ms, k) => expect(ms).toBeGreaterThanOrEqual(longest[k]! / 2));
    pauses.forEach((ms, k) => expect(ms).toBeLessThanOrEqual(longest[k]!));
  });

  it('is not sent again for a reason that stays', async () => {
    dynamo
      .on(TransactWriteCommand)
      .rejects(cancelled('TransactionConflict', 'ItemCollectionSizeLimitExceeded'));
    const error = await failed(stores.state.transact([write('a'), write('b')]));
    expect(error).toBeInstanceOf(StorageError);
    expect(error.message).toBe(
      'cannot write p a of table papergate: TransactionCanceledException: cancelled',
    );
    expect(tokens()).toHaveLength(1);
  });

  it('says that it is too large', async () => {
    dynamo.on(TransactWriteCommand).rejects(refusal('ValidationException', 400));
    const error = await failed(stores.state.transact([write('a')]));
    expect(error.message).toBe(
      'cannot write p a of table papergate: ValidationException: ValidationException!',
    );
    expect(error.evidence).toMatchObject({ status: 400, request_id: 'r-1' });
  });
});

describe('reading state', () => {
  it('is consistent, of items and of ranges', async () => {
    dynamo.on(GetCommand).resolves({}).on(QueryCommand).resolves({ Items: [] });
    await stores.state.get('p', 'a');
    await stores.state.query('p', 'a');
    await stores.state.query('p', '');
    expect(dynamo.commandCalls(GetCommand)[0]!.args[0].input.ConsistentRead).toBe(true);
    for (const { args } of dynamo.commandCalls(QueryCommand)) expect(args[0].input.ConsistentRead).toBe(true);
  });

  it('follows pages to the last, empty ones too', async () => {
    const item = (sort: string) => ({ partition: 'p', sort, body: '1' });
    dynamo
      .on(QueryCommand)
      .resolvesOnce({ Items: [item('b')], LastEvaluatedKey: { partition: 'p', sort: 'b' } })
      .resolvesOnce({ Items: [], LastEvaluatedKey: { partition: 'p', sort: 'c' } })
      .resolvesOnce({ Items: [item('a')] });
    expect((await stores.state.query('p', '')).map(({ sort }) => sort)).toEqual(['a', 'b']);
    expect(dynamo.commandCalls(QueryCommand)[2]!.args[0].input.ExclusiveStartKey).toEqual({
      partition: 'p',
      sort: 'c',
    });
  });

  it('takes no item without a text for one', async () => {
    dynamo.on(GetCommand).resolves({ Item: { partition: 'p', sort: 'a', body: 1 } });
    dynamo.on(QueryCommand).resolves({ Items: [{ partition: 'p', sort: 'b' }] });
    const error = await failed(stores.state.get('p', 'a'));
    expect(error).toBeInstanceOf(IntegrityError);
    expect(error.message).toBe('item p a of table papergate holds no text');
    await expect(stores.state.query('p', '')).rejects.toThrow('item p b of table papergate holds no text');
  });

  it('finds nothing beyond the longest sort key, which DynamoDB would refuse to look for', async () => {
    dynamo.on(QueryCommand).rejects(refusal('ValidationException', 400));
    expect(await stores.state.query('p', 'x'.repeat(1_025))).toEqual([]);
  });

  it('is no absence where it is refused', async () => {
    dynamo.on(GetCommand).rejects(refusal('AccessDeniedException', 400));
    const error = await failed(stores.state.get('p', 'a'));
    expect(error).toBeInstanceOf(StorageError);
    expect(error.message).toMatch('cannot read p a of table papergate: AccessDeniedException');
  });
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const body = (text: string) => ({
  Body: { transformToByteArray: async () => bytes(text) } as never,
  ContentLength: text.length,
});

describe('artifacts', () => {
  it('are put on the condition that the key is free, with hash and type', async () => {
    s3.on(PutObjectCommand).resolves({});
    const types = { 'a.json': 'application/json', 'a.jsonl': 'application/x-ndjson' };
    const texts = { 'a.md': 'text/markdown; charset=utf-8', 'a.csv': 'text/csv; charset=utf-8' };
    const others = { a: 'application/octet-stream', 'a.bin': 'application/octet-stream' };
    for (const [key, ContentType] of Object.entries({ ...types, ...texts, ...others })) {
      s3.resetHistory();
      await stores.artifacts.putIfAbsent(key, bytes('a'));
      expect(s3.commandCalls(PutObjectCommand)[0]!.args[0].input).toMatchObject({
        ...{ Bucket: 'artifacts', Key: key, IfNoneMatch: '*', ContentType },
        // printf a | openssl dgst -sha256 -binary | base64
        ChecksumSHA256: 'ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=',
      });
    }
  });

  it('tries again where another put of the key is under way', async () => {
    s3.on(PutObjectCommand)
      .rejectsOnce(refusal('ConditionalRequestConflict', 409))
      .rejectsOnce(refusal('ConditionalRequestConflict', 409))
      .resolves({});
    await stores.artifacts.putIfAbsent('k', bytes('a'));
    expect(pauses).toHaveLength(2);
  });

  it('gives up on a key that stays under way', async () => {
    s3.on(PutObjectCommand).rejects(refusal('ConditionalRequestConflict', 409));
    const error = await failed(stores.artifacts.putIfAbsent('k', bytes('a')));
    expect(error).toBeInstanceOf(StorageError);
    expect(error.message).toMatch('cannot write s3://artifacts/k: ConditionalRequestConflict');
    expect(s3.commandCalls(PutObjectCommand)).toHaveLength(8);
  });

  it('take the bytes that are there already for a success, and others for damage', async () => {
    s3.on(PutObjectCommand)
      .rejects(refusal('PreconditionFailed', 412))
      .on(GetObjectCommand)
      .resolves(body('a'));
    await stores.artifacts.putIfAbsent('k', bytes('a'));
    const error = await failed(stores.artifacts.putIfAbsent('k', bytes('b')));
    expect(error).toBeInstanceOf(IntegrityError);
    expect(error.message).toMatch('artifact k holds other bytes: stored sha256:ca97');
  });

  it('are no success where the key was taken and is free again', async () => {
    s3.on(PutObjectCommand).rejects(refusal('PreconditionFailed', 412));
    s3.on(GetObjectCommand).rejects(refusal('NoSuchKey', 404));
    await expect(stores.artifacts.putIfAbsent('k', bytes('a'))).rejects.toThrow(
      'cannot write s3://artifacts/k: it was there and is gone',
    );
  });

  it.each([
    ['AccessDenied', 403],
    ['NoSuchBucket', 404],
    ['SlowDown', 503],
    ['UnknownError', 404],
  ])('are no absence where S3 says %s', async (name, status) => {
    s3.on(GetObjectCommand).rejects(refusal(name, status));
    s3.on(PutObjectCommand).rejects(refusal(name, status));
    s3.on(ListObjectsV2Command).rejects(refusal(name, status));
    const { artifacts, projections } = stores;
    const attempts = {
      'read s3://artifacts/k': artifacts.find('k'),
      'write s3://artifacts/k': artifacts.putIfAbsent('k', bytes('a')),
      'list s3://artifacts/k': artifacts.list('k'),
      'read s3://projections/k': projections.read('k'),
      'write s3://projections/k': projections.write('k', bytes('a')),
    };
    for (const [doing, attempt] of Object.entries(attempts)) {
      const error = await failed(attempt);
      expect(error).toBeInstanceOf(StorageError);
      expect(error.message).toBe(`cannot ${doing}: ${name}: ${name}!`);
      expect(error.evidence).toMatchObject({ status, error: name });
    }
  });

  it('are read with their checksum, into a buffer of their own', async () => {
    const pooled = bytes('....abcd....').subarray(4, 8);
    s3.on(GetObjectCommand).resolves({ Body: { transformToByteArray: async () => pooled } as never });
    const found = await stores.artifacts.get('k');
    expect([found.byteOffset, found.buffer.byteLength, new TextDecoder().decode(found)]).toEqual([
      0,
      4,
      'abcd',
    ]);
    expect(s3.commandCalls(GetObjectCommand)[0]!.args[0].input.ChecksumMode).toBe('ENABLED');
  });

  it('list every page', async () => {
    s3.on(ListObjectsV2Command)
      .resolvesOnce({ Contents: [{ Key: 'b' }], IsTruncated: true, NextContinuationToken: 't' })
      .resolvesOnce({ IsTruncated: true, NextContinuationToken: 'u' })
      .resolvesOnce({ Contents: [{ Key: 'a' }], IsTruncated: false });
    expect(await stores.artifacts.list('')).toEqual(['a', 'b']);
  });
});

const at = (Version: number, Value: string) => ({
  Version,
  Value,
  LastModifiedDate: new Date(Version * 1_000),
});
const entry = (Version: number, Value: string) => ({
  ...at(Version, Value),
  LastModifiedUser: `user-${Version}`,
  Description: `reason ${Version}`,
});
const parameter = (version: number, value: string) => ({
  ...{ version, value, changedAtMs: version * 1_000 },
  ...{ changedBy: `user-${version}`, description: `reason ${version}` },
});

describe('a parameter', () => {
  it('is absent where there is none, and not where it is refused', async () => {
    ssm.on(GetParameterCommand).rejectsOnce(refusal('ParameterNotFound', 400));
    expect(await stores.parameters.get('N')).toBeUndefined();
    ssm.on(GetParameterHistoryCommand).rejectsOnce(refusal('ParameterNotFound', 400));
    expect(await stores.parameters.history('N')).toEqual([]);
    ssm.on(GetParameterCommand).rejects(refusal('AccessDeniedException', 400));
    ssm.on(GetParameterHistoryCommand).rejects(refusal('AccessDeniedException', 400));
    for (const attempt of [stores.parameters.get('N'), stores.parameters.history('N')]) {
      const error = await failed(attempt);
      expect(error).toBeInstanceOf(StorageError);
      expect(error.message).toMatch(
        'parameter /papergate/test/N: AccessDeniedException: AccessDeniedException!',
      );
    }
  });

  it('is of one version to the last field, also where the history is ahead', async () => {
    ssm.on(GetParameterCommand).resolves({ Parameter: at(2, 'true') });
    ssm.on(GetParameterHistoryCommand).resolves({ Parameters: [entry(2, 'true'), entry(3, 'false')] });
    expect(await stores.parameters.get('N')).toEqual(parameter(3, 'false'));
  });

  it('is read again where the history is behind', async () => {
    ssm.on(GetParameterCommand).resolves({ Parameter: at(3, 'false') });
    ssm
      .on(GetParameterHistoryCommand)
      .resolvesOnce({ Parameters: [entry(2, 'true')] })
      .resolvesOnce({ Parameters: [] })
      .resolves({ Parameters: [entry(2, 'true'), entry(3, 'false')] });
    expect(await stores.parameters.get('N')).toEqual(parameter(3, 'false'));
    expect(pauses).toHaveLength(2);
  });

  it('is unreadable where the history stays behind: no author of another change is given', async () => {
    ssm.on(GetParameterCommand).resolves({ Parameter: at(3, 'false') });
    ssm.on(GetParameterHistoryCommand).resolves({ Parameters: [entry(2, 'false')] });
    const error = await failed(stores.parameters.get('N'));
    expect(error).toBeInstanceOf(StorageError);
    expect(error.message).toBe(
      'cannot read parameter /papergate/test/N: its history does not reach version 3 yet',
    );
  });

  it('asks for its value each time, and for author and reason once a version', async () => {
    ssm.on(GetParameterCommand).resolves({ Parameter: at(1, 'false') });
    ssm.on(GetParameterHistoryCommand).resolves({ Parameters: [entry(1, 'false')] });
    const first = await stores.parameters.get('N');
    expect(await stores.parameters.get('N')).toEqual(first);
    expect(ssm.commandCalls(GetParameterCommand)).toHaveLength(2);
    expect(ssm.commandCalls(GetParameterHistoryCommand)).toHaveLength(1);
    ssm.on(GetParameterCommand).rejects(refusal('ThrottlingException', 400));
    await expect(stores.parameters.get('N')).rejects.toBeInstanceOf(StorageError);
  });

  it('that was deleted and made anew is not taken for the one before', async () => {
    const anew = { ...entry(1, 'false'), LastModifiedDate: new Date(9_000), LastModifiedUser: 'other' };
    ssm.on(GetParameterCommand).resolvesOnce({ Parameter: at(1, 'false') });
    ssm.on(GetParameterHistoryCommand).resolvesOnce({ Parameters: [entry(1, 'false')] });
    await stores.parameters.get('N');
    ssm.on(GetParameterCommand).resolves({ Parameter: anew });
    ssm.on(GetParameterHistoryCommand).resolves({ Parameters: [anew] });
    expect(await stores.parameters.get('N')).toMatchObject({ changedBy: 'other', changedAtMs: 9_000 });
  });

  it('has its history from every page, in pages of the most that are given', async () => {
    ssm
      .on(GetParameterHistoryCommand)
      .resolvesOnce({ Parameters: [entry(1, 'a')], NextToken: 't' })
      .resolvesOnce({ Parameters: [], NextToken: 'u' })
      .resolvesOnce({ Parameters: [entry(2, 'b')] });
    expect(await stores.parameters.history('N')).toEqual([parameter(1, 'a'), parameter(2, 'b')]);
    expect(ssm.commandCalls(GetParameterHistoryCommand)[0]!.args[0].input.MaxResults).toBe(50);
  });

  it('is put again where somebody else is changing it, always with a reason', async () => {
    ssm
      .on(PutParameterCommand)
      .rejectsOnce(refusal('TooManyUpdates', 400))
      .resolves({ Version: 2 })
      .on(GetParameterHistoryCommand)
      .resolves({ Parameters: [entry(1, 'x'), entry(2, 'true'), entry(3, 'x')] });
    const change = { value: 'true', changedAtMs: 0, changedBy: 'me', description: '' };
    expect(await stores.parameters.put('N', change)).toEqual(parameter(2, 'true'));
    expect(ssm.commandCalls(PutParameterCommand)[1]!.args[0].input).toEqual({
      ...{ Name: '/papergate/test/N', Value: 'true', Type: 'String', Overwrite: true },
      Description: 'no reason given',
    });
  });

  it('has no reason where it was put without one and kept that of the change before', async () => {
    const kept = (Version: number, Value: string, user: string) => ({
      ...{ ...entry(Version, Value), LastModifiedUser: user, Description: 'stop' },
    });
    ssm.on(GetParameterHistoryCommand).resolves({
      Parameters: [
        kept(1, 'true', 'ops'),
        kept(2, 'true', 'ops'),
        kept(3, 'false', 'ops'),
        kept(4, 'false', 'admin'),
      ],
    });
    const reasons = (await stores.parameters.history('N')).map(({ description }) => description);
    // The second is the first again; those after it changed the value or came from somebody else.
    expect(reasons).toEqual(['stop', 'stop', '', '']);
  });

  it('whose answer lacks an author is unreadable', async () => {
    ssm.on(GetParameterCommand).resolves({ Parameter: at(1, 'false') });
    ssm.on(GetParameterHistoryCommand).resolves({ Parameters: [at(1, 'false')] });
    const error = await failed(stores.parameters.get('N'));
    expect(error).toBeInstanceOf(StorageError);
    expect(error.message).toMatch('answered without LastModifiedUser');
  });
});
