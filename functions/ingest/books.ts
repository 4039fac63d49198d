import { firstEndingFrom } from '../../shared/calendar/timeline.ts';
import { ProviderError } from '../../shared/kernel/errors.ts';
import { isoUtc, parseIsoUtc } from '../../shared/kernel/time.ts';
import { positionSchema } from '../../shared/ledger/artifacts.ts';
import { getJson, readHead } from '../../shared/ledger/chain.ts';
import { walkBack } from '../../shared/ledger/walk.ts';
import type { ExchangeRate } from '../../shared/market-data/provider.ts';
import type { Books, OtherBook, Rate } from '../../shared/risk/books.ts';
import type { MarketRuntime, OtherMarket, Runtime } from '../runtime/runtime.ts';

/** Reads the other members' heads and the rates into the base currency; null where the market counts alone. */
export async function readBooks(
  runtime: Runtime,
  { rules, others, rates }: MarketRuntime,
  tickMs: number,
): Promise<Books | null> {
  if (others.length === 0) return null;
  const { base_currency: base } = rules.portfolio;
  const currencies = new Set([rules.config.currency, ...others.map(({ currency }) => currency)]);
  currencies.delete(base);
  const found: Rate[] = [];
  for (const currency of [...currencies].sort()) {
    const known = await rateNow(runtime, rules.config.market, rates, currency, base, tickMs);
    if (known === undefined) continue;
    found.push({ currency, at_utc: isoUtc(known.atMs), rate: known.rate, source: known.source });
  }
  return {
    base_currency: base,
    rates: found,
    others: await Promise.all(others.map((other) => readBook(runtime, other, tickMs))),
  };
}

/** A rate, or none where its source fails: the gate then cannot evaluate the books, and blocks. */
async function rateNow(
  runtime: Runtime,
  market: string,
  rates: MarketRuntime['rates'],
  currency: string,
  base: string,
  atMs: number,
): Promise<ExchangeRate | undefined> {
  try {
    return await rates?.rate(currency, base, atMs);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const message = `no rate of ${currency} in ${base}: ${error.message}`;
    await runtime.alert({ level: 'WARN', market, code: 'rate_failed', message, at_utc: isoUtc(atMs) });
    return undefined;
  }
}

/** One member's book as its newest committed tick left it. */
async function readBook({ stores }: Runtime, other: OtherMarket, tickMs: number): Promise<OtherBook> {
  const { market, currency } = other;
  const at = await readHead(stores, market);
  const nothing = { market, currency, head: null, equity: 0, gross: 0, behind_bars: 0 };
  if (at === undefined) return nothing;
  const { n, sha256, tick_utc } = at.head;
  const record = await walkBack(stores, at.head, ({ kind }) => kind === 'tick' || kind === 'release');
  if (record.kind !== 'tick') return nothing;
  const { equity, positions } = await getJson(stores.artifacts, record.position, positionSchema);
  const gross = positions.reduce((sum, { value }) => sum + Math.abs(value), 0);
  // Records of missed and failed ticks move the head on, but not the book.
  const behind = behindBars(other, parseIsoUtc(record.tick_utc), tickMs);
  return { market, currency, head: { n, sha256, tick_utc }, equity, gross, behind_bars: behind };
}

/** Bars of the other market's calendar that closed after its book's tick and up to this one. */
function behindBars({ line }: OtherMarket, bookMs: number, tickMs: number): number {
  if (bookMs >= tickMs) return 0;
  const bars = line(bookMs, tickMs);
  return firstEndingFrom(bars, tickMs + 1) - firstEndingFrom(bars, bookMs + 1);
}
