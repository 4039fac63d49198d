import { RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { AwsCustomResource, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { DISABLE_TRADING, marketSwitch } from '../../shared/ledger/keys.ts';
import { parameterArn } from './functions.ts';

export interface SwitchProps {
  readonly parameterPrefix: string;
  readonly markets: readonly string[];
}

/** Values that the console takes; anything but exactly `false` disables trading all the same. */
export const SWITCH_PATTERN = '^(true|false)$';

/**
 * The kill switch's parameters, of all markets and of each. No `AWS::SSM::Parameter`, since a change of the template
 * would write its value over an operator's: each is put once, at `true`, where there is none, and no deploy, rollback
 * or deletion of the stack ever touches it again.
 */
export class Switch extends Construct {
  constructor(scope: Construct, id: string, { parameterPrefix, markets }: SwitchProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Log', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const names = [DISABLE_TRADING, ...markets.map(marketSwitch)].map((name) => `${parameterPrefix}/${name}`);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: 'Puts the kill switch to true where there is none',
    });
    const grants: [string, string[], string[]][] = [
      ['PutOnce', ['ssm:PutParameter'], names.map((name) => parameterArn(Stack.of(this), name))],
      ['WriteLog', ['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]],
    ];
    for (const [sid, actions, resources] of grants)
      role.addToPolicy(new PolicyStatement({ sid, actions, resources }));
    for (const name of names) {
      new AwsCustomResource(this, name.slice(1).replaceAll('/', '-'), {
        resourceType: 'Custom::KillSwitch',
        // Nothing on update and on delete: what an operator put stays.
        onCreate: {
          service: 'SSM',
          action: 'putParameter',
          parameters: {
            Name: name,
            Value: 'true',
            Type: 'String',
            Overwrite: false,
            AllowedPattern: SWITCH_PATTERN,
            Description: 'the stack was deployed; trading starts by a recovery',
          },
          physicalResourceId: PhysicalResourceId.of(name),
          ignoreErrorCodesMatching: 'ParameterAlreadyExists',
        },
        installLatestAwsSdk: false,
        memorySize: 256,
        ...{ role, logGroup },
      });
    }
  }
}
