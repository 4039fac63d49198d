import { planBars, planMarket } from '../infra/local/market-plan.ts';
import { noEvents } from '../shared/execution/events.ts';
import { NEVER_MS } from '../shared/execution/orders.ts';
import { copyState, type TickState } from '../shared/tick/state.ts';
import { advance, warmState } from '../shared/tick/tick.ts';
import { cpuSeconds, median, simulatedConfig } from './market.ts';

/** CPU milliseconds that costing, filling and posting one order for every instrument take, and how many filled. */
export interface SettleFigures {
  readonly orders: number;
  readonly fills: number;
  readonly ms: number;
}

const ROUNDS = 200;

/** Times the settlement of one bar on which every instrument has an order due. */
export async function settleFigures(instruments: number): Promise<SettleFigures> {
  const { config } = simulatedConfig(instruments);
  const request = { config, market: 'crypto', symbols: undefined, barsFolder: undefined };
  const plan = planMarket({ ...request, from: '2025-02-01', to: '2025-02-01' });
  const { rules, firstRow, line } = plan;
  const bars = await planBars(plan, 0, firstRow + 2, line.endMs[firstRow + 1]!);
  const before = warmState(rules, bars, firstRow + 1);
  orderAll(before, bars.close, firstRow, instruments, line.endMs[firstRow]!);
  let fills = 0;
  const times = Array.from({ length: ROUNDS }, () => {
    const state = copyState(before);
    const events = noEvents();
    const since = process.cpuUsage();
    advance(rules, state, bars, firstRow + 1, NEVER_MS, events);
    const seconds = cpuSeconds(since);
    fills = events.fills.length;
    return seconds * 1e3;
  });
  return { orders: instruments, fills, ms: median(times) };
}

/** A buy of a tenth of a unit for every instrument, decided on the row. */
function orderAll(
  { orders }: TickState,
  closes: Float64Array,
  row: number,
  instruments: number,
  frozenAtMs: number,
): void {
  for (let i = 0; i < instruments; i++) {
    orders.side[i] = 1;
    orders.quantity[i] = 100;
    orders.decidedOrdinal[i] = row;
    orders.decidedAtMs[i] = frozenAtMs;
    orders.frozenAtMs[i] = frozenAtMs;
    orders.deadlineOrdinal[i] = row + 3;
    orders.referencePrice[i] = closes[row * instruments + i]!;
    orders.cancelAtMs[i] = NEVER_MS;
    orders.increases[i] = 1;
    orders.spreadBps[i] = 1;
    orders.sigma[i] = 0.01;
    orders.averageNotional[i] = 1e6;
    orders.relativeVolume[i] = 1;
  }
}
