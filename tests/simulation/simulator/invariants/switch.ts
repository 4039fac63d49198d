import type { Invariant, Outcome } from '../invariants.ts';
import type { TickRemains } from '../remains.ts';

/** What the switch must have stopped. */
export const SWITCH_INVARIANTS: readonly Invariant[] = [
  {
    name: 'no_order_placed_while_halted',
    broken: ({ world, remains }) => {
      for (const tick of remains.ticks) {
        if (tick.execution.switch.enabled) continue;
        const symbol = increasing(tick)[0];
        if (symbol !== undefined) return `${tick.record.tick_utc} was halted and placed ${symbol}`;
      }
      return triedWhileHalted({ world, remains });
    },
  },
];

/** Symbols of the orders placed that do not reduce what is held. */
function increasing({ execution, packet, position }: TickRemains): string[] {
  const delta = packet.header.columns.indexOf('delta');
  return execution.placed.filter((symbol) => {
    const held = position.positions.find(({ instrument }) => instrument === symbol)?.quantity ?? 0;
    const wanted = Number(packet.rows.find(([name]) => name === symbol)![delta]);
    return held * wanted >= 0;
  });
}

/** Whether an execution stands in the chain with an order that increases, and trading was truly halted all the while. */
function triedWhileHalted({ world, remains }: Pick<Outcome, 'world' | 'remains'>): string | undefined {
  for (const tick of remains.ticks) {
    const tries = world.fillTries.filter(({ execution }) => execution === tick.record.execution.sha256);
    const [first] = tries;
    if (first === undefined) return `nobody saw the fill step of ${tick.record.tick_utc} write its execution`;
    const free = tries.some(({ truths }) => truths.some(({ enabled }) => enabled));
    const symbol = increasing(tick)[0];
    if (!free && symbol !== undefined)
      return `${symbol} was placed at ${tick.record.tick_utc} though trading was halted all the while`;
  }
  return undefined;
}
