import { describe, expect, it } from 'vitest';
import type { RiskState } from '../../shared/risk/risk-state.ts';
import { latchAfter, nextStep, type SwitchFacts } from '../../shared/risk/switch-machine.ts';
import {
  digest,
  factsOf,
  halted,
  killSwitch,
  latchAt,
  NOON,
  parameter,
  riskAt,
} from '../support/switch-facts.ts';

const PUT_BACK = 'set it to false again, as an ops_admin and with a reason, when the conditions are met';
const at = (seconds: number): number => NOON + seconds * 1_000;

describe('nothing is to be done', () => {
  it.each<[string, Partial<SwitchFacts>]>([
    ['in ACTIVE, where nothing changed', {}],
    ['in TRIAL before it is over', { latch: latchAt('TRIAL') }],
    ['in HALTED, where both are true', halted({ all: ['true', 7], own: ['true', 3] })],
    ['in HALTED, where the own one alone was put to false', halted({ all: ['true', 7], own: ['false', 4] })],
    ['in HALTED, where that of all markets alone was', halted({ all: ['false', 8], own: ['true', 3] })],
    ['in HALTED, where the own one is almost false', halted({ all: ['false', 7], own: ['False', 4] })],
    ['in HALTED, where the own one is false with a space', halted({ all: ['false', 7], own: ['false ', 4] })],
    [
      'in HALTED, where neither can be read',
      { latch: latchAt('HALTED'), parameters: { all: undefined, own: undefined } },
    ],
    [
      'in HALTED, where one cannot be read',
      {
        ...halted({ all: ['false', 7], own: ['false', 4] }),
        parameters: { all: undefined, own: parameter('false', 4) },
      },
    ],
    // It disables the tick that cannot read it; the latch stays for when it can be read again.
    [
      'in ACTIVE, where that of all markets cannot be read',
      { parameters: { all: undefined, own: parameter('false', 3) } },
    ],
    [
      'in ACTIVE, where the own one cannot be read',
      { parameters: { all: parameter('false', 7), own: undefined } },
    ],
  ])('%s', (_, changes) => {
    expect(nextStep(factsOf(changes))).toBeUndefined();
  });
});

describe.each(['ACTIVE', 'TRIAL'] as const)('an operator in %s', (state) => {
  const latch = latchAt(state);

  it.each([
    [
      'the market alone',
      { all: parameter('false', 7), own: parameter('true', 4, { by: 'operator', why: 'odd quotes' }) },
      [7, 4],
      4,
    ],
    [
      'all markets',
      { all: parameter('true', 8, { by: 'operator', why: 'odd quotes' }), own: parameter('false', 3) },
      [8, 3],
      8,
    ],
    [
      'one with a word that is not false',
      { all: parameter('no', 8, { by: 'operator', why: 'odd quotes' }), own: parameter('false', 3) },
      [8, 3],
      8,
    ],
  ] as const)(
    'halts %s: who, when and why are recorded, and nothing is put back',
    (_, parameters, answered, version) => {
      expect(nextStep(factsOf({ latch, parameters }))).toEqual({
        putBack: undefined,
        turn: {
          ...{ from: state, to: 'HALTED', cause: 'halt', trigger: 'operator' },
          ...{ actor: 'operator', role: 'ops_operator', reason: 'odd quotes', missing: [], evidence: [] },
          ...{ atMs: at(version), version: answered[0], marketVersion: answered[1] },
        },
      });
    },
  );

  it('whom nobody knows halts too: stopping needs no role', () => {
    const parameters = { all: parameter('false', 7), own: parameter('true', 4, { by: 'somebody', why: '' }) };
    expect(nextStep(factsOf({ latch, parameters }))!.turn).toMatchObject({
      to: 'HALTED',
      actor: 'somebody',
      role: null,
      reason: '',
    });
  });

  it('who halts both is answered for all markets first; the own one then is the halt that stands', () => {
    const parameters = { all: parameter('true', 8), own: parameter('true', 4) };
    const first = nextStep(factsOf({ latch, parameters }))!;
    expect(first.turn).toMatchObject({ trigger: 'operator', version: 8, marketVersion: 3 });
    const after = latchAfter(latch, first.turn!, 6, 44);
    expect(nextStep(factsOf({ latch: after, parameters }))).toBeUndefined();
  });

  it('who turned and turned back unseen has halted, at the moment of the first; the false after it is a request', () => {
    const off = parameter('true', 4, { by: 'operator', why: 'odd quotes' });
    const back = parameter('false', 5, { by: 'operator', why: 'a misunderstanding, go on' });
    const facts = factsOf({
      latch,
      parameters: { all: parameter('false', 7), own: back },
      history: { all: [], own: [parameter('false', 3), off, back] },
    });
    const { turn, putBack } = nextStep(facts)!;
    expect(turn).toMatchObject({
      to: 'HALTED',
      trigger: 'operator',
      actor: 'operator',
      reason: 'odd quotes',
      atMs: at(4),
      version: 7,
      marketVersion: 4,
    });
    expect(putBack).toBeUndefined();
    const next = nextStep({
      ...facts,
      latch: latchAfter(latch, turn!, 6, 44),
      risk: riskAt({ own: { ...riskAt().own, halt: 6 } }),
    })!;
    expect(next.turn).toMatchObject({
      from: 'HALTED',
      to: 'HALTED',
      cause: 'refusal',
      actor: 'operator',
      reason: 'a misunderstanding, go on',
    });
  });

  it('who turned it several times unseen has halted by the newest of them', () => {
    const history = [
      parameter('false', 3),
      parameter('true', 4),
      parameter('false', 5),
      parameter('true', 6, { why: 'again' }),
      parameter('false', 7),
    ];
    const { turn } = nextStep(
      factsOf({
        latch,
        parameters: { all: parameter('false', 7), own: history[4] },
        history: { all: [], own: history },
      }),
    )!;
    expect(turn).toMatchObject({ to: 'HALTED', reason: 'again', marketVersion: 6, atMs: at(6) });
  });

  it('who did so beyond what the history remembers has halted by the present version, in the version before it', () => {
    const history = [parameter('false', 8), parameter('false', 9)];
    const { turn } = nextStep(
      factsOf({
        latch,
        parameters: { all: parameter('false', 7), own: history[1] },
        history: { all: [], own: history },
      }),
    )!;
    // Versions 4 to 7 are forgotten: one of them may have been a halt.
    expect(turn).toMatchObject({
      to: 'HALTED',
      trigger: 'operator',
      reason: 'turned unseen: a reason of its own',
      marketVersion: 8,
      atMs: at(9),
    });
  });

  it('who deleted the parameter and made it anew has halted: its version runs backwards', () => {
    const anew = parameter('false', 1);
    const { turn } = nextStep(
      factsOf({
        latch,
        parameters: { all: parameter('false', 7), own: anew },
        history: { all: [], own: [anew] },
      }),
    )!;
    expect(turn).toMatchObject({ to: 'HALTED', trigger: 'operator', marketVersion: 0 });
  });

  it('who puts false to false changes nothing: the versions are acknowledged', () => {
    const again = parameter('false', 4, { by: 'viewer' });
    const facts = factsOf({
      latch,
      parameters: { all: parameter('false', 7), own: again },
      history: { all: [], own: [parameter('false', 3), again] },
    });
    const { turn, putBack } = nextStep(facts)!;
    expect(turn).toMatchObject({
      from: state,
      to: state,
      cause: 'acknowledged',
      trigger: null,
      actor: 'papergate',
      version: 7,
      marketVersion: 4,
    });
    expect(putBack).toBeUndefined();
    const after = latchAfter(latch, turn!, 6, 44);
    expect(after).toEqual({ ...latch, market_version: 4, record: 6 });
    expect(nextStep({ ...facts, latch: after })).toBeUndefined();
  });
});

describe.each(['ACTIVE', 'TRIAL'] as const)('what trips in %s', (state) => {
  const latch = latchAt(state);
  const failed = (error: string, second: number, step = 'predict') => ({ step, error, atMs: at(second) });

  it('two failed runs of three do not', () => {
    expect(
      nextStep(
        factsOf({ latch, failures: [failed('TimeoutError: slow', 1), failed('TimeoutError: slow', 2)] }),
      ),
    ).toBeUndefined();
  });

  it('three failed runs do, at the moment of the last', () => {
    const failures = [
      failed('TimeoutError: slow', 1),
      failed('ProviderError: away', 2, 'ingest'),
      failed('TimeoutError: slow', 3, ''),
    ];
    expect(nextStep(factsOf({ latch, failures }))).toEqual({
      turn: {
        ...{
          from: state,
          to: 'HALTED',
          cause: 'halt',
          trigger: 'failed_runs',
          actor: 'papergate',
          role: null,
        },
        reason: '3 runs in a row failed, the last in its input: TimeoutError: slow',
        ...{ missing: [], evidence: [digest(900)], atMs: at(3), version: 7, marketVersion: 3 },
      },
      putBack: `3 runs in a row failed, the last in its input: TimeoutError: slow; ${PUT_BACK}`,
    });
  });

  it('one run that found other bytes does at once, whatever failed before', () => {
    const { turn } = nextStep(
      factsOf({
        latch,
        failures: [failed('TimeoutError: slow', 1), failed('IntegrityError: artifact x', 2, 'gate')],
      }),
    )!;
    expect(turn).toMatchObject({
      to: 'HALTED',
      trigger: 'integrity',
      reason: 'a run failed in gate: IntegrityError: artifact x',
      atMs: at(2),
    });
  });

  it('a tick that tripped does, from its decision on; the first trigger gives its name to the record', () => {
    const step = nextStep(factsOf({ latch, risk: riskAt({ trips: ['drawdown', 'daily_loss'] }) }))!;
    expect(step.turn).toMatchObject({
      from: state,
      to: 'HALTED',
      cause: 'halt',
      trigger: 'drawdown',
      reason: 'tripped by drawdown, daily_loss',
      atMs: at(3_600),
      evidence: [digest(900)],
    });
    expect(step.putBack).toBe(`tripped by drawdown, daily_loss; ${PUT_BACK}`);
  });

  it.each([
    [40, 'the bar at which the latch last turned', undefined],
    [39, 'a bar before it', undefined],
    [41, 'the bar after it', 'HALTED'],
  ] as const)('a tick of bar %i, %s: %s', (ordinal, _, to) => {
    const step = nextStep(factsOf({ latch, risk: riskAt({ trips: ['data_red'], ordinal }) }));
    expect(step?.turn?.to).toBe(to);
  });

  it.each([
    // Its gate read the latch before the recovery of record 5: the recovery began losses and counts anew.
    [['drawdown', 'portfolio_daily_loss', 'order_throttle', 'execution_fail_rate'], undefined, undefined],
    [['drawdown', 'data_red', 'model_red'].toSorted(), 'data_red', 'tripped by data_red, model_red'],
  ] as const)(
    'a tick that a recovery overtook does by its data and model alone: %j',
    (trips, trigger, reason) => {
      const risk = riskAt({ trips: [...trips] as RiskState['trips'] });
      const overtaken = factsOf({ latch: { ...latch, restart: 5 }, risk });
      expect(nextStep(overtaken)?.turn?.trigger).toBe(trigger);
      expect(nextStep(overtaken)?.turn?.reason).toBe(reason);
      const own = { ...risk.own, restart: 5 };
      expect(nextStep({ ...overtaken, risk: { ...risk, own } })?.turn?.trigger).toBe(trips[0]);
    },
  );

  it('an operator is answered before a failed run, that before a tick, and that before the end of a trial', () => {
    const over = { record: 5, ordinal: 42, level: 'GREEN', over: true } as const;
    const all = {
      latch,
      parameters: { all: parameter('false', 7), own: parameter('true', 4) },
      failures: [failed('IntegrityError: artifact x', 2)],
      risk: riskAt({ trips: ['drawdown'], trial: over }),
    };
    const calm = { all: parameter('false', 7), own: parameter('false', 3) };
    expect(nextStep(factsOf(all))!.turn!.trigger).toBe('operator');
    expect(nextStep(factsOf({ ...all, parameters: calm }))!.turn!.trigger).toBe('integrity');
    expect(nextStep(factsOf({ ...all, parameters: calm, failures: [] }))!.turn!.trigger).toBe('drawdown');
  });
});

describe('a trial', () => {
  const latch = latchAt('TRIAL');
  const trial = (level: 'GREEN' | 'YELLOW' | 'RED', over: boolean, record = 5) =>
    riskAt({ trial: { record, ordinal: 42, level, over } });

  it.each([
    ['is not over', trial('GREEN', false), killSwitch],
    ['that is RED is not over', trial('RED', false), killSwitch],
    ['that is over is another one', trial('GREEN', true, 3), killSwitch],
  ])('%s: nothing turns', (_, risk, config) => {
    expect(nextStep(factsOf({ latch, risk, config }))).toBeUndefined();
  });

  it('that was good ends in ACTIVE, from the moment of the decision, resting on the head', () => {
    expect(nextStep(factsOf({ latch, risk: trial('GREEN', true) }))).toEqual({
      turn: {
        ...{
          from: 'TRIAL',
          to: 'ACTIVE',
          cause: 'trial_passed',
          trigger: null,
          actor: 'papergate',
          role: null,
        },
        ...{
          reason: 'the trial was GREEN',
          missing: [],
          evidence: [digest(900)],
          atMs: at(3_600),
          version: 7,
          marketVersion: 3,
        },
      },
      putBack: undefined,
    });
  });

  it.each(['YELLOW', 'RED'] as const)('that was %s ends in another halt', (level) => {
    const step = nextStep(factsOf({ latch, risk: trial(level, true) }))!;
    expect(step.turn).toMatchObject({
      to: 'HALTED',
      cause: 'trial_failed',
      trigger: 'trial_red',
      reason: `the trial was ${level}`,
    });
    expect(step.putBack).toBe(`the trial was ${level}; ${PUT_BACK}`);
  });

  it('that was YELLOW passes where the market takes YELLOW for good', () => {
    const config = { ...killSwitch, recovery: { ...killSwitch.recovery, level_max: 'YELLOW' as const } };
    expect(nextStep(factsOf({ latch, risk: trial('YELLOW', true), config }))!.turn).toMatchObject({
      to: 'ACTIVE',
      cause: 'trial_passed',
    });
    expect(nextStep(factsOf({ latch, risk: trial('RED', true), config }))!.turn).toMatchObject({
      to: 'HALTED',
      cause: 'trial_failed',
    });
  });

  it('that ends while one parameter cannot be read answers no operator: a halt by the other one is heard later', () => {
    const puts = [parameter('false', 7), parameter('true', 8, { why: 'odd quotes' }), parameter('false', 9)];
    const facts = factsOf({
      latch,
      risk: trial('GREEN', true),
      parameters: { all: puts[2], own: undefined },
      history: { all: puts, own: [] },
    });
    const { turn } = nextStep(facts)!;
    expect(turn).toMatchObject({ to: 'ACTIVE', version: 7, marketVersion: 3 });
    const readable = { all: puts[2], own: parameter('false', 3) };
    const later = nextStep({ ...facts, latch: latchAfter(latch, turn!, 6, 44), parameters: readable })!;
    expect(later.turn).toMatchObject({
      from: 'ACTIVE',
      to: 'HALTED',
      trigger: 'operator',
      reason: 'odd quotes',
    });
  });

  it('of an ACTIVE market is no matter', () => {
    expect(nextStep(factsOf({ risk: trial('RED', true) }))).toBeUndefined();
  });
});
