import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { STEPS, type StepName } from '../../functions/steps.ts';
import { synthesiseDefinition } from '../../infra/local/definition.ts';
import type { Definition } from '../../infra/local/dialect.ts';
import { localMachine, type Failure, type Handler } from '../../infra/local/machine.ts';
import {
  ConfigError,
  IntegrityError,
  OtherReleaseError,
  UncoveredError,
  ProviderError,
  RefusedError,
} from '../../shared/kernel/errors.ts';
import { fakes, INPUT, rejection, type State } from '../support/machine.ts';

let definition: Definition;
beforeAll(async () => {
  definition = await synthesiseDefinition();
});
afterEach(() => {
  vi.useRealTimers();
});

const throwing = (error: unknown): Handler => {
  return async () => {
    throw error;
  };
};
describe('an execution', () => {
  it('hands the state from step to step, in order', async () => {
    const { calls, inputs, handlers } = fakes();
    expect(await localMachine(definition, handlers).run(INPUT)).toEqual({
      ...INPUT,
      status: 'open',
      ingest: 1,
      predict: 1,
      gate: 1,
      fill: 1,
      ledger: 1,
      signoff: 1,
    });
    expect(calls).toEqual(['ingest', 'predict', 'gate', 'fill', 'ledger', 'signoff']);
    expect(inputs[0]).toEqual(INPUT);
    expect(inputs[2]).toEqual({ ...INPUT, status: 'open', ingest: 1, predict: 1 });
  });

  it.each(['closed', 'done'])('ends well after ingest where the status is %s', async (status) => {
    const onFailure = vi.fn();
    const { calls, handlers } = fakes({ ingest: async () => ({ status, why: 'x' }) });
    expect(await localMachine(definition, handlers, { onFailure }).run(INPUT)).toEqual({ status, why: 'x' });
    expect(calls).toEqual(['ingest']);
    expect(onFailure).not.toHaveBeenCalled();
  });

  it.each([
    { status: 'opened' },
    { status: '' },
    { status: null },
    { status: 1 },
    { other: 'open' },
    {},
    null,
    'open',
  ])('fails where ingest answers %j', async (answer) => {
    const { calls, handlers } = fakes({ ingest: async () => answer });
    const error = await rejection(localMachine(definition, handlers).run(INPUT));
    expect(error).toMatchObject({ name: 'UnknownStatus', exitCode: 1 });
    expect(error.message).toBe('ingest returned a status other than open, sharded, closed and done');
    expect(calls).toEqual(['ingest']);
  });

  it('runs beside others without mixing them up', async () => {
    const { handlers } = fakes();
    const machine = localMachine(definition, handlers);
    const results = await Promise.all(Array.from({ length: 50 }, (_, n) => machine.run({ n })));
    expect(results.map((result) => (result as State)['n'])).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  it('passes JSON and nothing else between the steps', async () => {
    const shared = { deep: { n: 1 } };
    const { inputs, handlers } = fakes({
      ingest: async () => ({ status: 'open', shared, at: new Date(0), none: undefined, not: NaN }),
      predict: async (state) => {
        (state as { shared: typeof shared }).shared.deep.n = 2;
        return state;
      },
    });
    await localMachine(definition, handlers).run(INPUT);
    expect(inputs[1]).toStrictEqual({
      status: 'open',
      shared: { deep: { n: 1 } },
      at: '1970-01-01T00:00:00.000Z',
      not: null,
    });
    expect(shared).toEqual({ deep: { n: 1 } });
  });
});

describe('a step that fails', () => {
  it('is tried again from its own input, and the tick goes on', async () => {
    let left = 3;
    const { calls, inputs, handlers } = fakes({
      gate: async (state) => {
        (state as State)['spoilt'] = true;
        if (left-- > 0) throw new ProviderError('busy');
        return { done: true };
      },
    });
    await localMachine(definition, handlers).run(INPUT);
    expect(calls).toEqual(['ingest', 'predict', 'gate', 'gate', 'gate', 'gate', 'fill', 'ledger', 'signoff']);
    expect(inputs[5]).toEqual({ ...INPUT, status: 'open', ingest: 1, predict: 1 });
  });

  it('ends the tick with its own last error after four calls', async () => {
    const errors = [1, 2, 3, 4].map((n) => new ProviderError(`down ${n}`, { n }, { cause: 'socket' }));
    let at = 0;
    const { calls, handlers } = fakes({ fill: async () => throwing(errors[at++])(undefined) });
    const error = await rejection(localMachine(definition, handlers).run(INPUT));
    expect(error).toBe(errors[3]);
    expect(error).toMatchObject({ message: 'down 4', evidence: { n: 4 }, cause: 'socket', exitCode: 5 });
    expect(calls).toEqual(['ingest', 'predict', 'gate', 'fill', 'fill', 'fill', 'fill']);
  });

  it.each([
    new IntegrityError('other bytes'),
    new ConfigError('no such knob'),
    new UncoveredError('past the bound'),
    new RefusedError('another record took its place'),
    new OtherReleaseError('crypto', 'sha256:a', 'sha256:b'),
  ])('is not tried again after $name', async (final) => {
    const { calls, handlers } = fakes({ predict: throwing(final) });
    expect(await rejection(localMachine(definition, handlers).run(INPUT))).toBe(final);
    expect(calls).toEqual(['ingest', 'predict']);
  });

  it('is judged by the name of its error, which is all that AWS sees', async () => {
    const other = Object.assign(new Error('from elsewhere'), { name: 'IntegrityError' });
    const { calls, handlers } = fakes({ predict: throwing(other) });
    expect(await rejection(localMachine(definition, handlers).run(INPUT))).toBe(other);
    expect(calls).toEqual(['ingest', 'predict']);
  });

  it.each(['a text', undefined, null, 7])('may throw what is no error: %j', async (thrown) => {
    const { calls, handlers } = fakes({ predict: throwing(thrown) });
    const error = await rejection(localMachine(definition, handlers).run(INPUT));
    expect(error).toMatchObject({ message: String(thrown), cause: thrown });
    expect(calls).toHaveLength(5);
  });

  it('may throw before it returns a promise', async () => {
    const { handlers } = fakes();
    const gate = (): never => {
      throw new IntegrityError('at once');
    };
    await expect(localMachine(definition, { ...handlers, gate }).run(INPUT)).rejects.toThrow('at once');
  });

  it('waits between its tries only as long as configured', async () => {
    vi.useFakeTimers();
    const { calls, handlers } = fakes({ gate: throwing(new Error('busy')) });
    const failed = rejection(localMachine(definition, handlers, { retryWaitMs: 50 }).run(INPUT));
    await vi.advanceTimersByTimeAsync(99);
    expect(calls.filter((step) => step === 'gate')).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(51);
    expect((await failed).message).toBe('busy');
    expect(calls.filter((step) => step === 'gate')).toHaveLength(4);
  });
});

describe('limits', () => {
  // `{"status":"open","pad":""}` is 26 bytes.
  const ofBytes = (bytes: number, filler = 'x') => ({
    status: 'open',
    pad: filler.repeat((bytes - 26) / Buffer.byteLength(filler)),
  });

  it('let 262,144 bytes pass', async () => {
    const { calls, handlers } = fakes({ ingest: async () => ofBytes(262_144), predict: async () => ({}) });
    await localMachine(definition, handlers).run(ofBytes(262_144));
    expect(calls).toHaveLength(6);
  });

  it.each([ofBytes(262_145), ofBytes(262_146, 'é')])(
    'stop more bytes without another try',
    async (answer) => {
      const { calls, handlers } = fakes({ ingest: async () => answer });
      const error = await rejection(localMachine(definition, handlers).run(INPUT));
      expect(error.name).toBe('States.DataLimitExceeded');
      expect(error.message).toMatch(
        /^the answer of ingest is 26214[56] bytes, at most 262144 pass between states/,
      );
      expect(calls).toEqual(['ingest']);
    },
  );

  it('hold for the input too', async () => {
    const failures: Failure[] = [];
    const { calls, handlers } = fakes();
    const machine = localMachine(definition, handlers, {
      onFailure: (failure) => void failures.push(failure),
    });
    await expect(machine.run(ofBytes(262_145))).rejects.toThrow('the input is 262145 bytes');
    expect(calls).toEqual([]);
    expect(failures).toMatchObject([
      { step: undefined, stopped: undefined, error: { name: 'States.DataLimitExceeded' } },
    ]);
  });

  it('end a step that hangs, try it again, and let nothing of it be heard later', async () => {
    vi.useFakeTimers();
    const late: (() => void)[] = [];
    const { calls, handlers } = fakes({
      predict: () => new Promise((_, reject) => late.push(() => reject(new Error('late')))),
    });
    const failed = rejection(localMachine(definition, handlers).run(INPUT));
    await vi.advanceTimersByTimeAsync(59_999);
    expect(calls).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(calls).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(180_000);
    expect(await failed).toMatchObject({
      name: 'States.Timeout',
      message: 'predict took longer than its state allows',
    });
    expect(calls).toEqual(['ingest', 'predict', 'predict', 'predict', 'predict']);
    late.forEach((reject) => reject());
    await vi.advanceTimersByTimeAsync(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('end an execution that takes too long as a whole, and call nothing afterwards', async () => {
    vi.useFakeTimers();
    const { calls, handlers } = fakes({ predict: () => new Promise(() => undefined) });
    const failed = rejection(localMachine({ ...definition, TimeoutSeconds: 100 }, handlers).run(INPUT));
    await vi.advanceTimersByTimeAsync(100_000);
    expect(await failed).toMatchObject({
      name: 'States.Timeout',
      message: 'the execution timed out in predict',
    });
    expect(calls).toEqual(['ingest', 'predict', 'predict']);
    await vi.advanceTimersByTimeAsync(1_000_000);
    expect(calls).toHaveLength(3);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the failure hook', () => {
  it('learns of input, step and error before the run rejects, once', async () => {
    const failures: Failure[] = [];
    const error = new ProviderError('down');
    const { handlers } = fakes({ fill: throwing(error) });
    const onFailure = async (failure: Failure): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      failures.push(failure);
    };
    await expect(localMachine(definition, handlers, { onFailure }).run(INPUT)).rejects.toBe(error);
    const handed = { ...INPUT, status: 'open', ingest: 1, predict: 1, gate: 1 };
    expect(failures).toEqual([
      { input: INPUT, step: 'fill', error, stopped: { state: 'Fill', input: handed } },
    ]);
  });

  it('is not called for a step that came right on a later try', async () => {
    const onFailure = vi.fn();
    let left = 1;
    const { handlers } = fakes({
      gate: async (state) => {
        if (left-- > 0) throw new Error('busy');
        return state;
      },
    });
    await localMachine(definition, handlers, { onFailure }).run(INPUT);
    expect(onFailure).not.toHaveBeenCalled();
  });

  it('hides nothing where it fails itself', async () => {
    const { handlers } = fakes({ fill: throwing(new ProviderError('down')) });
    const onFailure = (): never => {
      throw new Error('disk full');
    };
    const error = await rejection(localMachine(definition, handlers, { onFailure }).run(INPUT));
    expect(error.message).toBe('down; recording it failed as well');
    expect((error as AggregateError).errors.map((one: Error) => one.message)).toEqual(['down', 'disk full']);
  });
});

describe('a redrive', () => {
  /** A machine whose gate fails while `down` says so, and what its executions failed with. */
  function failing(step: StepName) {
    const failures: Failure[] = [];
    const mood = { down: true };
    const { calls, inputs, handlers } = fakes({
      [step]: async (state: unknown) => {
        if (mood.down) throw new ProviderError(`${step} is down`);
        return { ...(state as State), status: 'open', [step]: 1 };
      },
    });
    const machine = localMachine(definition, handlers, {
      onFailure: (failure) => void failures.push(failure),
    });
    return { machine, failures, mood, calls, inputs };
  }

  it.each(STEPS)('goes on at %s with the input of that state, and with all four tries', async (step) => {
    const { machine, failures, mood, calls, inputs } = failing(step);
    await rejection(machine.run(INPUT));
    const before = STEPS.slice(0, STEPS.indexOf(step));
    expect(calls).toEqual([...before, step, step, step, step]);
    const given = inputs.at(-1);
    calls.length = 0;

    await rejection(machine.redrive(failures[0]!));
    expect(calls).toEqual([step, step, step, step]);
    expect(inputs.at(-1)).toEqual(given);
    // What it was started with stays what it was, for whoever records the failure.
    expect(failures[1]).toMatchObject({ input: INPUT, step, stopped: failures[0]!.stopped });
    calls.length = 0;

    mood.down = false;
    const finished = await machine.redrive(failures[1]!);
    expect(calls).toEqual(STEPS.slice(STEPS.indexOf(step)));
    expect(finished).toEqual(await localMachine(definition, fakes().handlers).run(INPUT));
  });

  it('starts at the state that failed last, not at the one that failed first', async () => {
    let failed: StepName | undefined = 'predict';
    const failures: Failure[] = [];
    const down =
      (step: StepName): Handler =>
      async (state) => {
        if (failed === step) throw new ProviderError('down');
        return { ...(state as State), status: 'open' };
      };
    const { calls, handlers } = fakes({ predict: down('predict'), fill: down('fill') });
    const machine = localMachine(definition, handlers, {
      onFailure: (failure) => void failures.push(failure),
    });
    await rejection(machine.run(INPUT));
    failed = 'fill';
    await rejection(machine.redrive(failures[0]!));
    failed = undefined;
    calls.length = 0;
    await machine.redrive(failures[1]!);
    expect(calls).toEqual(['fill', 'ledger', 'signoff']);
  });

  it('is refused where no task had failed', async () => {
    const failures: Failure[] = [];
    const { calls, handlers } = fakes({ ingest: async () => ({ status: 'opened' }) });
    const machine = localMachine(definition, handlers, {
      onFailure: (failure) => void failures.push(failure),
    });
    await rejection(machine.run(INPUT));
    expect(await rejection(machine.redrive(failures[0]!))).toBeInstanceOf(ConfigError);
    expect(calls).toEqual(['ingest']);
  });

  it('is refused where the state hands on a part of its input only', async () => {
    const { Predict } = definition.States;
    const cut = { ...Predict!, Parameters: { ...Predict!.Parameters, 'Payload.$': '$.window' } };
    const failures: Failure[] = [];
    const { handlers } = fakes({
      ingest: async () => ({ status: 'open', window: {} }),
      predict: throwing(new Error('down')),
    });
    const machine = localMachine(
      { ...definition, States: { ...definition.States, Predict: cut } },
      handlers,
      {
        onFailure: (failure) => void failures.push(failure),
      },
    );
    await rejection(machine.run(INPUT));
    const refused = await rejection(machine.redrive(failures[0]!));
    expect(refused.message).toBe(
      'state Predict cannot be redriven here: expected a task that is handed its whole input, or a Map after one',
    );
  });
});

describe('building a machine', () => {
  it('refuses a definition that is not valid or not for here', () => {
    const { handlers } = fakes();
    const states = definition.States;
    const lost = { ...states, Fill: { ...states['Fill']!, Next: 'Nowhere' } };
    expect(() => localMachine({ ...definition, States: lost }, handlers)).toThrow(
      /the state machine is not valid: .*Nowhere/s,
    );
    expect(() => localMachine({ ...definition, QueryLanguage: 'JSONata' }, handlers)).toThrow(ConfigError);
    const foreign = {
      ...states,
      Fill: { ...states['Fill']!, Parameters: { FunctionName: 'somebody-else' } },
    };
    expect(() => localMachine({ ...definition, States: foreign }, handlers)).toThrow(
      'state Fill invokes arn:aws:states:::lambda:invoke somebody-else: expected the Lambda of a step',
    );
  });

  it('follows the wiring of the definition, not the names of its states', async () => {
    const states = definition.States;
    const swapped = {
      ...states,
      Gate: { ...states['Gate']!, Parameters: states['Fill']!.Parameters! },
      Fill: { ...states['Fill']!, Parameters: states['Gate']!.Parameters! },
    };
    const { calls, handlers } = fakes();
    await localMachine({ ...definition, States: swapped }, handlers).run(INPUT);
    expect(calls).toEqual(['ingest', 'predict', 'fill', 'gate', 'ledger', 'signoff']);
  });
});
