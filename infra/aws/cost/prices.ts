/**
 * Public on-demand prices of us-east-1. `page` is AWS's own page, which is what counts; `read_in` is where figure and
 * date were read, since AWS's page does not print a date. Without `read_in` the figure is from general knowledge of
 * the page as it stood at `as_of`. Check a row against its page before a decision hangs on it.
 */
export interface Price {
  /** USD for `per` units. */
  readonly usd: number;
  readonly per: number;
  readonly unit: string;
  /** Units a month that are free for every account for ever; 0 where there are none. Free trials do not count. */
  readonly free: number;
  /** `fixed` is paid though nothing runs. */
  readonly kind: 'usage' | 'fixed';
  readonly page: string;
  readonly read_in?: string;
  readonly as_of: string;
}

const AWS = 'https://aws.amazon.com';
const CLOUDWATCH = `${AWS}/cloudwatch/pricing/`;
const DYNAMODB = `${AWS}/dynamodb/pricing/on-demand/`;
const LAMBDA = `${AWS}/lambda/pricing/`;
const LAMBDA_READ =
  'https://git.mcrn.ar/mariano/lambda_local_runner/src/branch/main/docs/lambdas-md/lambda-13-cost.md';
const METRICS_READ = 'https://signoz.io/guides/cloudwatch-pricing';
const LOGS_READ =
  'https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/';
const KMS_READ = 'https://www.factualminds.com/blog/aws-kms-pricing-keys-requests-multi-region/';
const SNS_READ = 'https://www.factualminds.com/blog/amazon-sns-pricing-publishes-fanout-protocols/';
const DYNAMODB_READ = 'https://airbyte.com/data-engineering-resources/dynamodb-pricing';
const MILLION = 1_000_000;

const usage = { kind: 'usage' } as const;
const fixed = { kind: 'fixed' } as const;

export const PRICES = {
  transitions: {
    ...{ ...usage, usd: 0.025, per: 1_000, unit: 'state transitions', free: 4_000 },
    page: `${AWS}/step-functions/pricing/`,
    read_in: 'https://www.wring.co/blog/aws-step-functions-pricing-guide',
    as_of: '2026-03-14',
  },
  lambdaRequests: {
    ...{ ...usage, usd: 0.2, per: MILLION, unit: 'Lambda requests', free: MILLION },
    ...{ page: LAMBDA, read_in: LAMBDA_READ, as_of: '2026-05-11' },
  },
  lambdaArm: {
    ...{ ...usage, usd: 0.0000133334, per: 1, unit: 'Lambda GB-s, arm64', free: 400_000 },
    ...{ page: LAMBDA, read_in: LAMBDA_READ, as_of: '2026-05-11' },
  },
  lambdaX86: {
    // The free seconds are one allowance for both; the stack has one architecture, so that neither takes it twice.
    ...{ ...usage, usd: 0.0000166667, per: 1, unit: 'Lambda GB-s, x86_64', free: 400_000 },
    ...{ page: LAMBDA, read_in: LAMBDA_READ, as_of: '2026-05-11' },
  },
  dynamoWrites: {
    // The free capacity of DynamoDB is provisioned capacity only.
    ...{ ...usage, usd: 0.625, per: MILLION, unit: 'DynamoDB write units', free: 0 },
    ...{ page: DYNAMODB, read_in: DYNAMODB_READ, as_of: '2025-07-21' },
  },
  dynamoReads: {
    ...{ ...usage, usd: 0.125, per: MILLION, unit: 'DynamoDB read units', free: 0 },
    ...{ page: DYNAMODB, read_in: DYNAMODB_READ, as_of: '2025-07-21' },
  },
  dynamoStorage: {
    ...{ ...usage, usd: 0.25, per: 1, unit: 'DynamoDB GB-months', free: 25 },
    ...{ page: DYNAMODB, as_of: '2025-01-01' },
  },
  dynamoPitr: {
    ...{ ...usage, usd: 0.2, per: 1, unit: 'DynamoDB PITR GB-months', free: 0 },
    ...{ page: DYNAMODB, as_of: '2025-01-01' },
  },
  s3Puts: {
    ...{ ...usage, usd: 0.005, per: 1_000, unit: 'S3 PUT and LIST requests', free: 0 },
    ...{ page: `${AWS}/s3/pricing/`, as_of: '2025-01-01' },
  },
  s3Gets: {
    ...{ ...usage, usd: 0.0004, per: 1_000, unit: 'S3 GET requests', free: 0 },
    ...{ page: `${AWS}/s3/pricing/`, as_of: '2025-01-01' },
  },
  s3Storage: {
    ...{ ...usage, usd: 0.023, per: 1, unit: 'S3 Standard GB-months', free: 0 },
    ...{ page: `${AWS}/s3/pricing/`, as_of: '2025-01-01' },
  },
  scheduler: {
    ...{ ...usage, usd: 1, per: MILLION, unit: 'Scheduler invocations', free: 14_000_000 },
    page: `${AWS}/eventbridge/pricing/`,
    read_in: 'https://cloudburn.io/blog/amazon-eventbridge-pricing',
    as_of: '2026-03-13',
  },
  logsIngested: {
    ...{ ...usage, usd: 0.5, per: 1, unit: 'CloudWatch Logs GB in', free: 5 },
    ...{ page: CLOUDWATCH, read_in: LOGS_READ, as_of: '2026-06-13' },
  },
  logsStored: {
    // The free 5 GB are shared with ingestion, which takes them first.
    ...{ ...usage, usd: 0.03, per: 1, unit: 'CloudWatch Logs GB-months', free: 0 },
    ...{ page: CLOUDWATCH, as_of: '2025-01-01' },
  },
  snsPublishes: {
    ...{ ...usage, usd: 0.5, per: MILLION, unit: 'SNS publishes', free: MILLION },
    ...{ page: `${AWS}/sns/pricing/`, read_in: SNS_READ, as_of: '2026-06-13' },
  },
  snsEmails: {
    ...{ ...usage, usd: 2, per: 100_000, unit: 'SNS e-mails', free: 1_000 },
    ...{ page: `${AWS}/sns/pricing/`, read_in: SNS_READ, as_of: '2026-06-13' },
  },
  sqsRequests: {
    ...{ ...usage, usd: 0.4, per: MILLION, unit: 'SQS requests', free: MILLION },
    page: `${AWS}/sqs/pricing/`,
    read_in: 'https://cloudburn.io/blog/amazon-sqs-pricing',
    as_of: '2026-03-14',
  },
  kmsRequests: {
    ...{ ...usage, usd: 0.03, per: 10_000, unit: 'KMS requests, symmetric', free: 20_000 },
    ...{ page: `${AWS}/kms/pricing/`, read_in: KMS_READ, as_of: '2026-06-13' },
  },
  traces: {
    ...{ ...usage, usd: 5, per: MILLION, unit: 'X-Ray traces', free: 100_000 },
    ...{ page: `${AWS}/xray/pricing/`, as_of: '2025-01-01' },
  },
  kmsKeys: {
    ...{ ...fixed, usd: 1, per: 1, unit: 'KMS keys', free: 0 },
    ...{ page: `${AWS}/kms/pricing/`, read_in: KMS_READ, as_of: '2026-06-13' },
  },
  dashboards: {
    ...{ ...fixed, usd: 3, per: 1, unit: 'dashboards', free: 3 },
    ...{ page: CLOUDWATCH, read_in: LOGS_READ, as_of: '2026-06-13' },
  },
  alarms: {
    ...{ ...fixed, usd: 0.1, per: 1, unit: 'alarm metrics', free: 10 },
    ...{ page: CLOUDWATCH, as_of: '2025-01-01' },
  },
  alarmsFast: {
    ...{ ...fixed, usd: 0.3, per: 1, unit: 'alarm metrics, under a minute', free: 0 },
    ...{ page: CLOUDWATCH, as_of: '2025-01-01' },
  },
  alarmsComposite: {
    ...{ ...fixed, usd: 0.5, per: 1, unit: 'composite alarms', free: 0 },
    ...{ page: CLOUDWATCH, as_of: '2025-01-01' },
  },
  metrics: {
    ...{ ...fixed, usd: 0.3, per: 1, unit: 'custom metrics', free: 10 },
    ...{ page: CLOUDWATCH, read_in: METRICS_READ, as_of: '2026-02-15' },
  },
  budgetActions: {
    // A budget that only tells somebody is free; the first two that act are.
    ...{ ...fixed, usd: 3.04, per: 1, unit: 'budgets with actions', free: 2 },
    ...{ page: `${AWS}/aws-cost-management/aws-budgets/pricing/`, as_of: '2025-01-01' },
  },
} as const satisfies Readonly<Record<string, Price>>;

export type PriceId = keyof typeof PRICES;
