import { RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { exchangeCalendar } from '../../shared/calendar/exchange-calendar.ts';
import type { Config } from '../../shared/config/config.ts';
import type { MarketConfig } from '../../shared/config/market-schema.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { marketCrons, type Cron } from './crons.ts';
import type { StageSettings } from './stage.ts';
import { scheduleGroupName } from '../machine/stage-name.ts';
import { EVENT_AGE_MAX_S, FIRES_WITHIN_S, MACHINE_TIMEOUT_S } from '../machine/tick-tasks.ts';

export interface SchedulesProps {
  readonly settings: StageSettings;
  readonly config: Config;
  readonly machine: StateMachine;
  readonly healthCheck: IFunction;
  readonly signoff: IFunction;
  readonly deadLetters: Queue;
}

/** What the scheduler puts in place of this text: the moment the schedule was set for, `2026-11-22T10:01:00Z`. */
const SCHEDULED_TIME = '<aws.scheduler.scheduled-time>';

/** One job of a market. */
interface Job {
  readonly name: string;
  readonly expression: Cron;
  readonly arn: string;
  readonly input: object;
}

/**
 * Every market's schedules in one group: ticks at each bar's close, a health check every hour, a report every day. What
 * cannot be delivered in time goes to the dead letters, which are read and alarmed but never sent again: a tick that
 * comes late is worth nothing.
 */
export class Schedules extends Construct {
  constructor(scope: Construct, id: string, props: SchedulesProps) {
    super(scope, id);
    const { settings, config, machine, healthCheck, signoff, deadLetters } = props;
    const group = new CfnScheduleGroup(this, 'Group', { name: scheduleGroupName(settings.stage) });
    // Its name is fixed: one that outlived the stack would stand in the way of the next deploy.
    group.applyRemovalPolicy(RemovalPolicy.DESTROY);
    const role = new Role(this, 'Role', {
      // The scheduler serves other accounts too: it is to come for a schedule of this one.
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      description: 'Starts ticks, health checks and daily reports',
    });
    const grants: [string, string[], string[]][] = [
      ['StartTicks', ['states:StartExecution'], [machine.stateMachineArn]],
      ['Invoke', ['lambda:InvokeFunction'], [healthCheck.functionArn, signoff.functionArn]],
      ['KeepUndelivered', ['sqs:SendMessage'], [deadLetters.queueArn]],
    ];
    for (const [sid, actions, resources] of grants)
      role.addToPolicy(new PolicyStatement({ sid, actions, resources }));
    for (const [market, files] of config.markets) {
      assertInTime(files.config);
      const crons = marketCrons(exchangeCalendar(config.calendars.get(files.config.exchange)!), files.config);
      const input = { market, scheduled_at_utc: SCHEDULED_TIME };
      const jobs: Job[] = [
        ...crons.ticks.map((expression, k) => ({
          ...{ name: `tick-${k + 1}`, expression, arn: machine.stateMachineArn, input },
        })),
        { name: 'health', expression: crons.health, arn: healthCheck.functionArn, input },
        {
          name: 'daily',
          expression: crons.daily,
          arn: signoff.functionArn,
          input: { ...input, daily: true },
        },
      ];
      for (const { name, expression, arn, input: payload } of jobs) {
        const schedule = new CfnSchedule(this, `${market}-${name}`, {
          name: `${market}-${name}`,
          groupName: group.ref,
          description: `papergate ${settings.stage}: ${name} of ${market}`,
          scheduleExpression: expression,
          scheduleExpressionTimezone: crons.timeZone,
          flexibleTimeWindow: { mode: 'OFF' },
          target: {
            arn,
            roleArn: role.roleArn,
            input: JSON.stringify(payload),
            deadLetterConfig: { arn: deadLetters.queueArn },
            retryPolicy: { maximumEventAgeInSeconds: EVENT_AGE_MAX_S, maximumRetryAttempts: 3 },
          },
        });
        schedule.node.addDependency(role);
      }
    }
  }
}

/** @throws ConfigError where a tick could still be under way when it already counts as late. */
function assertInTime({ market, schedule_offset_s: offset, sla }: MarketConfig): void {
  const latest = offset + FIRES_WITHIN_S + EVENT_AGE_MAX_S + MACHINE_TIMEOUT_S;
  if (latest <= sla.late_after_s) return;
  throw new ConfigError(
    `market ${market}: sla.late_after_s: is ${sla.late_after_s}; a tick may end ${latest} s after its bar's close: expected at least that`,
    { market, latest, late_after_s: sla.late_after_s },
  );
}
