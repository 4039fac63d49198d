import * as z from 'zod';
import { canonicalJson } from '../../shared/kernel/canonical.ts';
import { isoUtc, parseIsoUtc, utcDay } from '../../shared/kernel/time.ts';
import { parseInput, scheduleSchema } from '../envelope.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { judgeHead, writeSignOff } from './handler.ts';

const dailyEvent = scheduleSchema.extend({ daily: z.literal(true) });

/** Whether an event asks for the daily report, not for the last step of a tick. */
export const isDaily = (event: unknown): boolean => dailyEvent.safeParse(event).success;

/** What a daily report says of a market. */
export interface DailyReport {
  readonly market: string;
  readonly n: number;
  readonly sha256: string;
  readonly tick_utc: string;
  readonly verdict: string;
}

/**
 * Judges the committed head once a day, writes the day's report into a partition of its own, and tells the owner the
 * hash of the head: a copy outside the account, in a mail box, that nobody can rewrite.
 */
export async function dailyReport(event: unknown, runtime: Runtime): Promise<DailyReport> {
  const { market, scheduled_at_utc } = parseInput('signoff', event, dailyEvent);
  const { head, result } = await judgeHead(runtime, market);
  const { n, sha256, tick_utc } = head;
  const report: DailyReport = { market, n, sha256, tick_utc, verdict: result.release };
  const folder = `daily/${market}/dt=${utcDay(parseIsoUtc(scheduled_at_utc))}`;
  await writeSignOff(runtime, folder, result);
  await runtime.stores.projections.write(
    `${folder}/head.json`,
    new TextEncoder().encode(`${canonicalJson({ ...report })}\n`),
  );
  await runtime.alert({
    level: 'INFO',
    market,
    code: 'daily_head',
    message: `${market} stands at record ${n} of ${tick_utc}\nhead ${sha256}\nverdict ${result.release}\nCompare later: papergate verify --stage <stage> --market ${market} --expect ${sha256}`,
    at_utc: isoUtc(runtime.clock.now()),
  });
  return report;
}
