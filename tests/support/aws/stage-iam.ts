import type { PolicyTemplate } from '../iam/resolve.ts';
import type { Row } from '../iam/table.ts';
import { iamOf, type Iam } from '../iam/template-policies.ts';
import { stackTemplate, type StackTemplate } from './stack-template.ts';

export const LAMBDAS = [
  ...['ingest', 'predict', 'gate', 'fill', 'ledger', 'signoff'],
  ...['record-failure', 'switch-watcher', 'health-check'],
] as const;
export type Lambda = (typeof LAMBDAS)[number];
export const STEPS = ['ingest', 'predict', 'gate', 'fill', 'ledger', 'signoff'] as const;
export const MARKETS = ['ashares', 'crypto', 'us_equities'] as const;

export const COMMITTING: readonly string[] = [
  ...['ingest', 'gate', 'ledger', 'record-failure', 'switch-watcher', 'health-check'],
];
export const TURNING: readonly string[] = [
  'gate',
  'ledger',
  'record-failure',
  'switch-watcher',
  'health-check',
];
export const TELLING: readonly string[] = [...TURNING, 'signoff'];

export const roleOf = (name: string): string => `Functions${name.replaceAll('-', '')}role`;
export const LAMBDA_ROLES = LAMBDAS.map(roleOf);
export const OTHERS = ['TickMachineRole', 'SchedulesRole', 'SwitchRole'];
export const OUTSIDER = 'arn:aws:iam::000000000000:user/outsider';
export const ACCOUNT = '000000000000';
export const parameter = (stage: string, name: string): string =>
  `arn:aws:ssm:us-east-1:${ACCOUNT}:parameter/papergate/${stage}/${name}`;
export const ALL_SWITCH = 'DISABLE_TRADING';
export const OWN_SWITCHES = MARKETS.map((market) => `DISABLE_TRADING/${market}`);

/** What a put of an object is, and what it is where the SDK is told to write only where nothing is. */
export const CREATES = { 's3:ObjectCreationOperation': true };
export const CREATES_ONCE = { ...CREATES, 's3:if-none-match': '*' };

export const STAGES = ['dev', 'prod'] as const;
export type Stage = (typeof STAGES)[number];
const made = new Map<Stage, { template: StackTemplate; iam: Iam }>();
/** An identity whose own policies let it assume anything, as an administrator lets a user: what is left is the trust. */
function withAsker(template: StackTemplate): PolicyTemplate {
  const Statement = [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }];
  const Properties = {
    RoleName: 'asker',
    AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [] },
    Policies: [{ PolicyName: 'assume', PolicyDocument: { Version: '2012-10-17', Statement } }],
  };
  return { Resources: { ...template.Resources, Asker: { Type: 'AWS::IAM::Role', Properties } } };
}
/** The stack itself, which is no resource of its own template. */
export const STACK = `arn:aws:cloudformation:us-east-1:${ACCOUNT}:stack/Papergate/1`;

export const iamFor = (template: StackTemplate, stage: string): Iam =>
  iamOf(withAsker(template), {
    foreign: [
      `arn:aws:ssm:us-east-1:${ACCOUNT}:parameter/papergate/${stage}`,
      `arn:aws:ssm:us-east-1:${ACCOUNT}:parameter/papergate/other`,
      STACK,
    ],
  });

/** The stages that are asked about, each synthesised once a process. */
export function stageIam(stage: Stage): { readonly template: StackTemplate; readonly iam: Iam } {
  const known = made.get(stage);
  if (known !== undefined) return known;
  const template = stackTemplate({ stage });
  const one = { template, iam: iamFor(template, stage) };
  made.set(stage, one);
  return one;
}

export const people = (stage: Stage): string[] =>
  ['viewer', 'operator', 'admin'].map((name) => `papergate-${stage}-ops-${name}`);
export const teardown = (stage: Stage): string[] => (stage === 'dev' ? ['papergate-dev-teardown'] : []);
export const everybody = (stage: Stage): string[] => [
  ...[...LAMBDA_ROLES, ...OTHERS, ...people(stage), ...teardown(stage), 'Asker', OUTSIDER],
];

export const object = (bucket: string, key: string): string => `arn:aws:s3:::\${Storage${bucket}}/${key}`;
export const artifact = (folder: string, market = 'crypto'): string =>
  object('Artifacts', `${market}/${folder}/2026-11-22/20261122T100000Z-0123456789abcdef.json`);
export const TABLE = `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/\${StorageState}`;
export const QUEUE = `arn:aws:sqs:us-east-1:${ACCOUNT}:\${DeadLetters}`;
export const TOPIC = `arn:aws:sns:us-east-1:${ACCOUNT}:\${Owner}`;
export const KEY = `arn:aws:kms:us-east-1:${ACCOUNT}:key/\${StorageSigningKey}`;
export const lambda = (stage: Stage, name: string, version = ''): string =>
  `arn:aws:lambda:us-east-1:${ACCOUNT}:function:papergate-${stage}-${name}${version}`;
export const machine = (stage: Stage): string =>
  `arn:aws:states:us-east-1:${ACCOUNT}:stateMachine:papergate-${stage}-tick`;
export const execution = (stage: Stage): string =>
  `arn:aws:states:us-east-1:${ACCOUNT}:execution:papergate-${stage}-tick:0a1b`;
export const item = (key: string): Row['context'] => ({ 'dynamodb:LeadingKeys': [key] });
export const allowedIf = (holds: boolean): Row['expected'] => (holds ? 'allowed' : 'denied');
