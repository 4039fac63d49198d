import { lambdaOf, marketOf } from '../runtime/aws/lambda.ts';
import { buildProvider } from '../runtime/providers.ts';
import { ingest } from './handler.ts';

export const handler = lambdaOf({
  name: 'ingest',
  sourceOf: (rules, size) => buildProvider(rules, undefined, size),
  markets: marketOf,
  handle: ingest,
});
