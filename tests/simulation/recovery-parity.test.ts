import { describe, expect, it } from 'vitest';
import { verifyMarket } from '../../shared/ledger/verify.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import { decodeState } from '../../shared/tick/state-codec.ts';
import { VERIFY_READERS } from '../../shared/tick/verify-readers.ts';
import { allArtifacts, backtestOf, open, recordsOf, replay } from '../support/chain.ts';
import { asWritten, threeShares, type Changes } from '../support/switched.ts';

interface Case {
  readonly name: string;
  readonly changes: Changes;
  /** What halts it, each time followed by a recovery and a trial that passes, and how often. */
  readonly trigger: string;
  readonly times: number;
}

const CASES: readonly Case[] = [
  {
    name: 'drawdowns',
    changes: { limits: { drawdown_min: -0.03, daily_loss_min: -0.5 } },
    trigger: 'drawdown',
    times: 3,
  },
  {
    name: 'losses of a day',
    changes: { limits: { daily_loss_min: -0.015 } },
    trigger: 'daily_loss',
    times: 3,
  },
  {
    name: 'as many orders as a day may have',
    changes: { limits: { orders_per_day_max: 2 } },
    trigger: 'order_throttle',
    times: 4,
  },
];

describe('a replay that is halted and starts again', () => {
  it.each(CASES)(
    '$name: verifies, and its backtest is halted and starts again with it',
    async ({ changes, trigger, times }) => {
      const [from, to] = ['2024-09-03', '2024-12-13'] as const;
      const given = threeShares(to, { recovery: { level_max: 'YELLOW' }, ...changes }, from);
      const layout = asWritten(given, from, to);
      const stores = memoryStores();
      await replay(stores, layout);
      const told = (await recordsOf(stores, layout.market)).flatMap((record) =>
        record.kind === 'switch' ? [`${record.cause} ${record.trigger ?? ''}`.trim()] : [],
      );
      const round = [`halt ${trigger}`, 'recovery', 'trial_passed'];
      expect(told).toEqual(['opened', ...Array.from({ length: times }, () => round).flat()]);
      const ticks = await allArtifacts(stores, layout);
      const { state, events } = await backtestOf(layout, (await open(stores, layout)).release);
      const executions = ticks.map(({ execution }) => execution);
      expect(executions.flatMap(({ fills }) => fills)).toEqual(events.fills);
      expect(executions.flatMap(({ ended }) => ended)).toEqual(events.ended);
      expect(events.fills.length).toBeGreaterThan(5);
      const last = decodeState(layout.plan.rules, ticks.at(-1)!.state);
      expect(last.book).toEqual(state.book);
      expect(last.performance).toEqual(state.performance);
      await verifyMarket(stores, layout.market, VERIFY_READERS);
    },
  );
});
