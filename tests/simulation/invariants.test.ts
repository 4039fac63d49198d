import { describe, expect, it } from 'vitest';
import { planBars } from '../../infra/local/market-plan.ts';
import { exchangeCalendar } from '../../shared/calendar/exchange-calendar.ts';
import { barsCsv } from '../../shared/calendar/csv.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import {
  allArtifacts,
  layOut,
  ms,
  recordsOf,
  replay,
  simulated,
  ticksOf,
  type Layout,
  type MarketName,
  type TickArtifacts,
  type Turned,
} from '../support/chain.ts';

interface Case {
  readonly name: string;
  readonly market: MarketName;
  readonly from: string;
  readonly to: string;
  /** Sessions counted on the exchange's own list of holidays, times the bars of one. */
  readonly ticks: number;
  readonly turned?: Turned;
}

const CASES: readonly Case[] = [
  // July has 23 weekdays, of which the first 9 lie before; August 22; September 13 to the 18th without the 16th and 17th.
  { name: 'ashares', market: 'ashares', from: '2024-07-12', to: '2024-09-18', ticks: (14 + 22 + 11) * 4 },
  // 2014: 252 sessions.
  { name: 'us_equities', market: 'us_equities', from: '2014-01-01', to: '2014-12-31', ticks: 252 },
  { name: 'crypto', market: 'crypto', from: '2016-01-09', to: '2016-01-31', ticks: 23 * 24 },
  {
    name: 'made-up bars, thin and with short positions',
    market: 'us_equities',
    from: '2024-01-02',
    to: '2024-06-28',
    // 2024: 21, 20, 20, 22, 22 and 19 sessions to the end of June.
    ticks: 124,
    turned: {
      config: { ...simulated('thin', '2023-06-01', '2024-12-31'), shorting: true },
      fillSpec: { participation_cap: 0.005 },
    },
  },
];

const run = async ({
  market,
  from,
  to,
  turned,
}: Case): Promise<{ layout: Layout; ticks: TickArtifacts[]; stores: ReturnType<typeof memoryStores> }> => {
  const layout = layOut(market, from, to, turned);
  const stores = memoryStores();
  await replay(stores, layout);
  return { layout, stores, ticks: await allArtifacts(stores, layout) };
};

describe.each(CASES)('$name', (given) => {
  const ran = run(given);

  it('has one record for every bar that the calendar expects, and no other', async () => {
    const { layout, stores } = await ran;
    const { rules } = layout.plan;
    const calendar = exchangeCalendar(layout.config.calendars.get(rules.config.exchange)!);
    const { bar_size: size, bar_anchor: anchor } = rules.config;
    const expected = barsCsv(calendar, size, anchor, given.from, given.to).trim().split('\n').slice(1);
    const records = await ticksOf(stores, given.market);
    expect(records.map(({ tick_utc }) => tick_utc)).toEqual(expected.map((line) => line.split(',')[1]));
    expect(records).toHaveLength(given.ticks);
    expect(await recordsOf(stores, given.market)).toHaveLength(given.ticks + 2);
  });

  it('names decision, execution and position in every record, and the record names no other tick', async () => {
    for (const { record, packet, execution, position, data } of (await ran).ticks) {
      for (const kind of [
        'window',
        'data',
        'forecast',
        'decision',
        'execution',
        'position',
        'state',
      ] as const) {
        expect(record[kind].key).toMatch(
          new RegExp(`^${given.market}/${kind}/${record.tick_utc.slice(0, 10)}/`),
        );
      }
      const { tick_utc } = record;
      expect([packet.header.tick_utc, execution.tick_utc, position.tick_utc, data.tick_utc]).toEqual(
        Array(4).fill(tick_utc),
      );
      expect(packet.header.prev).toBe(record.prev);
      // Close, one minute to the schedule, three to the freeze.
      expect(ms(record.started_at_utc) - ms(tick_utc)).toBe(60_000);
      expect(ms(record.frozen_at_utc) - ms(tick_utc)).toBe(180_000);
      expect(packet.header.frozen_at_utc).toBe(record.frozen_at_utc);
    }
  });

  it('has books that balance: cash and positions are the equity, debits are credits', async () => {
    const { layout, ticks } = await ran;
    const { minorPerUnit, instruments } = layout.plan.rules;
    let cash = layout.plan.rules.capitalMinor;
    let [fees, due, earned, splitIncome] = [0, 0, 0, 0];
    const held = new Map<string, number>();
    for (const { record, execution, position, state } of ticks) {
      // Dividends, payments, splits and charges move what they say they move, splits before anything trades.
      for (const posting of execution.postings) {
        const symbol = instruments.symbols[posting.instrument]!;
        cash += posting.cash;
        due += posting.due;
        earned += posting.income;
        if (posting.kind !== 'split') continue;
        expect(held.get(symbol) ?? 0).toBe(posting.quantityBefore);
        held.set(symbol, posting.quantityAfter);
        splitIncome += posting.income;
      }
      for (const fill of execution.fills) {
        // What a fill moves in cash follows from its own price, quantity and fee.
        const symbol = instruments.symbols[fill.instrument]!;
        const notional =
          (fill.quantity / instruments.stepsPerUnit[fill.instrument]!) * fill.price * minorPerUnit;
        expect(Math.abs(notional - fill.notionalMinor)).toBeLessThanOrEqual(0.5 + 1e-6);
        cash -= fill.side * fill.notionalMinor + fill.feeMinor;
        fees += fill.feeMinor;
        held.set(symbol, (held.get(symbol) ?? 0) + fill.side * fill.quantity);
      }
      const values = position.positions.reduce((sum, { value }) => sum + value, 0);
      const costs = position.positions.reduce((sum, { cost }) => sum + cost, 0);
      expect([record.cash, state.cash, position.cash]).toEqual([cash, cash, cash]);
      expect([record.fees, state.fees]).toEqual([fees, fees]);
      expect([record.equity, position.equity, position.day.equity_close]).toEqual(
        Array(3).fill(cash + due + values),
      );
      expect(record.positions_value).toBe(values);
      for (const { quantity, quantity_digits: digits, mark_price: mark, value } of position.positions) {
        // Steps, times price, in minor units; 5e-1 of one is the rounding.
        expect(
          Math.abs((quantity / Number(`1e${digits}`)) * mark * minorPerUnit - value),
        ).toBeLessThanOrEqual(0.501);
      }
      // Double entry: cash, what is due and positions at cost are capital and all that was earned, less fees.
      expect([record.receivable, record.dividends + record.holding]).toEqual([due, earned - splitIncome]);
      expect(cash + due + costs).toBe(
        state.capital + record.realised + record.dividends + record.holding - fees,
      );
      const quantities = position.positions.map(({ instrument, quantity }) => [instrument, quantity]);
      expect(new Map(quantities as [string, number][])).toEqual(
        new Map([...held].filter(([, quantity]) => quantity !== 0)),
      );
      expect(record.realised).toBe([...state.positions].reduce((sum, [, columns]) => sum + columns[2]!, 0));
      if (!layout.plan.rules.config.shorting) {
        expect(cash).toBeGreaterThanOrEqual(0);
        for (const quantity of held.values()) expect(quantity).toBeGreaterThanOrEqual(0);
      }
    }
    expect(fees, 'something was traded').toBeGreaterThan(0);
  });

  it('fills nothing before its decision froze, unless the contract allows it and charges it', async () => {
    const { ticks, layout } = await ran;
    const frozen = new Map(ticks.map(({ record }) => [record.ordinal, ms(record.frozen_at_utc)]));
    const { latency_ms_min: latency } = layout.plan.rules.fillSpec;
    let struck = 0;
    for (const { execution, record } of ticks) {
      for (const fill of execution.fills) {
        const reached = frozen.get(fill.decidedOrdinal)! + latency;
        expect(fill.ordinal).toBe(record.ordinal);
        expect(fill.delayBars).toBe(fill.ordinal - fill.decidedOrdinal);
        expect(fill.delayBars).toBeGreaterThanOrEqual(1);
        if (fill.struckBeforeFreeze === 0) {
          expect(fill.barStartMs).toBeGreaterThanOrEqual(reached);
          expect(fill.latencyBps).toBe(0);
        } else {
          struck++;
          expect(reached - fill.barStartMs).toBeGreaterThan(0);
          expect(reached - fill.barStartMs).toBeLessThanOrEqual(300_000);
          expect(fill.latencyBps).toBeGreaterThan(0);
        }
      }
    }
    const { state } = ticks.at(-1)!;
    expect(state.performance['fillsStruckBeforeFreeze']).toBe(struck);
    // Between daily bars lies the night; crypto has no other bars than such.
    if (given.market === 'us_equities') expect(struck).toBe(0);
    if (given.market === 'crypto') expect(struck).toBeGreaterThan(0);
  });

  it('fills at most the cap of a bar, at prices that the bar and the costs explain', async () => {
    const { ticks, layout } = await ran;
    const { rules, line, lastRow } = layout.plan;
    const { instruments, fillSpec } = rules;
    const bars = await planBars(layout.plan, 0, lastRow + 1, line.endMs[lastRow]!);
    const taken = new Map<number, number>();
    for (const fill of ticks.flatMap(({ execution }) => execution.fills)) {
      const cell = fill.ordinal * instruments.symbols.length + fill.instrument;
      taken.set(cell, (taken.get(cell) ?? 0) + fill.quantity / instruments.stepsPerUnit[fill.instrument]!);
      expect(fill.quantity).toBeGreaterThan(0);
      expect(taken.get(cell)).toBeLessThanOrEqual(fillSpec.participation_cap * bars.volume[cell]!);
      expect(fill.rawPrice).toBe(bars.open[cell]);
      // Costs are never in the trader's favour, and together with the market's move they are the whole difference.
      const { slippageBps, impactBps, latencyBps, moveBps } = fill;
      for (const cost of [slippageBps, impactBps]) expect(cost).toBeGreaterThan(0);
      // The second part of an order may owe nothing beyond the minimum that the first has paid.
      expect(fill.feeBps).toBeGreaterThanOrEqual(0);
      const paid = ((fill.side * (fill.price - fill.referencePrice)) / fill.referencePrice) * 1e4;
      expect(paid).toBeCloseTo(slippageBps + impactBps + latencyBps + moveBps, 6);
    }
  });

  it('has a row with an action for every instrument of every tick, and a reason for every WAIT', async () => {
    const { ticks, layout } = await ran;
    const { symbols } = layout.plan.rules.instruments;
    const actions = { WAIT: 0, LONG: 0, SHORT: 0, FLAT: 0 };
    for (const { packet, record, data, position } of ticks) {
      expect(packet.rows.map(([symbol]) => symbol)).toEqual(symbols);
      for (const [symbol, action, reasons, ...row] of packet.rows) {
        actions[action]++;
        const what = `${symbol} ${record.tick_utc}`;
        const [target, delta] = [row[7], row[9]];
        // No fill comes after the decision's own book in a tick, so this is what it was sized from.
        const held = position.positions.find(({ instrument }) => instrument === symbol)?.quantity ?? 0;
        if (action === 'WAIT') {
          expect(reasons.length, what).toBeGreaterThan(0);
          if (delta !== 0)
            expect([delta, reasons.includes('TIME_STOP') || reasons.includes('INVALIDATED')]).toEqual([
              -held,
              true,
            ]);
        }
        if (action === 'FLAT') expect(delta === 0 || delta === -held, what).toBe(true);
        if (action === 'LONG')
          expect([target >= 0, held + delta >= Math.min(0, held)], what).toEqual([true, true]);
        if (action === 'SHORT')
          expect([target <= 0, held + delta <= Math.max(0, held)], what).toEqual([true, true]);
      }
      // What was RED for data waits.
      for (const { symbol, level } of data.quality) {
        if (level !== 'RED') continue;
        expect(packet.rows.find(([name]) => name === symbol)![1]).toBe('WAIT');
      }
    }
    expect(actions.WAIT).toBeGreaterThan(0);
    expect(actions.LONG).toBeGreaterThan(0);
  });

  it('gives every order an end with a reason, or leaves it working at the last tick', async () => {
    const { ticks, layout } = await ran;
    const { symbols } = layout.plan.rules.instruments;
    const working = new Map<string, number>();
    for (const { execution, record, state } of ticks) {
      for (const ended of execution.ended) {
        const symbol = symbols[ended.instrument]!;
        expect(working.get(symbol), `${symbol} ${record.tick_utc}`).toBe(ended.decidedOrdinal);
        working.delete(symbol);
        expect(['filled', 'partially_filled', 'expired', 'rejected', 'cancelled']).toContain(ended.status);
        expect(ended.filled === ended.quantity).toBe(ended.status === 'filled');
        if (ended.status === 'partially_filled') expect(ended.filled).toBeGreaterThan(0);
        if (ended.status === 'expired' || ended.status === 'cancelled') expect(ended.filled).toBe(0);
        expect(ended.endedOrdinal).toBeLessThanOrEqual(ended.deadlineOrdinal);
      }
      for (const symbol of execution.placed) {
        expect(working.has(symbol), `${symbol} has one order at a time`).toBe(false);
        working.set(symbol, record.ordinal);
      }
      expect(new Set(state.orders.map(([symbol]) => symbol))).toEqual(new Set(working.keys()));
    }
  });
});
