import { lambdaOf } from '../runtime/aws/lambda.ts';
import { parameterPrefix, parseSettings } from '../runtime/aws/settings.ts';
import { marketsOfChange } from './event.ts';
import { watchSwitch } from './handler.ts';

const { PAPERGATE_STAGE: stage, PAPERGATE_MARKETS: all } = parseSettings(process.env);
const markets = (event: unknown): readonly string[] => marketsOfChange(event, parameterPrefix(stage), all);

export const handler = lambdaOf({
  name: 'switch-watcher',
  markets,
  handle: async (_event, runtime, named) =>
    named.length === 0 ? {} : watchSwitch({ markets: named }, runtime),
});
