import { ArnFormat, Duration, Stack, Tags } from 'aws-cdk-lib/core';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { STEPS, type StepName } from '../../functions/steps.ts';
import { parameterPrefix } from '../../functions/runtime/aws/settings.ts';
import type { Config } from '../../shared/config/config.ts';
import { Alarms } from './alarms.ts';
import type { Bundles } from './bundles.ts';
import { Dashboard } from './dashboard.ts';
import { Events } from './events.ts';
import { Functions } from './functions.ts';
import { acknowledgeFindings } from './nag.ts';
import { Operators } from './operators.ts';
import { tellOutputs } from './outputs.ts';
import { Schedules } from './schedules.ts';
import { machineName, stackName } from '../machine/stage-name.ts';
import type { StageSettings } from './stage.ts';
import { Storage } from './storage.ts';
import { Switch } from './switch.ts';
import { Teardown, teardownRoleArn } from './teardown.ts';
import { TickMachine } from '../machine/tick-machine.ts';

export interface StackProps {
  readonly settings: StageSettings;
  readonly config: Config;
  readonly bundles: Bundles;
}

/** Everything of one stage. It looks nothing up, so that it synthesises without an account. */
export class PapergateStack extends Stack {
  constructor(scope: Construct, { settings, config, bundles }: StackProps) {
    const { stage, isProd } = settings;
    super(scope, stackName(stage), { analyticsReporting: false, terminationProtection: isProd });
    const markets = [...config.markets.keys()];
    const prefix = parameterPrefix(stage);
    const storage = new Storage(this, 'Storage', settings, teardownRoleArn(this, settings));
    const teardown = isProd ? [] : [new Teardown(this, 'Teardown', stage, storage)];
    const { deadLetters, ownerTopic } = this.#channels(settings);
    new Switch(this, 'Switch', { parameterPrefix: prefix, markets });
    const functions = new Functions(this, 'Functions', {
      ...{ settings, markets, bundles, storage, ownerTopic },
      parameterPrefix: prefix,
    });
    const machine = this.#machine(stage, functions);
    const healthCheck = functions.get('health-check');
    const signoff = functions.get('signoff');
    new Schedules(this, 'Schedules', { settings, config, machine, healthCheck, signoff, deadLetters });
    new Events(this, 'Events', {
      ...{ machine, deadLetters, parameterPrefix: prefix, scheduled: [healthCheck, signoff] },
      recordFailure: functions.get('record-failure'),
      watcher: functions.get('switch-watcher'),
    });
    const operators = new Operators(this, 'Operators', {
      ...{ settings, markets, storage, functions, machine, deadLetters },
      parameterPrefix: prefix,
    });
    const alarms = new Alarms(this, 'Alarms', { settings, markets, machine, deadLetters, ownerTopic });
    new Dashboard(this, 'Dashboard', { stage, markets, alarms, machine });
    tellOutputs(this, { storage, bundles, markets, deadLetters, ownerTopic });
    Tags.of(this).add('papergate:stage', stage);
    acknowledgeFindings(this, { storage, functions, machine, people: [operators, ...teardown] });
  }

  /** The chain over the functions' versions as they are now. */
  #machine(stage: string, functions: Functions): StateMachine {
    const versions = STEPS.map((step) => [step, functions.get(step).currentVersion as IFunction] as const);
    const { machine } = new TickMachine(this, 'Tick', {
      stateMachineName: machineName(stage),
      functions: Object.fromEntries(versions) as Record<StepName, IFunction>,
    });
    // The definition names versions; without this the role may invoke the newest only, and an execution that began
    // before a deploy could not go on.
    for (const step of STEPS) functions.get(step).grantInvoke(machine);
    return machine;
  }

  /** Where what could not be delivered is kept, and where the owner is told. */
  #channels({ stage, ownerEmail }: StageSettings): { deadLetters: Queue; ownerTopic: Topic } {
    const deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const ownerTopic = new Topic(this, 'Owner', { displayName: 'papergate', enforceSSL: true });
    // A topic with a policy of its own has lost the one that lets the account's alarms publish.
    ownerTopic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsTellOwner',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [ownerTopic.topicArn],
        conditions: {
          ArnLike: { 'aws:SourceArn': this.#alarms(`papergate-${stage}-*`) },
          StringEquals: { 'aws:SourceAccount': this.account },
        },
      }),
    );
    if (ownerEmail !== undefined)
      ownerTopic.addSubscription(new EmailSubscription(ownerEmail, { deadLetterQueue: deadLetters }));
    return { deadLetters, ownerTopic };
  }

  #alarms(resourceName: string): string {
    const arnFormat = ArnFormat.COLON_RESOURCE_NAME;
    return this.formatArn({ service: 'cloudwatch', resource: 'alarm', arnFormat, resourceName });
  }
}
