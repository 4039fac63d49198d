import type { Construct } from 'constructs';
import { STEPS, type StepName } from '../../functions/steps.ts';
import { LambdaFunction, Stack } from './cdk.ts';
import { checkedStage, machineName, stackName } from './stage-name.ts';
import { TickMachine } from './tick-machine.ts';

/**
 * The state machine alone, for the local runner: the same construct that a stage is deployed with, over functions that
 * are only named, since nothing is bundled for a run on this machine.
 */
export class MachineStack extends Stack {
  constructor(scope: Construct, stage: string) {
    super(scope, stackName(checkedStage(stage)), { analyticsReporting: false });
    const functions = STEPS.map((step) => [
      step,
      LambdaFunction.fromFunctionName(this, `Function-${step}`, `papergate-${stage}-${step}`),
    ]);
    new TickMachine(this, 'Tick', {
      stateMachineName: machineName(stage),
      functions: Object.fromEntries(functions) as Record<
        StepName,
        ReturnType<typeof LambdaFunction.fromFunctionName>
      >,
    });
  }
}
