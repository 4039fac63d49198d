import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { awsStores } from '../../shared/stores/aws.ts';
import { createTable } from '../support/aws/dynamo-server.ts';
import { NAMES, openAwsStores, testClients } from '../support/aws/stores.ts';
import { storesContract } from './stores-contract.ts';

/** The same contract against programs that others wrote, where the environment names one that runs. */
const { PAPERGATE_MOTO_ENDPOINT: moto, PAPERGATE_DYNAMODB_ENDPOINT: dynamodb } = process.env;

let opened = 0;

/** A peer keeps what earlier tests and runs wrote, so each opening has names of its own. */
async function motoStores(url: string) {
  const own = `${process.pid}-${Date.now()}-${++opened}`;
  const clients = testClients({ endpoints: { dynamodb: url, s3: url, ssm: url } });
  const artifactsBucket = `artifacts-${own}`;
  const projectionsBucket = `projections-${own}`;
  for (const Bucket of [artifactsBucket, projectionsBucket])
    await clients.s3.send(
      new CreateBucketCommand({
        Bucket,
        CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
      }),
    );
  const table = `${NAMES.table}-${own}`;
  await createTable(clients.dynamodb, table);
  const parameterPrefix = `${NAMES.parameterPrefix}/${own}`;
  return {
    stores: awsStores({ clients, table, artifactsBucket, projectionsBucket, parameterPrefix }),
    stamped: { changedAtMs: expect.any(Number), changedBy: expect.any(String) },
    close: async () => clients.close(),
  };
}

if (moto) storesContract('aws on moto', () => motoStores(moto));
it.skipIf(!moto)('runs on moto where PAPERGATE_MOTO_ENDPOINT names a running moto_server', () => {
  expect(moto).toMatch(/^http/);
});

const STAMPED = { changedAtMs: 1_764_000_000_123, changedBy: 'arn:aws:iam::111122223333:user/ops' };

if (dynamodb)
  storesContract('aws on another DynamoDB', async () => ({
    ...(await openAwsStores({ dynamo: { url: dynamodb, close: async () => undefined } })),
    stamped: STAMPED,
  }));
it.skipIf(!dynamodb)('runs on the DynamoDB that PAPERGATE_DYNAMODB_ENDPOINT names', () => {
  expect(dynamodb).toMatch(/^http/);
});
