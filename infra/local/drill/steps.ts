import type { Drill } from '../../../shared/ledger/drills.ts';
import { PACKET_COLUMNS, type PacketRow } from '../../../shared/tick/packet.ts';
import type { Scratch, Seen } from './scratch.ts';

type Step = Drill['steps'][number];

/** Who acts in a drill: in no ledger but the scratch copy. */
export const DRILL_OPERATORS = {
  operators: [
    { name: 'drill-admin', role: 'ops_admin' },
    { name: 'drill-operator', role: 'ops_operator' },
  ],
} as const;

const REASON = 'drill of the kill switch: recovery after a halt';
/** Ticks after which what a drill waits for will not come. */
const TICKS_MAX = 40;

const column = (name: (typeof PACKET_COLUMNS)[number]): number => PACKET_COLUMNS.indexOf(name);
const [SYMBOL, DELTA] = [column('instrument'), column('delta')];
const deltaOf = (row: PacketRow): number => Number(row[DELTA]);

const step = (name: string, passed: boolean, expected: string, found: string, evidence: string[]): Step => ({
  ...{ name, passed, expected, found, evidence },
});

/**
 * Holds the drill, step after step, each on what the one before left. A step that cannot be shown ends it: what follows
 * would prove nothing.
 */
export async function drillSteps(scratch: Scratch, checks: number, scale: number): Promise<Step[]> {
  const steps: Step[] = [];
  const passes = (...made: Step[]): boolean => {
    steps.push(...made);
    return made.every(({ passed }) => passed);
  };
  if (!passes(await armed(scratch, checks))) return steps;
  if (!passes(await flat(scratch))) return steps;
  const wanted = await wants(scratch);
  if (!passes(wanted.step)) return steps;
  if (!passes(await trips(scratch, wanted.seen))) return steps;
  if (!passes(...(await halts(scratch)))) return steps;
  if (!passes(...(await refuses(scratch, checks)))) return steps;
  passes(...(await recovers(scratch, checks, scale)));
  return steps;
}

/** Brings the scratch copy to ACTIVE by the book, whatever state the ledger was in. */
async function armed(scratch: Scratch, checks: number): Promise<Step> {
  for (let k = 0; k < TICKS_MAX && (await scratch.latch()) === 'HALTED'; k++) {
    await scratch.tick({ plant: 'flat' });
    await scratch.check();
    if (k + 1 >= checks) await scratch.put('false', 'drill-admin', REASON);
  }
  for (let k = 0; k < TICKS_MAX && (await scratch.latch()) === 'TRIAL'; k++) {
    await scratch.tick({ plant: k % 4 < 2 ? 'long' : 'flat' });
  }
  const state = await scratch.latch();
  return step('armed', state === 'ACTIVE', 'the scratch copy trades', `the latch is ${state}`, [
    await scratch.headSha256(),
  ]);
}

/** Leaves every position, so that entries can be wanted. */
async function flat(scratch: Scratch): Promise<Step> {
  let seen = await scratch.tick({ plant: 'flat' });
  const isFlat = ({ record, execution }: Seen): boolean =>
    record.positions_value === 0 && execution.placed.length === 0;
  for (let k = 0; k < TICKS_MAX && !isFlat(seen); k++) seen = await scratch.tick({ plant: 'flat' });
  return step(
    'flat',
    isFlat(seen),
    'no position is left',
    `positions are worth ${seen.record.positions_value}`,
    [seen.sha256],
  );
}

/** What the next tick would place if nobody halted: on a fork. */
async function wants(scratch: Scratch): Promise<{ step: Step; seen: Seen }> {
  const seen = await scratch.fork().tick({ plant: 'long' });
  const { placed } = seen.execution;
  return {
    seen,
    step: step(
      'entries_wanted',
      placed.length > 0,
      'a twin that is not halted places entries',
      placedText(seen),
      [seen.sha256],
    ),
  };
}

const placedText = ({ execution: { placed } }: Seen): string =>
  placed.length === 0 ? 'no order was placed' : `placed ${placed.join(', ')}`;

/** A trigger (a source without bars) stops what the twin placed, within that very tick, and turns the latch. */
async function trips(scratch: Scratch, twin: Seen): Promise<Step> {
  const fork = scratch.fork();
  const seen = await fork.tick({ plant: 'long', weather: { dark: true } });
  const state = await fork.latch();
  const parameter = await fork.parameter();
  const passed = seen.execution.placed.length === 0 && state === 'HALTED' && parameter === 'true';
  return step(
    'trigger_stops_new_orders',
    passed,
    `in the tick of the trigger none of ${twin.execution.placed.length} entries is placed, the latch is HALTED, the parameter true`,
    `${placedText(seen)}; the latch is ${state}, the parameter ${parameter}`,
    [seen.sha256],
  );
}

/** An operator's halt, with entries pending: nothing new, and what is pending is cancelled. */
async function halts(scratch: Scratch): Promise<Step[]> {
  const pending = await scratch.tick({ plant: 'long' });
  const entries = pending.execution.placed;
  const seen = [
    await scratch.tick({
      ...{ plant: 'long', weather: { still: true } },
      beforeGate: async () => {
        await scratch.put('true', 'drill-operator', 'drill of the kill switch: halt');
      },
    }),
  ];
  const ended = (): Seen['execution']['ended'] => seen.flatMap(({ execution }) => execution.ended);
  // A bar that began before the halt may still fill an order: nothing trades until one has begun after it.
  for (let k = 0; k < TICKS_MAX && ended().length < entries.length; k++)
    seen.push(await scratch.tick({ plant: 'long', weather: { still: true } }));
  const unfilled = ended().filter(
    ({ filled, status, reason }) => filled === 0 && (reason === 'KILL_SWITCH' || status === 'expired'),
  );
  const opened = seen.flatMap(({ execution }) => execution.placed);
  const evidence = seen.map(({ sha256 }) => sha256);
  return [
    step(
      'halt_stops_new_orders',
      opened.length === 0,
      'nothing is placed after the halt',
      opened.length === 0 ? 'no order was placed' : `placed ${opened.join(', ')}`,
      evidence,
    ),
    step(
      'halt_cancels_pending_entries',
      entries.length > 0 && unfilled.length === entries.length,
      `${entries.length} pending entries end without a fill, cancelled with KILL_SWITCH or expired`,
      ended()
        .map(({ status, reason }) => `${status} ${reason}`)
        .join(', ') || 'none ended',
      evidence,
    ),
  ];
}

/** Requests that lack one condition each are refused, and the parameter goes back. */
async function refuses(scratch: Scratch, checks: number): Promise<Step[]> {
  const refusal = async (name: string, condition: string, actor: string, reason: string): Promise<Step> => {
    const turns = await scratch.put('false', actor, reason);
    const state = await scratch.latch();
    const parameter = await scratch.parameter();
    const missing = turns.flatMap((turn) => turn.missing.map((one) => one.condition as string));
    const passed = state === 'HALTED' && parameter === 'true' && missing.includes(condition);
    return step(
      name,
      passed,
      `refused for want of ${condition}, the parameter is put back to true`,
      `the latch is ${state}, the parameter ${parameter}, missing: ${missing.join(', ') || 'nothing'}`,
      [await scratch.headSha256()],
    );
  };
  const few = await refusal('refuses_too_few_checks', 'checks', 'drill-admin', REASON);
  for (let k = 0; k < checks; k++) {
    await scratch.tick({ plant: 'long' });
    await scratch.check();
  }
  return [
    few,
    await refusal('refuses_wrong_role', 'role', 'drill-operator', REASON),
    await refusal('refuses_missing_reason', 'reason', 'drill-admin', ''),
  ];
}

/** A valid request: a trial at a fraction of every increase, then ACTIVE. */
async function recovers(scratch: Scratch, checks: number, scale: number): Promise<Step[]> {
  await scratch.put('false', 'drill-admin', REASON);
  const state = await scratch.latch();
  const granted = step(
    'recovery_is_granted',
    state === 'TRIAL',
    `after ${checks} good checks the latch is TRIAL`,
    `the latch is ${state}`,
    [await scratch.headSha256()],
  );
  if (!granted.passed) return [granted];
  const twin = scratch.fork();
  await twin.forceActive();
  const full = await twin.tick({ plant: 'long' });
  const seen = await scratch.tick({ plant: 'long' });
  const sized = new Map(full.rows.map((row) => [String(row[SYMBOL]), deltaOf(row)]));
  const increases = seen.rows.filter((row) => deltaOf(row) > 0);
  const within = increases.every((row) => deltaOf(row) <= scale * (sized.get(String(row[SYMBOL])) ?? 0));
  const trial = step(
    'trial_scales_increases',
    increases.length > 0 && within,
    `every increase is at most ${scale} of that of a twin in full`,
    increases
      .map((row) => `${String(row[SYMBOL])} ${deltaOf(row)} of ${sized.get(String(row[SYMBOL]))}`)
      .join(', ') || 'no increase was decided',
    [seen.sha256, full.sha256],
  );
  for (let k = 0; k < TICKS_MAX && (await scratch.latch()) === 'TRIAL'; k++)
    await scratch.tick({ plant: 'long' });
  const after = await scratch.latch();
  return [
    granted,
    trial,
    step('trial_ends_active', after === 'ACTIVE', 'a good trial ends in ACTIVE', `the latch is ${after}`, [
      await scratch.headSha256(),
    ]),
  ];
}
