import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shardsSchema } from '../../shared/ledger/parts.ts';
import { cutBars, shardsOf, spanOf } from '../../shared/market-data/shards.ts';
import { BAR_FIELDS } from '../../shared/market-data/bars.ts';
import { rulesOf } from '../support/rules.ts';
import { barsOf, flat } from '../support/bars.ts';
import { action } from '../support/paper.ts';

describe('the slices of a universe', () => {
  const universes = fc.tuple(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 2, max: 40 }));

  it('hold each instrument once, in order, whatever the numbers', () => {
    fc.assert(
      fc.property(universes, ([instruments, shards]) => {
        const cut = shardsOf(instruments, { instruments_above: 1, shards });
        expect(cut).toHaveLength(instruments === 1 ? 0 : Math.min(instruments, shards));
        if (instruments === 1) return;
        expect(shardsSchema.safeParse(cut).success).toBe(true);
        let next = 0;
        const sizes = cut.map((shard) => {
          const [from, to] = spanOf(instruments, shard);
          expect(from).toBe(next);
          next = to;
          return to - from;
        });
        expect(next).toBe(instruments);
        expect(Math.min(...sizes)).toBeGreaterThanOrEqual(1);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('are none up to the number that one call does', () => {
    expect(shardsOf(1_000, { instruments_above: 1_000, shards: 20 })).toEqual([]);
    expect(shardsOf(1_001, { instruments_above: 1_000, shards: 2 })).toEqual([
      { shard: 0, of: 2 },
      { shard: 1, of: 2 },
    ]);
  });

  it.each([
    ['a slice that is missing', [{ shard: 1, of: 2 }]],
    ['another order', [1, 0].map((shard) => ({ shard, of: 2 }))],
    ['another number', [0, 1].map((shard) => ({ shard, of: 3 }))],
    ['one alone', [{ shard: 0, of: 1 }]],
    ['41 slices', Array.from({ length: 41 }, (_, shard) => ({ shard, of: 41 }))],
  ])('are not taken from a state with %s', (_, shards) => {
    expect(shardsSchema.safeParse(shards).success).toBe(false);
  });
});

describe('the knob', () => {
  const fanOut = (fan_out: { instruments_above?: number; shards?: number }) => () =>
    rulesOf('crypto', { config: { fan_out } }).config.fan_out;

  it('is shipped at more than 2,500 instruments and 10 slices', () => {
    for (const market of ['crypto', 'ashares', 'us_equities'] as const)
      expect(rulesOf(market).config.fan_out).toEqual({ instruments_above: 2_500, shards: 10 });
  });

  it('takes 2 to 40 slices and at least one instrument', () => {
    expect(fanOut({ instruments_above: 1, shards: 40 })()).toEqual({ instruments_above: 1, shards: 40 });
    expect(fanOut({ shards: 2 })).not.toThrow();
    for (const refused of [{ shards: 41 }, { shards: 1 }, { shards: 2.5 }, { instruments_above: 0 }])
      expect(fanOut(refused)).toThrow(/fan_out/);
  });
});

describe('bars of a slice', () => {
  it('are the columns of its instruments, with their actions', () => {
    const bars = {
      ...barsOf([
        [flat(1, 10), flat(2, 20), flat(3, 30)],
        [flat(4, 40), null, flat(6, 60)],
      ]),
      actions: [0, 1, 2].map((instrument) => ({
        ...action({ kind: 'split', ordinal: 1, ratio: 2 + instrument }, '2024-01-02'),
        instrument,
      })),
    };
    const cut = cutBars(bars, 1, 3);
    expect(cut.instruments).toEqual(bars.instruments.slice(1));
    expect([...cut.close]).toEqual([2, 3, NaN, 6]);
    expect([...cut.volume]).toEqual([20, 30, NaN, 60]);
    for (const field of BAR_FIELDS) expect(cut[field]).toHaveLength(4);
    expect(cut.startMs).toEqual(bars.startMs);
    expect(cut.actions.map(({ instrument, ratio }) => [instrument, ratio])).toEqual([
      [0, 3],
      [1, 4],
    ]);
  });
});
