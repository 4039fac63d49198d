import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limitCodesOf } from '../../shared/kernel/codes.ts';
import type { Sizing } from '../../shared/portfolio/sizing-columns.ts';
import { size } from '../../shared/portfolio/sizing.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import { rulesOf, whole, type Overrides } from '../support/rules.ts';

/** Volatility target 60 %, name 30 %, gross 95 %, capacity 1 % of a day, 24 bars a day, orders of 10 and more. */
const market = (count: number, lot = 1, config: NonNullable<Overrides['config']> = {}): MarketRules =>
  rulesOf('crypto', {
    instruments: ['AAA', 'BBB', 'CCC', 'DDD'].slice(0, count).map((symbol) => whole(symbol, lot)),
    config: {
      ...config,
      sizing: { volatility_target: 0.6, rebalance_band: 0.25 },
      limits: {
        gross_max: 0.95,
        name_max: 0.3,
        capacity_adv_max: 0.01,
        capacity_basis: 'day',
        order_notional_min: 10,
        ...config.limits,
      },
    },
  });

const DAY = 19_723; // 2024-01-01

interface Given {
  readonly direction: number;
  readonly held?: number;
  readonly locked?: number;
  readonly pending?: number;
  readonly price?: number;
  readonly sigma?: number;
  readonly averageNotional?: number;
}
interface Answer {
  readonly uncut: number;
  readonly target: number;
  readonly delta: number;
  readonly codes: string[];
}

/** Equity 100,000 and as much cash unless told; 10,000 bars a year, so that 1 % a bar is 100 % a year. */
function sized(rules: MarketRules, given: readonly Given[], cash = 100_000): Answer[] {
  const column = (pick: (one: Given) => number): Float64Array => Float64Array.from(given, pick);
  const out: Sizing = {
    uncut: column(() => 0),
    target: column(() => 0),
    delta: column(() => 0),
    limits: column(() => 0),
    uncovered: column(() => 0),
  };
  size(
    {
      config: rules.config,
      instruments: rules.instruments,
      dayRules: (i) => rules.trading.on(i, DAY),
      barsPerDay: 24,
      barsPerYear: 10_000,
      equity: 100_000,
      cash,
      direction: column((one) => one.direction),
      quantity: column((one) => one.held ?? 0),
      locked: column((one) => one.locked ?? 0),
      pending: column((one) => one.pending ?? 0),
      price: column((one) => one.price ?? 100),
      sigma: column((one) => one.sigma ?? 0.01),
      averageNotional: column((one) => one.averageNotional ?? 1e9),
      ...{ clusters: [], traded: 0, ordersLeft: 200, increaseScale: 1 },
    },
    out,
  );
  return given.map((_, i) => ({
    uncut: out.uncut[i]!,
    target: out.target[i]!,
    delta: out.delta[i]!,
    codes: limitCodesOf(out.limits[i]!),
  }));
}
const one = (given: Given, rules = market(1), cash = 100_000): Answer => sized(rules, [given], cash)[0]!;

describe('one instrument', () => {
  it('volatility sets the size: 60 % over 300 % a year is a fifth of equity', () => {
    expect(one({ direction: 1, sigma: 0.03 })).toEqual({ uncut: 200, target: 200, delta: 200, codes: [] });
  });

  it('more names share the target: with four, 60 % over 1 % * sqrt(40,000) is 30 %', () => {
    const [first, second] = sized(market(4), [
      { direction: 1 },
      { direction: 0 },
      { direction: 0 },
      { direction: 0 },
    ]);
    expect(first).toEqual({ uncut: 300, target: 300, delta: 300, codes: [] });
    expect(second).toEqual({ uncut: 0, target: 0, delta: 0, codes: [] });
  });

  it('the limit per name cuts and says so', () => {
    expect(one({ direction: 1 })).toEqual({ uncut: 600, target: 300, delta: 300, codes: ['MAX_NAME'] });
  });

  it('so does capacity: 1 % of 24 bars of 50,000 is 12,000', () => {
    expect(one({ direction: 1, averageNotional: 50_000 })).toEqual({
      uncut: 600,
      target: 120,
      delta: 120,
      codes: ['MAX_NAME', 'CAPACITY_ADV'],
    });
  });

  it('or of one bar where the market never closes: 1 % of 50,000 is 500', () => {
    const bar = market(1, 1, { limits: { capacity_basis: 'bar' } });
    expect(one({ direction: 1, averageNotional: 50_000 }, bar)).toEqual({
      ...{ uncut: 600, target: 5, delta: 5, codes: ['MAX_NAME', 'CAPACITY_ADV'] },
    });
  });

  it('and cash, with a hundredth left: 20,200 buy 200', () => {
    expect(one({ direction: 1 }, market(1), 20_200)).toMatchObject({
      target: 200,
      delta: 200,
      codes: ['MAX_NAME', 'CASH'],
    });
    expect(one({ direction: 1 }, market(1), -5)).toMatchObject({
      target: 0,
      delta: 0,
      codes: ['MAX_NAME', 'CASH'],
    });
  });

  it('whole lots, rounded down: 30,000 at 130 are 230, two lots of 100', () => {
    expect(one({ direction: 1, price: 130 }, market(1, 100))).toMatchObject({
      uncut: 400,
      target: 200,
      delta: 200,
    });
  });

  it.each([
    // The target is 300; a quarter of it is 75.
    [226, 0, ['MAX_NAME', 'BELOW_BAND']],
    [225, 75, ['MAX_NAME']],
    [374, 0, ['MAX_NAME', 'BELOW_BAND']],
    [380, -80, ['MAX_NAME']],
  ] as const)('the band: holding %d, the change is %d', (held, delta, codes) => {
    expect(one({ direction: 1, held })).toMatchObject({ target: 300, delta, codes });
  });

  it('less than the minimum notional or than a lot is not traded', () => {
    const dear = market(1, 1, { limits: { order_notional_min: 30_001 } });
    expect(one({ direction: 1 }, dear)).toMatchObject({ delta: 0, codes: ['MAX_NAME', 'BELOW_MINIMUM'] });
    expect(one({ direction: 1, price: 400 }, market(1, 100))).toMatchObject({
      target: 0,
      delta: 0,
      codes: ['MAX_NAME', 'BELOW_MINIMUM'],
    });
  });

  it('an exit takes everything, odd lots and small change too', () => {
    const dear = market(1, 100, { limits: { order_notional_min: 1_000_000 } });
    expect(one({ direction: 0, held: 37 }, dear)).toEqual({ uncut: 0, target: 0, delta: -37, codes: [] });
    expect(one({ direction: 0, held: -37 }, dear)).toMatchObject({ delta: 37 });
    expect(Object.is(one({ direction: 0 }).delta, 0)).toBe(true);
  });

  it('what is locked stays: the rest goes in whole lots, and the code says why', () => {
    const lots = market(1, 100);
    expect(one({ direction: 0, held: 500, locked: 200 }, lots)).toEqual({
      ...{ uncut: 0, target: 0, delta: -300, codes: ['T1_LOCKED'] },
    });
    expect(one({ direction: 0, held: 350, locked: 200 }, lots)).toMatchObject({ delta: -100 });
    expect(one({ direction: 0, held: 200, locked: 200 }, lots)).toEqual({
      ...{ uncut: 0, target: 0, delta: 0, codes: ['T1_LOCKED'] },
    });
    // A target of 300: 900 are 600 too many, of which 100 are free; what is bought is never locked.
    expect(one({ direction: 1, held: 900, locked: 800 }, lots)).toMatchObject({ target: 300, delta: -100 });
    expect(one({ direction: 1, held: 100, locked: 100 }, lots)).toMatchObject({ target: 300, delta: 200 });
  });

  it('a change of side closes first', () => {
    const both = market(1, 1, { shorting: true });
    expect(one({ direction: -1, held: 50 }, both)).toMatchObject({ target: 0, delta: -50 });
    expect(one({ direction: 1, held: -50 }, both)).toMatchObject({ target: 0, delta: 50 });
    expect(one({ direction: -1 }, both)).toEqual({
      uncut: -600,
      target: -300,
      delta: -300,
      codes: ['MAX_NAME'],
    });
  });

  it('what is to be held is held, whatever the limits', () => {
    expect(one({ direction: NaN, held: 900 }, market(1), -1)).toEqual({
      uncut: 900,
      target: 900,
      delta: 0,
      codes: [],
    });
  });
});

describe('the book', () => {
  const long = { direction: 1 };

  it('gross exposure: four times 30 % are scaled to 95 %, rounded down', () => {
    // 95,000 / 120,000 of 300 is 237.5.
    for (const answer of sized(market(4), [long, long, long, long])) {
      expect(answer).toEqual({ uncut: 300, target: 237, delta: 237, codes: ['MAX_GROSS'] });
    }
  });

  it('only increases are scaled: what is held stays', () => {
    // 40,000 are held; 55,000 / 90,000 of 300 is 183.3.
    const answers = sized(market(4), [{ direction: NaN, held: 400 }, long, long, long], 60_000);
    expect(answers[0]).toEqual({ uncut: 400, target: 400, delta: 0, codes: [] });
    expect(answers.slice(1).map(({ delta }) => delta)).toEqual([183, 183, 183]);
  });

  it('a working order that increases counts as filled, in gross and in cash (definition 8)', () => {
    const works = { direction: NaN, pending: 400 };
    // 95,000 less 40,000 leave 55,000: 55,000 / 90,000 of 300.
    expect(sized(market(4), [works, long, long, long]).map(({ delta }) => delta)).toEqual([0, 183, 183, 183]);
    // 60,600 / 1.01 less 40,000 leave 20,000.
    expect(sized(market(2), [works, long], 60_600)[1]).toMatchObject({
      delta: 200,
      codes: ['MAX_NAME', 'CASH'],
    });
  });

  it('a book beyond the limit opens nothing and sells nothing', () => {
    const answers = sized(market(2), [{ direction: NaN, held: 1200 }, long]);
    expect(answers[0]).toMatchObject({ delta: 0, target: 1200 });
    expect(answers[1]).toMatchObject({ delta: 0, target: 0 });
    expect(answers[1]!.codes).toEqual(['MAX_NAME', 'MAX_GROSS']);
  });

  it('what an exit frees is room in the gross, not in the cash', () => {
    const held = { direction: 0, held: 900 };
    const rules = market(2, 1, { limits: { name_max: 0.9 } });
    // 60 % over sqrt(2) are 42,426: 424.
    expect(sized(rules, [held, long], 50_500)[1]).toMatchObject({ delta: 424, codes: [] });
    expect(sized(rules, [held, long], 10_100)[1]).toMatchObject({ delta: 100, codes: ['CASH'] });
  });

  it('property: never beyond gross and cash by increasing, and nothing held is sold to make room', () => {
    const rules = market(4);
    const given = fc.record({
      direction: fc.constantFrom(1, 0, NaN),
      held: fc.integer({ min: 0, max: 400 }),
      price: fc.integer({ min: 1, max: 400 }),
      sigma: fc.double({ min: 0.001, max: 0.05, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.tuple(given, given, given, given),
        fc.integer({ min: -1000, max: 100_000 }),
        (all, cash) => {
          const answers = sized(rules, all, cash);
          const alone = all.map(
            (single, i) =>
              sized(
                rules,
                all.map((other, k) => (k === i ? single : { ...other, direction: NaN, held: 0 })),
                1e9,
              )[i]!,
          );
          let spent = 0;
          let gross = 0;
          let before = 0;
          answers.forEach(({ delta, target }, i) => {
            const { held, price } = all[i]!;
            gross += (held + delta) * price;
            before += held * price;
            if (delta > 0) spent += delta * price;
            // What is sold is sold for the instrument's own sake.
            if (delta < 0) expect(delta).toBe(alone[i]!.delta);
            expect(delta).toBeLessThanOrEqual(Math.max(0, alone[i]!.delta));
            expect(Number.isInteger(target)).toBe(true);
          });
          if (spent > 0) {
            expect(spent).toBeLessThanOrEqual(cash / 1.01 + 1e-6);
            expect(gross).toBeLessThanOrEqual(95_000 + 1e-6);
          } else expect(gross).toBeLessThanOrEqual(before);
        },
      ),
    );
  });
});
