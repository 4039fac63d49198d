import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { readConfigFiles } from '../../../functions/runtime/config-files.ts';
import { planMarket, type MarketPlan } from '../../../infra/local/market-plan.ts';
import { parseConfig, type Config } from '../../../shared/config/config.ts';
import { DAY_MS } from '../../../shared/kernel/time.ts';
import { finerBars } from './finer-bars.ts';
import { SHAPES, TIGHT_SHAPES, type CalendarKind, type Fields, type Shape } from './shapes.ts';

/** A market with a few bars to come: what a plan is laid over. */
export interface Layout {
  readonly name: string;
  readonly market: string;
  readonly plan: MarketPlan;
  readonly config: Config;
  readonly configTexts: ReadonlyMap<string, string>;
  /** Ticks that a plan runs, from the plan's first row on. */
  readonly ticks: number;
  readonly kinds: readonly CalendarKind[];
  readonly scene: Scene;
  /** Whether its limits are so tight that it halts though nothing goes wrong. */
  readonly haltsItself: boolean;
  /** The layout before it was put in a scene. */
  readonly bare?: Layout;
}

/** What is done after every tick, whatever goes wrong in it. */
export interface Scene {
  readonly name: string;
  /** Whether a health check is held, and whether the watcher runs. */
  readonly checks: boolean;
  readonly watcher: boolean;
  /** Who asks for a recovery: nobody, an admin of the release, or the simulated operator of a replay. */
  readonly operator: undefined | 'admin' | 'replay';
  /** Ticks beyond those of the layout, for a halt and its recovery. */
  readonly more: number;
}

/** Who looks after a market. */
export const SCENES: readonly Scene[] = [
  { name: 'alone', checks: false, watcher: false, operator: undefined, more: 0 },
  { name: 'watched', checks: true, watcher: true, operator: undefined, more: 0 },
  { name: 'staffed', checks: true, watcher: false, operator: 'admin', more: 4 },
  { name: 'operated', checks: false, watcher: false, operator: 'replay', more: 4 },
];

/** Paths of made-up bars on which every shape places and fills orders. */
const BAR_SEEDS = ['a', 'b', 'c'] as const;

/** Windows of a few bars, so that a ledger opens in milliseconds, and entries that ask for little. */
const POLICY: Fields = {
  momentum_bars: [2, 3, 5],
  volatility_bars: 6,
  trend_bars: 8,
  volume_bars: 6,
  logit_gain: 1,
  launch_edges: [1, 2, 3],
  entry: { p_up_min: 0.505, p_down_min: 0.505, flat_band: 0, p_launch_min: 0, edge_over_cost_min: 0 },
};
/** Limits that nothing comes near: what uses them up is no reason against a recovery. */
const LIMITS: Fields = { drawdown_min: -0.5, daily_loss_min: -0.3, capacity_adv_max: 0.5, yellow_at: 1 };
const BOOKS: Fields = { drawdown_min: -0.5, daily_loss_min: -0.3 };
/** Checks that are too old after a few bars already. */
const RECOVERY: Fields = { check_age_bars_max: 4 };
const HEALTH: Fields = {
  samples_min: 1,
  brier_yellow: 0.8,
  brier_red: 0.99,
  coverage_yellow: [0, 1],
  coverage_red: [0, 1],
};

const FILES = readConfigFiles(fileURLToPath(new URL('../../../configs', import.meta.url))).texts;
const fieldsOf = (path: string): Fields => parse(FILES.get(path)!) as Fields;

/** Rows that no tick of a layout can reach are left out, since every ledger reads its configuration back. */
function recent(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((row) => !isOver(row)).map(recent);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      name === 'source' ? 'the shipped file says' : recent(field),
    ]),
  );
}

/** Whether a row was in force before the first bar of any layout, and no longer. */
const isOver = (row: unknown): boolean => String((row as Fields | null)?.['effective_to'] ?? '9') < '2023';

/** The shipped files that one market needs, turned to the shape. */
function textsOf(shape: Shape, seed: string): ReadonlyMap<string, string> {
  const path = `markets/${shape.market}.yaml`;
  const market = fieldsOf(path);
  const policy = fieldsOf('models/policy.yaml');
  const sizes = policy['by_bar_size'] as Readonly<Record<string, Fields>>;
  const universe = fieldsOf(`universes/${String(market['universe'])}.yaml`);
  const limits = market['limits'] as Fields;
  const killSwitch = market['kill_switch'] as Fields;
  const [triggers, recovery] = [killSwitch['triggers'] as Fields, killSwitch['recovery'] as Fields];
  const portfolio = fieldsOf('portfolio.yaml');
  const books = portfolio['limits'] as Fields;
  const own = new Map<string, Fields>([
    [
      path,
      {
        ...market,
        // Simulated bars have no finer ones within them: both are given to the plan.
        providers: shape.kinds.includes('finer_bars') ? market['providers'] : [made(`simulator ${seed}`)],
        warmup_bars: 64,
        sizing: { volatility_target: 1, rebalance_band: 0.05 },
        limits: { ...limits, ...LIMITS, ...shape.limits },
        kill_switch: {
          ...killSwitch,
          triggers: { ...triggers, ...shape.triggers },
          recovery: { ...recovery, ...RECOVERY },
        },
        ...shape.turned,
      },
    ],
    [
      'models/policy.yaml',
      {
        ...policy,
        health: { ...HEALTH, ...shape.health },
        by_bar_size: Object.fromEntries(
          Object.entries(sizes).map(([size, rules]) => [size, { ...rules, ...POLICY }]),
        ),
      },
    ],
    [
      `universes/${String(market['universe'])}.yaml`,
      { ...universe, instruments: (universe['instruments'] as unknown[]).slice(0, 3) },
    ],
    ['portfolio.yaml', { ...portfolio, limits: { ...books, ...BOOKS, ...shape.books } }],
    ['fill_model_spec.yaml', { ...fieldsOf('fill_model_spec.yaml'), ...shape.fillSpec }],
  ]);
  const exchange = String(market['exchange']).toLowerCase();
  const asShipped = [
    'go_live_thresholds.yaml',
    'operators.yaml',
    `calendars/${exchange}.yaml`,
    `cost_profiles/${String(market['cost_profile'])}.yaml`,
    `trading_rules/${String(market['trading_rules'])}.yaml`,
  ];
  return new Map([
    // JSON is YAML, and read in less time.
    ...[...own].map(([name, fields]) => [name, JSON.stringify(fields)] as const),
    ...asShipped.map((name) => [name, JSON.stringify(recent(fieldsOf(name)))] as const),
  ]);
}

const made = (seed: string): Fields => ({
  kind: 'simulated',
  seed,
  start_session: '2023-09-01',
  end_session: '2024-12-31',
  trend_strength: 0.6,
  volatility_daily: 0.02,
});

function layOut(shape: Shape, seed: string): Layout {
  const configTexts = textsOf(shape, seed);
  const config = parseConfig(configTexts);
  const { market, from, to } = shape;
  const planned = planMarket({ config, market, symbols: undefined, barsFolder: '.', from, to });
  const plan = shape.kinds.includes('finer_bars')
    ? { ...planned, ...finerBars(planned, `simulator ${seed}`) }
    : planned;
  const { name, ticks, kinds } = shape;
  return {
    name: `${name} ${seed}`,
    scene: SCENES[0]!,
    haltsItself: TIGHT_SHAPES.includes(shape),
    market,
    plan: { ...plan, firstRow: plan.firstRow + shape.skip },
    config,
    configTexts,
    ticks,
    kinds,
  };
}

const laidOut = new Map<number, Layout>();

/** The same market with somebody else who looks after it, for as many ticks as that takes. */
export const inScene = (bare: Layout, scene: Scene): Layout => ({
  ...bare,
  name: `${bare.name}, ${scene.name}`,
  ticks: bare.ticks + scene.more,
  scene,
  bare,
});

const UNATTENDED: Scene = {
  ...SCENES[0]!,
  name: 'unattended',
  more: Math.max(...SCENES.map(({ more }) => more)),
};

/** Where nothing halts, nobody has anything to do: one layout then stands for all scenes of it. */
export const undisturbed = (layout: Layout): Layout =>
  layout.haltsItself ? layout : inScene(layout.bare ?? layout, UNATTENDED);

/** How many layouts there are of markets that no limit halts, and of those that one does, numbered from there. */
export const LAYOUTS = SHAPES.length * BAR_SEEDS.length;
export const TIGHT_LAYOUTS = TIGHT_SHAPES.length * BAR_SEEDS.length;

/** The layout of a number, made once a process. */
export function layoutOf(number: number): Layout {
  const known = laidOut.get(number) ?? layOutNumber(number);
  laidOut.set(number, known);
  return known;
}

function layOutNumber(number: number): Layout {
  const [shapes, k] = number < LAYOUTS ? [SHAPES, number] : [TIGHT_SHAPES, number - LAYOUTS];
  return layOut(shapes[k % shapes.length]!, BAR_SEEDS[Math.floor(k / shapes.length)]!);
}

/** Close of the k-th tick of a layout. */
export const closeOf = ({ plan }: Layout, k: number): number => plan.line.endMs[plan.firstRow + k]!;

/** Milliseconds that a bar is long, at most a day: what lies between a tick and the next at least. */
export const barMs = ({ plan }: Layout, k: number): number =>
  Math.min(DAY_MS, closeOf({ plan } as Layout, k + 1) - closeOf({ plan } as Layout, k));
