import {
  thresholdsSchema,
  type Comparison,
  type ThresholdKey,
  type Thresholds,
} from '../config/threshold-schema.ts';
import { byCodeUnit } from '../kernel/canonical.ts';
import { roundTo } from '../kernel/math.ts';
import { numberText, type Reader, type Reading, type ThresholdName } from './reading.ts';
import { READERS } from './readers.ts';
import { assertStanding, type MarketStanding } from './standing.ts';

export type Operator = '>=' | '<=' | '<' | '>' | '==';
export type ThresholdResult = 'PASS' | 'FAIL' | 'UNDERPOWERED' | 'NOT_APPLICABLE';

/** One threshold of one market, judged. */
export interface ThresholdRow {
  readonly market: string;
  readonly threshold: string;
  /** null where the figure is undefined; 1 and 0 stand for true and false where the limit is a boolean. */
  readonly value: number | null;
  readonly operator: Operator;
  readonly limit: number | boolean;
  readonly result: ThresholdResult;
  /** One sentence with the arithmetic in it. */
  readonly reason: string;
  readonly advice: string;
}

/** Decimals at which a value is compared, as a person would: 0.85 - 1 is -0.15, not a little below. */
const COMPARED_STEPS = 1e12;

/**
 * Judges every threshold for every market: markets by name, thresholds in the order of the schema, the global ones
 * first. Global ones too are judged per market, since each has its own ledger.
 * @throws RangeError on a standing that contradicts itself, or a market that comes twice.
 */
export function evaluateThresholds(
  thresholds: Thresholds,
  standings: readonly MarketStanding[],
): ThresholdRow[] {
  const sorted = [...standings].sort((a, b) => byCodeUnit(a.market, b.market));
  return sorted.flatMap((standing, k) => {
    if (sorted[k - 1]?.market === standing.market)
      throw new RangeError(`market ${standing.market} has two standings`);
    assertStanding(standing);
    return limitsOf(thresholds, standing.thresholdKey).map(([name, comparison]) =>
      judge(standing, name, comparison, READERS[name], READERS[name].read({ standing, thresholds })),
    );
  });
}

/** The limits that hold for a market, in the schema's order; optional ones only where they are set. */
export function limitsOf(thresholds: Thresholds, key: ThresholdKey): [ThresholdName, Comparison][] {
  const { global, markets } = thresholdsSchema.shape;
  const limits: Readonly<Partial<Record<ThresholdName, Comparison | undefined>>> = {
    ...thresholds.global,
    ...thresholds.markets[key],
  };
  const names = [...Object.keys(global.shape), ...Object.keys(markets.shape[key].shape)] as ThresholdName[];
  return names.flatMap((name) => (limits[name] === undefined ? [] : [[name, limits[name]]]));
}

function judge(
  standing: MarketStanding,
  threshold: string,
  comparison: Comparison,
  reader: Reader,
  reading: Reading,
): ThresholdRow {
  const { operator, limit } = operatorOf(comparison);
  const value =
    reading.value !== null && Number.isFinite(reading.value) ? roundTo(reading.value, COMPARED_STEPS) : null;
  const meets = value !== null && holds(value, operator, limit);
  const result = resultOf(reader, value, meets, reading.lack !== undefined);
  return {
    market: standing.market,
    threshold,
    value,
    operator,
    limit,
    result,
    reason: reasonOf(reading, result, value, operator, limit),
    advice: `${adviceOf(result, reader, reading)}.`,
  };
}

function resultOf(reader: Reader, value: number | null, meets: boolean, lacks: boolean): ThresholdResult {
  if (value === null) return 'UNDERPOWERED';
  if (!meets && reader.breach === 'fails_at_once') return 'FAIL';
  if (lacks || (!meets && reader.breach === 'is_too_little')) return 'UNDERPOWERED';
  return meets ? 'PASS' : 'FAIL';
}

function reasonOf(
  { arithmetic, lack }: Reading,
  result: ThresholdResult,
  value: number | null,
  operator: Operator,
  limit: number | boolean,
): string {
  if (value === null) return `${arithmetic}: undefined, ${lack?.why ?? 'since it is no finite number'}.`;
  const finding = holds(value, operator, limit) ? 'holds' : 'does not hold';
  const short =
    result === 'UNDERPOWERED' && lack !== undefined ? `, but this is too little evidence: ${lack.why}` : '';
  return `${arithmetic}: ${valueText(value, limit)} ${operator} ${limitText(limit)} ${finding}${short}.`;
}

function adviceOf(result: ThresholdResult, reader: Reader, reading: Reading): string {
  if (result === 'PASS') return 'Nothing to do';
  return result === 'UNDERPOWERED' && reading.lack !== undefined ? reading.lack.advice : reader.advice;
}

function operatorOf(comparison: Comparison): { operator: Operator; limit: number | boolean } {
  if ('at_least' in comparison) return { operator: '>=', limit: comparison.at_least };
  if ('at_most' in comparison) return { operator: '<=', limit: comparison.at_most };
  if ('below' in comparison) return { operator: '<', limit: comparison.below };
  if ('above' in comparison) return { operator: '>', limit: comparison.above };
  return { operator: '==', limit: comparison.equals };
}

function holds(value: number, operator: Operator, limit: number | boolean): boolean {
  const bound = Number(limit);
  if (operator === '>=') return value >= bound;
  if (operator === '<=') return value <= bound;
  if (operator === '<') return value < bound;
  if (operator === '>') return value > bound;
  return value === bound;
}

const limitText = (limit: number | boolean): string =>
  typeof limit === 'boolean' ? String(limit) : numberText(limit);

/** A value as its limit is written: true or false against a boolean, else a number. */
const valueText = (value: number, limit: number | boolean): string =>
  typeof limit === 'boolean' ? String(value === 1) : numberText(value);

/** Columns of `threshold_report.csv`, in their order. */
export const THRESHOLD_COLUMNS = [
  'market',
  'threshold',
  'value',
  'operator',
  'limit',
  'result',
  'reason',
  'advice',
] as const;
export type ThresholdRecord = Readonly<Record<(typeof THRESHOLD_COLUMNS)[number], string>>;

/** Rows with every cell as text: numbers at 6 decimals, yes or no as true or false, an undefined value empty. */
export const thresholdRecords = (rows: readonly ThresholdRow[]): ThresholdRecord[] =>
  rows.map((row) => ({
    ...row,
    value: row.value === null ? '' : valueText(row.value, row.limit),
    limit: limitText(row.limit),
  }));
