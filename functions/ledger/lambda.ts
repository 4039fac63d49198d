import { lambdaOf, marketOf } from '../runtime/aws/lambda.ts';
import { ledger } from './handler.ts';

export const handler = lambdaOf({
  name: 'ledger',
  markets: marketOf,
  handle: ledger,
});
