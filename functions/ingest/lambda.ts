import { lambdaOf, marketOf } from '../runtime/aws/lambda.ts';
import { buildProvider } from '../runtime/providers.ts';
import { ingest } from './handler.ts';
import { isProbe, probe } from './probe.ts';

export const handler = lambdaOf<unknown>({
  name: 'ingest',
  sourceOf: (rules, size) => buildProvider(rules, undefined, size),
  markets: marketOf,
  handle: (event, runtime) => (isProbe(event) ? probe(event, runtime) : ingest(event, runtime)),
});
