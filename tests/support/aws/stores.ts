import { awsClients, type AwsClientOptions, type AwsClients } from '../../../shared/stores/aws-clients.ts';
import { awsStores } from '../../../shared/stores/aws.ts';
import type { Stores } from '../../../shared/stores/ports.ts';
import { createTable, dynamoServer, type DynamoServer } from './dynamo-server.ts';
import type { JsonRpcServer } from './json-rpc.ts';
import { s3Server, type S3Options, type S3Server } from './s3-server.ts';
import { ssmServer, type SsmOptions } from './ssm-server.ts';

export const NAMES = {
  table: 'papergate',
  artifactsBucket: 'artifacts',
  projectionsBucket: 'projections',
  parameterPrefix: '/papergate/test',
};

/** Clients that look for nothing in the environment. */
export const testClients = (options: AwsClientOptions): AwsClients =>
  awsClients({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    ...options,
  });

export interface AwsServers {
  readonly dynamo: DynamoServer;
  readonly s3: S3Server;
  readonly ssm: JsonRpcServer;
}

export interface OpenAws {
  readonly stores: Stores;
  readonly clients: AwsClients;
  readonly servers: AwsServers;
  close(): Promise<void>;
}

export interface OpenAwsOptions {
  readonly clients?: AwsClientOptions;
  readonly s3?: S3Options;
  readonly ssm?: SsmOptions;
  /** A DynamoDB that is running already and outlives this. */
  readonly dynamo?: DynamoServer;
}

let tables = 0;

/** Stores over servers of their own, with nothing in them. */
export async function openAwsStores(options: OpenAwsOptions = {}): Promise<OpenAws> {
  const dynamo = options.dynamo ?? (await dynamoServer());
  const s3 = await s3Server([NAMES.artifactsBucket, NAMES.projectionsBucket], {
    locked: [NAMES.artifactsBucket],
    ...options.s3,
  });
  const ssm = await ssmServer(options.ssm);
  const endpoints = { dynamodb: dynamo.url, s3: s3.url, ssm: ssm.url };
  const clients = testClients({ endpoints, ...options.clients });
  const table = `${NAMES.table}-${process.pid}-${Date.now()}-${++tables}`;
  await createTable(clients.dynamodb, table);
  return {
    stores: awsStores({ clients, ...NAMES, table }),
    clients,
    servers: { dynamo, s3, ssm },
    close: async () => {
      clients.close();
      await Promise.all([s3.close(), ssm.close(), ...(options.dynamo ? [] : [dynamo.close()])]);
    },
  };
}
