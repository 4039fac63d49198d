import { parseIsoUtc } from '../../../../shared/kernel/time.ts';
import type { Invariant, Outcome } from '../invariants.ts';
import { fillsOf, type StoredFill, type TickRemains } from '../remains.ts';

/** What must hold of orders and fills. */
export const ORDER_INVARIANTS: readonly Invariant[] = [
  {
    name: 'no_double_fill',
    broken: ({ remains }) => {
      const seen = new Set<string>();
      const filled = new Map<string, number>();
      for (const fill of fillsOf(remains)) {
        const order = `${fill.instrument} of ${fill.decidedOrdinal}`;
        const part = `${order} in ${fill.barStartMs}`;
        if (seen.has(part)) return `order ${part} was filled twice`;
        seen.add(part);
        filled.set(order, (filled.get(order) ?? 0) + fill.quantity);
      }
      return overfilled(remains.ticks, filled) ?? placedTwice(remains.ticks);
    },
  },
  {
    name: 'no_fill_without_an_earlier_verdict',
    broken: (outcome) => {
      for (const tick of outcome.remains.ticks)
        for (const fill of tick.execution.fills) {
          const why = unfounded(outcome, tick, fill);
          if (why !== undefined)
            return `a fill at ${tick.record.tick_utc} of instrument ${fill.instrument}: ${why}`;
        }
      return undefined;
    },
  },
];

/** Column of a packet's row. */
const column = ({ packet: { header } }: TickRemains, name: string): number => header.columns.indexOf(name);

const deltaOf = (tick: TickRemains, instrument: number): number =>
  Number(tick.packet.rows[instrument]?.[column(tick, 'delta')] ?? 0);

function overfilled(ticks: readonly TickRemains[], filled: ReadonlyMap<string, number>): string | undefined {
  for (const tick of ticks)
    for (let i = 0; i < tick.packet.rows.length; i++) {
      const wanted = Math.abs(deltaOf(tick, i));
      const got = filled.get(`${i} of ${tick.record.ordinal}`) ?? 0;
      if (got > wanted) return `instrument ${i} of ${tick.record.tick_utc}: ${got} filled of ${wanted}`;
    }
  return undefined;
}

function placedTwice(ticks: readonly TickRemains[]): string | undefined {
  const working = new Set<string>();
  for (const { record, execution, packet } of ticks) {
    for (const { instrument } of execution.ended) working.delete(String(packet.rows[instrument]![0]));
    for (const symbol of execution.placed) {
      if (working.has(symbol))
        return `${symbol} got a second order at ${record.tick_utc} while one was working`;
      working.add(symbol);
    }
  }
  return undefined;
}

/** Why a fill rests on no verdict of the gate; undefined where it does. */
function unfounded({ remains }: Outcome, at: TickRemains, fill: StoredFill): string | undefined {
  const decided = remains.ticks.find(({ record }) => record.ordinal === fill.decidedOrdinal);
  if (decided === undefined) return `no tick with ordinal ${fill.decidedOrdinal} was committed`;
  if (decided.record.n >= at.record.n) return 'its decision does not lie before it';
  const { header, rows } = decided.packet;
  const release = remains.records[0]!.release_sha256;
  if (header.release_sha256 !== release) return `its verdict names release ${header.release_sha256}`;
  if (header.market !== decided.record.market || header.tick_utc !== decided.record.tick_utc)
    return `its verdict is of ${header.market} at ${header.tick_utc}`;
  if (header.ordinal !== fill.decidedOrdinal) return `its verdict has ordinal ${header.ordinal}`;
  const symbol = String(rows[fill.instrument]?.[0]);
  if (!decided.execution.placed.includes(symbol)) return `its tick placed no order of ${symbol}`;
  if (deltaOf(decided, fill.instrument) * fill.side <= 0) return 'its verdict wants nothing on that side';
  const struckMs = parseIsoUtc(header.frozen_at_utc) - fill.barStartMs;
  if (struckMs > 0 && fill.struckBeforeFreeze !== 1)
    return `its price formed ${struckMs} ms before its verdict`;
  return undefined;
}
