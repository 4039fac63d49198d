/** One day of one book: equity, P&L and costs in minor units, exposure as a share of equity. */
export interface Day {
  /** Days since 1970-01-01 of the session's date; -1 before the first. */
  day: number;
  equityOpen: number;
  equityClose: number;
  /** Fees, slippage, impact and latency of the day's fills. */
  costs: number;
  traded: number;
  trades: number;
  drawdown: number;
  grossSum: number;
  ticks: number;
  /** Ticks at which trading was enabled. */
  enabled: number;
}

/** A block of sessions, for the spread of results over time. */
export interface Block {
  sessions: number;
  equityOpen: number;
  equityClose: number;
  peak: number;
  maxDrawdown: number;
  returnSum: number;
  returnSquares: number;
}

/**
 * Everything the sign-off needs, carried forward tick by tick so that no tick reads the past: sums, extremes and
 * the last few blocks. Plain numbers: it is stored with every tick.
 */
export interface Performance {
  peak: number;
  maxDrawdown: number;
  today: Day;
  days: number;
  /** Of those, days on which trading was disabled at every tick: they do not count to the window (definition 20). */
  daysHalted: number;
  returnSum: number;
  returnSquares: number;
  block: Block;
  blocks: Block[];
  trades: number;
  wins: number;
  grossWin: number;
  grossLoss: number;
  traded: number;
  costs: number;
  grossSum: number;
  ticks: number;
  ticksLate: number;
  ticksFailed: number;
  barsExpected: number;
  barsGood: number;
  misalignedTicks: number;
  ordersEnded: number;
  ordersFailed: number;
  fills: number;
  fillsStruckBeforeFreeze: number;
  /** Day of the first tick that was allowed to trade; -1 before. */
  firstActiveDay: number;
}

/** Sessions in a block and how many blocks are kept. */
export const BLOCK_SESSIONS = 20;
export const BLOCKS_MAX = 6;

const emptyDay = (equity: number): Day => ({
  day: -1,
  equityOpen: equity,
  equityClose: equity,
  costs: 0,
  traded: 0,
  trades: 0,
  drawdown: 0,
  grossSum: 0,
  ticks: 0,
  enabled: 0,
});

const emptyBlock = (equity: number): Block => ({
  sessions: 0,
  equityOpen: equity,
  equityClose: equity,
  peak: equity,
  maxDrawdown: 0,
  returnSum: 0,
  returnSquares: 0,
});

export function openPerformance(capital: number): Performance {
  return {
    peak: capital,
    maxDrawdown: 0,
    today: emptyDay(capital),
    days: 0,
    daysHalted: 0,
    returnSum: 0,
    returnSquares: 0,
    block: emptyBlock(capital),
    blocks: [],
    trades: 0,
    wins: 0,
    grossWin: 0,
    grossLoss: 0,
    traded: 0,
    costs: 0,
    grossSum: 0,
    ticks: 0,
    ticksLate: 0,
    ticksFailed: 0,
    barsExpected: 0,
    barsGood: 0,
    misalignedTicks: 0,
    ordersEnded: 0,
    ordersFailed: 0,
    fills: 0,
    fillsStruckBeforeFreeze: 0,
    firstActiveDay: -1,
  };
}

/** A copy that shares nothing with the original. */
export const copyPerformance = (from: Performance): Performance => ({
  ...from,
  today: { ...from.today },
  block: { ...from.block },
  blocks: from.blocks.map((block) => ({ ...block })),
});

/** Begins the day where the tick's session is a new one, and closes the day before. */
export function rollDay(performance: Performance, day: number): void {
  const today = performance.today;
  if (today.day === day) return;
  if (today.day >= 0) closeDay(performance);
  performance.today = { ...emptyDay(performance.today.equityClose), day };
}

/** Adds a finished day's return to the sums and to its block. Days before the first active one do not count. */
function closeDay(performance: Performance): void {
  const { today, block } = performance;
  if (performance.firstActiveDay < 0 || today.day < performance.firstActiveDay) return;
  const dailyReturn = today.equityClose / today.equityOpen - 1;
  performance.days++;
  if (today.ticks > 0 && today.enabled === 0) performance.daysHalted++;
  performance.returnSum += dailyReturn;
  performance.returnSquares += dailyReturn * dailyReturn;
  block.sessions++;
  block.equityClose = today.equityClose;
  block.returnSum += dailyReturn;
  block.returnSquares += dailyReturn * dailyReturn;
  if (block.sessions < BLOCK_SESSIONS) return;
  performance.blocks = [...performance.blocks, { ...block }].slice(-BLOCKS_MAX);
  performance.block = emptyBlock(today.equityClose);
}

/**
 * Takes the equity of a tick: extremes, the day's close, exposure. `gross` in minor units. Ticks before the first that
 * was allowed to trade do not count: the forward window begins with it.
 */
export function observeEquity(performance: Performance, equity: number, gross: number): void {
  const { today, block } = performance;
  performance.peak = Math.max(performance.peak, equity);
  const drawdown = equity / performance.peak - 1;
  performance.maxDrawdown = Math.min(performance.maxDrawdown, drawdown);
  block.peak = Math.max(block.peak, equity);
  block.maxDrawdown = Math.min(block.maxDrawdown, equity / block.peak - 1);
  today.equityClose = equity;
  today.drawdown = drawdown;
  const exposure = equity > 0 ? gross / equity : 0;
  today.grossSum += exposure;
  today.ticks++;
  if (performance.firstActiveDay < 0) return;
  performance.grossSum += exposure;
  performance.ticks++;
}

/** A finished reducing order counts as a trade from this share of equity on. */
export const TRADE_SHARE_MIN = 0.002;

/** Counts one finished order that reduced exposure. `net` after fees of both sides, minor units. */
export function observeTrade(performance: Performance, net: number): void {
  performance.trades++;
  performance.today.trades++;
  if (net > 0) performance.wins++;
  if (net > 0) performance.grossWin += net;
  else performance.grossLoss -= net;
}
