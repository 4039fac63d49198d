import type { FunctionName } from '../../../functions/functions.ts';
import type { StepName } from '../../../functions/steps.ts';
import { openLedger } from '../../../infra/local/open-ledger.ts';
import { machineDefinition } from '../../../infra/local/definition.ts';
import type { Definition } from '../../../infra/local/dialect.ts';
import { localMachine, type LocalMachine, type LocalMachineOptions } from '../../../infra/local/machine.ts';
import { timedHandlers } from '../../../infra/local/replay.ts';
import { sourceHash } from '../../../functions/runtime/source-hash.ts';
import type { Sha256 } from '../../../shared/kernel/canonical.ts';
import { SECOND_MS, SimulatedClock } from '../../../shared/kernel/time.ts';
import { acceptBundles } from '../../../shared/ledger/bundles.ts';
import type { Stores } from '../../../shared/stores/ports.ts';
import { awsStores } from '../../../shared/stores/aws.ts';
import type { Layout } from '../chain.ts';
import { deployed, loadBundles, propertiesOf, type Deployed, type LambdaHandler } from './deployed.ts';
import { createTable, dynamoServer } from './dynamo-server.ts';
import { jsonRpcServer, type JsonRpcServer } from './json-rpc.ts';
import { s3Server, type S3Server } from './s3-server.ts';
import { snsServer, type SnsServer } from './sns-server.ts';
import { ssmServer } from './ssm-server.ts';
import { testClients } from './stores.ts';

export const ACCOUNT = '000000000000';
export const TABLE = 'papergate-e2e';
const CODE = sourceHash();

/** A stage as it is deployed, on this machine: the template's own machine and bundles over servers on loopback. */
export interface Stage {
  readonly deployed: Deployed;
  readonly definition: Definition;
  readonly stores: Stores;
  readonly clock: SimulatedClock;
  readonly lambdas: ReadonlyMap<FunctionName, LambdaHandler>;
  readonly s3: S3Server;
  readonly ssm: JsonRpcServer;
  readonly sns: SnsServer;
  /** Events of an execution's history, newest first, that Step Functions gives back. */
  readonly history: Record<string, unknown>[];
  /** Who Parameter Store says changed a parameter. */
  author: string;
  close(): Promise<void>;
}

/**
 * Deploys a stage. The clock of this process is the stage's until it is closed.
 * @param environment what every function is told beside what its template tells it.
 */
export async function openStage(
  config: Layout['config'],
  startMs: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<Stage> {
  const given = await deployed(config);
  const clock = new SimulatedClock(startMs);
  const stage = { author: 'arn:aws:iam::000000000000:user/nobody', history: [] as Record<string, unknown>[] };
  const logicalId = (type: string, fits?: (id: string) => boolean): string =>
    Object.entries(given.template.Resources).find(
      ([id, { Type }]) => Type === type && (fits?.(id) ?? true),
    )![0];
  const bucket = (name: string): string => logicalId('AWS::S3::Bucket', (id) => id.includes(name));
  const names = new Map([
    [bucket('Artifacts'), 'artifacts'],
    [bucket('Projections'), 'projections'],
    [logicalId('AWS::DynamoDB::GlobalTable'), TABLE],
    [logicalId('AWS::SNS::Topic'), `arn:aws:sns:us-east-1:${ACCOUNT}:owner`],
    ['AWS::AccountId', ACCOUNT],
  ]);
  const [dynamo, s3, ssm, sns, sfn] = await Promise.all([
    dynamoServer(),
    s3Server(['artifacts', 'projections'], { locked: ['artifacts'] }),
    ssmServer({ atMs: () => clock.now(), by: () => stage.author }),
    snsServer(),
    jsonRpcServer({ GetExecutionHistory: () => ({ events: stage.history }) }),
  ]);
  const endpoints = { dynamodb: dynamo.url, s3: s3.url, ssm: ssm.url };
  const clients = testClients({ endpoints });
  await createTable(clients.dynamodb, TABLE);
  const realNow = Date.now;
  const { lambdas, restore } = loadBundles(given, (id) => names.get(id)!, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.url,
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ENDPOINT_URL_SSM: ssm.url,
    AWS_ENDPOINT_URL_SNS: sns.url,
    AWS_ENDPOINT_URL_SFN: sfn.url,
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    POWERTOOLS_METRICS_DISABLED: 'true',
    ...environment,
  });
  Date.now = () => clock.now();
  return Object.assign(stage, {
    deployed: given,
    definition: machineDefinition(given.template),
    stores: awsStores({
      clients,
      table: TABLE,
      artifactsBucket: 'artifacts',
      projectionsBucket: 'projections',
      parameterPrefix: '/papergate/dev',
    }),
    ...{ clock, lambdas, s3, ssm, sns },
    close: async () => {
      Date.now = realNow;
      restore();
      clients.close();
      given.close();
      await Promise.all([dynamo, s3, ssm, sns, sfn].map((server) => server.close()));
    },
  });
}

/** Opens a market's ledger in a stage and accepts what is deployed there. */
export async function openMarket(
  { stores, deployed: { bundles } }: Stage,
  { market, plan, config, configTexts }: Layout,
  mode: 'forward' | 'replay' = 'replay',
): Promise<void> {
  const { sha256 } = await openLedger(stores, plan, config, configTexts, CODE, mode);
  const hashes = new Map<string, Sha256>([...bundles].map(([name, bundle]) => [name, bundle.sha256]));
  await acceptBundles(stores, market, sha256, hashes, plan.line.startMs[plan.firstRow]!);
}

/** The deployed machine over the bundles, each step at its moment of a replay, or so many seconds after it. */
export function stageMachine(
  { definition, lambdas, clock }: Stage,
  { plan }: Layout,
  options: LocalMachineOptions = {},
  around: (step: StepName, run: () => Promise<unknown>) => Promise<unknown> = (_step, run) => run(),
  seconds = 0,
): LocalMachine {
  const call = (step: StepName, input: unknown): Promise<unknown> =>
    around(step, () => lambdas.get(step)!(input));
  const later = { ...clock, advanceTo: (ms: number) => clock.advanceTo(ms + seconds * SECOND_MS) };
  return localMachine(definition, timedHandlers(later, plan.rules, call), options);
}

/** What a market's schedule sends at a moment, as the template has it and the scheduler fills it in. */
export function scheduledEvent({ deployed: { template } }: Stage, name: string, atUtc: string): unknown {
  const { Target } = propertiesOf(template, 'AWS::Scheduler::Schedule', ({ Name }) => Name === name) as {
    Target: { Input: string };
  };
  return JSON.parse(Target.Input.replaceAll('<aws.scheduler.scheduled-time>', atUtc)) as unknown;
}
