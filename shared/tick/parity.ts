import { hashJson, type Json } from '../kernel/canonical.ts';
import { EXAMPLES_MAX, type ParityCertificate } from '../ledger/certificates.ts';
import { openBacktest, type BacktestInputs } from './backtest.ts';
import { certificateOf, type Tape } from './tape.ts';
import { differencesOf, noCounts, type Difference } from './tick-differences.ts';
import { imageLine, imageOf, imageOfLedger, type TickImage } from './tick-image.ts';

/**
 * Replays a ledger's frozen inputs through the backtest and compares, tick by tick, all that a tick leaves: packet,
 * forecast, orders, fills, postings, equity and state. Not one bit may differ.
 * @param backtested inputs of the other side; by default the ledger's own.
 */
export function certifyParity(tape: Tape, backtested: BacktestInputs = tape.inputs): ParityCertificate {
  const { rules } = backtested;
  const { symbols } = tape.inputs.rules.instruments;
  const run = openBacktest({ ...backtested, driftReference: tape.release.drift_reference });
  const compared = { ticks: 0, missed: 0, ...noCounts() };
  const counts = noCounts();
  const fields: Difference[] = [];
  const lines: { readonly ledger: Json[]; readonly backtest: Json[] } = { ledger: [], backtest: [] };
  for (let row = 0; row < backtested.bars.startMs.length; row++) {
    const outcome = run.step(row);
    const held = tape.tick(row);
    if (held === undefined || outcome === undefined) {
      if (row >= backtested.firstRow) compared.missed++;
      continue;
    }
    const ledger = imageOfLedger(held);
    const { state, view } = run;
    const again = imageOf({ rules, outcome, state, view }, held);
    addCompared(compared, ledger, symbols.length);
    lines.ledger.push(imageLine(ledger));
    lines.backtest.push(imageLine(again));
    const found = differencesOf(ledger, again, symbols);
    for (const kind of kinds) counts[kind] += found.counts[kind];
    if (fields.length < EXAMPLES_MAX) fields.push(...found.fields.slice(0, EXAMPLES_MAX - fields.length));
  }
  const hashes = { ledger: hashJson(lines.ledger), backtest: hashJson(lines.backtest) };
  return {
    ...certificateOf(tape),
    kind: 'parity',
    compared,
    differences: counts,
    examples: fields.map(({ tickUtc, instrument, field, a, b }) => ({
      ...{ tick_utc: tickUtc, instrument, field, ledger: a, backtest: b },
    })),
    ledger_sha256: hashes.ledger,
    backtest_sha256: hashes.backtest,
    // A comparison of nothing proves nothing, and neither does one that leaves ticks of the ledger out.
    result:
      hashes.ledger === hashes.backtest && compared.ticks > 0 && compared.ticks === tape.ticks
        ? 'PASS'
        : 'FAIL',
  };
}

const kinds = Object.keys(noCounts()) as (keyof ReturnType<typeof noCounts>)[];

/** Counts what one tick gave to compare. */
function addCompared(
  compared: ReturnType<typeof noCounts> & { ticks: number },
  { execution }: TickImage,
  instruments: number,
): void {
  compared.ticks++;
  compared.decisions += instruments;
  compared.orders += execution.ended.length;
  compared.fills += execution.fills.length;
  compared.postings += execution.postings.length;
  compared.equity++;
  compared.states++;
}
