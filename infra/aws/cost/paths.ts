import { ConfigError } from '../../../shared/kernel/errors.ts';

/** A state of the machine as far as its cost goes. */
export interface CostedState {
  readonly Type: string;
  readonly Next?: string;
  readonly End?: boolean;
  readonly Choices?: readonly { readonly Next: string }[];
  readonly Default?: string;
  readonly Parameters?: Readonly<Record<string, unknown>>;
  readonly ItemProcessor?: CostedMachine;
  readonly Iterator?: CostedMachine;
  readonly TimeoutSeconds?: number;
}

export interface CostedMachine {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, CostedState>>;
}

/** A task on a path: its state's name and the function that it names. */
export interface PathTask {
  readonly state: string;
  readonly functionText: string;
  readonly timeout_s: number;
}

/** One way through the machine. Every state is one transition; a Map adds those of each item. */
export interface Path {
  readonly transitions: number;
  readonly tasks: readonly PathTask[];
  readonly perItem: { readonly transitions: number; readonly tasks: readonly PathTask[] };
}

export interface MachinePaths {
  /** The calendar has no bar: the shortest way to a good end. */
  readonly closed: Path;
  /** The usual way: the longest one without a Map. */
  readonly open: Path;
  /** Through all the Maps there are; undefined where there is none. */
  readonly sharded: Path | undefined;
}

/** The ways through a machine. @throws ConfigError where it loops other than once after a Map, or holds a state whose cost is not known. */
export function machinePaths(machine: CostedMachine): MachinePaths {
  const ways = waysFrom(machine, machine.StartAt, []);
  const maps = (way: readonly string[]): number =>
    way.filter((name) => machine.States[name]!.Type === 'Map').length;
  const closed = ways.reduce((best, way) => (way.length < best.length ? way : best));
  const longest = (some: readonly (readonly string[])[]): readonly string[] | undefined =>
    some.reduce<readonly string[] | undefined>(
      (best, way) => (best === undefined || way.length > best.length ? way : best),
      undefined,
    );
  const mapsMost = Math.max(...ways.map(maps));
  const open = longest(ways.filter((way) => maps(way) === 0)) ?? longest(ways)!;
  const sharded = mapsMost === 0 ? undefined : longest(ways.filter((way) => maps(way) === mapsMost));
  return {
    closed: pathOf(machine, closed),
    open: pathOf(machine, open),
    sharded: sharded === undefined ? undefined : pathOf(machine, sharded),
  };
}

const KNOWN = ['Task', 'Choice', 'Pass', 'Wait', 'Succeed', 'Fail', 'Map'];

/** Every way from a state to an end that is no failure. */
function waysFrom(machine: CostedMachine, name: string, before: readonly string[]): string[][] {
  const state = machine.States[name];
  if (state === undefined) throw new ConfigError(`the machine has no state ${name}`);
  if (!KNOWN.includes(state.Type)) {
    throw new ConfigError(`state ${name} is of type ${state.Type}: what it costs is not known here`);
  }
  const seen = before.lastIndexOf(name);
  if (seen >= 0) {
    // A round of slices leads back to the question that sent it off; no universe is sliced twice.
    if (state.Type === 'Map') return [];
    if (!before.slice(seen).some((one) => machine.States[one]!.Type === 'Map'))
      throw new ConfigError(`the machine loops through ${name}: its cost has no bound`);
  }
  if (state.Type === 'Fail') return [];
  const targets = [state.Next, state.Default, ...(state.Choices ?? []).map(({ Next }) => Next)];
  const next = [...new Set(targets.filter((target) => target !== undefined))];
  if (next.length === 0) return [[...before, name]];
  return next.flatMap((target) => waysFrom(machine, target, [...before, name]));
}

function pathOf(machine: CostedMachine, way: readonly string[]): Path {
  const states = way.map((name) => ({ name, state: machine.States[name]! }));
  const tasks = states
    .filter(({ state }) => state.Type === 'Task')
    .map(({ name, state }) => task(name, state));
  const inner = states.flatMap(({ name, state }) => {
    if (state.Type !== 'Map') return [];
    const body = state.ItemProcessor ?? state.Iterator;
    if (body === undefined) throw new ConfigError(`Map state ${name} has no states of its own`);
    return [machinePaths(body).open];
  });
  return {
    transitions: way.length,
    tasks,
    perItem: {
      transitions: inner.reduce((sum, { transitions }) => sum + transitions, 0),
      tasks: inner.flatMap((path) => path.tasks),
    },
  };
}

const task = (state: string, { Parameters: parameters, TimeoutSeconds: timeout }: CostedState): PathTask => ({
  state,
  functionText: String(parameters?.['FunctionName'] ?? ''),
  timeout_s: timeout ?? Infinity,
});
