import { afterAll, beforeAll, expect, it } from 'vitest';
import { dynamoServer, hasDynamo, type DynamoServer } from '../support/aws/dynamo-server.ts';
import { openAwsStores } from '../support/aws/stores.ts';
import { storesContract } from './stores-contract.ts';

const STAMPED = { changedAtMs: 1_764_000_000_123, changedBy: 'arn:aws:iam::111122223333:user/ops' };

if (hasDynamo) {
  let dynamo: DynamoServer;
  beforeAll(async () => {
    dynamo = await dynamoServer();
  });
  afterAll(() => dynamo.close());
  storesContract('aws', async () => ({
    ...(await openAwsStores({ dynamo, s3: { pageMax: 3 } })),
    stamped: STAMPED,
  }));
}
it.skipIf(!hasDynamo)('runs where the optional dependency @dynoxide/linux-x64 is installed', () => {
  expect(hasDynamo).toBe(true);
});
