import { SFNClient } from '@aws-sdk/client-sfn';
import { CLIENT_LIMITS } from '../runtime/aws/client-limits.ts';
import { lambdaOf, marketOf } from '../runtime/aws/lambda.ts';
import { stepOfState } from '../steps.ts';
import { endedExecution, failureOf } from './event.ts';
import { recordFailure } from './handler.ts';
import { newestEvents } from './history.ts';

const executions = new SFNClient(CLIENT_LIMITS);

export const handler = lambdaOf({
  name: 'record-failure',
  outlivesForeignBundle: true,
  markets: (event) => marketOf(endedExecution(event).input),
  handle: async (event, runtime) => {
    const ended = endedExecution(event);
    const failure = failureOf(ended, await newestEvents(executions, ended.arn), stepOfState);
    await recordFailure({ input: ended.input, ...failure }, runtime);
  },
});
