import { describe, expect, it } from 'vitest';
import { planBars } from '../../infra/local/market-plan.ts';
import { driftCounts } from '../../shared/forecast/drift.ts';
import { canonicalJson, type Json } from '../../shared/kernel/canonical.ts';
import { parseIsoUtc } from '../../shared/kernel/time.ts';
import { releaseSchema, stateSchema } from '../../shared/ledger/artifacts.ts';
import { getChecked, getJson } from '../../shared/ledger/chain.ts';
import { BAR_FIELDS, type Bars } from '../../shared/market-data/bars.ts';
import { rowsOf } from '../../shared/market-data/window.ts';
import { readingOf } from '../../shared/risk/kill-switch.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import { upcomingBars } from '../../shared/tick/apply.ts';
import { decodeForecast, encodeForecast, forecastSchema } from '../../shared/tick/forecast-codec.ts';
import { forecaster } from '../../shared/tick/forecast-step.ts';
import { encodePacket } from '../../shared/tick/packet.ts';
import { decideOn } from '../../shared/tick/run-tick.ts';
import { decodeState } from '../../shared/tick/state-codec.ts';
import { advanceTo } from '../../shared/tick/tick.ts';
import { slice } from '../../shared/calendar/timeline.ts';
import {
  allArtifacts,
  frozenRules,
  layOut,
  recordsOf,
  replay,
  type Layout,
  type MarketName,
  type TickArtifacts,
} from '../support/chain.ts';

const CASES: readonly (readonly [MarketName, string, string])[] = [
  ['ashares', '2024-07-12', '2024-07-25'],
  ['us_equities', '2013-11-01', '2014-01-31'],
  // Six days, of which the source stands still for most: flags and carried prices come in.
  ['crypto', '2016-02-15', '2016-02-20'],
];
/** How much earlier than it must a window may begin; Infinity is the first bar of the warm-up. */
const EARLIER = [0, 1, 5, 31, Infinity];

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('a forecast and its decision', () => {
  it.each(CASES)(
    'come out of every window that holds enough to the last bit: %s',
    async (market, from, to) => {
      const layout = layOut(market, from, to);
      const stores = memoryStores();
      await replay(stores, layout);
      const { line, firstRow, lastRow } = layout.plan;
      const full = await planBars(layout.plan, 0, lastRow + 1, line.endMs[lastRow]!);
      const [first] = await recordsOf(stores, market);
      const opening = first as Extract<typeof first, { kind: 'release' }>;
      const release = await getJson(stores.artifacts, opening!.release, releaseSchema);
      const rules = frozenRules(layout, release);
      const ticks = await allArtifacts(stores, layout);
      expect(ticks).toHaveLength(lastRow - firstRow + 1);
      let state = opening!.state;
      for (const tick of ticks) {
        const stored = text(await getChecked(stores.artifacts, tick.record.forecast));
        const packet = text(await getChecked(stores.artifacts, tick.record.decision));
        const before = await getJson(stores.artifacts, state, stateSchema);
        const row = tick.record.ordinal;
        for (const earlier of EARLIER) {
          const start = Math.max(0, row - rules.windowRows + 1 - earlier);
          const window = rowsOf(full, start, row + 1);
          const made = forecaster(rules);
          for (let r = 0; r < window.startMs.length; r++) made.push(window, r);
          made.predict(window, window.startMs.length - 1);
          const again = encodeForecast(made, driftCounts(made.features, release.drift_reference));
          const what = `${tick.record.tick_utc}, ${window.startMs.length} rows`;
          expect(canonicalJson(again), what).toBe(stored);
          expect(decided({ ...layout.plan, rules }, tick, window, again, before, release.health), what).toBe(
            packet,
          );
        }
        state = tick.record.state;
      }
    },
  );

  it.each(CASES)(
    'rest on the bars as the whole past shows them, flags included: %s',
    async (market, from, to) => {
      const layout = layOut(market, from, to);
      const stores = memoryStores();
      await replay(stores, layout);
      const { rules, line, lastRow } = layout.plan;
      const full = await planBars(layout.plan, 0, lastRow + 1, line.endMs[lastRow]!);
      for (const { record, bars } of await allArtifacts(stores, layout)) {
        expect(bars.startMs.length).toBeGreaterThanOrEqual(rules.windowRows);
        // Blocks of 32 bars: at most one block more than is needed is kept at either end.
        expect(bars.startMs.length).toBeLessThanOrEqual(rules.windowRows + 64);
        const same = rowsOf(full, bars.firstOrdinal, record.ordinal + 1);
        for (const field of [...BAR_FIELDS, 'startMs', 'endMs', 'sessionDay'] as const) {
          expect(bits(bars[field]), `${record.tick_utc} ${field}`).toBe(bits(same[field]));
        }
      }
    },
  );
});

/** The bits of a column; NaN has one pattern in a store, and here. */
const bits = (column: Float64Array): string =>
  Buffer.from(Float64Array.from(column, (value) => (value === value ? value : NaN)).buffer).toString('hex');

/** The packet that the gate would freeze on this window, as text. */
function decided(
  { rules, line }: Layout['plan'],
  { packet: { header }, record }: TickArtifacts,
  window: Bars,
  forecast: Json,
  before: Parameters<typeof decodeState>[1],
  health: Parameters<typeof decideOn>[0]['health'],
): string {
  const view = decodeForecast(rules, forecastSchema.parse(forecast));
  const state = decodeState(rules, before);
  const { row } = advanceTo(rules, state, window, record.ordinal, record.ordinal, null);
  const upcoming = slice(line, record.ordinal + 1, record.ordinal + 1 + upcomingBars(rules));
  const now = {
    ...{ misaligned: 0, fallbacks: 0, disagreements: 0, lateness_s: 60, mismatched: [], books: null },
    ...{ gate: readingOf(header.switch), frozenAtMs: parseIsoUtc(header.frozen_at_utc) },
  };
  const { decision } = decideOn({ rules, bars: window, row, view, now, upcoming, health }, state);
  const { window: reference, data } = header;
  return text(
    encodePacket(decision, {
      rules,
      mode: 'replay',
      releaseSha256: record.release_sha256,
      prev: record.prev!,
      window: reference,
      data,
      executionBars: null,
      forecast: header.forecast,
      view,
      mismatched: [],
    }),
  );
}
