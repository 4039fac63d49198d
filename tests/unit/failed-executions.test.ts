import { GetExecutionHistoryCommand, SFNClient, type HistoryEvent as SdkEvent } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { endedExecution, failureOf } from '../../functions/record-failure/event.ts';
import { newestEvents } from '../../functions/record-failure/history.ts';
import { stateName, stepOfState, STEPS } from '../../functions/steps.ts';
import { synthesiseDefinition } from '../../infra/local/definition.ts';
import { taskStates, type Definition } from '../../infra/local/dialect.ts';
import { localMachine } from '../../infra/local/machine.ts';
import { ConfigError, IntegrityError } from '../../shared/kernel/errors.ts';
import { isOfIntegrity } from '../../shared/risk/switch-machine.ts';
import { fakes, rejection } from '../support/machine.ts';

const ARN = 'arn:aws:states:us-east-1:012345678912:execution:state-machine-name:execution-name';
const INPUT = { market: 'crypto', scheduled_at_utc: '2026-11-22T10:01:00Z' };

/**
 * An event as the Step Functions developer guide shows it under "Execution Failed", "Execution Timed Out" and "Execution
 * Aborted" (docs.aws.amazon.com/step-functions/latest/dg/cw-events.html), with the input of a tick.
 */
const statusEvent = (status: string, detail: Record<string, unknown> = {}): Record<string, unknown> => ({
  version: '0',
  id: '315c1398-40ff-a850-213b-158f73e60175',
  'detail-type': 'Step Functions Execution Status Change',
  source: 'aws.states',
  account: '012345678912',
  time: '2019-02-26T19:42:21Z',
  region: 'us-east-1',
  resources: [ARN],
  detail: {
    executionArn: ARN,
    stateMachineArn: 'arn:aws:states:us-east-1:012345678912:stateMachine:state-machine',
    name: 'execution-name',
    status,
    startDate: 1551225146847,
    stopDate: 1551225151881,
    input: JSON.stringify(INPUT),
    inputDetails: { included: true },
    output: null,
    outputDetails: null,
    ...detail,
  },
});

describe('a status event', () => {
  it.each(['FAILED', 'TIMED_OUT', 'ABORTED'])('of an execution that %s', (status) => {
    expect(endedExecution(statusEvent(status))).toEqual({
      ...{ arn: ARN, status, input: INPUT },
      ...{ error: null, cause: null },
    });
  });

  it('that carries error and cause', () => {
    const event = statusEvent('FAILED', { error: 'IntegrityError', cause: 'bytes' });
    expect(endedExecution(event)).toMatchObject({ error: 'IntegrityError', cause: 'bytes' });
    expect(endedExecution(statusEvent('FAILED', { error: null, cause: null }))).toMatchObject({
      ...{ error: null, cause: null },
    });
  });

  it.each([
    ['of one that goes on', statusEvent('RUNNING'), 'input of record-failure: detail.status: '],
    ['of one that ended well', statusEvent('SUCCEEDED'), 'input of record-failure: detail.status: '],
    [
      'without input, which was too long for an event',
      statusEvent('FAILED', { input: null, inputDetails: { included: false } }),
      'input of record-failure: detail.input: ',
    ],
    ['without an execution', statusEvent('FAILED', { executionArn: '' }), 'detail.executionArn: '],
    ['whose input is no JSON', statusEvent('FAILED', { input: '{"market":' }), 'detail.input: is not JSON'],
    ['of nothing', {}, 'input of record-failure: detail: '],
    ['that is none', 'FAILED', 'input of record-failure: (root): '],
  ])('%s is refused', (_what, event, message) => {
    expect(() => endedExecution(event)).toThrow(ConfigError);
    expect(() => endedExecution(event)).toThrow(message);
  });
});

const sfn = mockClient(SFNClient);
beforeEach(() => sfn.reset());

/** Events in the order in which they happen; the service gives the newest first. */
const inOrder = (...events: Partial<SdkEvent>[]): void => {
  const stamped = events.map((event, k) => ({
    ...event,
    id: k + 1,
    previousEventId: k,
    timestamp: new Date(k),
  }));
  sfn.on(GetExecutionHistoryCommand).callsFake(({ maxResults }: { maxResults: number }) => ({
    events: (stamped as SdkEvent[]).toReversed().slice(0, maxResults),
  }));
};
const entered = (name: string, type = 'TaskStateEntered'): Partial<SdkEvent> =>
  ({ type, stateEnteredEventDetails: { name, input: '{}' } }) as Partial<SdkEvent>;
const tries = (count: number): Partial<SdkEvent>[] =>
  Array.from({ length: count }, () => [
    { type: 'TaskScheduled' as const },
    { type: 'TaskStarted' as const },
    { type: 'TaskFailed' as const, taskFailedEventDetails: { resourceType: 'lambda', resource: 'invoke' } },
  ]).flat();
const failed = (error: string, cause: string): Partial<SdkEvent> => ({
  type: 'ExecutionFailed',
  executionFailedEventDetails: { error, cause },
});
const lambdaCause = (errorType: string, errorMessage: string): string =>
  JSON.stringify({
    errorType,
    errorMessage,
    trace: [`${errorType}: ${errorMessage}`, '    at handler (/var/task/index.mjs:1:1)'],
  });
const begun = [{ type: 'ExecutionStarted' as const }, entered('Ingest'), ...tries(1)];

const failureIn = async (status: string, detail: Record<string, unknown> = {}) =>
  failureOf(
    endedExecution(statusEvent(status, detail)),
    await newestEvents(new SFNClient({}), ARN),
    stepOfState,
  );

describe('the failure of an execution', () => {
  it('is the step that was begun last, and what its Lambda threw', async () => {
    inOrder(
      ...begun,
      { type: 'TaskStateExited', stateExitedEventDetails: { name: 'Ingest' } },
      entered('IsOpen', 'ChoiceStateEntered'),
      ...[entered('Predict'), ...tries(4)],
      failed('ProviderError', lambdaCause('ProviderError', 'simulated: does not answer')),
    );
    expect(await failureIn('FAILED')).toEqual({
      step: 'predict',
      error: 'ProviderError: simulated: does not answer',
    });
    expect(sfn.commandCalls(GetExecutionHistoryCommand)[0]!.args[0].input).toMatchObject({
      ...{ executionArn: ARN, reverseOrder: true },
    });
  });

  it('is found behind the tries of all slices that were under way', async () => {
    // Ten calls at once, none of which is answered: each is tried four times.
    inOrder(
      ...begun,
      entered('FetchShards', 'MapStateEntered'),
      ...Array.from({ length: 10 }, () => entered('FetchShard')),
      ...tries(40),
      { type: 'MapIterationFailed' },
      ...Array.from({ length: 9 }, () => ({ type: 'MapIterationAborted' as const })),
      { type: 'MapStateFailed' },
      failed('ProviderError', lambdaCause('ProviderError', 'asked too often')),
    );
    expect(await failureIn('FAILED')).toEqual({ step: 'ingest', error: 'ProviderError: asked too often' });
  });

  it.each([
    ['FetchShard', 'ingest'],
    ['JoinBars', 'ingest'],
    ['ForecastShard', 'predict'],
    ['JoinForecast', 'predict'],
  ])('in %s is one of %s', async (state, step) => {
    inOrder(...begun, entered(state), failed('Lambda.Unknown', 'no JSON'));
    expect(await failureIn('FAILED')).toEqual({ step, error: 'Lambda.Unknown: no JSON' });
  });

  it('of one that timed out or was aborted is told by its status', async () => {
    inOrder(...begun, { type: 'ExecutionTimedOut', executionTimedOutEventDetails: {} });
    expect(await failureIn('TIMED_OUT')).toEqual({
      step: 'ingest',
      error: 'States.Timeout: the execution ended TIMED_OUT',
    });
    inOrder(...begun, { type: 'ExecutionAborted', executionAbortedEventDetails: {} });
    expect(await failureIn('ABORTED')).toEqual({
      step: 'ingest',
      error: 'ABORTED: the execution ended ABORTED',
    });
    inOrder(...begun, { type: 'ExecutionAborted', executionAbortedEventDetails: { cause: 'by hand' } });
    expect(await failureIn('ABORTED')).toEqual({ step: 'ingest', error: 'ABORTED: by hand' });
  });

  it('has no step where no task was begun', async () => {
    inOrder({ type: 'ExecutionStarted' }, failed('States.Runtime', 'no such path'));
    expect(await failureIn('FAILED')).toEqual({ step: '', error: 'States.Runtime: no such path' });
    sfn.on(GetExecutionHistoryCommand).resolves({});
    expect(await failureIn('ABORTED')).toEqual({ step: '', error: 'ABORTED: the execution ended ABORTED' });
  });

  it('is its newest end: what an end before a redrive met is not told again', async () => {
    const first = [...begun, failed('IntegrityError', lambdaCause('IntegrityError', 'not its bytes'))];
    const again = [{ type: 'ExecutionRedriven' as const }, ...tries(1)];
    inOrder(...first, ...again, { type: 'ExecutionAborted', executionAbortedEventDetails: {} });
    expect(await failureIn('ABORTED')).toEqual({
      step: 'ingest',
      error: 'ABORTED: the execution ended ABORTED',
    });
    // The record of the first end comes late, when the redrive has begun another step.
    inOrder(...first, ...again, entered('Predict'), ...tries(1));
    expect(await failureIn('FAILED')).toEqual({ step: 'ingest', error: 'IntegrityError: not its bytes' });
  });

  it('is what the event itself says, where the history does not show the end yet', async () => {
    inOrder(...begun);
    const told = await failureIn('FAILED', {
      error: 'IntegrityError',
      cause: lambdaCause('IntegrityError', 'not its bytes'),
    });
    expect(told).toEqual({ step: 'ingest', error: 'IntegrityError: not its bytes' });
    expect(await failureIn('FAILED')).toEqual({
      step: 'ingest',
      error: 'FAILED: the execution ended FAILED',
    });
  });

  it('keeps what fits of a cause, also of one that was cut', async () => {
    const whole = lambdaCause('IntegrityError', 'x'.repeat(5_000));
    inOrder(...begun, failed('IntegrityError', whole));
    const { error } = await failureIn('FAILED');
    expect(error).toBe(`IntegrityError: ${'x'.repeat(2_000)}`);
    inOrder(...begun, failed('IntegrityError', whole.slice(0, 4_000)));
    const cut = await failureIn('FAILED');
    expect(cut.error.startsWith('IntegrityError: {"errorType":"IntegrityError","errorMessage":"xxx')).toBe(
      true,
    );
    expect(cut.error).toHaveLength('IntegrityError: '.length + 2_000);
    expect(isOfIntegrity(cut)).toBe(true);
  });
});

describe('the synthesised machine', () => {
  let definition: Definition;
  beforeAll(async () => {
    definition = await synthesiseDefinition();
  });

  it('has a step for every task, those of its Maps included, and for nothing else', () => {
    const tasks = taskStates(definition);
    expect(tasks.map(({ name }) => [name, stepOfState(name)])).toEqual(
      tasks.map(({ name, state }) => [
        name,
        /-([a-z]+)$/.exec(String(state.Parameters?.['FunctionName']))?.[1],
      ]),
    );
    expect(tasks).toHaveLength(10);
    const names = new Set(tasks.map(({ name }) => name));
    const others = Object.keys(definition.States).filter((name) => !names.has(name));
    expect(others.map((name) => stepOfState(name))).toEqual(others.map(() => undefined));
    for (const name of ['', 'ingest', 'constructor', 'toString', '__proto__'])
      expect(stepOfState(name)).toBeUndefined();
    expect(STEPS.map(stateName)).toEqual(['Ingest', 'Predict', 'Gate', 'Fill', 'Ledger', 'Signoff']);
  });

  it('tells damage here and on AWS in the same words, and both halt for it', async () => {
    const thrown = new IntegrityError('crypto/decision/1.jsonl is not what its hash says');
    const told: unknown[] = [];
    const { handlers } = fakes({
      fill: async () => {
        throw thrown;
      },
    });
    const machine = localMachine(definition, handlers, {
      onFailure: ({ step, error }) => void told.push({ step, error: `${error.name}: ${error.message}` }),
    });
    await rejection(machine.run(INPUT));
    inOrder(
      ...begun,
      ...['Predict', 'Gate', 'Fill'].flatMap((name) => [entered(name), ...tries(1)]),
      failed('IntegrityError', lambdaCause('IntegrityError', thrown.message)),
    );
    expect(told).toEqual([
      { step: 'fill', error: 'IntegrityError: crypto/decision/1.jsonl is not what its hash says' },
    ]);
    expect(await failureIn('FAILED')).toEqual(told[0]);
    expect(isOfIntegrity(told[0] as { error: string })).toBe(true);
  });
});
