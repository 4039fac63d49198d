import type { Level } from '../config/market-schema.ts';
import type { Code } from '../kernel/codes.ts';
import { roundTo } from '../kernel/math.ts';
import { useLevel } from './gate-row.ts';

/** One gate of every instrument: what is measured, its limit, and the code where it is not GREEN. */
export interface InstrumentGate {
  readonly check: string;
  readonly limit: number;
  readonly code: Code;
}

/** One instrument as its gates see it. NaN means that it could not be measured. */
export interface InstrumentInputs {
  /** Whether its bar is void, and whether the bar is flagged at all. */
  readonly void: boolean;
  readonly flagged: boolean;
  readonly forecast: boolean;
  readonly rulesCovered: boolean;
  readonly restricted: boolean;
  /** Move of the close from the valid close before it, absolute. */
  readonly move: number;
  /** Position with its increasing order filled, as a share of equity, and of what its market carries. */
  readonly exposure: number;
  readonly capacity: number;
  /** Value of the order decided, in whole units of the currency. */
  readonly orderValue: number;
}

/** Limits of the instruments' gates. */
export interface InstrumentLimits {
  readonly collar: number;
  readonly nameMax: number;
  readonly orderMax: number;
}

/** The gates of an instrument in their fixed order, with the limits in force. */
export const instrumentGates = ({ collar, nameMax, orderMax }: InstrumentLimits): InstrumentGate[] => [
  { check: 'bar', limit: 0, code: 'DATA_RED' },
  { check: 'forecast', limit: 1, code: 'MODEL_UNAVAILABLE' },
  { check: 'rules', limit: 1, code: 'RULES_UNCOVERED' },
  { check: 'restricted', limit: 0, code: 'RESTRICTED' },
  { check: 'price_collar', limit: collar, code: 'PRICE_COLLAR' },
  { check: 'name', limit: nameMax, code: 'MAX_NAME' },
  { check: 'capacity', limit: 1, code: 'CAPACITY_ADV' },
  { check: 'order_value', limit: orderMax, code: 'ORDER_VALUE' },
];

/** The findings of one instrument: a value a gate, and their levels as one letter each (G, Y, R). */
export interface InstrumentFindings {
  readonly values: readonly number[];
  readonly levels: string;
}

/** Measures every gate of an instrument. RED ones veto what would be opened; the others are cut by the sizing. */
export function findingsOf(one: InstrumentInputs, limits: InstrumentLimits): InstrumentFindings {
  const { collar, nameMax, orderMax } = limits;
  const used = (value: number, limit: number): [number, Level] => [value, useLevel(value, limit, Infinity)];
  const findings: [number, Level][] = [
    [one.void ? 2 : one.flagged ? 1 : 0, one.void ? 'RED' : one.flagged ? 'YELLOW' : 'GREEN'],
    [one.forecast ? 1 : 0, one.forecast ? 'GREEN' : 'RED'],
    [one.rulesCovered ? 1 : 0, one.rulesCovered ? 'GREEN' : 'RED'],
    [one.restricted ? 1 : 0, one.restricted ? 'RED' : 'GREEN'],
    [one.move, one.move > collar ? 'RED' : 'GREEN'],
    used(one.exposure, nameMax),
    used(one.capacity, 1),
    used(one.orderValue, orderMax),
  ];
  return {
    // A value that could not be measured is -1, and RED.
    values: findings.map(([value]) => (Number.isFinite(value) ? roundTo(value, ROUNDED_STEPS) : -1)),
    levels: findings.map(([value, level]) => (Number.isFinite(value) ? level[0]! : 'R')).join(''),
  };
}

/** Decimals of a value: a reader's, not an arithmetic's. */
const ROUNDED_STEPS = 1e6;
