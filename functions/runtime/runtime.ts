import { dateAround, timeline, type Timeline } from '../../shared/calendar/timeline.ts';
import type { Operators, Role } from '../../shared/config/operators-schema.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import type { Clock } from '../../shared/kernel/time.ts';
import type { BarProvider, RateProvider } from '../../shared/market-data/provider.ts';
import type { Release } from '../../shared/ledger/artifacts.ts';
import type { Json, Sha256 } from '../../shared/kernel/canonical.ts';
import type { Thresholds } from '../../shared/config/threshold-schema.ts';
import type { ReleasePart } from '../../shared/risk/gates.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';

/** One market as a step sees it: its rules, its source of bars and its frozen release. */
export interface MarketRuntime {
  readonly rules: MarketRules;
  readonly provider: BarProvider;
  /** Where the finer bars come from in which orders fill; undefined where they fill in decision bars. */
  readonly executionProvider: BarProvider | undefined;
  readonly release: Release;
  readonly releaseSha256: Sha256;
  readonly thresholds: Thresholds;
  readonly operators: Operators;
  /** The role of an actor who is no name of the operators' file, such as a session of a cloud account's role. */
  roleOfSession(actor: string): Role | undefined;
  /** Parts in which what runs differs from the release that its ledger froze; none where it is that release. */
  readonly mismatched: readonly ReleasePart[];
  /** The other markets whose books count with this one's; none where it counts alone. */
  readonly others: readonly OtherMarket[];
  /** Where exchange rates come from; undefined where none are needed. */
  readonly rates: RateProvider | undefined;
  /** The calendar's bars of all sessions from some days before one instant to some after another. */
  line(fromMs: number, toMs: number): Timeline;
}

/** Another member of the portfolio, as far as its book is read. */
export interface OtherMarket {
  readonly market: string;
  readonly currency: string;
  line(fromMs: number, toMs: number): Timeline;
}

/** Something that an operator must hear of. */
export interface Alert {
  readonly level: 'INFO' | 'WARN' | 'PAGE';
  readonly market: string;
  readonly code: string;
  readonly message: string;
  readonly at_utc: string;
}

/** A line for whoever reads the logs: what happened, of which market, and codes to search by. */
export interface LogLine {
  readonly message: string;
  readonly market: string;
  readonly [field: string]: Json;
}

/** Everything a handler needs from outside; built by a composition root, never by a handler. */
export interface Runtime {
  readonly stores: Stores;
  readonly clock: Clock;
  /** Tells an operator; what it throws fails the step that raised it. */
  alert(alert: Alert): Promise<void>;
  /** Writes to the logs, where there are any: nothing is decided by them. */
  log(line: LogLine): void;
  market(name: string): MarketRuntime;
}

/** Days around what is asked for that a timeline is built with, so that the next ticks find it ready. */
const DAYS_BEFORE = 15;
const DAYS_AFTER = 45;

/** Timelines of a market, kept while they cover what is asked. What is kept never changes an answer. */
export function lineSource(rules: MarketRules): (fromMs: number, toMs: number) => Timeline {
  let kept: { from: string; to: string; line: Timeline } | undefined;
  return (fromMs, toMs) => {
    if (kept === undefined || kept.from > dateAround(fromMs, -5) || kept.to < dateAround(toMs, 30)) {
      const from = dateAround(fromMs, -DAYS_BEFORE);
      const to = dateAround(toMs, DAYS_AFTER);
      const { bar_size: size, bar_anchor: anchor } = rules.config;
      kept = { from, to, line: timeline(rules.calendar, size, anchor, from, to) };
    }
    return kept.line;
  };
}

/** A runtime over fixed markets. */
export function runtimeOf(
  stores: Stores,
  clock: Clock,
  markets: ReadonlyMap<string, MarketRuntime>,
  alert: Runtime['alert'] = async () => undefined,
  log: Runtime['log'] = () => undefined,
): Runtime {
  return {
    stores,
    clock,
    alert,
    log,
    market: (name) => {
      const found = markets.get(name);
      if (found !== undefined) return found;
      throw new ConfigError(
        `market ${name} is not part of this run; it has ${[...markets.keys()].join(', ') || 'none'}`,
      );
    },
  };
}
