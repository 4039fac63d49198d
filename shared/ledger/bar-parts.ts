import * as z from 'zod';
import type { Json } from '../kernel/canonical.ts';
import { IntegrityError, ProviderError } from '../kernel/errors.ts';
import { parseIsoUtc } from '../kernel/time.ts';
import { ACTION_KINDS, type RawAction } from '../market-data/actions.ts';
import { checkAction } from '../market-data/place-actions.ts';
import type { BarProvider, RawBars } from '../market-data/provider.ts';
import { floatBytes } from '../market-data/window.ts';
import type { ArtifactStore, Reference } from '../stores/ports.ts';
import { getChecked, putContent, putJson } from './chain.ts';
import { loadParts, partOfSchema, type Part } from './parts.ts';
import { referenceSchema } from './records.ts';

const span = z.strictObject({ from_utc: z.string(), to_utc: z.string() });

/** What a source is asked for at a tick: the same of every slice, and as one call would ask it of the whole universe. */
export const askSchema = z.strictObject({
  bars: span,
  /** Ex-dates, both included. */
  actions: z.strictObject({ from: z.string(), to: z.string() }),
  /** Finer bars; null where orders fill in decision bars. */
  execution: span.nullable(),
  /** The moment whose view of the source counts, however late a slice is fetched. */
  now_utc: z.string(),
});
export type Ask = z.infer<typeof askSchema>;

const flags = z.array(z.int().min(0).max(1));
/** Bars of a slice: how many each instrument has, and where their columns lie, one field after the other. */
const columnsSchema = z.strictObject({
  rows: z.array(z.int().nonnegative()),
  fallback: flags,
  disagrees: flags,
  columns: referenceSchema,
});
type StoredColumns = z.infer<typeof columnsSchema>;

const barPartOfSchema = partOfSchema.extend({ provider: z.string(), ask: askSchema });
export type BarPartOf = z.infer<typeof barPartOfSchema>;

const barPartSchema = z.strictObject({
  v: z.literal(1),
  part: barPartOfSchema,
  bars: columnsSchema,
  execution: columnsSchema.nullable(),
  actions: z.array(
    z.strictObject({
      symbol: z.string(),
      ex_date: z.string(),
      kind: z.enum(ACTION_KINDS),
      ratio: z.number(),
      amount: z.number(),
      pay_date: z.string().nullable(),
      source: z.string(),
    }),
  ),
});

/** What a source gave for some instruments, as it gave it: unsorted, unchecked, nothing filled or repaired. */
export interface Fetched {
  readonly bars: readonly RawBars[];
  readonly execution: readonly RawBars[] | undefined;
  readonly actions: readonly RawAction[];
}

/**
 * Stores what a source gave for one slice. The same bars give the same bytes.
 * @throws ProviderError where the source gave columns of several lengths, or an action that is none of the slice.
 */
export async function storeBarPart(
  artifacts: ArtifactStore,
  tickMs: number,
  part: BarPartOf,
  { bars, execution, actions }: Fetched,
): Promise<Reference> {
  for (const action of actions) checkAction(part.symbols, action);
  const stored: z.infer<typeof barPartSchema> = {
    v: 1,
    part,
    bars: await storeColumns(artifacts, tickMs, part, bars),
    execution: execution === undefined ? null : await storeColumns(artifacts, tickMs, part, execution),
    actions: actions.map(({ exDate, payDate, ...rest }) => ({ ...rest, ex_date: exDate, pay_date: payDate })),
  };
  return putJson(artifacts, part.market, 'bars_part', tickMs, stored as unknown as Json);
}

/** The columns of raw bars in the order in which they are stored; a spread that a source does not have is NaN. */
const FIELDS = ['startMs', 'open', 'high', 'low', 'close', 'volume', 'turnover', 'spread'] as const;

async function storeColumns(
  artifacts: ArtifactStore,
  tickMs: number,
  { market, symbols, provider }: BarPartOf,
  raw: readonly RawBars[],
): Promise<StoredColumns> {
  const rows = symbols.map((_, i) => raw[i]!.startMs.length);
  const total = rows.reduce((sum, count) => sum + count, 0);
  const floats = new Float64Array(FIELDS.length * total);
  let at = 0;
  for (const field of FIELDS) {
    symbols.forEach((symbol, i) => {
      const column = raw[i]![field];
      if (column === undefined) floats.fill(NaN, at, at + rows[i]!);
      else if (column.length === rows[i]) floats.set(column, at);
      else
        throw new ProviderError(
          `${provider} gave ${rows[i]} starts of ${symbol}, but ${column.length} of ${field}`,
        );
      at += rows[i]!;
    });
  }
  return {
    rows,
    fallback: symbols.map((_, i) => (raw[i]!.fallback === true ? 1 : 0)),
    disagrees: symbols.map((_, i) => (raw[i]!.disagrees === true ? 1 : 0)),
    columns: await putContent(artifacts, market, 'bars_part', tickMs, floatBytes(floats), 'f64'),
  };
}

/**
 * What the source gave for the whole universe, put together from the parts of its slices.
 * @param wanted what the part of each slice must say that it is of.
 * @throws IntegrityError where a slice has no part or several, or a part is of something else, or damaged.
 */
export async function loadBarParts(
  artifacts: ArtifactStore,
  given: readonly Part[],
  wanted: readonly BarPartOf[],
): Promise<Fetched> {
  const parts = await loadParts(artifacts, given, wanted, barPartSchema);
  const columns = (pick: (part: (typeof parts)[number]) => StoredColumns): Promise<RawBars[]> =>
    Promise.all(parts.map((one) => loadColumns(artifacts, pick(one), one.part))).then((all) => all.flat());
  const finer = wanted[0]!.ask.execution !== null;
  if (parts.some(({ execution }) => (execution !== null) !== finer))
    throw new IntegrityError('some parts hold finer bars and some hold none');
  return {
    bars: await columns(({ bars }) => bars),
    execution: finer ? await columns(({ execution }) => execution!) : undefined,
    actions: parts.flatMap(({ actions }) =>
      actions.map(({ ex_date, pay_date, ...rest }) => ({ ...rest, exDate: ex_date, payDate: pay_date })),
    ),
  };
}

async function loadColumns(
  artifacts: ArtifactStore,
  { rows, fallback, disagrees, columns }: StoredColumns,
  { symbols }: BarPartOf,
): Promise<RawBars[]> {
  const bytes = new Uint8Array(await getChecked(artifacts, columns));
  const total = rows.reduce((sum, count) => sum + count, 0);
  const whole = [rows, fallback, disagrees].every((list) => list.length === symbols.length);
  if (!whole || bytes.byteLength !== FIELDS.length * total * Float64Array.BYTES_PER_ELEMENT) {
    throw new IntegrityError(
      `bars ${columns.key} of ${bytes.byteLength} bytes are not ${total} rows of ${symbols.length} instruments`,
    );
  }
  const floats = new Float64Array(bytes.buffer);
  let from = 0;
  return symbols.map((_, i) => {
    const fields = FIELDS.map(
      (field, k) => [field, floats.slice(k * total + from, k * total + from + rows[i]!)] as const,
    );
    from += rows[i]!;
    return {
      ...(Object.fromEntries(fields) as Record<(typeof FIELDS)[number], Float64Array>),
      fallback: fallback[i] === 1,
      disagrees: disagrees[i] === 1,
    };
  });
}

/**
 * A source that shows what was fetched in slices, and answers nothing but the question that the slices were asked.
 * @param source where the slices came from: the name of one is that of the other.
 * @param asked which bars the slices were asked for.
 * @throws IntegrityError on any other question.
 */
export function fetchedSource(
  source: BarProvider,
  symbols: readonly string[],
  ask: Ask,
  asked: NonNullable<Ask['execution']>,
  bars: readonly RawBars[],
  actions: readonly RawAction[],
): BarProvider {
  const assertSame = (what: string, asks: readonly unknown[], was: readonly unknown[]): void => {
    if (asks.join() === was.join()) return;
    throw new IntegrityError(
      `${what} were fetched in slices for ${was.slice(0, 3).join(', ')}, and are asked for ${asks.slice(0, 3).join(', ')}`,
    );
  };
  const nowMs = parseIsoUtc(ask.now_utc);
  const spanMs = [parseIsoUtc(asked.from_utc), parseIsoUtc(asked.to_utc)];
  return {
    name: source.name,
    live: source.live,
    fingerprint: (instruments) => source.fingerprint(instruments),
    async fetch(instruments, ...asks) {
      assertSame('bars', [...asks, ...instruments], [...spanMs, nowMs, ...symbols]);
      return [...bars];
    },
    async fetchActions(instruments, ...asks) {
      const { from, to } = ask.actions;
      assertSame('actions', [...asks, ...instruments], [from, to, nowMs, ...symbols]);
      return [...actions];
    },
  };
}
