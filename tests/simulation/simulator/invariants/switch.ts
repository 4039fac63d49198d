import type { Invariant, Outcome } from '../invariants.ts';
import type { TickRemains } from '../remains.ts';

/** What the switch must have stopped, or cut. */
export const SWITCH_INVARIANTS: readonly Invariant[] = [
  {
    name: 'no_order_placed_while_halted',
    broken: (outcome) => {
      for (const tick of outcome.remains.ticks) {
        const symbol = increases(tick)[0]?.symbol;
        const why = stoppedBy(outcome, tick);
        if (symbol !== undefined && why !== undefined)
          return `${symbol} was placed at ${tick.record.tick_utc}: ${why}`;
      }
      return undefined;
    },
  },
  {
    name: 'a_trial_orders_a_quarter',
    broken: ({ world: { layout }, remains: { ticks } }) => {
      const { instruments, config, minorPerUnit } = layout.plan.rules;
      for (const tick of ticks) {
        if (tick.packet.header.switch.state !== 'TRIAL') continue;
        for (const { symbol, instrument, delta, held, uncut, price } of increases(tick)) {
          // What one may hold of a name at most, in steps: no limit leaves more of the wish.
          const most =
            (config.limits.name_max * tick.packet.header.equity * instruments.stepsPerUnit[instrument]!) /
            (minorPerUnit * price);
          const wish = Math.min(Math.abs(uncut), most) - Math.abs(held);
          if (Math.abs(delta) > 0.25 * wish)
            return `${symbol} at ${tick.record.tick_utc}: ${delta} in a trial, of at most ${wish} wished for`;
        }
      }
      return undefined;
    },
  },
];

/** An order that opens or increases a position. */
interface Increase {
  readonly symbol: string;
  readonly instrument: number;
  readonly delta: number;
  readonly held: number;
  readonly uncut: number;
  readonly price: number;
}

/** Orders placed by a tick that do not reduce what is held. */
function increases({ execution, packet, position }: TickRemains): Increase[] {
  const { columns } = packet.header;
  return execution.placed
    .map((symbol) => {
      const instrument = packet.rows.findIndex(([name]) => name === symbol);
      const figure = (name: string): number => Number(packet.rows[instrument]![columns.indexOf(name)]);
      const held = position.positions.find((one) => one.instrument === symbol)?.quantity ?? 0;
      const [delta, uncut, price] = [figure('delta'), figure('uncut'), figure('reference_price')];
      return { symbol, instrument, held, delta, uncut, price };
    })
    .filter(({ held, delta }) => held * delta >= 0);
}

/** Why nothing new may have been placed by a tick; undefined where it may. */
function stoppedBy({ world }: Outcome, { record, execution, packet }: TickRemains): string | undefined {
  const [gate, fill] = [packet.header.switch, execution.switch];
  if (!gate.enabled || !fill.enabled) return `trading was disabled for its ${gate.enabled ? 'fill' : 'gate'}`;
  if (gate.turned !== fill.turned) return 'the switch turned between its gate and its fill';
  if (packet.header.release_mismatch.length > 0 || execution.release_mismatch)
    return 'its code was not the release';
  const tries = world.fillTries.filter((one) => one.execution === record.execution.sha256);
  if (tries.length === 0) return 'nobody saw the fill step write its execution';
  const free = tries.some(({ truths }) =>
    truths.some(({ enabled, turned }) => enabled && turned === fill.turned),
  );
  return free ? undefined : 'trading was halted all the while';
}
