import { Duration } from 'aws-cdk-lib/core';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import {
  Alarm,
  ComparisonOperator,
  MathExpression,
  Metric,
  TreatMissingData,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { MARKET_FIGURES, STAGE_FIGURES } from '../../functions/health-check/figures.ts';
import type { StageSettings } from './stage.ts';

export interface AlarmsProps {
  readonly settings: StageSettings;
  readonly markets: readonly string[];
  readonly machine: StateMachine;
  readonly deadLetters: Queue;
  readonly ownerTopic: ITopic;
}

/** One alarm: what is measured, the value from which it is on, and what it means for whoever is woken. */
interface Line {
  readonly name: string;
  readonly metric: IMetric;
  readonly from: number;
  /** On where the value is below, not at or above. */
  readonly below?: true;
  /** What it means that no value comes; by default nothing. */
  readonly silence?: TreatMissingData;
  readonly consequence: string;
}

type Figure = (typeof MARKET_FIGURES)[number] | (typeof STAGE_FIGURES)[number];

/** A market's health is looked at once an hour: in two hours there is always a look, whatever minute it falls on. */
const HEARTBEAT = Duration.hours(2);
const HOUR = Duration.hours(1);
/** Days before a calendar ends at which new holidays must be entered. */
const CALENDAR_DAYS_MIN = 60;
const CERTIFICATE_DAYS_MAX = 8;

/** A figure that the health check publishes; of one market, or the worst of the stage. */
export const figure = (stage: string, metricName: Figure, market?: string, period = HOUR): Metric =>
  new Metric({
    namespace: 'Papergate',
    metricName,
    dimensionsMap: { service: 'papergate', stage, ...(market === undefined ? {} : { market }) },
    statistic: metricName === 'CalendarDaysLeft' ? 'Minimum' : 'Maximum',
    period,
  });

/** Everything that an owner must know of, each with its consequence in a sentence, to one topic. */
export class Alarms extends Construct {
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { settings, ownerTopic } = props;
    const action = new SnsAction(ownerTopic);
    this.all = lines(props).map(({ name, metric, from, below, silence, consequence }) => {
      const alarm = new Alarm(this, name, {
        alarmName: `papergate-${settings.stage}-${name}`,
        alarmDescription: consequence,
        metric,
        threshold: from,
        comparisonOperator:
          below === true
            ? ComparisonOperator.LESS_THAN_THRESHOLD
            : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: 1,
        treatMissingData: silence ?? TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
      return alarm;
    });
    budget(this, settings);
  }
}

function lines(props: AlarmsProps): Line[] {
  const { settings, markets } = props;
  const of = (name: Figure, market?: string, period = HOUR): Metric =>
    figure(settings.stage, name, market, period);
  return [
    ...markets.flatMap((market): Line[] => [
      {
        name: `missed-tick-${market}`,
        ...{ metric: of('BarsBehind', market, HEARTBEAT), from: 1, silence: TreatMissingData.BREACHING },
        consequence: `A bar of ${market} closed and was not decided on, or nobody looks at the market any more: it is not traded, and the tick counts against the sign-off.`,
      },
      {
        name: `red-${market}`,
        ...{ metric: of('Level', market), from: 2 },
        consequence: `Data, model or risk of ${market} is RED: nothing is opened there until it is not.`,
      },
      {
        name: `switch-on-${market}`,
        ...{ metric: of('TradingDisabled', market), from: 1 },
        consequence: `The kill switch of ${market} is on: nothing is opened, and working entries are cancelled, until an ops_admin starts again.`,
      },
    ]),
    ...stageLines(props, of),
  ];
}

function stageLines({ machine, deadLetters }: AlarmsProps, of: (name: Figure) => Metric): Line[] {
  const minutes = Duration.minutes(5);
  const failed = new MathExpression({
    // A sum has no value where one of its metrics has none, and runs that end so are counted only where there are any.
    expression: 'FILL(failed, 0) + FILL(timedOut, 0) + FILL(aborted, 0)',
    usingMetrics: {
      failed: machine.metricFailed({ period: minutes }),
      timedOut: machine.metricTimedOut({ period: minutes }),
      aborted: machine.metricAborted({ period: minutes }),
    },
    label: 'executions that ended badly',
    period: minutes,
  });
  return [
    {
      name: 'failed-chain',
      ...{ metric: failed, from: 1 },
      consequence:
        'A tick did not run to its end: it is not committed unless it is redriven before the next bar closes.',
    },
    {
      name: 'undelivered',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({ period: minutes, statistic: 'Maximum' }),
      from: 1,
      consequence:
        'A schedule or an event was not delivered: a tick, a check, a report or the record of a failure is missing, and is never sent again.',
    },
    {
      name: 'recovery-refused',
      ...{ metric: of('RecoveriesRefused'), from: 1 },
      consequence: 'Somebody asked to start again without a condition being met: the switch was put back on.',
    },
    {
      name: 'integrity-error',
      ...{ metric: of('IntegrityErrors'), from: 1 },
      consequence:
        'Stored or deployed bytes are not what their hash says: the market is halted, and the ledger must be verified before anything else.',
    },
    {
      name: 'calendar-ending',
      ...{ metric: of('CalendarDaysLeft'), from: CALENDAR_DAYS_MIN, below: true },
      consequence: `A market's calendar ends within ${CALENDAR_DAYS_MIN} days: after its last date every tick is refused.`,
    },
    {
      name: 'old-certificate',
      ...{ metric: of('CertificateAgeDays'), from: CERTIFICATE_DAYS_MAX },
      consequence: `No head was certified for ${CERTIFICATE_DAYS_MAX} days: without certificates of the reviewed head the sign-off is UNDERPOWERED.`,
    },
  ];
}

/** Tells the owner when a month costs more than it should. */
function budget(scope: Construct, { stage, ownerEmail, budgetUsd }: StageSettings): void {
  const subscribers =
    ownerEmail === undefined ? undefined : [{ subscriptionType: 'EMAIL', address: ownerEmail }];
  new CfnBudget(scope, 'Budget', {
    budget: {
      budgetName: `papergate-${stage}`,
      budgetType: 'COST',
      timeUnit: 'MONTHLY',
      budgetLimit: { amount: budgetUsd, unit: 'USD' },
      costFilters: { TagKeyValue: [`user:papergate:stage$${stage}`] },
    },
    ...(subscribers === undefined
      ? {}
      : {
          notificationsWithSubscribers: [80, 100].map((threshold) => ({
            notification: {
              notificationType: threshold === 100 ? 'FORECASTED' : 'ACTUAL',
              comparisonOperator: 'GREATER_THAN',
              threshold,
              thresholdType: 'PERCENTAGE',
            },
            subscribers,
          })),
        }),
  });
}
