import Table from 'cli-table3';
import type { Bill, BillLine, Totals } from './bill.ts';
import { PRICES } from './prices.ts';
import type { Universe } from './usage.ts';

/** What a month may cost, in USD: from the specification, without any free tier. */
export const TARGETS: Totals = { usage: 1, fixed: 10 };

const usd = (value: number): string => value.toFixed(value >= 0.01 || value === 0 ? 2 : 4);
const quantity = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));

/** The bill as text: lines, totals, how they stand to the targets, and the notes. */
export function renderBill(universes: readonly Universe[], bill: Bill, notes: readonly string[]): string {
  const table = new Table({
    head: ['kind', 'what', 'quantity', 'unit', 'USD a unit', 'USD', 'with free tier'],
    colAligns: ['left', 'left', 'right', 'left', 'right', 'right', 'right'],
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    style: { head: [], border: [] },
  });
  const order = (a: BillLine, b: BillLine): number => b.usd - a.usd;
  for (const kind of ['usage', 'fixed'] as const) {
    for (const line of bill.lines.filter((one) => one.kind === kind).sort(order)) {
      const unit = Number(line.unitUsd.toPrecision(6)).toString();
      table.push([
        ...[kind, line.what, quantity(line.quantity), line.unit, unit],
        ...[usd(line.usd), usd(line.usdWithFreeTier)],
      ]);
    }
    const [total, free] = [bill.totals[kind], bill.totalsWithFreeTier[kind]];
    table.push([kind, 'TOTAL', '', '', '', usd(total), usd(free)]);
  }
  const sizes = universes.map(
    ({ market, instruments, barsPerMonth }) =>
      `${market} ${instruments.toLocaleString('en-US')} names x ${barsPerMonth.toFixed(1)} ticks`,
  );
  const dates = Object.values(PRICES)
    .map(({ as_of }) => as_of)
    .sort();
  return [
    `A month of ${sizes.join(', ')}; us-east-1, on demand, prices as of ${dates[0]} to ${dates.at(-1)}`,
    table.toString(),
    ...(['usage', 'fixed'] as const).map((kind) => verdict(kind, bill)),
    ...notes.map((note) => `note: ${note}`),
    '',
  ].join('\n');
}

/** Whether a total stands within its target; where it does not, which line is the dearest. */
function verdict(kind: keyof Totals, bill: Bill): string {
  const [total, target] = [bill.totals[kind], TARGETS[kind]];
  const stands = `${kind} ${usd(total)} USD a month, target under ${target}`;
  if (total < target) return `${stands}: within`;
  const dearest = bill.lines.filter((line) => line.kind === kind).reduce((a, b) => (b.usd > a.usd ? b : a));
  return `${stands}: OVER, most of all ${dearest.unit} (${usd(dearest.usd)} USD)`;
}
