import { lambdaOf, marketOf } from '../runtime/aws/lambda.ts';
import { fill } from './handler.ts';

export const handler = lambdaOf({
  name: 'fill',
  markets: marketOf,
  handle: fill,
});
