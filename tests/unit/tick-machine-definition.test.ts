import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { STEPS } from '../../functions/steps.ts';
import { App, FEATURE_FLAGS } from '../../infra/machine/cdk.ts';
import { MachineStack } from '../../infra/machine/machine-stack.ts';
import { machineDefinition, synthesiseDefinition } from '../../infra/local/definition.ts';
import { assertRunsLocally, taskStates, type Definition, type State } from '../../infra/local/dialect.ts';
import { resolveText, type Resource } from '../../infra/local/template.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';

let definition: Definition;
beforeAll(async () => {
  definition = await synthesiseDefinition();
});
/** A state of the machine, or within one of its Maps. */
const task = (name: string): State =>
  definition.States[name] ?? taskStates(definition).find((one) => one.name === name)!.state;
const TASKS = ['Ingest', 'Predict', 'Gate', 'Fill', 'Ledger', 'Signoff'];
/** The further calls that a large universe takes, by the function of each. */
const CALLS = [
  ['FetchShard', 'ingest', 60],
  ['JoinBars', 'ingest', 90],
  ['ForecastShard', 'predict', 60],
  ['JoinForecast', 'predict', 60],
] as const;
const ALL_TASKS = [...TASKS, ...CALLS.map(([name]) => name)];

describe('the synthesised definition', () => {
  it('runs six tasks in order, with one question after the first and two rounds of slices', () => {
    expect(STEPS).toEqual(['ingest', 'predict', 'gate', 'fill', 'ledger', 'signoff']);
    expect(definition.StartAt).toBe('Ingest');
    expect(TASKS.map((name) => task(name)['Next'] ?? task(name)['End'])).toEqual([
      'IsOpen',
      'Gate',
      'Fill',
      'Ledger',
      'Signoff',
      true,
    ]);
    const states = Object.entries(definition.States).map(([name, { Type }]) => `${Type} ${name}`);
    expect(states.sort()).toEqual([
      'Choice IsOpen',
      'Fail UnknownStatus',
      'Map FetchShards',
      'Map ForecastShards',
      'Succeed AlreadyDone',
      'Succeed Closed',
      ...['Fill', 'Gate', 'Ingest', 'JoinBars', 'JoinForecast', 'Ledger', 'Predict', 'Signoff'].map(
        (name) => `Task ${name}`,
      ),
    ]);
  });

  it('asks ingest for sharded, open, closed and done, and fails on anything else', () => {
    expect(task('IsOpen')).toEqual({
      Type: 'Choice',
      Comment: 'Is there a bar to decide on?',
      Choices: [
        { Not: { Variable: '$.status', IsPresent: true }, Next: 'UnknownStatus' },
        { Variable: '$.status', StringEquals: 'sharded', Next: 'FetchShards' },
        {
          And: [
            { Variable: '$.status', StringEquals: 'open' },
            { Variable: '$.shards', IsPresent: true },
          ],
          Next: 'ForecastShards',
        },
        { Variable: '$.status', StringEquals: 'open', Next: 'Predict' },
        { Variable: '$.status', StringEquals: 'closed', Next: 'Closed' },
        { Variable: '$.status', StringEquals: 'done', Next: 'AlreadyDone' },
      ],
      Default: 'UnknownStatus',
    });
    expect(task('UnknownStatus')['Error']).toBe('UnknownStatus');
  });

  const functions = [
    ...TASKS.map((name) => [name, name.toLowerCase()] as const),
    ...CALLS.map(([name, step]) => [name, step] as const),
  ];
  it.each(functions)('passes the whole state of %s through the Lambda of %s', (name, step) => {
    expect(task(name)).toMatchObject({
      Resource: 'arn:aws:states:::lambda:invoke',
      OutputPath: '$.Payload',
      Parameters: {
        FunctionName: `arn:aws:lambda:us-east-1:000000000000:function:papergate-dev-${step}`,
        'Payload.$': '$',
      },
    });
    expect(Object.keys(task(name).Parameters!)).toHaveLength(2);
  });

  it('hands names and a slice to each iteration, ten at once, and keeps what they answer under parts', () => {
    const selected = (...fields: string[]) => ({
      ...Object.fromEntries(fields.map((field) => [`${field}.$`, `$.${field}`])),
      'shard.$': '$$.Map.Item.Value',
    });
    const map = {
      Type: 'Map',
      ItemsPath: '$.shards',
      MaxConcurrency: 10,
      ResultPath: '$.parts',
      ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' } },
    };
    expect(task('FetchShards')).toMatchObject({
      ...map,
      ItemSelector: selected('market', 'scheduled_at_utc', 'tick_utc', 'trace_id', 'ask'),
      ItemProcessor: { StartAt: 'FetchShard', States: { FetchShard: { End: true } } },
      Next: 'JoinBars',
    });
    expect(task('ForecastShards')).toMatchObject({
      ...map,
      ItemSelector: selected('market', 'scheduled_at_utc', 'tick_utc', 'trace_id', 'ordinal', 'window'),
      ItemProcessor: { StartAt: 'ForecastShard', States: { ForecastShard: { End: true } } },
      Next: 'JoinForecast',
    });
    // An iteration is tried again by itself; a Map that tried again would do all of them anew.
    for (const name of ['FetchShards', 'ForecastShards']) expect(task(name)).not.toHaveProperty('Retry');
    expect(task('JoinBars')['Next']).toBe('IsOpen');
    expect(task('JoinForecast')['Next']).toBe('Gate');
  });

  it.each(ALL_TASKS)('retries %s three times, but never an error that stays', (name) => {
    expect(task(name)['Retry']).toEqual([
      {
        ErrorEquals: ['IntegrityError', 'ConfigError', 'OtherReleaseError', 'UncoveredError', 'RefusedError'],
        MaxAttempts: 0,
      },
      {
        ErrorEquals: ['States.ALL'],
        IntervalSeconds: 2,
        MaxAttempts: 3,
        BackoffRate: 2,
        JitterStrategy: 'FULL',
      },
    ]);
  });

  it('gives every task a timeout, and the machine one that holds all attempts of any task', () => {
    expect(TASKS.map((name) => task(name).TimeoutSeconds)).toEqual([90, 60, 60, 60, 60, 90]);
    for (const [name, , timeout] of CALLS) expect(task(name).TimeoutSeconds, name).toBe(timeout);
    // The longest task four times, and waits of at most 2, 4 and 8 s: 360 + 14 = 374 s.
    expect(definition['TimeoutSeconds']).toBe(420);
  });

  it('comments every state, catches nothing and reads no clock', () => {
    const within = taskStates(definition).map(({ state }) => state);
    for (const state of [...Object.values(definition.States), ...within])
      expect(state['Comment']).toMatch(/^[A-Z].{15}/);
    const text = JSON.stringify(definition).replaceAll('"$$.Map.Item.Value"', '');
    for (const banned of [
      '"Catch"',
      'JSONata',
      'QueryLanguage',
      '"Assign"',
      '"Output"',
      '"Arguments"',
      '$$',
    ]) {
      expect(text).not.toContain(banned);
    }
  });

  it('is the same each time, and leaves no folder behind', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('papergate-synth-'));
    expect(await synthesiseDefinition()).toEqual(definition);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('papergate-synth-'))).toEqual(before);
  });

  it('names functions by stage', async () => {
    const prod = await synthesiseDefinition('prod');
    expect(prod.States['Gate']!.Parameters!['FunctionName']).toMatch(/:papergate-prod-gate$/);
    await expect(synthesiseDefinition('Prod 1')).rejects.toThrow('stage "Prod 1": expected 1 to 16');
  });
});

describe('the stack of the machine alone', () => {
  it('holds exactly one standard state machine with its role, and looks nothing up', () => {
    const outdir = mkdtempSync(join(tmpdir(), 'papergate-stack-'));
    onTestFinished(() => rmSync(outdir, { recursive: true }));
    const app = new App({ context: FEATURE_FLAGS, outdir, builtinCloudFormationValidation: false });
    const stack = new MachineStack(app, 'dev');
    const { template, assumeRoleArn } = app.synth().getStackByName('Papergate-dev');
    const resources = Object.values(template.Resources as Record<string, Resource>);
    expect(resources.map(({ Type }) => Type).sort()).toEqual([
      'AWS::IAM::Policy',
      'AWS::IAM::Role',
      'AWS::StepFunctions::StateMachine',
    ]);
    const machine = resources.find(({ Type }) => Type === 'AWS::StepFunctions::StateMachine')!;
    expect(machine.Properties).toMatchObject({
      StateMachineName: 'papergate-dev-tick',
      StateMachineType: 'STANDARD',
    });
    expect(stack.environment).toBe('aws://unknown-account/unknown-region');
    expect(assumeRoleArn).not.toContain('000000000000');
  });
});

describe('a definition that would run otherwise here than on AWS', () => {
  const planted = (
    change: (copy: Record<string, State>, whole: Record<string, unknown>) => void,
  ): Definition => {
    const copy = structuredClone(definition);
    change(copy.States as Record<string, State>, copy as unknown as Record<string, unknown>);
    return copy;
  };
  const set = (state: State, fields: object): void => {
    Object.assign(state, fields);
  };
  const cases: [string, (states: Record<string, State>, whole: Record<string, unknown>) => void, RegExp][] = [
    [
      'a question for absence',
      (s) => set((s['IsOpen']!['Choices'] as State[])[1]!, { And: [{ Variable: '$.a', IsPresent: false }] }),
      /state IsOpen asks for Is\.\.\.: false/,
    ],
    [
      'JSONata for all',
      (_, whole) => (whole['QueryLanguage'] = 'JSONata'),
      /machine that starts at Ingest has QueryLanguage/,
    ],
    [
      'JSONata in one state',
      (s) => set(s['Gate']!, { QueryLanguage: 'JSONata' }),
      /state Gate has QueryLanguage JSONata/,
    ],
    ['Assign', (s) => set(s['Fill']!, { Assign: { 'x.$': '$.a' } }), /state Fill has Assign/],
    [
      'Assign in a choice',
      (s) => set((s['IsOpen']!['Choices'] as State[])[1]!, { Assign: { x: 1 } }),
      /state IsOpen has Assign/,
    ],
    ['Arguments', (s) => set(s['Fill']!, { Arguments: {} }), /state Fill has Arguments/],
    ['Output', (s) => set(s['Closed']!, { Output: '{% 1 %}' }), /state Closed has Output/],
    [
      'a Catch into Fail',
      (s) => set(s['Gate']!, { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'UnknownStatus' }] }),
      /state Gate catches into the Fail state UnknownStatus/,
    ],
    ['no timeout', (s) => set(s['Gate']!, { TimeoutSeconds: undefined }), /state Gate has no TimeoutSeconds/],
    [
      'the start time',
      (s) => set(s['Gate']!, { Parameters: { 'at.$': '$$.Execution.StartTime' } }),
      /state Gate reads \$\$\.Execution\.StartTime/,
    ],
    [
      'no timeout inside a Map',
      (s) => {
        const { States } = s['FetchShards']!['ItemProcessor'] as { States: Record<string, State> };
        set(States['FetchShard']!, { TimeoutSeconds: undefined });
      },
      /state FetchShard has no TimeoutSeconds/,
    ],
    [
      'Assign inside a Map',
      (s) =>
        (s['Shards'] = {
          Type: 'Map',
          ItemProcessor: { StartAt: 'One', States: { One: { Type: 'Pass', Assign: {} } } },
        }),
      /state One has Assign/,
    ],
  ];
  it.each(cases)('is refused: %s', (_, change, message) => {
    expect(() => assertRunsLocally(planted(change))).toThrow(ConfigError);
    expect(() => assertRunsLocally(planted(change))).toThrow(message);
  });

  it('may catch into a state that goes on', () => {
    const goesOn = { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Signoff' }] };
    expect(() => assertRunsLocally(planted((s) => set(s['Gate']!, goesOn)))).not.toThrow();
  });
});

describe('the text of a template value', () => {
  const template = {
    Resources: {
      Gate: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'papergate-dev-gate' } },
    },
  };
  it('joins text, pseudo parameters and functions', () => {
    const value = {
      'Fn::Join': [
        '',
        ['a:', { Ref: 'AWS::Partition' }, ':', { Ref: 'Gate' }, ':', { 'Fn::GetAtt': ['Gate', 'Arn'] }],
      ],
    };
    expect(resolveText(template, value, 'x')).toBe(
      'a:aws:papergate-dev-gate:arn:aws:lambda:us-east-1:000000000000:function:papergate-dev-gate',
    );
  });

  it.each([
    { Ref: 'Table' },
    { 'Fn::GetAtt': ['Gate', 'Version'] },
    { 'Fn::GetAtt': ['Table', 'Arn'] },
    { 'Fn::ImportValue': 'x' },
    {},
    undefined,
    7,
  ])('is refused where it cannot be known offline: %j', (value) => {
    expect(() => resolveText(template, { 'Fn::Join': ['', ['a', value]] }, 'Machine')).toThrow(
      'Machine[1] of the template cannot be resolved offline',
    );
  });

  it('needs exactly one state machine', () => {
    expect(() => machineDefinition(template)).toThrow('holds 0 state machines, expected exactly one');
  });
});
