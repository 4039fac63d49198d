import { beforeAll, describe, expect, it } from 'vitest';
import type { StepName } from '../../functions/steps.ts';
import { synthesiseDefinition } from '../../infra/local/definition.ts';
import type { Definition } from '../../infra/local/dialect.ts';
import { localMachine, type Failure, type Handler } from '../../infra/local/machine.ts';
import { IntegrityError, ProviderError } from '../../shared/kernel/errors.ts';
import { fakes, INPUT, rejection, type State } from '../support/machine.ts';

let definition: Definition;
beforeAll(async () => {
  definition = await synthesiseDefinition();
});

describe('a large universe', () => {
  const shards = [0, 1, 2].map((shard) => ({ shard, of: 3 }));
  /** What ingest and predict do with a universe in three slices; `special` comes before. */
  function sliced(special: (step: StepName, input: State) => unknown = () => undefined) {
    const failures: Failure[] = [];
    const named = { scheduled_at_utc: 's', tick_utc: 't', trace_id: 'i', ask: 'a', ordinal: 7, window: 'w' };
    const step =
      (name: 'ingest' | 'predict'): Handler =>
      async (given) => {
        const input = given as State;
        await special(name, input);
        if ('shard' in input) return { ...(input['shard'] as State), part: name };
        const { parts, shards: _, ...rest } = input;
        if (name === 'predict') return { ...rest, forecast: parts };
        return parts === undefined
          ? { ...INPUT, ...named, status: 'sharded', shards }
          : { ...rest, status: 'open', shards, bars: parts };
      };
    const made = fakes({ ingest: step('ingest'), predict: step('predict') });
    const machine = localMachine(definition, made.handlers, {
      onFailure: (failure) => void failures.push(failure),
    });
    return { ...made, machine, failures };
  }
  const ofSlices = (part: string) => shards.map((shard) => ({ ...shard, part }));

  it('is fetched and forecast slice by slice, and goes on as any other', async () => {
    const { machine, calls, inputs } = sliced();
    const finished = (await machine.run(INPUT)) as State;
    expect(calls.join(' ')).toBe(
      'ingest ingest ingest ingest ingest predict predict predict predict gate fill ledger signoff',
    );
    const names = { market: 'crypto', scheduled_at_utc: 's', tick_utc: 't', trace_id: 'i' };
    expect(inputs.slice(1, 4)).toEqual(shards.map((shard) => ({ ...names, ask: 'a', shard })));
    expect(inputs.slice(5, 8)).toEqual(shards.map((shard) => ({ ...names, ordinal: 7, window: 'w', shard })));
    expect(finished).toMatchObject({ bars: ofSlices('ingest'), forecast: ofSlices('predict') });
    expect(finished).not.toHaveProperty('parts');
    expect(finished).not.toHaveProperty('shards');
  });

  it('tries one slice again, not all of them', async () => {
    let left = 3;
    const { machine, calls } = sliced((step, { shard }) => {
      if (step === 'predict' && (shard as State | undefined)?.['shard'] === 1 && left-- > 0)
        throw new ProviderError('busy');
    });
    await machine.run(INPUT);
    expect(calls.filter((step) => step === 'predict')).toHaveLength(3 + 3 + 1);
  });

  it.each([
    ['ingest', 'FetchShards', ['ingest', 'ingest', 'ingest', 'ingest', 'predict']],
    ['predict', 'ForecastShards', ['predict', 'predict', 'predict', 'predict', 'gate']],
  ] as const)('is redriven from the slices of %s where one failed for good', async (step, map, again) => {
    let down = true;
    const { machine, failures, calls } = sliced((now, { shard }) => {
      if (down && now === step && (shard as State | undefined)?.['shard'] === 1)
        throw new IntegrityError('damaged');
    });
    expect((await rejection(machine.run(INPUT))).message).toBe('damaged');
    expect(failures).toMatchObject([{ input: INPUT, step, stopped: { state: map, input: { shards } } }]);
    down = false;
    calls.length = 0;
    const finished = await machine.redrive(failures[0]!);
    expect(calls.slice(0, 5)).toEqual(again);
    expect(finished).toEqual(await sliced().machine.run(INPUT));
  });

  it('is redriven from the call that puts the parts together where that one failed', async () => {
    let down = true;
    const { machine, failures, calls } = sliced((_, { parts, bars }) => {
      if (down && parts !== undefined && bars === undefined) throw new IntegrityError('does not fit');
    });
    await rejection(machine.run(INPUT));
    expect(failures).toMatchObject([
      { stopped: { state: 'JoinBars', input: { parts: ofSlices('ingest') } } },
    ]);
    down = false;
    calls.length = 0;
    await machine.redrive(failures[0]!);
    expect(calls.slice(0, 2)).toEqual(['ingest', 'predict']);
  });

  it('is not redriven from a Map that something else than a task leads to', async () => {
    const { FetchShards, IsOpen } = definition.States;
    const [unknown, , ...rest] = IsOpen!['Choices'] as State[];
    const pass = { Variable: '$.status', StringEquals: 'sharded', Next: 'Cut' };
    const States = {
      ...definition.States,
      IsOpen: { ...IsOpen!, Choices: [unknown, pass, ...rest] },
      Cut: { Type: 'Pass', Next: 'FetchShards' },
      FetchShards: FetchShards!,
    };
    const failures: Failure[] = [];
    const { handlers } = sliced((_, { shard }) => {
      if (shard !== undefined) throw new IntegrityError('damaged');
    });
    const machine = localMachine({ ...definition, States }, handlers, {
      onFailure: (failure) => void failures.push(failure),
    });
    await rejection(machine.run(INPUT));
    expect((await rejection(machine.redrive(failures[0]!))).message).toBe(
      'state FetchShards cannot be redriven here: expected a task that is handed its whole input, or a Map after one',
    );
  });

  it('refuses two states of one name', () => {
    const { FetchShards } = definition.States;
    const { FetchShard } = (FetchShards!['ItemProcessor'] as Definition).States;
    const twice = { ...FetchShards!, ItemProcessor: { StartAt: 'Gate', States: { Gate: FetchShard! } } };
    const States = { ...definition.States, FetchShards: twice };
    expect(() => localMachine({ ...definition, States }, fakes().handlers)).toThrow(
      /the state machine is not valid: .*Gate/s,
    );
  });
});
