import { afterEach, describe, expect, it } from 'vitest';
import { ConflictError, IntegrityError } from '../../shared/kernel/errors.ts';
import type { AwsClientOptions } from '../../shared/stores/aws-clients.ts';
import { awsStores } from '../../shared/stores/aws.ts';
import { StorageError } from '../../shared/stores/outcomes.ts';
import type { Stores, Write } from '../../shared/stores/ports.ts';
import { createTable, dynamoServer, hasDynamo } from '../support/aws/dynamo-server.ts';
import { proxy, type Proxy } from '../support/aws/proxy.ts';
import { s3Server, type S3Server } from '../support/aws/s3-server.ts';
import { ssmServer } from '../support/aws/ssm-server.ts';
import { NAMES, testClients } from '../support/aws/stores.ts';

const open: { close(): void | Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
function opened<T extends { close(): void | Promise<void> }>(one: T): T {
  open.push(one);
  return one;
}

/** Stores of which one service stands behind a proxy and the others are not there. */
async function behind(
  service: 'dynamodb' | 's3' | 'ssm',
  server: { url: string },
  options: AwsClientOptions = {},
): Promise<{ stores: Stores; network: Proxy }> {
  const network = opened(await proxy(server.url));
  const clients = opened(testClients({ endpoints: { [service]: network.url }, ...options }));
  return { stores: awsStores({ clients, ...NAMES, pause: async () => undefined }), network };
}
const s3Behind = async (options?: AwsClientOptions) => {
  const server: S3Server = opened(await s3Server([NAMES.artifactsBucket, NAMES.projectionsBucket]));
  return { server, ...(await behind('s3', server, options)) };
};
const failed = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => error as Error,
  );

const text = new TextEncoder().encode('{"a":1}');
const change = { value: 'true', changedAtMs: 0, changedBy: 'me', description: 'stop' };
const write: Write = { item: { partition: 'p', sort: 'a', body: '1' }, expect: 'absent' };

describe('a service that does not answer', () => {
  it.each(['dynamodb', 's3', 'ssm'] as const)('is given up in time: %s', async (service) => {
    const { stores, network } = await behind(
      service,
      { url: 'http://127.0.0.1:1' },
      { requestTimeoutMs: 100, attemptsMax: 2 },
    );
    network.faults.push('hung', 'hung');
    const calls = {
      dynamodb: () => stores.state.transact([write]),
      s3: () => stores.artifacts.find('k'),
      ssm: () => stores.parameters.get('N'),
    };
    const began = performance.now();
    const error = await failed(calls[service]());
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(error).toBeInstanceOf(StorageError);
    expect(error.message).toMatch('TimeoutError');
    expect(network.bodies).toHaveLength(2);
  });

  it('is given up in time though it keeps sending, where no response comes of it', async () => {
    const { stores, network } = await s3Behind({ requestTimeoutMs: 100, attemptsMax: 1 });
    network.faults.push('dribbled');
    const began = performance.now();
    expect((await failed(stores.artifacts.find('k'))).message).toMatch('TimeoutError');
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it('is asked again, and then it answers', async () => {
    const { stores, network } = await s3Behind({ requestTimeoutMs: 200 });
    network.faults.push('hung', undefined);
    await stores.artifacts.putIfAbsent('k', text);
    expect(await stores.artifacts.get('k')).toEqual(text);
  });

  it('is one that is not there: its refusal of connections ends too', async () => {
    const clients = opened(testClients({ endpoints: { ssm: 'http://127.0.0.1:1' }, attemptsMax: 2 }));
    const error = await failed(awsStores({ clients, ...NAMES }).parameters.get('N'));
    expect(error.message).toMatch('cannot read parameter /papergate/test/N');
    expect(error.message).toMatch('ECONNREFUSED');
  });
});

describe('requests that fail on their way', () => {
  it('take throttling for passing, in every service', async () => {
    const { stores, network } = await s3Behind();
    const slow = { status: 503, body: '<Error><Code>SlowDown</Code></Error>' };
    network.faults.push(slow);
    await stores.artifacts.putIfAbsent('k', text);
    expect(network.bodies).toHaveLength(2);

    const parameters = await behind('ssm', opened(await ssmServer()));
    const throttled = { status: 400, body: '{"__type":"ThrottlingException","message":"Rate exceeded"}' };
    parameters.network.faults.push(throttled);
    expect((await parameters.stores.parameters.put('N', change)).version).toBe(1);
  });

  it('that were answered in vain find their own artifact, and that is a success', async () => {
    const { stores, network, server } = await s3Behind();
    network.faults.push('lost');
    await stores.artifacts.putIfAbsent('k', text);
    expect(server.calls).toEqual(['PUT /artifacts/k', 'PUT /artifacts/k', 'GET /artifacts/k']);
    expect(server.versions('artifacts', 'k')).toHaveLength(1);
  });

  it.each(['half', 'stalled'] as const)('read a body again that is %s', async (fault) => {
    const { stores, network } = await s3Behind({ requestTimeoutMs: 150 });
    await stores.artifacts.putIfAbsent('k', text);
    network.faults.push(fault, fault, undefined);
    expect(await stores.artifacts.get('k')).toEqual(text);
    network.faults.push(fault, fault, fault);
    const error = await failed(stores.artifacts.get('k'));
    expect(error).toBeInstanceOf(StorageError);
    expect(error.message).toMatch('cannot read s3://artifacts/k');
  });

  it('take other bytes than those of the checksum for damage', async () => {
    const { stores, server } = await s3Behind();
    await stores.artifacts.putIfAbsent('k', text);
    server.damage('artifacts', 'k');
    const error = await failed(stores.artifacts.get('k'));
    expect(error).toBeInstanceOf(IntegrityError);
    expect(error.message).toMatch('s3://artifacts/k is damaged: Checksum mismatch');
    expect(server.calls.filter((call) => call.startsWith('GET'))).toHaveLength(3);
  });

  it('name the bucket in the path where another place than AWS is given', async () => {
    const server = opened(await s3Server([NAMES.artifactsBucket]));
    const endpoints = { s3: server.url.replace('127.0.0.1', 'localhost') };
    const clients = opened(testClients({ endpoints, attemptsMax: 1 }));
    await awsStores({ clients, ...NAMES }).artifacts.putIfAbsent('k', text);
    expect(server.calls).toEqual(['PUT /artifacts/k']);
  });

  it('share one connection, call after call', async () => {
    const { stores, network } = await s3Behind();
    await stores.artifacts.putIfAbsent('a', text);
    await stores.artifacts.get('a');
    await stores.artifacts.list('');
    await stores.projections.write('a', text);
    expect(network.connections()).toBe(1);
    expect(network.bodies).toHaveLength(4);
  });
});

describe.runIf(hasDynamo)('a transaction on its way', () => {
  const dynamoBehind = async (options?: AwsClientOptions) => {
    const server = opened(await dynamoServer());
    const direct = opened(testClients({ endpoints: { dynamodb: server.url } }));
    await createTable(direct.dynamodb, NAMES.table);
    return behind('dynamodb', server, options);
  };

  it('whose answer was lost succeeds when it is sent again, and another of the same writes loses', async () => {
    const { stores, network } = await dynamoBehind();
    network.faults.push('lost', 'lost');
    await stores.state.transact([write]);
    expect(network.bodies).toHaveLength(3);
    expect(new Set(network.bodies).size).toBe(1);
    await expect(stores.state.transact([write])).rejects.toBeInstanceOf(ConflictError);
  });

  it('whose answers were all lost leaves a write that its caller finds', async () => {
    const { stores, network } = await dynamoBehind({ attemptsMax: 2 });
    network.faults.push('lost', 'lost');
    await expect(stores.state.transact([write])).rejects.toBeInstanceOf(StorageError);
    expect((await stores.state.get('p', 'a'))?.body).toBe('1');
  });

  it('lets twenty at once all through, each in turn, where they count in one item', async () => {
    const { stores } = await dynamoBehind();
    await stores.state.transact([{ item: { partition: 'p', sort: 'n', body: '0' }, expect: 'any' }]);
    const increment = async (): Promise<void> => {
      for (;;) {
        const { body } = (await stores.state.get('p', 'n'))!;
        const item = { partition: 'p', sort: 'n', body: String(Number(body) + 1) };
        try {
          return await stores.state.transact([{ item, expect: 'equals', body }]);
        } catch (error) {
          if (!(error instanceof ConflictError)) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: 20 }, increment));
    expect((await stores.state.get('p', 'n'))?.body).toBe('20');
  });

  it('of more than DynamoDB takes says so', async () => {
    const { stores } = await dynamoBehind();
    const large = Array.from({ length: 25 }, (_, n): Write => ({
      item: { partition: 'p', sort: `s${n}`, body: 'x'.repeat(200_000) },
      expect: 'absent',
    }));
    const error = await failed(stores.state.transact(large));
    expect(error).toBeInstanceOf(StorageError);
    expect(error.message).toMatch(/cannot write p s0 of table papergate: \w+: /);
  });
});
