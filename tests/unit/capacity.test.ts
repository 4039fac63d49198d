import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bookCapacity,
  capacityOf,
  netBps,
  sizeWithin,
  type Prospect,
} from '../../shared/portfolio/capacity.ts';
import { CapacityTally } from '../../shared/tick/capacity-report.ts';
import { PACKET_COLUMNS, type PacketRow } from '../../shared/tick/packet.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import { plainCosts, rulesOf, whole, type Overrides } from '../support/rules.ts';
import reference from '../vectors/statistics.json' with { type: 'json' };

/** 50 bps are left for the impact of both sides: an edge of 60 less a round trip of 10. */
const prospect = (impactBps: Prospect['impactBps'], edgeBps = 60): Prospect => ({
  ...{ edgeBps, roundTripBps: 10, averageNotional: 1_000_000 },
  impactBps,
});
/** 2 % a day on a million a day: 200 bps * sqrt(Q / 1,000,000) a side. */
const squareRoot = (notional: number): number => 200 * Math.sqrt(notional / 1_000_000);

describe('break-even and optimal size', () => {
  it('under the square-root law are V ((edge - cost) / (2 Y sigma))^2 and 4/9 of it', () => {
    const { inputs, outputs } = reference.vectors.find(({ id }) => id === 'impact.capacity') as unknown as {
      inputs: Record<'adv' | 'edge' | 'halfSpread' | 'sigmaDaily', number>;
      outputs: Record<'breakEvenQ' | 'optimalQ', number>;
    };
    // The reference counts one side: an edge of 30 bps, half a spread of 5. Two sides of it are ours.
    expect(inputs).toMatchObject({ adv: 1e6, edge: 0.003, halfSpread: 0.0005, sigmaDaily: 0.02 });
    const found = capacityOf(prospect(squareRoot));
    expect(found.breakEven).toBeCloseTo(outputs.breakEvenQ, 8);
    expect(found.optimal).toBeCloseTo(outputs.optimalQ, 3);
    // 25 bps / 200 bps = 1/8; a million / 64 = 15,625; of it 4/9.
    expect(found.breakEven).toBeCloseTo(15_625, 8);
    expect(found.optimal).toBeCloseTo(6_944.444, 2);
    // Two thirds of the 50 bps go to impact there.
    expect(netBps(prospect(squareRoot), found.optimal)).toBeCloseTo(16.6667, 4);
  });

  it('under Almgren are those of another program', () => {
    // Sigma 2 % a day, T a quarter of a day, Theta / V = 200; both roots bisected in Python, 400 steps.
    const almgren = (notional: number): number => {
      const share = notional / 1_000_000;
      const permanent = 0.314 * 0.02 * share * Math.sqrt(Math.sqrt(200));
      return 1e4 * (permanent / 2 + 0.142 * 0.02 * Math.pow(share / 0.25, 0.6));
    };
    const found = capacityOf(prospect(almgren));
    expect(found.breakEven).toBeCloseTo(85433.14428105389, 5);
    expect(found.optimal).toBeCloseTo(40910.734159736756, 2);
  });

  it('under an impact that grows in proportion are a half apart', () => {
    // 2 * 0.001 bps * Q takes the 50 bps at 25,000; Q (50 - 0.002 Q) is largest at 12,500.
    const found = capacityOf(prospect((notional) => 0.001 * notional));
    expect(found.breakEven).toBeCloseTo(25_000, 8);
    expect(found.optimal).toBeCloseTo(12_500, 3);
  });

  it('follow an impact that jumps', () => {
    // Up to 500 a round trip keeps 50 bps, up to 1,000 only 10: 500 * 50 is more than 1,000 * 10.
    const dear = capacityOf(prospect((notional) => (notional <= 500 ? 0 : notional <= 1_000 ? 20 : 100)));
    expect(dear.breakEven).toBeCloseTo(1_000, 6);
    expect(dear.optimal).toBeCloseTo(500, 3);
    // Up to 100 it keeps 50, up to 1,000 still 20: 1,000 * 20 is more than 100 * 50.
    const cheap = capacityOf(prospect((notional) => (notional <= 100 ? 0 : notional <= 1_000 ? 15 : 100)));
    expect(cheap.optimal).toBeCloseTo(1_000, 3);
  });

  it('are 0 where no size earns and Infinity where size costs nothing', () => {
    const none = { breakEven: 0, optimal: 0 };
    expect(capacityOf(prospect(squareRoot, 10))).toEqual(none);
    expect(capacityOf(prospect(squareRoot, -5))).toEqual(none);
    expect(capacityOf(prospect(() => 25))).toEqual(none);
    expect(capacityOf(prospect(() => NaN))).toEqual(none);
    expect(capacityOf(prospect(() => 24.9))).toEqual({ breakEven: Infinity, optimal: Infinity });
    const untraded = { ...prospect((notional) => 200 * Math.sqrt(notional / 0)), averageNotional: 0 };
    expect(capacityOf(untraded)).toEqual(none);
  });

  it('split gain from loss, and no other size earns more, whatever the exponent', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 500, noNaN: true }),
        fc.double({ min: 0.1, max: 1e4, noNaN: true }),
        fc.double({ min: 0.4, max: 2, noNaN: true }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (edge, scale, exponent, share) => {
          const one: Prospect = {
            ...{ edgeBps: edge, roundTripBps: 0, averageNotional: 1e6 },
            impactBps: (notional) => scale * Math.pow(notional / 1e6, exponent),
          };
          const { breakEven, optimal } = capacityOf(one);
          expect(netBps(one, breakEven * 0.999)).toBeGreaterThan(0);
          expect(netBps(one, breakEven * 1.001)).toBeLessThan(0);
          const most = optimal * netBps(one, optimal);
          expect(share * breakEven * netBps(one, share * breakEven)).toBeLessThanOrEqual(most * (1 + 1e-9));
        },
      ),
    );
  });
});

describe('limits and book', () => {
  it('a size is the smaller of optimum and limit, and says which', () => {
    expect(sizeWithin({ breakEven: 900, optimal: 400 }, 500)).toEqual({ size: 400, binding: 'impact' });
    expect(sizeWithin({ breakEven: 900, optimal: 400 }, 300)).toEqual({ size: 300, binding: 'limit' });
    expect(sizeWithin({ breakEven: Infinity, optimal: Infinity }, 300)).toEqual({
      ...{ size: 300, binding: 'limit' },
    });
    expect(sizeWithin({ breakEven: 0, optimal: 0 }, 300)).toEqual({ size: 0, binding: 'cost' });
  });

  it('the book is the sums, and the capital that may hold them', () => {
    const sizes = [
      { breakEven: 900, optimal: 400, size: 300, binding: 'limit' as const },
      { breakEven: 90, optimal: 40, size: 40, binding: 'impact' as const },
    ];
    // A gross exposure of 0.8 times the capital: 440 / 0.8 and 340 / 0.8.
    expect(bookCapacity(sizes, 0.8)).toEqual({
      ...{ breakEven: 990, optimal: 440, size: 340 },
      ...{ capitalAtOptimal: 550, capitalAtSize: 425 },
    });
    expect(bookCapacity([], 0.8)).toMatchObject({ breakEven: 0, optimal: 0, size: 0, capitalAtOptimal: 0 });
  });
});

describe('what the packets of a ledger carry', () => {
  /** A packet's row with the figures that count; the others are there to be left alone. */
  const row = (
    symbol: string,
    action: string,
    [q50, roundTrip, sigma, averageNotional]: readonly [number, number, number, number],
  ): PacketRow => {
    const known: Record<string, unknown> = {
      ...{ instrument: symbol, action, magnitude: { q10: -0.5, q50, q90: 0.5 } },
      ...{ round_trip_bps: roundTrip, sigma, average_notional: averageNotional },
    };
    return PACKET_COLUMNS.map((name) => known[name] ?? 7) as unknown as PacketRow;
  };
  /** Bars of an hour around the clock: impact is 1e4 * sigma * sqrt(Q / traded a bar) a side. */
  const rules = (share = 0.02, costProfile: Overrides['costProfile'] = plainCosts(3, 2, 1)): MarketRules =>
    rulesOf('crypto', {
      instruments: ['AAA', 'BBB', 'CCC'].map((symbol) => whole(symbol)),
      costProfile,
      config: { limits: { capacity_adv_max: share, capacity_basis: 'bar', gross_max: 0.8 } },
    });
  const tally = (): CapacityTally => {
    const made = new CapacityTally();
    made.add('2024-01-01T01:00:00Z', [
      row('AAA', 'LONG', [0.005, 8, 0.008, 400_000]),
      row('BBB', 'LONG', [0.0006, 9, 0.01, 1_000_000]),
      row('CCC', 'WAIT', [0.09, 1, 0.01, 1_000_000]),
    ]);
    made.add('2024-01-01T02:00:00Z', [
      row('AAA', 'FLAT', [0.09, 1, 0.5, 9_000_000]),
      row('BBB', 'WAIT', [0.09, 1, 0.5, 9_000_000]),
      row('CCC', 'FLAT', [0.09, 1, 0.5, 9_000_000]),
    ]);
    made.add('2024-01-01T03:00:00Z', [
      row('AAA', 'SHORT', [-0.007, 12, 0.012, 600_000]),
      row('BBB', 'WAIT', [0.09, 1, 0.5, 9_000_000]),
      row('CCC', 'WAIT', [0.09, 1, 0.5, 9_000_000]),
    ]);
    return made;
  };

  it('are means over the ticks that said LONG or SHORT', () => {
    const { instruments, ...report } = tally().report(rules(), 10_000);
    expect(report).toMatchObject({
      ...{ market: 'crypto', currency: 'USDT', edge_source: 'forecasts', ticks: 3 },
      ...{ first_tick_utc: '2024-01-01T01:00:00Z', last_tick_utc: '2024-01-01T03:00:00Z' },
      without_size: [
        { instrument: 'BBB', why: 'the edge does not pay the round trip' },
        { instrument: 'CCC', why: 'never acted' },
      ],
    });
    expect(instruments.map(({ instrument, ticks_acted }) => [instrument, ticks_acted])).toEqual([
      ['AAA', 2],
      ['BBB', 1],
    ]);
    const [first, second] = instruments;
    // (50 + 70) / 2, (8 + 12) / 2, (80 + 120) / 2 bps; (400,000 + 600,000) / 2.
    expect(first!.edge_bps).toBeCloseTo(60, 10);
    expect(first!.round_trip_bps).toBe(10);
    expect(first!.sigma_bps).toBeCloseTo(100, 10);
    expect(first!.average_notional).toBe(500_000);
    // 50 = 2 * 100 * sqrt(Q / 500,000): a quarter squared of 500,000; 4/9 of it; a limit of 2 % of a bar.
    expect(first!.break_even).toBeCloseTo(31_250, 6);
    expect(first!.optimal).toBeCloseTo(13_888.889, 2);
    expect([first!.limit, first!.size, first!.binding]).toEqual([10_000, 10_000, 'limit']);
    // 50 - 200 * sqrt(10,000 / 500,000) = 21.7157 bps of 10,000.
    expect(first!.net_bps).toBeCloseTo(21.715729, 6);
    expect(first!.net).toBeCloseTo(21.715729, 6);
    // An edge of 6 bps against a round trip of 9.
    expect(second).toMatchObject({
      ...{ break_even: 0, optimal: 0, size: 0, binding: 'cost', net_bps: null },
    });
  });

  it('make the book: sums, exposure and the capital that may hold them', () => {
    const { book } = tally().report(rules(), 10_000);
    expect(book.break_even).toBeCloseTo(31_250, 6);
    expect(book.optimal).toBeCloseTo(13_888.889, 2);
    expect(book.size).toBe(10_000);
    expect([book.gross_max, book.capital_at_size]).toEqual([0.8, 12_500]);
    // 13,888.89 of 10,000; 13,888.89 / 0.8.
    expect(book.gross_exposure).toBeCloseTo(1.388889, 6);
    expect(book.capital_at_optimal).toBeCloseTo(17_361.11, 2);
  });

  it('are bound by impact where the market allows more', () => {
    const [first] = tally().report(rules(0.05), 10_000).instruments;
    expect([first!.limit, first!.binding]).toEqual([25_000, 'impact']);
    expect(first!.size).toBe(first!.optimal);
    // A third of the 50 bps is left, of 13,888.89: 23.148.
    expect(first!.net).toBeCloseTo(23.148, 3);
  });

  it('are bound by the market alone where impact is flat', () => {
    const fixed = { model: 'fixed_v1' as const, fixed_v1: { slippage_bps: 5, impact_bps: 3 } };
    const { instruments, book } = tally().report(rules(0.02, fixed), 10_000);
    const { break_even, optimal, size, binding, net_bps } = instruments[0]!;
    expect({ break_even, optimal, size, binding }).toEqual({
      ...{ break_even: null, optimal: null, size: 10_000, binding: 'limit' },
    });
    // 60 - 10 - 2 * 3.
    expect(net_bps).toBeCloseTo(44, 10);
    expect(book).toEqual({
      ...{ break_even: null, optimal: null, size: 10_000, gross_exposure: null, gross_max: 0.8 },
      ...{ capital_at_optimal: null, capital_at_size: 12_500 },
    });
  });

  it('refuse an action without a forecast', () => {
    const bad = row('AAA', 'LONG', [0, 1, 0.01, 1]).map((cell, k) =>
      PACKET_COLUMNS[k] === 'magnitude' ? null : cell,
    ) as unknown as PacketRow;
    expect(() => new CapacityTally().add('2024-01-01T01:00:00Z', [bad])).toThrow(
      '2024-01-01T01:00:00Z: AAA is LONG without a forecast',
    );
  });
});
