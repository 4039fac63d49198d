import { s3Artifacts } from './aws-artifacts.ts';
import type { AwsClients } from './aws-clients.ts';
import { ssmParameters } from './aws-parameters.ts';
import { s3Projections } from './aws-projections.ts';
import type { Waiting } from './aws-retry.ts';
import { dynamoState } from './aws-state.ts';
import type { Stores } from './ports.ts';

export interface AwsOptions extends Waiting {
  readonly clients: Pick<AwsClients, 'dynamodb' | 's3' | 'ssm'>;
  readonly table: string;
  readonly artifactsBucket: string;
  readonly projectionsBucket: string;
  /** What the names of parameters begin with, such as `/papergate/dev`. */
  readonly parameterPrefix: string;
}

/** Stores on AWS: a DynamoDB table, two S3 buckets and Systems Manager parameters, all of them there already. */
export function awsStores({ clients, table, ...names }: AwsOptions): Stores {
  const { artifactsBucket, projectionsBucket, parameterPrefix, ...waiting } = names;
  return {
    state: dynamoState(clients.dynamodb, table, waiting),
    artifacts: s3Artifacts(clients.s3, artifactsBucket, waiting),
    parameters: ssmParameters(clients.ssm, parameterPrefix, waiting),
    projections: s3Projections(clients.s3, projectionsBucket, waiting),
  };
}
