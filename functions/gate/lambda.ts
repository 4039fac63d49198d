import { lambdaOf, marketOf } from '../runtime/aws/lambda.ts';
import { gate } from './handler.ts';

export const handler = lambdaOf({
  name: 'gate',
  markets: marketOf,
  handle: gate,
});
