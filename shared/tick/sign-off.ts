import type { Thresholds } from '../config/threshold-schema.ts';
import { hashJson, type Sha256 } from '../kernel/canonical.ts';
import { DAY_MS, parseIsoUtc } from '../kernel/time.ts';
import type { Release } from '../ledger/artifacts.ts';
import type { Certificates } from '../ledger/certificates.ts';
import type { Drill } from '../ledger/drills.ts';
import type { Head } from '../ledger/records.ts';
import { csvText } from '../ledger/projections/csv.ts';
import { positionValue } from '../portfolio/mark.ts';
import type { MarketStanding } from '../release/standing.ts';
import { signoffMarkdown } from '../release/signoff-report.ts';
import {
  evaluateThresholds,
  THRESHOLD_COLUMNS,
  thresholdRecords,
  type ThresholdRecord,
} from '../release/thresholds.ts';
import { releaseVerdict, verdict, type SignoffVerdict } from '../release/verdict.ts';
import type { MarketRules } from './rules.ts';
import type { TickState } from './state.ts';

/** One market's committed head with what it stands for. */
export interface MarketReview {
  readonly rules: MarketRules;
  readonly release: Release;
  readonly releaseSha256: Sha256;
  readonly head: Head;
  readonly state: TickState;
}

/** A head to be judged, with what is proven of it. */
export interface CertifiedReview extends MarketReview {
  readonly certificates: Certificates;
  /** The newest drill of the kill switch; undefined where none was held. */
  readonly drill: Drill | undefined;
}

export interface SignOff {
  readonly verdicts: Readonly<Record<string, SignoffVerdict>>;
  readonly release: SignoffVerdict;
  /** threshold_report.csv and release_signoff.md. */
  readonly csv: string;
  readonly markdown: string;
}

/** Comparisons in words, as the thresholds file has them: a cell that begins with = would be taken for a formula. */
const WORDS: Readonly<Record<string, string>> = {
  '>=': 'at_least',
  '<=': 'at_most',
  '<': 'below',
  '>': 'above',
  '==': 'equals',
};
const worded = (record: ThresholdRecord): ThresholdRecord => ({
  ...record,
  operator: WORDS[record.operator]!,
});

/** Judges the committed heads of one or more markets against the sealed thresholds. */
export function signOff(reviews: readonly CertifiedReview[], thresholds: Thresholds): SignOff {
  const standings = reviews.map(standingOf);
  const rows = evaluateThresholds(thresholds, standings);
  const verdicts = Object.fromEntries(
    standings.map((standing) => [standing.market, verdict(rows, standing, thresholds)]),
  );
  const release = releaseVerdict(Object.values(verdicts));
  const sources = [...new Set(reviews.map((review) => review.release.data_source.name))];
  return {
    verdicts,
    release,
    csv: csvText(THRESHOLD_COLUMNS, thresholdRecords(rows).map(worded)),
    markdown: signoffMarkdown({
      ...releaseOf(reviews),
      headByMarket: Object.fromEntries(reviews.map(({ release: { market }, head }) => [market, head.sha256])),
      dataSource: sources.join(', '),
      simulated: sources.includes('simulated'),
      rows,
      verdicts,
      costs: reviews.flatMap(({ certificates: { robustness } }) => robustness ?? []),
      release,
      generatedAtUtc: reviews
        .map(({ head }) => head.tick_utc)
        .sort()
        .at(-1)!,
      witness: 'self-attested',
    }),
  };
}

/** The name and hash of a release: the market's own, or of all of them together. */
export function releaseOf(reviews: readonly Pick<MarketReview, 'release' | 'releaseSha256'>[]): {
  releaseName: string;
  releaseSha256: Sha256;
} {
  const [first] = reviews;
  if (reviews.length === 1 && first !== undefined)
    return { releaseName: first.release.release_name, releaseSha256: first.releaseSha256 };
  return {
    releaseName: reviews.map(({ release }) => release.release_name).join(' + '),
    releaseSha256: hashJson(
      Object.fromEntries(reviews.map(({ release, releaseSha256 }) => [release.market, releaseSha256])),
    ),
  };
}

/** What the sign-off reads of one market. */
function standingOf({ rules, release, head, state, certificates, drill }: CertifiedReview): MarketStanding {
  const { performance, book } = state;
  const day = performance.today.day;
  const openTrades: number[] = [];
  for (let i = 0; i < book.quantity.length; i++) {
    if (book.quantity[i] === 0) continue;
    const lots = book.lots[i]!;
    let entryFees = 0;
    for (let k = 2; k < lots.length; k += 3) entryFees += lots[k]!;
    openTrades.push(positionValue(book, i, day, rules.marking) - book.cost[i]! - entryFees);
  }
  return {
    market: release.market,
    thresholdKey: rules.config.threshold_key,
    mode: head.mode,
    live: release.data_source.live,
    currency: rules.config.currency,
    capitalMinor: book.capital,
    sessionsPerYear: rules.calendar.sessionsPerYear as MarketStanding['sessionsPerYear'],
    performance,
    drift: state.drift,
    // Every due tick has a record: committed, or missed or failed and settled by the tick after it.
    scheduledTicks: performance.ticks + performance.ticksFailed,
    openTrades,
    lastDay: day >= 0 ? day : Math.floor(Date.parse(head.tick_utc) / DAY_MS),
    killSwitchDrill: drillStanding(head, drill),
    certificates,
  };
}

/** The newest drill as the thresholds read it: of this very release, its age in days of the calendar at the head. */
function drillStanding(head: Head, drill: Drill | undefined): MarketStanding['killSwitchDrill'] {
  if (drill === undefined || drill.release_sha256 !== head.release_sha256) return undefined;
  const dayOf = (instant: string): number => Math.floor(parseIsoUtc(instant) / DAY_MS);
  return { passed: drill.passed, ageDays: dayOf(head.tick_utc) - dayOf(drill.held_at_utc) };
}
