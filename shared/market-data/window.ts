import { IntegrityError } from '../kernel/errors.ts';
import { actionsWithin } from './actions.ts';
import { BAR_FIELDS, type Bars } from './bars.ts';
import { emptyBars, type Grid } from './align.ts';
import { decodeActions, encodeActions } from './window-actions.ts';

/** Rows in a block; blocks lie on the ledger's own bar ordinal, so a bar's block never changes. */
export const BLOCK_ROWS = 32;
/** Floats before the first row: the number of rows, and of bytes that the actions take. */
const BLOCK_HEAD = 2;
/** Floats before the fields of a row: start, end, session day. */
const ROW_HEAD = 3;
const FLOAT_BYTES = 8;
const QUIET_NAN = new Uint32Array([0, 0x7ff80000]);

if (new Uint8Array(new Uint32Array([1]).buffer)[0] !== 1) {
  throw new Error('bar blocks are little-endian and this host is not');
}

/** The index of the block that holds the ordinal. */
export const blockOf = (ordinal: number): number => Math.floor(ordinal / BLOCK_ROWS);

const floatsFor = (bytes: number): number => Math.ceil(bytes / FLOAT_BYTES);

/**
 * Encodes rows [from, to) as raw little-endian Float64: the number of rows and the byte length of the actions; row by
 * row start, end, session day, then each field of every instrument; then the rows' actions as canonical JSON, filled
 * up with zero bytes to whole floats. NaN has one bit pattern, so that equal bars give equal bytes.
 */
export function encodeBlock(bars: Bars, from: number, to: number): Uint8Array {
  const n = bars.instruments.length;
  const width = ROW_HEAD + BAR_FIELDS.length * n;
  const rowsEnd = BLOCK_HEAD + (to - from) * width;
  const actions = encodeActions(
    actionsWithin(bars.actions, bars.firstOrdinal + from, bars.firstOrdinal + to),
  );
  const floats = new Float64Array(rowsEnd + floatsFor(actions.byteLength));
  floats[0] = to - from;
  floats[1] = actions.byteLength;
  for (let row = from; row < to; row++) {
    const base = BLOCK_HEAD + (row - from) * width;
    floats[base] = bars.startMs[row]!;
    floats[base + 1] = bars.endMs[row]!;
    floats[base + 2] = bars.sessionDay[row]!;
    BAR_FIELDS.forEach((field, k) => {
      floats.set(bars[field].subarray(row * n, (row + 1) * n), base + ROW_HEAD + k * n);
    });
  }
  const bytes = floatBytes(floats, rowsEnd);
  bytes.set(actions, rowsEnd * FLOAT_BYTES);
  return bytes;
}

/** The little-endian bytes under floats, the first `count` of which get one bit pattern for NaN. */
export function floatBytes(floats: Float64Array<ArrayBuffer>, count = floats.length): Uint8Array {
  const words = new Uint32Array(floats.buffer);
  for (let k = 0; k < count; k++) if (floats[k] !== floats[k]) words.set(QUIET_NAN, k * 2);
  return new Uint8Array(floats.buffer);
}

/** A block's bytes as floats: its rows, and where its actions lie. */
interface BlockLayout {
  readonly floats: Float64Array;
  readonly rows: number;
  readonly actions: Uint8Array;
}

function layoutOf(bytes: Uint8Array, instruments: number): BlockLayout {
  const aligned = bytes.byteOffset % FLOAT_BYTES === 0 ? bytes : bytes.slice();
  const size = aligned.byteLength;
  const whole = size % FLOAT_BYTES === 0 && size >= BLOCK_HEAD * FLOAT_BYTES;
  const floats = new Float64Array(aligned.buffer, aligned.byteOffset, whole ? size / FLOAT_BYTES : 0);
  const rows = floats[0] ?? NaN;
  const length = floats[1] ?? NaN;
  const width = ROW_HEAD + BAR_FIELDS.length * instruments;
  const rowsEnd = BLOCK_HEAD + rows * width;
  const counts =
    Number.isInteger(rows) && rows >= 1 && rows <= BLOCK_ROWS && Number.isInteger(length) && length >= 0;
  if (!counts || floats.length !== rowsEnd + floatsFor(length)) {
    throw new IntegrityError(
      `a bar block of ${size} bytes says ${rows} rows and ${length} bytes of actions; expected 1 to ${BLOCK_ROWS} rows ` +
        `of ${width * FLOAT_BYTES} bytes after a head of ${BLOCK_HEAD * FLOAT_BYTES}`,
    );
  }
  const actions = aligned.subarray(rowsEnd * FLOAT_BYTES);
  if (actions.subarray(length).some((byte) => byte !== 0)) {
    throw new IntegrityError('a bar block has something other than zero bytes after its actions');
  }
  return { floats, rows, actions: actions.subarray(0, length) };
}

/** Rows that a block's bytes hold. @throws IntegrityError where they are not whole rows of the universe. */
export const rowsInBlock = (bytes: Uint8Array, instruments: number): number =>
  layoutOf(bytes, instruments).rows;

/**
 * Joins the blocks of consecutive ordinals, oldest first, into one matrix that begins at `firstOrdinal`.
 * @throws IntegrityError where a block's bytes are no rows of the universe, or its actions none of these rows.
 */
export function decodeBlocks(
  instruments: readonly string[],
  firstOrdinal: number,
  blocks: readonly Uint8Array[],
): Bars {
  const n = instruments.length;
  const layouts = blocks.map((bytes) => layoutOf(bytes, n));
  const total = layouts.reduce((sum, { rows }) => sum + rows, 0);
  const bars = emptyBars(instruments, emptyGrid(firstOrdinal, total));
  const width = ROW_HEAD + BAR_FIELDS.length * n;
  let row = 0;
  const actions = layouts.flatMap(({ floats, rows, actions: stored }) => {
    const from = row;
    for (let r = 0; r < rows; r++, row++) {
      const base = BLOCK_HEAD + r * width;
      bars.startMs[row] = floats[base]!;
      bars.endMs[row] = floats[base + 1]!;
      bars.sessionDay[row] = floats[base + 2]!;
      BAR_FIELDS.forEach((field, k) => {
        bars[field].set(floats.subarray(base + ROW_HEAD + k * n, base + ROW_HEAD + (k + 1) * n), row * n);
      });
    }
    return decodeActions(stored, n, firstOrdinal + from, firstOrdinal + row);
  });
  return { ...bars, actions };
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
  return concatBars([older, newer]);
}

/** Matrices of one universe, row after row, on the ordinals of the first. */
export function concatBars(parts: readonly [Bars, ...Bars[]]): Bars {
  const [first] = parts;
  const column = (pick: (bars: Bars) => Float64Array): Float64Array => {
    const joined = new Float64Array(parts.reduce((sum, bars) => sum + pick(bars).length, 0));
    let at = 0;
    for (const bars of parts) {
      joined.set(pick(bars), at);
      at += pick(bars).length;
    }
    return joined;
  };
  return {
    instruments: first.instruments,
    firstOrdinal: first.firstOrdinal,
    startMs: column(({ startMs }) => startMs),
    endMs: column(({ endMs }) => endMs),
    sessionDay: column(({ sessionDay }) => sessionDay),
    ...fieldsBy((field) => column((bars) => bars[field])),
    actions: parts.flatMap(({ actions }) => actions),
  };
}

type Fields = { [field in (typeof BAR_FIELDS)[number]]: Float64Array };
const fieldsBy = (column: (field: keyof Fields) => Float64Array): Fields =>
  Object.fromEntries(BAR_FIELDS.map((field) => [field, column(field)])) as Fields;

/** The rows from an ordinal on. */
export function tail(bars: Bars, fromOrdinal: number): Bars {
  const from = Math.max(0, fromOrdinal - bars.firstOrdinal);
  return rowsOf(bars, from, bars.startMs.length);
}

/** Rows [from, to) as views on the same columns. */
export function rowsOf(bars: Bars, from: number, to: number): Bars {
  const n = bars.instruments.length;
  return {
    instruments: bars.instruments,
    firstOrdinal: bars.firstOrdinal + from,
    startMs: bars.startMs.subarray(from, to),
    endMs: bars.endMs.subarray(from, to),
    sessionDay: bars.sessionDay.subarray(from, to),
    ...fieldsBy((field) => bars[field].subarray(from * n, to * n)),
    actions: actionsWithin(bars.actions, bars.firstOrdinal + from, bars.firstOrdinal + to),
  };
}

/** The rows that start at or after one instant and before another, as [from, to). */
export function rowsStartingIn({ startMs }: Bars, fromMs: number, toMs: number): [number, number] {
  const firstFrom = (instantMs: number): number => {
    let [low, high] = [0, startMs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (startMs[middle]! < instantMs) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return [firstFrom(fromMs), firstFrom(toMs)];
}
