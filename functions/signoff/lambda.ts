import { lambdaOf, marketOf } from '../runtime/aws/lambda.ts';
import { dailyReport, isDaily } from './daily.ts';
import { signoff } from './handler.ts';

export const handler = lambdaOf<unknown>({
  name: 'signoff',
  markets: marketOf,
  handle: (event, runtime) => (isDaily(event) ? dailyReport(event, runtime) : signoff(event, runtime)),
});
