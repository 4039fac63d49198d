import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import * as z from 'zod';
import { CLIENT_LIMITS } from '../../functions/runtime/aws/client-limits.ts';
import { parameterPrefix } from '../../functions/runtime/aws/settings.ts';
import type { Sha256 } from '../../shared/kernel/canonical.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { awsClients } from '../../shared/stores/aws-clients.ts';
import { awsStores } from '../../shared/stores/aws.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { checkedStage, stackName } from '../machine/stage-name.ts';
import { OUTPUTS, type OutputName } from './stack-outputs.ts';

const hash = z.templateLiteral(['sha256:', z.string().regex(/[0-9a-f]{64}/)]);
const text = z.string().min(1);
const outputsSchema = z.object(
  Object.fromEntries(OUTPUTS.map((name) => [name, text])) as Record<OutputName, typeof text>,
);
const bundlesSchema = z.array(z.tuple([text, hash]));

/** A stage as its stack tells it. */
export interface DeployedStage {
  readonly stage: string;
  readonly outputs: Readonly<Record<OutputName, string>>;
  readonly markets: readonly string[];
  /** Hash of the source tree that the bundles were made from. */
  readonly codeSha256: Sha256;
  /** Hash of each function's bundle. */
  readonly bundles: ReadonlyMap<string, Sha256>;
}

/** Asks CloudFormation for a stage. @throws ConfigError where it is not there, or of an older make. */
export async function deployedStage(name: string): Promise<DeployedStage> {
  const stage = checkedStage(name);
  const outputs = held(stage, outputsSchema, await outputsOf(stage));
  const bundles = outputs.DeployedBundles.split(',').map((pair) => pair.split('='));
  return {
    ...{ stage, outputs },
    markets: outputs.DeployedMarkets.split(','),
    codeSha256: held(stage, hash, outputs.DeployedCode, 'DeployedCode'),
    bundles: new Map(held(stage, bundlesSchema, bundles, 'DeployedBundles')),
  };
}

/** An output, or all of them, as they must be. @throws ConfigError naming the one that is not. */
function held<T>(stage: string, schema: z.ZodType<T>, value: unknown, name?: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const output = name ?? parsed.error.issues[0]!.path.join('.');
  throw new ConfigError(
    `stack ${stackName(stage)}: output ${output}: is ${name === undefined ? 'missing' : 'not what this make of papergate tells'}: deploy it again`,
  );
}

async function outputsOf(stage: string): Promise<Record<string, string>> {
  const client = new CloudFormationClient(CLIENT_LIMITS);
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName(stage) }));
    return Object.fromEntries(
      (Stacks[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
  } catch (cause) {
    throw new ConfigError(
      `--stage ${stage}: stack ${stackName(stage)} cannot be read: ${(cause as Error).message}: ` +
        `expected a region and credentials in the environment, and \`npx cdk deploy -c stage=${stage}\` to have run`,
      { stage },
      { cause },
    );
  } finally {
    client.destroy();
  }
}

/** The stores of a stage, with the caller's own credentials. */
export function stageStores({ stage, outputs }: DeployedStage): { stores: Stores; close(): void } {
  const clients = awsClients();
  const stores = awsStores({
    clients,
    table: outputs.TableName,
    artifactsBucket: outputs.ArtifactsBucket,
    projectionsBucket: outputs.ProjectionsBucket,
    parameterPrefix: parameterPrefix(stage),
  });
  return { stores, close: () => clients.close() };
}
