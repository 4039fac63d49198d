import { ConfigError } from '../../../shared/kernel/errors.ts';
import { ASSUMED, at, CLOSED, MEASURED, OTHER, type Work } from './assumptions.ts';
import { stepOfState } from '../../../functions/steps.ts';
import type { FunctionFacts, ScheduleFacts, StackFacts } from './facts.ts';
import type { Path, PathTask } from './paths.ts';
import type { PriceId } from './prices.ts';

/** A market as it is sized for the bill. */
export interface Universe {
  readonly market: string;
  readonly instruments: number;
  /** From how many names on it is taken in how many slices. */
  readonly fanOut: { readonly instrumentsAbove: number; readonly shards: number };
  /** Bars that its calendar closes in a mean month: ticks that are not closed. */
  readonly barsPerMonth: number;
  readonly sessionsPerMonth: number;
}

/** So many units of something in a month. */
export interface UsageLine {
  readonly price: PriceId;
  readonly what: string;
  readonly quantity: number;
}

export interface Usage {
  readonly lines: readonly UsageLine[];
  /** What a reader of the bill must know: what does not fit, what is counted otherwise than the template has it. */
  readonly notes: readonly string[];
}

/** Invocations of one function for a universe of so many names. */
interface Invoked {
  readonly facts: FunctionFacts;
  readonly work: Work;
  readonly names: number;
  readonly times: number;
  /** Whether the machine does, which tries again where it fails. */
  readonly isTask: boolean;
  readonly timeout_s: number;
  readonly place: string;
}

/** What a month of the stack uses. @throws ConfigError where a market has no schedule, or a task no function. */
export function usageOf(facts: StackFacts, universes: readonly Universe[]): Usage {
  const notes: string[] = [];
  const invoked: Invoked[] = [];
  let transitions = 0;
  let runs = 0;
  let itemBytes = 0;
  for (const universe of universes) {
    const month = ticksOf(facts, universe, notes);
    const { path, shards } = pathFor(facts, universe, notes);
    const shardTransitions =
      path.perItem.transitions > 0 ? path.perItem.transitions : ASSUMED.transitions_per_shard;
    transitions +=
      month.open * (path.transitions + ASSUMED.start_and_end + shards * shardTransitions) +
      month.closed * (facts.machine.closed.transitions + ASSUMED.start_and_end);
    runs += month.open + month.closed;
    itemBytes += month.open * ASSUMED.item_bytes_per_tick;
    invoked.push(...tasksOf(facts, universe, path, shards, month.open));
    invoked.push(
      ...facts.machine.closed.tasks.map((task) => ({
        ...invocation(facts, task, 0, month.closed, `a closed ${universe.market}`),
        work: CLOSED,
      })),
    );
  }
  for (const schedule of facts.schedules) {
    if (schedule.functionId !== undefined) invoked.push(scheduled(facts, schedule, universes));
  }
  const disabled = facts.schedules.filter(({ enabled }) => !enabled).length;
  if (disabled > 0)
    notes.push(`${disabled} schedules are DISABLED in the template; they are counted as running`);
  if (facts.unpriced.length > 0) notes.push(`not priced here: ${facts.unpriced.join(', ')}`);
  const tasks = invoked.filter(({ isTask }) => isTask);
  const retries = ASSUMED.retry_share * sum(tasks.map(({ times }) => times));
  const lines = [
    line('transitions', 'state machine', transitions + retries),
    line('scheduler', 'schedules', sum(facts.schedules.map(({ runsPerMonth }) => runsPerMonth))),
    ...lambdaLines(invoked, notes),
    ...storeLines(facts, invoked, itemBytes),
    ...logLines(facts, invoked, transitions),
    ...otherLines(facts, runs),
    ...fixedLines(facts, notes),
  ];
  return { lines: lines.filter(({ quantity }) => quantity > 0), notes: [...new Set(notes)] };
}

const line = (price: PriceId, what: string, quantity: number): UsageLine => ({ price, what, quantity });
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Runs of a market's schedules that find a bar, and those that find none: they still cost a few transitions. */
function ticksOf(
  { schedules }: StackFacts,
  { market, barsPerMonth }: Universe,
  notes: string[],
): { open: number; closed: number } {
  const own = schedules.filter((one) => one.functionId === undefined && one.market === market);
  if (own.length === 0) throw new ConfigError(`no schedule of the template starts market ${market}`);
  const runs = sum(own.map(({ runsPerMonth }) => runsPerMonth));
  if (runs < barsPerMonth - 1) {
    notes.push(`${market}: ${runs.toFixed(0)} runs a month for ${barsPerMonth.toFixed(0)} bars`);
  }
  return { open: Math.min(runs, barsPerMonth), closed: Math.max(0, runs - barsPerMonth) };
}

/** The way a tick of this universe goes, and how many shards it fans out into; 0 where it is one batch. */
function pathFor(
  { machine }: StackFacts,
  { market, instruments, fanOut }: Universe,
  notes: string[],
): { path: Path; shards: number } {
  if (instruments <= fanOut.instrumentsAbove) return { path: machine.open, shards: 0 };
  if (instruments > ASSUMED.names_per_market_max) {
    notes.push(`${market}: a universe file holds at most ${ASSUMED.names_per_market_max} names`);
  }
  const { shards } = fanOut;
  notes.push(
    machine.sharded === undefined
      ? `${market}: ${instruments} names in ${shards} shards of a Map that the machine does not have yet`
      : `${market}: ${instruments} names in ${shards} shards`,
  );
  return { path: machine.sharded ?? machine.open, shards };
}

/** Steps that work on one shard at a time where a universe is large. */
const SHARDED = ['ingest', 'predict'];

function tasksOf(
  facts: StackFacts,
  { market, instruments }: Universe,
  path: Path,
  shards: number,
  times: number,
): Invoked[] {
  const whole = path.tasks.map((task) => {
    const split = shards > 0 && SHARDED.includes(stepOf(task.state));
    return invocation(facts, task, split ? 0 : instruments, times, market);
  });
  if (shards === 0) return whole;
  const inMap = path.perItem.tasks;
  const each = inMap.length > 0 ? inMap : path.tasks.filter(({ state }) => SHARDED.includes(stepOf(state)));
  const shardNames = instruments / shards;
  return [...whole, ...each.map((task) => invocation(facts, task, shardNames, times * shards, market))];
}

/** The measured step that a state runs. */
const stepOf = (state: string): string => stepOfState(state) ?? state.toLowerCase();

const workOf = (step: string): Work => (MEASURED as Readonly<Record<string, Work>>)[step] ?? OTHER;

function invocation(
  { functions }: StackFacts,
  { state, functionText, timeout_s }: PathTask,
  names: number,
  times: number,
  place: string,
): Invoked {
  const found = functions.find(
    ({ id, versions, name }) =>
      functionText.startsWith(`\${${id}.`) ||
      [id, ...versions].some((one) => functionText === `\${${one}}`) ||
      functionText.endsWith(name),
  );
  if (found === undefined) {
    throw new ConfigError(`state ${state} invokes ${functionText}, which is no function of the template`);
  }
  return {
    ...{ facts: found, work: workOf(stepOf(state)), names, times, isTask: true },
    timeout_s: Math.min(timeout_s, found.timeout_s),
    place: `${state} of ${place}`,
  };
}

function scheduled(
  { functions }: StackFacts,
  schedule: ScheduleFacts,
  universes: readonly Universe[],
): Invoked {
  const facts = functions.find(({ id }) => id === schedule.functionId)!;
  const step = Object.keys(MEASURED).find((name) => facts.name.endsWith(`-${name}`));
  const names = sum(
    universes
      .filter(({ market }) => schedule.market === undefined || market === schedule.market)
      .map(({ instruments }) => instruments),
  );
  return {
    ...{ facts, names, work: workOf(step ?? ''), times: schedule.runsPerMonth },
    ...{ isTask: false, timeout_s: facts.timeout_s, place: schedule.id },
  };
}

function lambdaLines(invoked: readonly Invoked[], notes: string[]): UsageLine[] {
  const seconds = { arm64: 0, x86_64: 0 };
  for (const one of invoked) {
    const memoryMb = memoryFor(one, notes);
    const ms = billedMs(one, memoryMb);
    if (ms > one.timeout_s * 1_000) {
      notes.push(
        `${one.place}: about ${(ms / 1_000).toFixed(0)} s, more than the ${one.timeout_s} s it may take`,
      );
    }
    seconds[one.facts.architecture] +=
      (1 + ASSUMED.retry_share) * one.times * (ms / 1_000) * (memoryMb / 1_024);
  }
  const requests = (1 + ASSUMED.retry_share) * sum(invoked.map(({ times }) => times));
  return [
    line('lambdaRequests', 'functions', requests),
    line('lambdaArm', 'functions', seconds.arm64),
    line('lambdaX86', 'functions', seconds.x86_64),
  ];
}

/** The memory a function has, or what the work would need where that is more. */
function memoryFor({ facts, work, names, place }: Invoked, notes: string[]): number {
  const needed = ASSUMED.mb_base + (ASSUMED.mb_per_mb_read * at(work.bytesRead, names)) / 1e6;
  if (needed <= facts.memoryMb) return facts.memoryMb;
  const raised = Math.ceil(needed / 64) * 64;
  notes.push(
    raised > ASSUMED.mb_max
      ? `${place}: needs about ${raised} MB, more than a Lambda can have: it would have to be cut up`
      : `${place}: needs about ${raised} MB and has ${facts.memoryMb}; billed at what it needs`,
  );
  return Math.min(raised, ASSUMED.mb_max);
}

function billedMs({ work, names }: Invoked, memoryMb: number): number {
  const coresLacking = Math.max(1, ASSUMED.mb_per_core / memoryMb);
  const compute = at(work.cpuMs, names) * ASSUMED.cpu_slowdown * coresLacking;
  const moved = ((at(work.bytesRead, names) + at(work.bytesWritten, names)) / ASSUMED.bytes_per_s) * 1_000;
  return ASSUMED.cold_share * ASSUMED.init_ms + compute + work.roundTrips * ASSUMED.round_trip_ms + moved;
}

function storeLines(facts: StackFacts, invoked: readonly Invoked[], itemBytes: number): UsageLine[] {
  const total = (each: (one: Invoked) => number): number => sum(invoked.map((one) => one.times * each(one)));
  const gets = total(({ work }) => work.gets + ASSUMED.cold_share * ASSUMED.init_gets);
  const puts = total(({ work }) => work.puts);
  const written = total(({ work, names }) => at(work.bytesWritten, names));
  // In the month of that number the store holds all months before and, on average, half of this one.
  const monthsStored = ASSUMED.months_kept - 0.5;
  const table = facts.tables > 0 ? 1 : 0;
  const bucket = facts.buckets > 0 ? 1 : 0;
  const itemsGb = (itemBytes / 1e9) * monthsStored;
  return [
    line('s3Puts', 'artifacts', bucket * puts),
    line('s3Gets', 'artifacts', bucket * gets),
    line('s3Storage', `artifacts of ${ASSUMED.months_kept} months`, bucket * (written / 1e9) * monthsStored),
    line('dynamoWrites', 'state table', table * total(({ work }) => work.writeUnits)),
    line(
      'dynamoReads',
      'state table',
      table * total(({ work }) => work.readUnits + ASSUMED.cold_share * ASSUMED.init_read_units),
    ),
    line('dynamoStorage', 'state table', table * itemsGb),
    line('dynamoPitr', 'state table', facts.tablesWithPitr > 0 ? itemsGb : 0),
    line('kmsRequests', 'buckets under a KMS key', facts.bucketsWithKms > 0 ? gets + puts : 0),
  ];
}

function logLines(facts: StackFacts, invoked: readonly Invoked[], transitions: number): UsageLine[] {
  const bytes =
    sum(invoked.map(({ times }) => times)) * ASSUMED.log_bytes_per_invocation +
    (facts.machineLogs ? transitions * ASSUMED.log_bytes_per_transition : 0);
  return [
    line('logsIngested', 'logs', bytes / 1e9),
    line('logsStored', 'logs', (bytes / 1e9) * ASSUMED.log_stored_share * ASSUMED.months_kept),
  ];
}

function otherLines(facts: StackFacts, runs: number): UsageLine[] {
  return [
    line('snsPublishes', 'alerts', ASSUMED.alerts),
    line('snsEmails', 'alerts', ASSUMED.alerts),
    line(
      'sqsRequests',
      'queues that a function polls',
      facts.queuePollers * ASSUMED.poller_requests_per_month,
    ),
    line(
      'traces',
      'traced runs',
      facts.machineTraced || facts.functions.some(({ traced }) => traced) ? runs : 0,
    ),
  ];
}

function fixedLines(facts: StackFacts, notes: string[]): UsageLine[] {
  const metrics = Math.max(facts.metrics.length, ASSUMED.metric_series);
  if (facts.metrics.length < ASSUMED.metric_series) {
    notes.push(
      `alarms and dashboards name ${facts.metrics.length} custom metrics; ${ASSUMED.metric_series} are billed, as many as the functions are assumed to write`,
    );
  }
  return [
    line('kmsKeys', 'keys', facts.keys),
    line('dashboards', 'dashboards', facts.dashboards),
    line('alarms', 'alarms', facts.alarms.standard),
    line('alarmsFast', 'alarms', facts.alarms.fast),
    line('alarmsComposite', 'alarms', facts.alarms.composite),
    line('metrics', 'series', metrics),
    line('budgetActions', 'budgets', facts.budgetsWithActions),
  ];
}
