import { lambdaOf, marketOf } from '../runtime/aws/lambda.ts';
import { ingest } from './handler.ts';

export const handler = lambdaOf({
  name: 'ingest',
  fetches: true,
  markets: marketOf,
  handle: ingest,
});
