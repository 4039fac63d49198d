import { AlarmStatusWidget, Dashboard as CloudWatchDashboard, GraphWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { figure, type Alarms } from './alarms.ts';

export interface DashboardProps {
  readonly stage: string;
  readonly markets: readonly string[];
  readonly alarms: Alarms;
  readonly machine: StateMachine;
}

/** One page for the daily look: what is on, how each market stands, and whether the chain runs. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, { stage, markets, alarms, machine }: DashboardProps) {
    super(scope, id);
    const graph = (title: string, names: Parameters<typeof figure>[1][]): GraphWidget =>
      new GraphWidget({
        title,
        width: 8,
        left: names.flatMap((name) =>
          markets.map((market) => figure(stage, name, market).with({ label: `${market} ${name}` })),
        ),
      });
    new CloudWatchDashboard(this, 'Page', {
      dashboardName: `papergate-${stage}`,
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', width: 24, height: 5, alarms: [...alarms.all] })],
        [
          graph('Bars behind', ['BarsBehind']),
          graph('Level: 0 GREEN, 1 YELLOW, 2 RED', ['Level']),
          graph('Kill switch: 1 is on', ['TradingDisabled']),
        ],
        [
          new GraphWidget({
            title: 'Runs',
            width: 12,
            left: [machine.metricSucceeded(), machine.metricFailed(), machine.metricTimedOut()],
          }),
          new GraphWidget({ title: 'Duration of a run', width: 12, left: [machine.metricTime()] }),
        ],
      ],
    });
  }
}
