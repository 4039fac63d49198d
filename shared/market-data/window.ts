import { IntegrityError } from '../kernel/errors.ts';
import { BAR_FIELDS, type Bars } from './bars.ts';
import { emptyBars, type Grid } from './align.ts';

/** Rows in a block; blocks lie on the ledger's own bar ordinal, so a bar's block never changes. */
export const BLOCK_ROWS = 32;
/** Floats before the fields of a row: start, end, session day. */
const ROW_HEAD = 3;
const QUIET_NAN = new Uint32Array([0, 0x7ff80000]);

if (new Uint8Array(new Uint32Array([1]).buffer)[0] !== 1) {
  throw new Error('bar blocks are little-endian and this host is not');
}

/** The index of the block that holds the ordinal. */
export const blockOf = (ordinal: number): number => Math.floor(ordinal / BLOCK_ROWS);

/**
 * Encodes rows [from, to) as raw little-endian Float64, row by row: start, end, session day, then each field of
 * every instrument. NaN has one bit pattern, so that equal bars give equal bytes.
 */
export function encodeBlock(bars: Bars, from: number, to: number): Uint8Array {
  const n = bars.instruments.length;
  const width = ROW_HEAD + BAR_FIELDS.length * n;
  const floats = new Float64Array((to - from) * width);
  for (let row = from; row < to; row++) {
    const base = (row - from) * width;
    floats[base] = bars.startMs[row]!;
    floats[base + 1] = bars.endMs[row]!;
    floats[base + 2] = bars.sessionDay[row]!;
    BAR_FIELDS.forEach((field, k) => {
      floats.set(bars[field].subarray(row * n, (row + 1) * n), base + ROW_HEAD + k * n);
    });
  }
  const words = new Uint32Array(floats.buffer);
  for (let k = 0; k < floats.length; k++) if (floats[k] !== floats[k]) words.set(QUIET_NAN, k * 2);
  return new Uint8Array(floats.buffer);
}

/** Rows that a block's bytes hold. @throws IntegrityError where they are not whole rows of the universe. */
export function rowsInBlock(bytes: Uint8Array, instruments: number): number {
  const width = (ROW_HEAD + BAR_FIELDS.length * instruments) * 8;
  const rows = bytes.byteLength / width;
  if (!Number.isInteger(rows) || rows < 1 || rows > BLOCK_ROWS) {
    throw new IntegrityError(
      `a bar block holds ${bytes.byteLength} bytes, expected 1 to ${BLOCK_ROWS} rows of ${width}`,
    );
  }
  return rows;
}

/** Joins the blocks of consecutive ordinals, oldest first, into one matrix that begins at `firstOrdinal`. */
export function decodeBlocks(
  instruments: readonly string[],
  firstOrdinal: number,
  blocks: readonly Uint8Array[],
): Bars {
  const n = instruments.length;
  const counts = blocks.map((bytes) => rowsInBlock(bytes, n));
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const bars = emptyBars(instruments, emptyGrid(firstOrdinal, rows));
  const width = ROW_HEAD + BAR_FIELDS.length * n;
  let row = 0;
  blocks.forEach((bytes, b) => {
    const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
    const floats = new Float64Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 8);
    for (let r = 0; r < counts[b]!; r++, row++) {
      const base = r * width;
      bars.startMs[row] = floats[base]!;
      bars.endMs[row] = floats[base + 1]!;
      bars.sessionDay[row] = floats[base + 2]!;
      BAR_FIELDS.forEach((field, k) => {
        bars[field].set(floats.subarray(base + ROW_HEAD + k * n, base + ROW_HEAD + (k + 1) * n), row * n);
      });
    }
  });
  return bars;
}

const emptyGrid = (firstOrdinal: number, rows: number): Grid => ({
  firstOrdinal,
  startMs: new Float64Array(rows),
  endMs: new Float64Array(rows),
  sessionDay: new Float64Array(rows),
});

/** Two matrices of the same universe, one after the other. @throws RangeError where the ordinals do not meet. */
export function joinBars(older: Bars, newer: Bars): Bars {
  if (older.firstOrdinal + older.startMs.length !== newer.firstOrdinal) {
    throw new RangeError(
      `bars from ordinal ${newer.firstOrdinal} do not follow ${older.firstOrdinal} + ${older.startMs.length}`,
    );
  }
  const join = (a: Float64Array, b: Float64Array): Float64Array => {
    const both = new Float64Array(a.length + b.length);
    both.set(a);
    both.set(b, a.length);
    return both;
  };
  const fields = Object.fromEntries(BAR_FIELDS.map((field) => [field, join(older[field], newer[field])]));
  return {
    instruments: older.instruments,
    firstOrdinal: older.firstOrdinal,
    startMs: join(older.startMs, newer.startMs),
    endMs: join(older.endMs, newer.endMs),
    sessionDay: join(older.sessionDay, newer.sessionDay),
    ...(fields as { [field in (typeof BAR_FIELDS)[number]]: Float64Array }),
  };
}

/** The rows from an ordinal on. */
export function tail(bars: Bars, fromOrdinal: number): Bars {
  const from = Math.max(0, fromOrdinal - bars.firstOrdinal);
  return rowsOf(bars, from, bars.startMs.length);
}

/** Rows [from, to) as views on the same columns. */
export function rowsOf(bars: Bars, from: number, to: number): Bars {
  const n = bars.instruments.length;
  const cells = (column: Float64Array): Float64Array => column.subarray(from * n, to * n);
  return {
    instruments: bars.instruments,
    firstOrdinal: bars.firstOrdinal + from,
    startMs: bars.startMs.subarray(from, to),
    endMs: bars.endMs.subarray(from, to),
    sessionDay: bars.sessionDay.subarray(from, to),
    open: cells(bars.open),
    high: cells(bars.high),
    low: cells(bars.low),
    close: cells(bars.close),
    volume: cells(bars.volume),
    turnover: cells(bars.turnover),
    flags: cells(bars.flags),
  };
}
