import { beforeAll, describe, expect, it } from 'vitest';
import { readTape } from '../../infra/local/ledger-bars.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import { forecaster, type Forecaster } from '../../shared/tick/forecast-step.ts';
import { proveLookahead } from '../../shared/tick/lookahead.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import type { Tape } from '../../shared/tick/tape.ts';
import { headOf, layOut, schedule, simulated } from '../support/chain.ts';

/** A month of made-up sessions of three names, traded both ways; the third tick is missed. */
const layout = layOut('us_equities', '2024-07-01', '2024-07-31', {
  config: { ...simulated('crash-292', '2023-12-01', '2024-08-30'), shorting: true },
});
/** 22 sessions: 31 days less four weekends and the fourth of July. */
const SESSIONS = 22;
const MISSED = 2;

let tape: Tape;
beforeAll(async () => {
  const events = await schedule(memoryStores(), layout);
  for (let k = 0; k < SESSIONS; k++) if (k !== MISSED) await events.run(k);
  const { rules } = events.runtime(0).runtime.market(layout.market);
  const { release, sha256 } = events.opened;
  const head = await headOf(events.stores, layout.market);
  tape = await readTape(events.stores, { rules, release, releaseSha256: sha256, head });
});

/** The market's own forecaster with something done after each of its forecasts. */
const wrapped =
  (after: (own: Forecaster, ...at: Parameters<Forecaster['predict']>) => void) =>
  (rules: MarketRules): Forecaster => {
    const own = forecaster(rules);
    return {
      ...own,
      predict: (bars, row) => {
        own.predict(bars, row);
        after(own, bars, row);
      },
    };
  };

const ticks = SESSIONS - 1;

describe('the look-ahead prover', () => {
  it('finds nothing in the model that the ledger ran, missed tick included', () => {
    const report = proveLookahead(tape);
    expect(report.examples).toEqual([]);
    expect(report).toMatchObject({
      ...{ v: 1, kind: 'lookahead', market: 'us_equities', result: 'PASS' },
      compared: { ticks, decisions: 3 * ticks },
      differences: { full_run: 0, ledger: 0 },
      head: { sha256: tape.head.sha256 },
    });
  });

  it('catches a model that knows whether the next bar closes higher', () => {
    const peeks = wrapped(({ forecast }, bars, row) => {
      for (let i = 0; i < 3; i++) {
        const next = bars.close[(row + 1) * 3 + i];
        if (next !== undefined) forecast.pUp[i] = next > bars.close[row * 3 + i]! ? 0.9 : 0.1;
      }
    });
    const report = proveLookahead(tape, peeks);
    // On the copies it finds no next bar and says what the honest model says: only the full run is another.
    // In the full run only the last tick has no bar after it, and gives nothing away.
    expect(report).toMatchObject({ result: 'FAIL', differences: { full_run: ticks - 1 } });
    expect(report.examples).toHaveLength(20);
    expect(report.examples[0]).toMatchObject({ against: 'full_run', tick_utc: '2024-07-01T20:00:00Z' });
    expect(report.examples.map(({ field }) => field)).toContain('p_up');
  });

  it('catches a peek at one bar of one name in one tick', () => {
    const row = tape.inputs.firstRow + 7;
    const peeks = wrapped(({ forecast }, bars, at) => {
      if (bars.firstOrdinal + at !== tape.inputs.bars.firstOrdinal + row) return;
      const next = bars.high[(at + 1) * 3 + 1];
      if (next !== undefined) forecast.q90[1] = Math.round((next / bars.close[at * 3 + 1]! - 1) * 1e5) / 1e5;
    });
    const report = proveLookahead(tape, peeks);
    expect(report).toMatchObject({ result: 'FAIL', differences: { full_run: 1, ledger: 0 } });
    // The row of the packet, and the stored forecast that it was made from.
    expect(report.examples.map(({ instrument, field }) => [instrument, field])).toEqual([
      [tape.inputs.rules.instruments.symbols[1], 'magnitude'],
      ['', 'forecast'],
    ]);
  });

  it('catches a model that remembers more bars than its window holds', () => {
    const remembers = (rules: MarketRules): Forecaster => {
      const own = forecaster(rules);
      let seen = 0;
      return {
        ...own,
        push: (bars, row) => {
          seen++;
          own.push(bars, row);
        },
        predict: (bars, row) => {
          own.predict(bars, row);
          if (seen > rules.windowRows) own.forecast.q10[0]! -= 0.001;
        },
      };
    };
    expect(proveLookahead(tape, remembers).differences.full_run).toBe(ticks);
  });

  it('tells a ledger that is not what the model gives without looking ahead', () => {
    const other = wrapped(({ forecast }) => void (forecast.q10[0]! -= 0.001));
    // The same in the full run and in the copies, but not what was frozen.
    expect(proveLookahead(tape, other)).toMatchObject({
      result: 'FAIL',
      differences: { full_run: 0, ledger: ticks },
    });
  });
});
