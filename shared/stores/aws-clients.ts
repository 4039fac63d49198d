import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

export interface AwsClientOptions {
  /** Region and credentials: from the environment by default. */
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Other places than AWS itself, a service. */
  readonly endpoints?: Partial<Record<'dynamodb' | 's3' | 'ssm', string>>;
  readonly connectionTimeoutMs?: number;
  /** Until the response begins, and the longest silence within it. */
  readonly requestTimeoutMs?: number;
  /** Attempts of each request in all. */
  readonly attemptsMax?: number;
}

export interface AwsClients {
  readonly dynamodb: DynamoDBDocumentClient;
  readonly s3: S3Client;
  readonly ssm: SSMClient;
  /** Ends idle connections. */
  close(): void;
}

/** The SDK's clients. Each keeps its connections: build them once a process, outside of any handler. */
export function awsClients(options: AwsClientOptions = {}): AwsClients {
  const { endpoints = {} } = options;
  const dynamodb = new DynamoDBClient({ ...settings(options), ...at(endpoints.dynamodb) });
  const s3 = new S3Client({
    ...settings(options),
    ...at(endpoints.s3),
    // A bucket in the host name resolves only at AWS.
    forcePathStyle: endpoints.s3 !== undefined,
  });
  const ssm = new SSMClient({ ...settings(options), ...at(endpoints.ssm) });
  return {
    dynamodb: DynamoDBDocumentClient.from(dynamodb),
    s3,
    ssm,
    close: () => [dynamodb, s3, ssm].forEach((client) => client.destroy()),
  };
}

const at = (endpoint: string | undefined) => (endpoint === undefined ? {} : { endpoint });

function settings(options: AwsClientOptions) {
  const { connectionTimeoutMs = 1_000, requestTimeoutMs = 5_000, attemptsMax = 4 } = options;
  const { region, credentials } = options;
  return {
    ...(region !== undefined && { region }),
    ...(credentials !== undefined && { credentials }),
    maxAttempts: attemptsMax,
    retryMode: 'standard',
    requestHandler: {
      connectionTimeout: connectionTimeoutMs,
      requestTimeout: requestTimeoutMs,
      // Without this the SDK only warns, and waits on.
      throwOnRequestTimeout: true,
      // The request timeout ends with the response's first byte: this one is for bodies that stop.
      socketTimeout: requestTimeoutMs,
    },
  };
}
