import { ConfigError } from '../../../shared/kernel/errors.ts';
import { runsPerMonth } from './cron.ts';
import { metricsOfAlarms, metricsOfDashboards, type AlarmFacts, alarmFacts } from './monitoring.ts';
import { machinePaths, type CostedMachine, type MachinePaths } from './paths.ts';
import { idsIn, looseText } from './text.ts';

/** The parts of a CloudFormation template that are read here. */
export interface CostedTemplate {
  readonly Resources: Readonly<Record<string, CostedResource>>;
}

export interface CostedResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export interface FunctionFacts {
  readonly id: string;
  /** Logical ids of its versions. */
  readonly versions: readonly string[];
  /** As deployed, `papergate-dev-ingest`; the logical id where the template gives no name. */
  readonly name: string;
  readonly memoryMb: number;
  readonly timeout_s: number;
  readonly architecture: 'arm64' | 'x86_64';
  readonly traced: boolean;
}

export interface ScheduleFacts {
  readonly id: string;
  readonly runsPerMonth: number;
  readonly enabled: boolean;
  /** Logical id of the function that it invokes; undefined where it starts the machine. */
  readonly functionId: string | undefined;
  /** The market in its input; undefined where the input names none. */
  readonly market: string | undefined;
}

/** Everything in a template that the bill depends on. */
export interface StackFacts {
  readonly schedules: readonly ScheduleFacts[];
  readonly machine: MachinePaths;
  readonly machineLogs: boolean;
  readonly machineTraced: boolean;
  readonly functions: readonly FunctionFacts[];
  readonly alarms: AlarmFacts;
  readonly dashboards: number;
  /** Names of custom metrics that alarms or dashboards show. */
  readonly metrics: readonly string[];
  readonly keys: number;
  readonly tables: number;
  readonly tablesWithPitr: number;
  readonly buckets: number;
  readonly bucketsWithKms: number;
  readonly queuePollers: number;
  readonly budgetsWithActions: number;
  /** Types of which neither a price nor that they are free is known here. */
  readonly unpriced: readonly string[];
}

/** Types that cost nothing by themselves; what they cause is billed where it happens. */
const FREE = [
  'AWS::IAM::',
  'AWS::CDK::Metadata',
  'AWS::Lambda::Permission',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::LayerVersion',
  'AWS::Lambda::Version',
  'AWS::Lambda::Alias',
  'AWS::Events::Rule',
  'AWS::Scheduler::ScheduleGroup',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::',
  'AWS::SQS::',
  'AWS::SSM::Parameter',
  'AWS::KMS::Alias',
  'AWS::Logs::LogGroup',
  'AWS::Logs::MetricFilter',
  'AWS::Logs::QueryDefinition',
  'AWS::CloudFormation::',
  'Custom::',
];
const PRICED = [
  'AWS::Scheduler::Schedule',
  'AWS::StepFunctions::StateMachine',
  'AWS::Lambda::Function',
  'AWS::Lambda::EventSourceMapping',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::KMS::Key',
  'AWS::DynamoDB::Table',
  'AWS::DynamoDB::GlobalTable',
  'AWS::S3::Bucket',
  'AWS::Budgets::Budget',
];

/** Reads what a template will cost by. @throws ConfigError where nothing runs in it, or what runs cannot be told. */
export function stackFacts(template: CostedTemplate): StackFacts {
  const all = Object.entries(template.Resources).map(([id, resource]) => ({
    id,
    type: resource.Type,
    properties: resource.Properties ?? {},
  }));
  const ofType = (...types: string[]) => all.filter(({ type }) => types.includes(type));
  const machines = ofType('AWS::StepFunctions::StateMachine');
  const schedules = ofType('AWS::Scheduler::Schedule');
  if (machines.length !== 1 || schedules.length === 0) {
    throw new ConfigError(
      `the template holds ${machines.length} state machines and ${schedules.length} schedules; expected one machine, and schedules that start it`,
    );
  }
  const machine = machines[0]!;
  const versions = ofType('AWS::Lambda::Version');
  const functions = ofType('AWS::Lambda::Function').map((one) => ({
    ...functionFacts(one),
    versions: versions
      .filter(({ properties }) => idsIn(properties['FunctionName']).includes(one.id))
      .map(({ id }) => id),
  }));
  const tables = ofType('AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable');
  const buckets = ofType('AWS::S3::Bucket');
  const alarms = ofType('AWS::CloudWatch::Alarm').map(({ properties }) => properties);
  const dashboards = ofType('AWS::CloudWatch::Dashboard');
  const bodies = dashboards.map(({ properties }) => looseText(properties['DashboardBody']));
  const holds = (value: unknown, pattern: RegExp): boolean => pattern.test(JSON.stringify(value ?? null));
  return {
    schedules: schedules.map(({ id, properties }) => scheduleFacts(id, properties, machine.id, functions)),
    machine: machinePaths(JSON.parse(looseText(machine.properties['DefinitionString'])) as CostedMachine),
    machineLogs: holds(machine.properties['LoggingConfiguration'], /"Level":"(?!OFF)/),
    machineTraced: holds(machine.properties['TracingConfiguration'], /"Enabled":true/),
    functions,
    alarms: { ...alarmFacts(alarms), composite: ofType('AWS::CloudWatch::CompositeAlarm').length },
    dashboards: dashboards.length,
    metrics: [...new Set([...metricsOfAlarms(alarms), ...metricsOfDashboards(bodies)])].sort(),
    keys: ofType('AWS::KMS::Key').length,
    tables: tables.length,
    tablesWithPitr: tables.filter(({ properties }) => holds(properties, /"PointInTimeRecoveryEnabled":true/))
      .length,
    buckets: buckets.length,
    bucketsWithKms: buckets.filter(({ properties }) => holds(properties, /"SSEAlgorithm":"aws:kms/)).length,
    queuePollers: ofType('AWS::Lambda::EventSourceMapping').length,
    budgetsWithActions: all.filter(({ type }) => type === 'AWS::Budgets::BudgetsAction').length,
    unpriced: [...new Set(all.map(({ type }) => type))].filter((type) => !isKnown(type)).sort(),
  };
}

const isKnown = (type: string): boolean =>
  PRICED.includes(type) ||
  type === 'AWS::Budgets::BudgetsAction' ||
  FREE.some((free) => (free.endsWith('::') ? type.startsWith(free) : type === free));

function functionFacts({
  id,
  properties,
}: {
  id: string;
  properties: Readonly<Record<string, unknown>>;
}): Omit<FunctionFacts, 'versions'> {
  const architectures = (properties['Architectures'] ?? ['x86_64']) as readonly string[];
  const tracing = properties['TracingConfig'] as { Mode?: string } | undefined;
  return {
    id,
    name: typeof properties['FunctionName'] === 'string' ? properties['FunctionName'] : id,
    // Lambda's own defaults where the template says nothing.
    memoryMb: Number(properties['MemorySize'] ?? 128),
    timeout_s: Number(properties['Timeout'] ?? 3),
    architecture: architectures[0] === 'arm64' ? 'arm64' : 'x86_64',
    traced: tracing?.Mode === 'Active',
  };
}

function scheduleFacts(
  id: string,
  properties: Readonly<Record<string, unknown>>,
  machineId: string,
  functions: readonly FunctionFacts[],
): ScheduleFacts {
  const target = (properties['Target'] ?? {}) as { Arn?: unknown; Input?: unknown };
  const input = looseText(target.Input ?? '');
  // A universal target has the machine's ARN in its input.
  const named = [...idsIn(target.Arn), ...idsIn(input)];
  const functionId = functions.find((one) => named.includes(one.id))?.id;
  if (functionId === undefined && !named.includes(machineId)) {
    throw new ConfigError(
      `schedule ${id} starts ${looseText(target.Arn)}: neither the machine nor a function`,
    );
  }
  return {
    id,
    runsPerMonth: runsPerMonth(looseText(properties['ScheduleExpression'])),
    enabled: properties['State'] !== 'DISABLED',
    functionId,
    // The input may be JSON within JSON, its quotes escaped.
    market: /\\*"market\\*"\s*:\s*\\*"([a-z0-9_]+)/.exec(input)?.[1],
  };
}
