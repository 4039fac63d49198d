import { lambdaOf, marketOf } from '../runtime/aws/lambda.ts';
import { predict } from './handler.ts';

export const handler = lambdaOf({
  name: 'predict',
  markets: marketOf,
  handle: predict,
});
