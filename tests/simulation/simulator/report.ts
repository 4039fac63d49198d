import { renderTable } from '../../../cli/output.ts';
import { CRASH_POINTS, KNOWN_WRITES, pointName } from './crash-points.ts';
import { FAULTS } from './faults.ts';
import type { Simulated } from './simulate.ts';
import { KINDS } from './shapes.ts';
import { SWITCH_COUNTS } from './switch-counts.ts';

/** What must not be zero in any thorough set of seeds. */
export const EXPECTED: readonly string[] = [
  ...FAULTS.map(({ name }) => name),
  ...KINDS,
  ...CRASH_POINTS.map(pointName),
];

/** What a thousand seeds must come to at least: what is hardly traded or recovered is hardly tried. */
const LEAST: Readonly<Record<string, number>> = {
  // Nearly every seed fills something, but for markets that are halted from the beginning.
  'seeds that filled': 800,
  'orders placed': 4_000,
  fills: 4_000,
  recoveries: 160,
  'trials passed': 100,
  'orders placed in TRIAL': 500,
  'orders placed ACTIVE after a trial': 200,
};

/** A seed that broke an invariant. */
export interface Broken {
  readonly seed: number;
  readonly invariant: string;
  readonly why: string;
  readonly plan: string;
}

/** Counts over many seeds. */
export class Report {
  seeds = 0;
  placed = 0;
  fills = 0;
  /** Seeds in which at least one order was filled. */
  traded = 0;
  readonly broken: Broken[] = [];
  /** Kinds of writes that were made and that no crash point names. */
  readonly unlisted = new Set<string>();
  readonly #counts = new Map<string, number>();
  readonly #turned = new Map<string, number>();

  add({ plan, world, broken, placed, fills, turned }: Simulated): void {
    this.seeds++;
    this.placed += placed;
    this.fills += fills;
    if (fills > 0) this.traded++;
    for (const name of [...world.fired.keys(), ...plan.layout.kinds])
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    for (const [name, count] of turned) this.#turned.set(name, (this.#turned.get(name) ?? 0) + count);
    for (const kind of world.writes) if (!KNOWN_WRITES.has(kind)) this.unlisted.add(kind);
    if (broken !== undefined) this.broken.push({ seed: plan.seed, plan: planText(plan), ...broken });
  }

  /** Seeds in which the fault took effect, or the crash point was reached. */
  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** What happened to the switch, over all seeds. */
  turned(name: string): number {
    return this.#turned.get(name) ?? 0;
  }

  /** What no seed met. */
  get unmet(): string[] {
    return [
      ...EXPECTED.filter((name) => this.count(name) === 0),
      ...SWITCH_COUNTS.filter((name) => this.turned(name) === 0),
    ];
  }

  /** What came too seldom for so many seeds, with how often it came. */
  get tooFew(): string[] {
    const { traded, placed, fills } = this;
    const sums = new Map([
      ['seeds that filled', traded],
      ['orders placed', placed],
      ['fills', fills],
    ]);
    return Object.entries(LEAST)
      .map(([name, least]) => [name, sums.get(name) ?? this.turned(name), least] as const)
      .filter(([, count, least]) => count < (least * this.seeds) / 1_000)
      .map(([name, count]) => `${name}: ${count}`);
  }

  /** Counts per fault and per crash point, and the sums. */
  text(): string {
    const table = renderTable(
      ['fault or crash point', 'seeds'],
      EXPECTED.map((name) => [name, `${this.count(name)}`]),
      { color: false },
    );
    const turns = renderTable(
      ['switch', 'times'],
      SWITCH_COUNTS.map((name) => [name, `${this.turned(name)}`]),
      { color: false },
    );
    const { seeds, placed, fills, traded } = this;
    return `${table}${turns}${seeds} seeds: ${placed} orders placed, ${fills} fills in ${traded} of them, ${this.broken.length} broken\n`;
  }
}

/** A plan for a reader. */
export const planText = ({ layout, placements, apart }: Simulated['plan']): string =>
  [
    `${layout.name}, ${layout.ticks} ticks, faults ${apart ? 'apart' : 'anywhere'}`,
    ...placements.map(
      ({ fault, tick, spoils, detail }) => `tick ${tick}: ${fault} ${detail}, spoils ${spoils}`,
    ),
  ].join('\n  ');
