import type { Level, MarketConfig } from '../config/market-schema.ts';
import type { PortfolioConfig } from '../config/portfolio-schema.ts';
import type { Code } from '../kernel/codes.ts';

/** Groups of gates in the order in which a packet lists them. Rows of `recovery` are for health checks: they block nothing. */
export const GATE_GROUPS = [
  'data',
  'model',
  'calendar',
  'release',
  'switch',
  'risk',
  'portfolio',
  'recovery',
] as const;
export type GateGroup = (typeof GATE_GROUPS)[number];

/** One gate's finding: what was measured, against what, and the code where it is not GREEN. */
export interface GateRow {
  readonly gate: GateGroup;
  readonly check: string;
  /** The name that the value is of, such as the largest position's; empty where it is of the whole market. */
  readonly subject: string;
  readonly level: Level;
  readonly code: Code | null;
  readonly value: number;
  readonly limit: number;
}

/** The limits that gates hold things against. */
export interface GateLimits {
  readonly config: MarketConfig;
  readonly portfolio: PortfolioConfig;
}

/** Levels from good to bad, as numbers. */
export const RANK: Readonly<Record<Level, number>> = { GREEN: 0, YELLOW: 1, RED: 2 };

/** The worst of some levels; GREEN where there is none. */
export const worst = (levels: Iterable<Level>): Level => {
  let found: Level = 'GREEN';
  for (const level of levels) if (RANK[level] > RANK[found]) found = level;
  return found;
};

/** Whether a level is at most another one. */
export const atMost = (level: Level, limit: Level): boolean => RANK[level] <= RANK[limit];

/** A finding; a value or limit that is no number cannot be evaluated and is RED. */
export function row(
  gate: GateGroup,
  check: string,
  level: Level,
  code: Code,
  value: number,
  limit: number,
  subject = '',
): GateRow {
  if (!Number.isFinite(value) || !Number.isFinite(limit)) {
    return { gate, check, subject, level: 'RED', code: 'GATE_UNEVALUABLE', value: 0, limit: 0 };
  }
  return { gate, check, subject, level, code: level === 'GREEN' ? null : code, value, limit };
}

/** A yes or no: RED where it does not hold. */
export const condition = (gate: GateGroup, check: string, holds: boolean, code: Code): GateRow =>
  row(gate, check, holds ? 'GREEN' : 'RED', code, holds ? 1 : 0, 1);

/** A loss against its limit, both negative: RED beyond the limit, YELLOW beyond a share of it. */
export const lossLevel = (value: number, limit: number, yellowAt: number): Level =>
  value < limit ? 'RED' : value < limit * yellowAt ? 'YELLOW' : 'GREEN';

/**
 * An exposure against its limit, up to which it may be used: YELLOW beyond it, RED beyond a multiple of it. A full book is
 * no sign of anything, and must not keep a market from starting again.
 */
export const useLevel = (value: number, limit: number, redAt: number): Level =>
  value > limit * redAt ? 'RED' : value > limit ? 'YELLOW' : 'GREEN';

/** An amount against a limit that nothing cuts it to: RED beyond it, YELLOW beyond a share of it. */
export const shareLevel = (value: number, limit: number, yellowAt: number): Level =>
  value > limit ? 'RED' : value > limit * yellowAt ? 'YELLOW' : 'GREEN';
