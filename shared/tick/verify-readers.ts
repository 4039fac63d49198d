import * as z from 'zod';
import { canonicalJson, type Json } from '../kernel/canonical.ts';
import { IntegrityError } from '../kernel/errors.ts';
import { parseStored } from '../ledger/chain.ts';
import type { UpperReaders } from '../ledger/verify-tick.ts';
import { groupsOf } from '../risk/health-check.ts';
import { parsedRisk } from '../risk/risk-state.ts';
import { openTrips } from '../risk/switch-machine.ts';
import { forecastSchema } from './forecast-codec.ts';
import { PACKET_COLUMNS, parsePacket } from './packet.ts';

/** The readers of what only the room of the tick knows. */
export const VERIFY_READERS: UpperReaders = {
  packet(bytes, what) {
    const { header, rows } = parsePacket(bytes, what);
    if (header.columns.join() !== PACKET_COLUMNS.join())
      throw new IntegrityError(`${what} has other columns`);
    return {
      header: z.record(z.string(), z.json()).parse(header),
      switch: header.switch,
      levels: groupsOf(header.gates, true),
      symbols: rows.map(([symbol]) => symbol),
      deltas: rows.map((row) => Number(row[PACKET_COLUMNS.indexOf('delta')])),
      text: linesOf([header, ...rows], what),
    };
  },
  forecast: (bytes, what) => parseStored(new TextDecoder().decode(bytes), forecastSchema, what),
  trips: (risk, latch) => openTrips(parsedRisk(risk), latch),
};

/** Canonical JSON lines. @throws IntegrityError where a text, holding half a surrogate pair, has no canonical form. */
function linesOf(lines: readonly unknown[], what: string): string {
  try {
    return lines.map((line) => `${canonicalJson(line as Json)}\n`).join('');
  } catch (cause) {
    throw new IntegrityError(`${what} is not canonical`, { what }, { cause });
  }
}
