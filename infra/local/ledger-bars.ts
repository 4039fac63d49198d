import { rowClosingAt, slice, timeline, dateAround, type Timeline } from '../../shared/calendar/timeline.ts';
import { ConflictError } from '../../shared/kernel/errors.ts';
import { parseIsoUtc } from '../../shared/kernel/time.ts';
import { dataSchema, executionSchema, stateSchema } from '../../shared/ledger/artifacts.ts';
import { getChecked, getJson } from '../../shared/ledger/chain.ts';
import { joinExecutionBars, loadExecutionBars } from '../../shared/ledger/execution-bars.ts';
import type { TickRecord } from '../../shared/ledger/records.ts';
import { walkChain } from '../../shared/ledger/walk.ts';
import { loadManifest } from '../../shared/ledger/window-store.ts';
import type { Bars } from '../../shared/market-data/bars.ts';
import { BLOCK_ROWS, blockOf, decodeBlocks } from '../../shared/market-data/window.ts';
import type { ArtifactStore, Reference, Stores } from '../../shared/stores/ports.ts';
import { backtest, type Backtest } from '../../shared/tick/backtest.ts';
import { readingOf } from '../../shared/risk/kill-switch.ts';
import { parsePacket } from '../../shared/tick/packet.ts';
import type { RowCircumstances } from '../../shared/tick/run-tick.ts';
import { decodeState } from '../../shared/tick/state-codec.ts';
import type { Tape } from '../../shared/tick/tape.ts';
import type { LedgerTick } from '../../shared/tick/tick-image.ts';
import type { LedgerMarket } from './ledger-markets.ts';

/** What reading a ledger needs to know of its market. */
export type ReadMarket = Pick<LedgerMarket, 'rules' | 'release' | 'releaseSha256' | 'head'>;

const MISSED: RowCircumstances = { kind: 'missed' };

/**
 * Reads a whole ledger as a backtest's inputs: all bars it ever froze, first seen as they were, the state it opened
 * with, and every tick with what it met. Everything is read through its hash.
 * @throws ConflictError where the ledger moved on meanwhile.
 */
export async function readTape(stores: Stores, market: ReadMarket): Promise<Tape> {
  const { artifacts } = stores;
  const { rules, release, releaseSha256, head } = market;
  const { symbols } = rules.instruments;
  const blocks = new BlockList(artifacts);
  const ticks = new Map<number, LedgerTick>();
  const finer: Bars[] = [];
  let firstTick = 0;
  let opening: Reference | undefined;
  let last: string | undefined;
  for await (const { record, sha256 } of walkChain(stores, release.market)) {
    last = sha256;
    if (record.kind === 'release') {
      firstTick = record.ordinal + 1;
      opening = record.state;
      await blocks.add(record.window, record.ordinal);
    }
    if (record.kind !== 'tick') continue;
    await blocks.add(record.window, record.ordinal);
    ticks.set(record.ordinal, await readTick(artifacts, record));
    const executionBars = await loadExecutionBars(artifacts, symbols, record.execution_bars);
    if (executionBars !== undefined) finer.push(executionBars);
  }
  if (last !== head.sha256 || opening === undefined)
    throw new ConflictError(`the ledger of ${release.market} moved on while it was read: run this again`);
  const bars = await blocks.bars(symbols);
  const tick = (row: number): LedgerTick | undefined => ticks.get(bars.firstOrdinal + row);
  return {
    ...{ market: release.market, release, releaseSha256, head, tick },
    ticks: ticks.size,
    inputs: {
      rules,
      bars,
      firstRow: firstTick - bars.firstOrdinal,
      line: lineOf(market, bars),
      health: release.health,
      finer: joinExecutionBars(finer),
      opening: decodeState(rules, await getJson(artifacts, opening, stateSchema)),
      circumstances: (row) => tick(row)?.circumstances ?? MISSED,
    },
  };
}

/** One committed tick with its packet and execution, and what gate and fill step found. */
async function readTick(artifacts: ArtifactStore, record: TickRecord): Promise<LedgerTick> {
  const [packet, execution, data] = await Promise.all([
    getChecked(artifacts, record.decision),
    getJson(artifacts, record.execution, executionSchema),
    getJson(artifacts, record.data, dataSchema),
  ]);
  const { header } = parsePacket(packet, record.decision.key);
  return {
    record,
    packet,
    header,
    execution,
    circumstances: {
      kind: 'tick',
      lateness_s: data.lateness_s,
      misaligned: data.misaligned.length,
      ...{ fallbacks: data.fallbacks, disagreements: data.disagreements, books: data.books },
      mismatched: header.release_mismatch,
      frozenAtMs: parseIsoUtc(header.frozen_at_utc),
      gate: readingOf(header.switch),
      fill: {
        reading: readingOf(execution.switch),
        late: execution.late,
        mismatched: execution.release_mismatch,
      },
      late: record.status === 'late',
    },
  };
}

/** The bar blocks that a chain's windows name, in their final form. */
class BlockList {
  readonly #artifacts: ArtifactStore;
  readonly #blocks = new Map<number, Reference>();
  #read = -1;
  #newest: Reference | undefined;

  constructor(artifacts: ArtifactStore) {
    this.#artifacts = artifacts;
  }

  /** A block changes until it is full: one window a block, and the last one, name every block's final form. */
  async add(window: Reference, ordinal: number): Promise<void> {
    this.#newest = window;
    if (blockOf(ordinal) === this.#read) return;
    this.#read = blockOf(ordinal);
    await this.#take(window);
  }

  async #take(window: Reference): Promise<void> {
    for (const block of (await loadManifest(this.#artifacts, window)).blocks)
      this.#blocks.set(block.index, block);
  }

  async bars(symbols: readonly string[]): Promise<Bars> {
    if (this.#newest !== undefined) await this.#take(this.#newest);
    const indices = [...this.#blocks.keys()].sort((a, b) => a - b);
    const bytes = await Promise.all(
      indices.map((index) => getChecked(this.#artifacts, this.#blocks.get(index)!)),
    );
    return decodeBlocks(symbols, (indices[0] ?? 0) * BLOCK_ROWS, bytes);
  }
}

/** The backtest over a ledger's own frozen bars: what the chain decided, decided again in one loop. */
export async function backtestOfLedger(stores: Stores, market: ReadMarket): Promise<Backtest> {
  const { inputs } = await readTape(stores, market);
  return backtest(inputs);
}

/** The calendar's bars from the matrix's first row on, reaching past its last by what orders need. */
function lineOf({ rules }: ReadMarket, bars: Bars): Timeline {
  const { bar_size: size, bar_anchor: anchor } = rules.config;
  const from = dateAround(bars.startMs[0]!, -5);
  const line = timeline(rules.calendar, size, anchor, from, dateAround(bars.endMs.at(-1)!, 45));
  return slice(line, rowClosingAt(line, bars.endMs[0]!), line.startMs.length);
}
