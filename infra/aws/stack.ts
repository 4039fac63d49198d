import type { Construct } from 'constructs';
import { STEPS, type StepName } from '../../functions/steps.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { LambdaFunction, Stack } from './cdk.ts';
import { TickMachine } from './tick-machine.ts';

/** Feature flags live here and not in cdk.json, which synthesis in process does not read. */
export const FEATURE_FLAGS = {
  '@aws-cdk/aws-iam:minimizePolicies': true,
  '@aws-cdk/core:enablePartitionLiterals': true,
  '@aws-cdk/core:checkSecretUsage': true,
  '@aws-cdk/core:validateAgainstDefaultRules': true,
};

/** Everything of one stage. It looks nothing up, so that it synthesises without an account. */
export class PapergateStack extends Stack {
  /** @throws ConfigError where the stage could not be part of a resource's name. */
  constructor(scope: Construct, stage: string) {
    if (!/^[a-z][a-z0-9-]{0,15}$/.test(stage)) {
      throw new ConfigError(
        `stage ${JSON.stringify(stage)}: expected 1 to 16 of a-z, 0-9 and -, a letter first`,
        {
          stage,
        },
      );
    }
    super(scope, `Papergate-${stage}`, { analyticsReporting: false });
    const functions = STEPS.map((step) => [
      step,
      LambdaFunction.fromFunctionName(this, `Function-${step}`, `papergate-${stage}-${step}`),
    ]);
    new TickMachine(this, 'Tick', {
      stateMachineName: `papergate-${stage}-tick`,
      functions: Object.fromEntries(functions) as Record<
        StepName,
        ReturnType<typeof LambdaFunction.fromFunctionName>
      >,
    });
  }
}
