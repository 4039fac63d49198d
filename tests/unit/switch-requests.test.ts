import { describe, expect, it } from 'vitest';
import { latchAfter, nextStep, type SwitchFacts } from '../../shared/risk/switch-machine.ts';
import {
  checkOf,
  digest,
  factsOf,
  halted,
  latchAt,
  NOON,
  parameter,
  put,
  riskAt,
  type Put,
} from '../support/switch-facts.ts';

const PUT_BACK = 'set it to false again, as an ops_admin and with a reason, when the conditions are met';
const at = (seconds: number): number => NOON + seconds * 1_000;

describe('a request to start again', () => {
  const own = ['false', 4, 'admin', 'cause found and mended'] as const;

  it("by the market's own parameter, with everything met, begins a trial", () => {
    expect(nextStep(factsOf(halted({ all: ['false', 7], own })))).toEqual({
      turn: {
        ...{ from: 'HALTED', to: 'TRIAL', cause: 'recovery', trigger: null },
        ...{ actor: 'admin', role: 'ops_admin', reason: 'cause found and mended', missing: [] },
        evidence: [digest(42), digest(43), digest(44)],
        ...{ atMs: at(4), version: 7, marketVersion: 4 },
      },
      putBack: undefined,
    });
  });

  it('by that of all markets alone, where the own one never was anything else, begins a trial', () => {
    const step = nextStep(
      factsOf(halted({ all: ['false', 8, 'admin', 'cause found and mended'], own: ['false', 3] })),
    )!;
    expect(step.turn).toMatchObject({ to: 'TRIAL', actor: 'admin', version: 8, marketVersion: 3 });
  });

  it('stamped before the halt counts from the halt', () => {
    const early = parameter('false', 4, { why: 'cause found and mended', atMs: NOON - 60_000 });
    const step = nextStep(
      factsOf({ latch: latchAt('HALTED'), parameters: { all: parameter('false', 7), own: early } }),
    )!;
    expect(step.turn).toMatchObject({ to: 'TRIAL', atMs: NOON });
  });

  it('by nobody: false that was answered before is put back to true, and nothing is recorded', () => {
    expect(nextStep(factsOf(halted({ all: ['false', 7], own: ['false', 3] })))).toEqual({
      turn: undefined,
      putBack: `the market is halted; ${PUT_BACK}`,
    });
  });

  const good = [checkOf(42), checkOf(43), checkOf(44)];
  const ROLE = 'operator is ops_operator; only an ops_admin may start again';
  it.each<[string, Put, Partial<SwitchFacts>, [string, string][]]>([
    ['an operator', ['false', 4, 'operator', 'cause found and mended'], {}, [['role', ROLE]]],
    [
      'a viewer',
      ['false', 4, 'viewer', 'cause found and mended'],
      {},
      [['role', 'viewer is ops_viewer; only an ops_admin may start again']],
    ],
    [
      'a stranger',
      ['false', 4, 'nobody', 'cause found and mended'],
      {},
      [['role', 'nobody is no operator; only an ops_admin may start again']],
    ],
    [
      'the machine itself',
      ['false', 4, 'papergate', 'cause found and mended'],
      {},
      [['role', 'papergate is no operator; only an ops_admin may start again']],
    ],
    [
      'no reason',
      ['false', 4, 'admin', ''],
      {},
      [['reason', 'a reason of at least 10 characters is needed']],
    ],
    [
      'nine letters',
      ['false', 4, 'admin', 'nine char'],
      {},
      [['reason', 'a reason of at least 10 characters is needed']],
    ],
    [
      'nine letters between blanks',
      ['false', 4, 'admin', '  nine char  '],
      {},
      [['reason', 'a reason of at least 10 characters is needed']],
    ],
    [
      'two checks',
      own,
      { checks: good.slice(1) },
      [['checks', '2 of 3 health checks on consecutive bars since the halt are good']],
    ],
    [
      'no check',
      own,
      { checks: [] },
      [['checks', '0 of 3 health checks on consecutive bars since the halt are good']],
    ],
    [
      'a hole before the newest',
      own,
      { checks: [checkOf(41), checkOf(42), checkOf(44)] },
      [['checks', '1 of 3 health checks on consecutive bars since the halt are good']],
    ],
    [
      'the middle one YELLOW for data',
      own,
      { checks: [checkOf(42), checkOf(43, { data: 'YELLOW' }), checkOf(44)] },
      [['checks', '1 of 3 health checks on consecutive bars since the halt are good']],
    ],
    [
      'the newest RED for the model',
      own,
      { checks: [checkOf(42), checkOf(43), checkOf(44, { model: 'RED' })] },
      [['checks', '0 of 3 health checks on consecutive bars since the halt are good']],
    ],
    [
      'the oldest RED for risk',
      own,
      { checks: [checkOf(42, { risk: 'RED' }), checkOf(43), checkOf(44)] },
      [['checks', '2 of 3 health checks on consecutive bars since the halt are good']],
    ],
    [
      'checks that are seven bars old',
      own,
      { dueOrdinal: 49 },
      [['check_age', 'the oldest of them is 7 bars old, at most 6 count']],
    ],
    [
      'everything at once',
      ['false', 4, 'operator', ' '],
      { checks: [checkOf(42), checkOf(43, { data: 'RED' }), checkOf(44)], dueOrdinal: 52 },
      [
        ['role', ROLE],
        ['reason', 'a reason of at least 10 characters is needed'],
        ['checks', '1 of 3 health checks on consecutive bars since the halt are good'],
        ['check_age', 'the oldest of them is 10 bars old, at most 6 count'],
      ],
    ],
  ])('with %s is refused, by name, and the parameter is put back', (_, request, changes, lacks) => {
    const missing = lacks.map(([condition, detail]) => ({ condition, detail }));
    const step = nextStep(factsOf({ ...halted({ all: ['false', 7], own: request }), ...changes }))!;
    expect(step.turn).toMatchObject({
      ...{
        from: 'HALTED',
        to: 'HALTED',
        cause: 'refusal',
        trigger: null,
        actor: request[2],
        reason: request[3],
        missing,
      },
      ...{ version: 7, marketVersion: 4 },
    });
    expect(step.putBack).toBe(`refused: ${lacks.map(([, detail]) => detail).join('; ')}; ${PUT_BACK}`);
  });

  it.each([
    ['ten letters', { own: ['false', 4, 'admin', 'ten  chars'] as Put }, {}],
    ['checks of six bars', { own }, { dueOrdinal: 48 }],
  ])('with exactly %s is granted', (_, { own: request }, changes) => {
    expect(nextStep(factsOf({ ...halted({ all: ['false', 7], own: request }), ...changes }))!.turn!.to).toBe(
      'TRIAL',
    );
  });

  it("with checks of the halt's own bar or before it is refused, however good they are", () => {
    const asked = (bars: readonly number[]) =>
      nextStep(factsOf({ ...halted({ all: ['false', 7], own }), checks: bars.map((bar) => checkOf(bar)) }))!
        .turn!;
    // The latch turned at bar 40.
    expect(asked([41, 42, 43])).toMatchObject({ cause: 'recovery', missing: [] });
    for (const [bars, earned] of [
      [[38, 39, 40], 0],
      [[39, 40, 41], 1],
      [[40, 41, 42], 2],
    ] as const)
      expect(asked(bars)).toMatchObject({
        cause: 'refusal',
        missing: [
          {
            condition: 'checks',
            detail: `${earned} of 3 health checks on consecutive bars since the halt are good`,
          },
        ],
      });
  });

  it('by two at once needs both to be fit for it; the own one gives the record its name', () => {
    const both = (byAll: string, byOwn: string) =>
      nextStep(
        factsOf(
          halted({
            all: ['false', 8, byAll, 'cause found and mended'],
            own: ['false', 4, byOwn, 'and mended here too'],
          }),
        ),
      )!.turn!;
    expect(both('admin', 'deputy')).toMatchObject({
      to: 'TRIAL',
      actor: 'deputy',
      reason: 'and mended here too',
      version: 8,
      marketVersion: 4,
    });
    expect(both('operator', 'admin')).toMatchObject({
      cause: 'refusal',
      missing: [{ condition: 'role', detail: ROLE }],
    });
    expect(both('admin', 'operator')).toMatchObject({
      cause: 'refusal',
      missing: [{ condition: 'role', detail: ROLE }],
    });
  });

  it('refused is answered: only another one is looked at', () => {
    const facts = factsOf(
      halted({ all: ['false', 7], own: ['false', 4, 'operator', 'cause found and mended'] }),
    );
    const latch = latchAfter(facts.latch, nextStep(facts)!.turn!, 6, 44);
    expect(latch).toEqual(latchAt('HALTED', { market_version: 4, record: 6 }));
    // Killed before the parameter was put back: it is now, without another record.
    expect(nextStep({ ...facts, latch })).toEqual({
      turn: undefined,
      putBack: `the market is halted; ${PUT_BACK}`,
    });
    const back = { all: put(['false', 7]), own: put(['true', 5, 'papergate', 'refused']) };
    expect(nextStep({ ...facts, latch, parameters: back })).toBeUndefined();
    const again = { all: put(['false', 7]), own: put(['false', 6, 'admin', 'cause found and mended']) };
    expect(nextStep({ ...facts, latch, parameters: again })!.turn).toMatchObject({
      to: 'TRIAL',
      marketVersion: 6,
    });
  });
});

describe('the latch after a turn', () => {
  const turn = nextStep(
    factsOf(halted({ all: ['false', 7], own: ['false', 4, 'admin', 'cause found and mended'] })),
  )!.turn!;

  it('that recovers restarts what counts from a recovery', () => {
    expect(latchAfter(latchAt('HALTED'), turn, 9, 44)).toEqual({
      state: 'TRIAL',
      since_utc: '2024-07-01T12:00:04Z',
      ...{ turned: 9, ordinal: 44, restart: 9, parameter_version: 7, market_version: 4, record: 9 },
    });
  });

  it('that passes a trial does not', () => {
    const risk = riskAt({ trial: { record: 5, ordinal: 42, level: 'GREEN', over: true } });
    const passed = nextStep(factsOf({ latch: latchAt('TRIAL', { restart: 5 }), risk }))!.turn!;
    expect(latchAfter(latchAt('TRIAL', { restart: 5 }), passed, 12, 44)).toEqual({
      state: 'ACTIVE',
      since_utc: '2024-07-01T13:00:00Z',
      ...{ turned: 12, ordinal: 44, restart: 5, parameter_version: 7, market_version: 3, record: 12 },
    });
  });
});
