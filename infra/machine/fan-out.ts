import type { Choice, IChainable, TaskStateBase } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { StepName } from '../../functions/steps.ts';
import { Condition, JsonPath, MapState } from './cdk.ts';

/**
 * How long one attempt of a call for one slice may take. Where every call of a sharded tick fails for as long as it may,
 * the machine's own timeout ends it first, and the tick is recorded as failed.
 */
const SHARD_TIMEOUT_S = 60;

/** Slices under way at once: as many calls as a source of bars gets at the same time. */
const SHARDS_AT_ONCE = 10;

/** A further call of a step: what its state is named, and how it differs from the step's own. */
export interface Call {
  readonly name: string;
  readonly comment: string;
  /** The step's own where it is left out. */
  readonly timeout_s?: number;
}
export type MakeTask = (step: StepName, call: Call) => TaskStateBase;

/**
 * What a universe takes that is too large for one call: two more answers to `isOpen`. Ingest's round of slices leads back
 * to it, predict's on to `gate`. Each iteration is handed names and its slice, and answers with a reference to its part; the same Lambda then puts the
 * parts together to what one call for all would have left.
 */
export function fanOut(scope: Construct, task: MakeTask, isOpen: Choice, gate: IChainable): void {
  const fetchShards = slices(scope, 'FetchShards', {
    comment: 'Fetches the bars of a large universe slice by slice',
    handed: ['market', 'scheduled_at_utc', 'tick_utc', 'trace_id', 'ask'],
    one: task('ingest', {
      name: 'FetchShard',
      comment: 'Fetches and stores the bars of one slice',
      timeout_s: SHARD_TIMEOUT_S,
    }),
  });
  const joinBars = task('ingest', {
    name: 'JoinBars',
    comment: 'Freezes and judges the bars of all slices as those of one tick',
  });
  const forecastShards = slices(scope, 'ForecastShards', {
    comment: 'Forecasts a large universe slice by slice',
    handed: ['market', 'scheduled_at_utc', 'tick_utc', 'trace_id', 'ordinal', 'window'],
    one: task('predict', {
      name: 'ForecastShard',
      comment: 'Forecasts the instruments of one slice',
      timeout_s: SHARD_TIMEOUT_S,
    }),
  });
  const joinForecast = task('predict', {
    name: 'JoinForecast',
    comment: 'Puts the forecasts of all slices together to one',
  });
  fetchShards.next(joinBars).next(isOpen);
  forecastShards.next(joinForecast).next(gate);
  const openInShards = Condition.and(
    Condition.stringEquals('$.status', 'open'),
    Condition.isPresent('$.shards'),
  );
  isOpen.when(Condition.stringEquals('$.status', 'sharded'), fetchShards).when(openInShards, forecastShards);
}

interface Slices {
  readonly comment: string;
  /** Fields of the state that each iteration is handed, beside its slice. */
  readonly handed: readonly string[];
  readonly one: TaskStateBase;
}

/** An inline Map over the slices that the state names; what they answer lies under `parts`. */
function slices(scope: Construct, name: string, { comment, handed, one }: Slices) {
  const fields = handed.map((field) => [field, JsonPath.objectAt(`$.${field}`)] as const);
  return MapState.jsonPath(scope, name, {
    comment,
    itemsPath: '$.shards',
    itemSelector: { ...Object.fromEntries(fields), shard: JsonPath.objectAt('$$.Map.Item.Value') },
    maxConcurrency: SHARDS_AT_ONCE,
    resultPath: '$.parts',
  }).itemProcessor(one);
}
