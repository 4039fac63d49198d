import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as Lambda, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { FUNCTIONS, type FunctionName } from '../../functions/functions.ts';
import type { SettingName } from '../../functions/runtime/aws/settings.ts';
import { DISABLE_TRADING } from '../../shared/ledger/keys.ts';
import type { Bundles } from './bundles.ts';
import { GRANTS, type Grants } from './grants.ts';
import type { StageSettings } from './stage.ts';
import type { Storage } from './storage.ts';
import { TASKS } from '../machine/tick-tasks.ts';

export interface FunctionsProps {
  readonly settings: StageSettings;
  readonly markets: readonly string[];
  readonly bundles: Bundles;
  readonly storage: Storage;
  readonly ownerTopic: ITopic;
  /** Where the stage's parameters lie: `/papergate/<stage>`. */
  readonly parameterPrefix: string;
}

/** Memory buys time on Lambda: a share of a core grows with it. */
const MEMORY_MB = { step: 1_024, other: 512 } as const;
const OTHER_TIMEOUT_S = 60;

/** Every Lambda of a stage, each with a log group and a role of its own that allows what it does and nothing more. */
export class Functions extends Construct {
  readonly byName: ReadonlyMap<FunctionName, Lambda>;

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    this.byName = new Map(FUNCTIONS.map((name) => [name, this.#lambda(name, props)]));
  }

  get(name: FunctionName): Lambda {
    return this.byName.get(name)!;
  }

  #lambda(name: FunctionName, props: FunctionsProps): Lambda {
    const { settings, bundles } = props;
    const functionName = `papergate-${settings.stage}-${name}`;
    const logGroup = new LogGroup(this, `${name}-log`, {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: settings.isProd ? RetentionDays.ONE_YEAR : RetentionDays.ONE_MONTH,
      removalPolicy: settings.isProd ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const role = new Role(this, `${name}-role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What ${functionName} may touch`,
    });
    for (const statement of statements(GRANTS[name], logGroup, props)) role.addToPolicy(statement);
    const step = TASKS[name as keyof typeof TASKS] as (typeof TASKS)[keyof typeof TASKS] | undefined;
    return new Lambda(this, name, {
      functionName,
      description: step?.comment ?? `papergate ${settings.stage}: ${name}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(bundles.get(name)!.folder),
      memorySize: step === undefined ? MEMORY_MB.other : MEMORY_MB.step,
      timeout: Duration.seconds(step?.timeout_s ?? OTHER_TIMEOUT_S),
      environment: environment(props),
      loggingFormat: LoggingFormat.JSON,
      // Running and redriven executions go on with the version that they began with.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
      ...{ role, logGroup },
    });
  }
}

/** Names only: what is secret is fetched when it is needed. */
function environment({
  settings,
  markets,
  storage,
  ownerTopic,
}: FunctionsProps): Record<SettingName, string> {
  return {
    PAPERGATE_STAGE: settings.stage,
    PAPERGATE_MARKETS: markets.join(','),
    PAPERGATE_TABLE: storage.table.tableName,
    PAPERGATE_ARTIFACTS_BUCKET: storage.artifacts.bucketName,
    PAPERGATE_PROJECTIONS_BUCKET: storage.projections.bucketName,
    PAPERGATE_OWNER_TOPIC: ownerTopic.topicArn,
    PAPERGATE_ACCOUNT: Stack.of(storage).account,
  };
}

function statements(grants: Grants, logGroup: LogGroup, props: FunctionsProps): PolicyStatement[] {
  const { markets, storage, ownerTopic, parameterPrefix } = props;
  const { artifacts, projections, table } = storage;
  const allow = (sid: string, actions: string[], resources: string[], conditions?: object): PolicyStatement =>
    new PolicyStatement({ sid, actions, resources, ...(conditions === undefined ? {} : { conditions }) });
  // One function serves every market: what it may touch differs by the kind of artifact.
  const folders = (kinds: readonly string[]): string[] =>
    [...new Set(kinds)].map((kind) => artifacts.arnForObjects(`*/${kind}/*`));
  const parameter = (name: string): string => parameterArn(Stack.of(storage), `${parameterPrefix}/${name}`);
  const both = [DISABLE_TRADING, ...markets.map((market) => `${DISABLE_TRADING}/${market}`)].map(parameter);
  const own = markets.map((market) => parameter(`${DISABLE_TRADING}/${market}`));
  // One table holds every market's items, each under its market's partition.
  const partitions = { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['ledger/*'] } };
  const made: PolicyStatement[] = [
    allow('WriteLog', ['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]),
    allow(
      'Items',
      ['dynamodb:GetItem', ...(grants.commits === true ? ['dynamodb:PutItem'] : [])],
      [table.tableArn],
      partitions,
    ),
    allow('ReadArtifacts', ['s3:GetObject'], folders([...grants.reads, ...grants.writes])),
    // Without it S3 says that a missing object is forbidden.
    allow('TellMissingFromForbidden', ['s3:ListBucket'], [artifacts.bucketArn]),
  ];
  if (grants.writes.length > 0) made.push(allow('WriteArtifacts', ['s3:PutObject'], folders(grants.writes)));
  if (grants.readsSwitch === true || grants.turnsSwitch === true)
    made.push(allow('ReadSwitch', ['ssm:GetParameter', 'ssm:GetParameterHistory'], both));
  if (grants.turnsSwitch === true) made.push(allow('PutSwitchBack', ['ssm:PutParameter'], own));
  if (grants.projects !== undefined)
    made.push(
      allow(
        'WriteProjections',
        ['s3:PutObject'],
        grants.projects.map((folder) => projections.arnForObjects(`${folder}/*`)),
      ),
    );
  if (grants.tells === true) made.push(allow('TellOwner', ['sns:Publish'], [ownerTopic.topicArn]));
  return made;
}

/** The address of a parameter whose name begins with a slash. */
export const parameterArn = (stack: Stack, name: string): string =>
  stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName: name.slice(1) });
