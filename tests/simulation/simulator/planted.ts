import { HANDLERS } from '../../../functions/handlers.ts';
import type { Runtime } from '../../../functions/runtime/runtime.ts';
import { DAY_MS } from '../../../shared/kernel/time.ts';
import type { MemoryContents } from '../../../shared/stores/memory.ts';
import type { Item, Parameter, StateStore, Stores, Write } from '../../../shared/stores/ports.ts';
import { SYSTEM } from '../../../shared/risk/switch-machine.ts';
import type { Planted } from './world.ts';

/** A bug with the invariant that must break for it. */
export interface PlantedBug extends Planted {
  readonly breaks: string;
  /** Faults without which it does no harm, by name: seeds that do not meet one need not be run. */
  readonly shows: RegExp;
}

/** Stores whose transactions write something else. */
const rewriting =
  (change: (writes: readonly Write[]) => readonly Write[]) =>
  (stores: Stores): Stores => ({
    ...stores,
    state: {
      get: (...where) => stores.state.get(...where),
      query: (...where) => stores.state.query(...where),
      transact: async (writes) => {
        const changed = change(writes);
        if (changed.length > 0) await stores.state.transact(changed);
      },
    },
  });

const isClaim = ({ item }: Write): boolean => item.sort.startsWith('claim/');
const isCommit = (writes: readonly Write[]): boolean => writes.some(({ item }) => item.sort === 'head');

/** Remembers for as long as a ledger lives what the switch was when it was first read. */
function remembered(): (stores: Stores) => Stores {
  let parameter: { readonly read: Parameter | undefined } | undefined;
  return (stores) => ({
    ...stores,
    parameters: {
      put: (...change) => stores.parameters.put(...change),
      history: (name) => stores.parameters.history(name),
      get: async (name) => {
        parameter ??= { read: await stores.parameters.get(name) };
        return parameter.read;
      },
    },
  });
}

/** Has the fill step take what stood of the switch when the gate had read it. */
function takenFromTheGate(contents: MemoryContents): ReturnType<Planted['make']> {
  const market = [...contents.items.values()].find(({ sort }) => sort === 'latch')!.partition;
  let read: { parameters: MemoryContents['parameters']; latch: Item | undefined } | undefined;
  return {
    handlers: {
      gate: async (input, runtime) => {
        const decided = await HANDLERS.gate(input, runtime);
        const latch = await runtime.stores.state.get(market, 'latch');
        read = { parameters: new Map(contents.parameters), latch };
        return decided;
      },
      fill: (input, runtime) => {
        const { stores } = runtime;
        const { parameters, latch } = read!;
        const state: StateStore = {
          ...stores.state,
          get: async (partition, sort) => (sort === 'latch' ? latch : stores.state.get(partition, sort)),
        };
        const get: Stores['parameters']['get'] = async (name) => parameters.get(name)?.at(-1);
        return HANDLERS.fill(input, {
          ...runtime,
          stores: { ...stores, state, parameters: { ...stores.parameters, get } },
        });
      },
    },
  };
}

/** Reads a switch that was turned days before it was. */
const backdated = (stores: Stores): Stores => ({
  ...stores,
  parameters: {
    put: (...change) => stores.parameters.put(...change),
    history: (name) => stores.parameters.history(name),
    get: async (name) => {
      const read = await stores.parameters.get(name);
      return read && { ...read, changedAtMs: read.changedAtMs - 3 * DAY_MS };
    },
  },
});

/** Decides the tick again where the packet is to be carried out, and puts the new one in its place. */
const decidedAgain =
  (contents: MemoryContents) =>
  async (input: unknown, runtime: Runtime): Promise<unknown> => {
    const { decision } = input as { decision: { key: string } };
    contents.artifacts.delete(decision.key);
    return HANDLERS.fill(await HANDLERS.gate(input, runtime), runtime);
  };

/** Forgets the head that a run rests on between its reading and its commit, as if nobody else could have moved it. */
const unconditional = (stores: Stores): Stores => {
  const state: StateStore = {
    get: (...where) => stores.state.get(...where),
    query: (...where) => stores.state.query(...where),
    transact: (writes) =>
      stores.state.transact(
        isCommit(writes) ? writes.map(({ item }) => ({ item, expect: 'any' as const })) : writes,
      ),
  };
  return { ...stores, state };
};

/** Puts the parameter that is to be put back to what it was: the market would free itself. */
const freed = (stores: Stores): Stores => ({
  ...stores,
  parameters: {
    get: (name) => stores.parameters.get(name),
    history: (name) => stores.parameters.history(name),
    put: (name, change) =>
      stores.parameters.put(name, change.changedBy === SYSTEM ? { ...change, value: 'false' } : change),
  },
});

/** Bugs that the simulator must find, each planted from outside. */
export const PLANTED: readonly PlantedBug[] = [
  {
    name: 'the claim is skipped',
    breaks: 'runs_fail_only_for_a_cause',
    shows: /./,
    make: () => ({ stores: rewriting((writes) => writes.filter((write) => !isClaim(write))) }),
  },
  {
    name: 'the switch is cached',
    breaks: 'no_order_placed_while_halted',
    shows: /^switch_flips/,
    make: () => ({ stores: remembered() }),
  },
  {
    name: 'the fill takes what the gate read of the switch',
    breaks: 'no_order_placed_while_halted',
    shows: /^switch_flips_(within|before)/,
    make: takenFromTheGate,
  },
  {
    name: 'the commit has no condition',
    breaks: 'committed_records_stay',
    shows: /at_once/,
    make: () => ({ stores: unconditional }),
  },
  {
    name: 'the fill step decides again',
    breaks: 'first_packet_stands',
    shows: /./,
    make: (contents) => ({ handlers: { fill: decidedAgain(contents) } }),
  },
  {
    name: 'a halt reaches back',
    breaks: 'no_earlier_fill_undone',
    shows: /^switch_flips/,
    make: () => ({ stores: backdated }),
  },
  {
    name: 'the parameter is put back to false',
    breaks: 'the_market_never_frees_itself',
    shows: /^crash_|^switch_flips|^request_/,
    make: () => ({ stores: freed }),
  },
];
