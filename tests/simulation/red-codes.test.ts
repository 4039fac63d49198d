import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CODES } from '../../shared/kernel/codes.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import {
  allArtifacts,
  schedule,
  turnSwitch,
  type RunOptions,
  type Schedule,
  type TickArtifacts,
} from '../support/chain.ts';
import * as faults from '../support/faults.ts';
import { threeShares } from '../support/switched.ts';

/**
 * Three shares from 5 July 2024. On 9 July, bar 2, the book has lost 0.28 % of its equity since its maximum of the day
 * before, GE is sold short and 517 shares of AAPL are still to be sold. Bars of two instruments are more than the one
 * of three that may be bad.
 */
const layout = threeShares(
  '2024-07-12',
  {
    fillSpec: { participation_cap: 0.002 },
    quality: { stale_run: 'YELLOW', stale_run_bars: 2, split_suspect: 'YELLOW' },
    gates: { fallback: 'RED' },
    triggers: { execution_fail_rate: { above: 0.9, sessions: 5, ticks_min: 2, orders_min: 20 } },
  },
  '2024-07-05',
);
const { market } = layout;
const BAR = 2;

interface Row {
  readonly name: string;
  /** All codes that the packet gives for the market. */
  readonly blocked: readonly string[];
  readonly fault: (events: Schedule) => RunOptions | Promise<RunOptions>;
  /** The bars that run; a bar that is left out is missed. */
  readonly bars?: readonly number[];
  /** What the run without the fault places. */
  readonly places?: readonly string[];
  readonly status?: 'late';
}

const row = (name: string, blocked: string, fault: Row['fault'], more: Partial<Row> = {}): Row => ({
  ...{ name, fault, blocked: blocked.split(' ') },
  ...more,
});
const failing = faults.tighter(({ kill_switch: given }) => ({
  kill_switch: {
    ...given,
    triggers: {
      ...given.triggers,
      execution_fail_rate: { ...given.triggers.execution_fail_rate, above: 0.4 },
    },
  },
}));

const TABLE: readonly Row[] = [
  row('no bar at all', 'DATA_MISSING DATA_LATE DATA_RED', faults.noBars),
  row('two bars missing', 'DATA_MISSING DATA_RED', faults.missingBars(2)),
  row('two bars not finite', 'DATA_RED', faults.notFinite(2)),
  row('two bars given twice', 'DATA_DUPLICATE', faults.duplicates(2)),
  row('two sources that stand still', 'DATA_STALE_RUN', faults.standingStill(2, BAR)),
  row('two prices halved', 'DATA_SPLIT_SUSPECT', faults.halved(2, BAR)),
  row('two bars off the grid', 'CALENDAR_MISALIGNED', faults.offTheGrid(2)),
  row('a bar from elsewhere, where the market forbids it', 'DATA_FALLBACK', faults.fromElsewhere(1)),
  row('two bars in dispute', 'DATA_DISAGREEMENT', faults.inDispute(2)),
  row(
    'a start eleven minutes after the close',
    'TICK_LATE',
    () => ({
      secondsAfterClose: { ingest: 660, predict: 661, gate: 662, fill: 663, ledger: 664, signoff: 665 },
    }),
    { status: 'late' },
  ),
  row('a model worse than a coin', 'MODEL_BRIER', faults.unhealthy('MODEL_BRIER')),
  row('a model whose intervals are wrong', 'MODEL_COVERAGE', faults.unhealthy('MODEL_COVERAGE')),
  row('a model that nobody can judge', 'MODEL_UNDERPOWERED', faults.unhealthy('MODEL_UNDERPOWERED')),
  row('a model that is graded D for no reason', 'MODEL_UNAVAILABLE', faults.unhealthy()),
  row('a calendar that ends', 'CALENDAR_EXPIRED', faults.calendarEndsAfter(BAR)),
  row('fees that end', 'RULES_UNCOVERED', faults.feesEndAfter(BAR)),
  ...(['code', 'config', 'model', 'calendar'] as const).map((part) =>
    row(`another ${part} than the release's`, 'RELEASE_MISMATCH', faults.mismatch(part)),
  ),
  row('an operator', 'KILL_SWITCH', async ({ stores, tickMs }) => {
    await turnSwitch(stores, 'true', tickMs(BAR) + 30_000, { market });
    return {};
  }),
  row(
    'a drawdown of 0.28 % where 0.2 % are allowed',
    'RISK_DRAWDOWN',
    faults.limits({ drawdown_min: -0.002 }),
  ),
  row('a loss of the day of 0.28 %', 'RISK_DAILY_LOSS', faults.limits({ daily_loss_min: -0.002 })),
  row('a gross exposure far beyond 1 %', 'RISK_EXPOSURE', faults.limits({ gross_max: 0.01 })),
  row('a net exposure far beyond 1 %', 'RISK_EXPOSURE', faults.limits({ net_max: 0.01 })),
  row('a name far beyond 1 %', 'RISK_EXPOSURE', faults.limits({ name_max: 0.01 })),
  row('as many orders as a day may have', 'ORDER_THROTTLE', faults.limits({ orders_per_day_max: 0 })),
  row('one missed tick of two', 'EXECUTION_FAIL_RATE', failing, { bars: [1, BAR] }),
  row('a gross exposure of all books', 'PORTFOLIO_EXPOSURE', faults.portfolioLimits({ gross_max: 0.01 })),
  row('a drawdown of all books', 'PORTFOLIO_DRAWDOWN', faults.portfolioLimits({ drawdown_min: -0.002 })),
  row('a loss of all books', 'PORTFOLIO_DAILY_LOSS', faults.portfolioLimits({ daily_loss_min: -0.002 })),
  row('a book of another market that is not there', 'GATE_UNEVALUABLE', faults.memberWithout),
];

async function run(bars: readonly number[], fault: Row['fault'] = () => ({})): Promise<TickArtifacts> {
  const stores = memoryStores();
  const events = await schedule(stores, layout);
  for (const k of bars) await events.run(k, k === BAR ? await fault(events) : {});
  return (await allArtifacts(stores, layout)).at(-1)!;
}

const increasing = ({ packet }: TickArtifacts): string[] =>
  packet.rows
    .filter(([, action, , , , , , , , , , , delta]) => action !== 'FLAT' && delta !== 0)
    .map(([symbol]) => symbol);

describe.each(TABLE)('$name', ({ blocked, fault, bars = [0, 1, BAR], status }) => {
  it(`is ${blocked.join(', ')}: the entry that a twin places is not placed`, async () => {
    const twin = await run(bars);
    expect(twin.record).toMatchObject({ tick_utc: '2024-07-09T20:00:00Z', status: 'ok', blocked_reason: [] });
    expect(increasing(twin)).toEqual(['GE']);
    expect(twin.execution.placed).toEqual(['GE']);

    const { record, packet, execution } = await run(bars, fault);
    expect(record).toMatchObject({
      ...{
        tick_utc: '2024-07-09T20:00:00Z',
        status: status ?? 'blocked',
        gate_status: 'RED',
        blocked_reason: blocked,
      },
    });
    expect(packet.header).toMatchObject({ gate_status: 'RED', blocked_reason: blocked });
    expect(packet.rows.map(([symbol, action]) => [symbol, action])).toEqual([
      ['AAPL', 'WAIT'],
      ['MSFT', 'WAIT'],
      ['GE', 'WAIT'],
    ]);
    expect([execution.placed, execution.refused]).toEqual([[], []]);
  });
});

describe('the table', () => {
  /** Codes of gates that no market is RED by: instruments wait or are cut by them alone, or the switch is halted. */
  const OTHERS: Readonly<Record<string, string>> = {
    RISK_CAPACITY: 'YELLOW at most: what is above it must be able to shrink',
    RISK_TURNOVER: 'YELLOW at most: what is above it must be able to shrink',
    RESTRICTED: 'an instrument alone',
    PRICE_COLLAR: 'an instrument alone',
    MAX_NAME: 'cut by the sizing',
    CAPACITY_ADV: 'cut by the sizing',
    ORDER_VALUE: 'cut by the sizing',
  };

  it('has every code that stands in the sources of the gates', () => {
    const folder = fileURLToPath(new URL('../../shared/risk/', import.meta.url));
    const health = fileURLToPath(new URL('../../shared/forecast/health.ts', import.meta.url));
    const files = readdirSync(folder)
      .filter((name) => name.endsWith('.ts'))
      .map((name) => folder + name);
    const text = [...files, health].map((file) => readFileSync(file, 'utf8')).join('\n');
    const quoted = new Set([...text.matchAll(/'([A-Z][A-Z0-9_]+)'/g)].map(([, code]) => code!));
    const found = [...quoted].filter((code) => Object.hasOwn(CODES, code)).sort();
    const told = new Set([...TABLE.flatMap(({ blocked }) => blocked), ...Object.keys(OTHERS)]);
    expect(found).toEqual([...told].sort());
  });
});
