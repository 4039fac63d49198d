import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Code } from '../../shared/kernel/codes.ts';
import { SwitchMarket, type Which } from '../support/switch-market.ts';
import { SwitchModel, type Entry, type Rank } from '../support/switch-model.ts';

type Command = fc.Command<SwitchModel, SwitchMarket>;

const GOOD = 'cause found and mended';
/** As many sequences as take a few seconds; a longer search is `PAPERGATE_RUNS=20000 PAPERGATE_SEED=7 npx vitest ...`. */
const RUNS = Number(process.env['PAPERGATE_RUNS'] ?? 600);
const SEED = Number(process.env['PAPERGATE_SEED'] ?? 20_240_701);

/** Every turn that was seen, so that the sequences are known to go everywhere. */
const seen = new Map<string, number>();

/** An event: one second, what happens in the model and in the market, and both held against each other. */
class Happens implements Command {
  readonly name: string;
  readonly inModel: (model: SwitchModel) => unknown;
  readonly inMarket: (market: SwitchMarket) => unknown;
  readonly may: (model: Readonly<SwitchModel>) => boolean;

  constructor(
    name: string,
    inModel: Happens['inModel'],
    inMarket: Happens['inMarket'],
    may: Happens['may'] = () => true,
  ) {
    this.name = name;
    this.inModel = inModel;
    this.inMarket = inMarket;
    this.may = may;
  }

  check(model: Readonly<SwitchModel>): boolean {
    return this.may(model);
  }

  run(model: SwitchModel, market: SwitchMarket): void {
    model.now += 1;
    market.nowMs += 1_000;
    expect(this.inMarket(market), 'orders placed').toBe(this.inModel(model));
    expectSame(model, market);
  }

  toString(): string {
    return this.name;
  }
}

function expectSame(model: SwitchModel, market: SwitchMarket): void {
  const told = market.turns.map(({ from, to, cause, trigger, missing }): Entry => ({
    ...{ from, to, cause, trigger },
    // The age of checks that are not three in a row is of no account.
    missing: [...new Set(missing.map(({ condition }) => condition))]
      .filter((condition, _, all) => condition !== 'check_age' || !all.includes('checks'))
      .sort(),
  }));
  expect(told).toEqual(model.log);
  expect([market.state, market.reading.enabled]).toEqual([model.state, model.enabled]);
}

/** The promises, held against the market's own log alone. */
function expectLawful({ turns, putBacks }: SwitchMarket): void {
  turns.forEach((turn, k) => {
    const { from, to, cause, trigger, missing, actor, role, reason } = turn;
    const key = `${from} ${to} ${cause}${trigger === null ? '' : ` ${trigger}`}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    if (k > 0) expect(from, 'every turn goes on where the one before ended').toBe(turns[k - 1]!.to);
    if (to === 'ACTIVE' && from !== 'ACTIVE') expect([from, cause]).toEqual(['TRIAL', 'trial_passed']);
    if (to === 'TRIAL' && from !== 'TRIAL') {
      expect([from, cause, actor, role, missing]).toEqual(['HALTED', 'recovery', 'admin', 'ops_admin', []]);
      expect(reason.trim().length).toBeGreaterThanOrEqual(10);
      expect(new Set(turn.evidence).size).toBe(3);
    }
    if (to === 'HALTED' && from !== 'HALTED') expect(trigger).toEqual(expect.any(String));
    else expect(trigger).toBeNull();
    if (cause !== 'refusal') return expect(missing).toEqual([]);
    const back = putBacks.find((step) => step.turn === turn);
    for (const { detail } of missing) expect(back!.putBack).toContain(detail);
    expect(missing.length).toBeGreaterThan(0);
  });
}

const reconcile = new Happens(
  'reconcile',
  (model) => model.reconcile(),
  (market) => {
    market.reconcile();
    expect(market.next(), 'at rest').toBeUndefined();
  },
);

const which = fc.constantFrom<Which[]>('all', 'own', 'own');
const who = fc.constantFrom('admin', 'admin', 'admin', 'operator', 'nobody', 'papergate');
const why = fc.constantFrom(GOOD, GOOD, GOOD, 'nine char', '   nine char  ', '', 'ten  chars');
const value = fc.constantFrom('true', 'true', 'false', 'false', 'False', 'false ', '');
const level = fc.constantFrom<Rank[]>('GREEN', 'GREEN', 'GREEN', 'GREEN', 'YELLOW', 'RED');

const TRIPS: readonly (readonly [Code, string])[] = [
  ['DATA_RED', 'data_red'],
  ['MODEL_UNAVAILABLE', 'model_red'],
  ['RISK_DRAWDOWN', 'drawdown'],
  ['RISK_DAILY_LOSS', 'daily_loss'],
  ['PORTFOLIO_DRAWDOWN', 'portfolio_drawdown'],
  ['PORTFOLIO_DAILY_LOSS', 'portfolio_daily_loss'],
  ['ORDER_THROTTLE', 'order_throttle'],
  ['EXECUTION_FAIL_RATE', 'execution_fail_rate'],
];
/** RED that halts nothing, beside that which does. */
const code = fc.constantFrom<(readonly [Code, string | undefined])[]>(...TRIPS, [
  'CALENDAR_EXPIRED',
  undefined,
]);

const put = (at: Which, text: string, by: string, reason: string): Happens =>
  new Happens(
    `${by} puts ${at} to "${text}": ${reason}`,
    (model) => void model.put(at, text, by, reason),
    (market) => void market.put(at, text, by, reason),
  );

const gate = new Happens(
  'gate',
  (model) => model.readGate(),
  (market) => market.gate(),
  (model) => model.gate === undefined,
);

const commit = (
  rank: Rank,
  [red, trip]: readonly [Code | undefined, string | undefined],
  orders: number,
): Happens =>
  new Happens(
    `commit ${rank} ${red ?? ''}, ${orders} orders`,
    (model) => model.commit(rank, trip, orders),
    (market) => market.commit({ level: rank, code: red, orders }),
    (model) => model.gate !== undefined,
  );

const look = (data: Rank, other: Rank): Happens =>
  new Happens(
    `health check ${data} ${other}`,
    (model) => model.check(data === 'GREEN' && other === 'GREEN'),
    (market) => market.check({ data, model: other, risk: other }),
    (model) => model.bar >= 0,
  );

const endOrders = new Happens(
  'all orders end',
  (model) => model.working.clear(),
  (market) => market.endOrders(),
);

const pass = (bars: number): Happens =>
  new Happens(
    `${bars} bars fall due`,
    (model) => void (model.due = Math.max(model.due, model.bar) + bars),
    (market) => void (market.dueOrdinal = Math.max(market.dueOrdinal, market.headOrdinal) + bars),
  );

const see = (at: Which, readable: boolean): Happens =>
  new Happens(
    `${at} can${readable ? '' : 'not'} be read`,
    (model) => void (model.readable[at] = readable),
    (market) => void (market.readable[at] = readable),
  );

const fail = (error: string): Happens =>
  new Happens(
    `a run fails: ${error}`,
    (model) => void model.failures.push({ at: model.now, integrity: error.startsWith('IntegrityError') }),
    (market) => market.fail(error),
  );

const slow = fail('TimeoutError: slow');

/** Several events in a row, as they mostly come; those that may not happen are left out. */
class InTurn implements Command {
  readonly parts: readonly Happens[];

  constructor(parts: readonly Happens[]) {
    this.parts = parts;
  }

  check(): boolean {
    return true;
  }
  run(model: SwitchModel, market: SwitchMarket): void {
    for (const part of this.parts) if (part.check(model)) part.run(model, market);
  }
  toString(): string {
    return this.parts.join('; ');
  }
}

const quiet = [undefined, undefined] as const;
const goodBar = [endOrders, gate, commit('GREEN', quiet, 0), look('GREEN', 'GREEN')];
const ask = [
  see('all', true),
  see('own', true),
  put('all', 'false', 'admin', GOOD),
  put('own', 'false', 'admin', GOOD),
];
const tradingBar = [gate, commit('GREEN', quiet, 2), endOrders];

const commands = [
  fc.constant(reconcile),
  fc.constant(gate),
  fc.tuple(level, fc.nat(2)).map(([rank, orders]) => commit(rank, quiet, orders)),
  code.map((one) => commit('RED', one, 1)),
  fc.tuple(which, value, who, why).map((given) => put(...given)),
  fc.tuple(which, who, why).map(([at, by, reason]) => put(at, 'false', by, reason)),
  fc.tuple(level, level).map((given) => look(...given)),
  fc.constant(endOrders),
  fc.integer({ min: 1, max: 8 }).map(pass),
  fc.tuple(which, fc.boolean()).map((given) => see(...given)),
  fc.constantFrom('TimeoutError: slow', 'TimeoutError: slow', 'IntegrityError: other bytes').map(fail),
  fc.constant(new InTurn(goodBar)),
  fc.constant(new InTurn([...goodBar, ...goodBar, ...goodBar])),
  fc.constant(new InTurn([...goodBar, ...goodBar, ...goodBar, ...ask, reconcile])),
  fc.constant(new InTurn([...ask, reconcile])),
  fc.constant(new InTurn(tradingBar)),
  fc.constant(new InTurn([...tradingBar, ...goodBar])),
  code.map((one) => new InTurn([gate, commit('RED', one, 1)])),
  fc.constant(new InTurn([slow, slow, slow, reconcile])),
  level.map(
    (rank) =>
      new InTurn([
        gate,
        commit('GREEN', quiet, 2),
        gate,
        commit(rank, quiet, 0),
        gate,
        commit('GREEN', quiet, 0),
        ...goodBar,
      ]),
  ),
  level.map((rank) => new InTurn([...tradingBar, gate, commit(rank, quiet, 0)])),
  which.map(
    (at) =>
      new InTurn([
        see('all', at === 'all'),
        see('own', at === 'own'),
        put(at, 'true', 'operator', ''),
        put(at, 'false', 'operator', ''),
      ]),
  ),
];

describe('the kill switch, whatever comes in whatever order', () => {
  it('does what the model says, and nothing leads from HALTED to ACTIVE but a recovery and a good trial', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<('ACTIVE' | 'HALTED')[]>('ACTIVE', 'HALTED'),
        fc.commands(commands, { maxCommands: 60, size: 'max' }),
        (opening, sequence) => {
          const market = new SwitchMarket(opening);
          fc.modelRun(() => ({ model: new SwitchModel(opening), real: market }), sequence);
          expectLawful(market);
        },
      ),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it('has been everywhere on the way', () => {
    const triggers = ['operator', 'integrity', 'failed_runs', ...TRIPS.map(([, trigger]) => trigger)];
    for (const trigger of triggers) {
      expect.soft(seen.get(`ACTIVE HALTED halt ${trigger}`) ?? 0, `ACTIVE ${trigger}`).toBeGreaterThan(0);
      expect.soft(seen.get(`TRIAL HALTED halt ${trigger}`) ?? 0, `TRIAL ${trigger}`).toBeGreaterThan(0);
    }
    for (const turn of [
      'HALTED TRIAL recovery',
      'TRIAL ACTIVE trial_passed',
      'TRIAL HALTED trial_failed trial_red',
      'HALTED HALTED refusal',
      'ACTIVE ACTIVE acknowledged',
      'TRIAL TRIAL acknowledged',
    ])
      expect.soft(seen.get(turn) ?? 0, turn).toBeGreaterThan(10);
  });
});
