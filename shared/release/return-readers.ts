import { minorPerUnit } from '../kernel/money.ts';
import {
  firstLack,
  lackIf,
  numberText,
  shortWindow,
  type Lack,
  type Reader,
  type ReadingContext,
} from './reading.ts';
import { sampleSharpe } from './sample-sharpe.ts';
import type { MarketStanding } from './standing.ts';

const MORE_TRADES = 'Let the ledger run on until it holds enough trades';

/** An amount for a reader's eye. Sums over many trades may pass 2^53, so it is no exact decimal. */
const money = ({ currency }: MarketStanding, minor: number): string =>
  `${numberText(minor / minorPerUnit(currency))} ${currency}`;

/** Equity at the head over starting capital, less 1; equity is at exit prices, after all costs. */
const netReturnAfterCosts: Reader = {
  breach: 'fails',
  advice: 'Do not go live: after costs this release earned nothing; revise the model in a new release',
  read(context) {
    const { standing } = context;
    const equity = standing.performance.today.equityClose;
    return {
      value: (equity - standing.capitalMinor) / standing.capitalMinor,
      arithmetic: `equity of ${money(standing, equity)} on a capital of ${money(standing, standing.capitalMinor)}`,
      lack: shortWindow(context),
    };
  },
};

/** Annualised Sharpe ratio of the daily net returns of finished sessions, ddof 1 (definition 19). */
const sharpe: Reader = {
  breach: 'fails',
  advice: 'Do not go live: the returns do not pay for their risk; revise the model in a new release',
  read(context) {
    const { performance, sessionsPerYear } = context.standing;
    const { days, returnSum, returnSquares } = performance;
    const daily = sampleSharpe(days, returnSum, returnSquares);
    return {
      value: daily === null ? null : daily * Math.sqrt(sessionsPerYear),
      arithmetic: `${days} finished sessions with a daily ratio of ${daily === null ? 'no definite value' : numberText(daily)}, times the root of ${sessionsPerYear}`,
      lack: firstLack(
        lackIf(days < 2, 'a standard deviation needs at least 2 sessions', 'Let the ledger run on'),
        lackIf(daily === null, 'all daily returns are equal', 'Find out why the equity does not move'),
        shortWindow(context),
      ),
    };
  },
};

/** A ratio of closed trades says nothing before there are as many as both minimums ask for. */
function fewTrades({ standing, thresholds }: ReadingContext): Lack | undefined {
  const inWindow = thresholds.markets[standing.thresholdKey].min_trades_in_window.at_least;
  const needed = Math.max(inWindow, thresholds.global.min_trades_total.at_least);
  const { trades } = standing.performance;
  return lackIf(trades < needed, `${trades} of ${needed} finished trades`, MORE_TRADES);
}

/** Share of trades with a net gain: the worse of closed only and closed plus open (definition 10). */
const winRate: Reader = {
  breach: 'fails',
  advice: 'Do not go live: too many trades lose; revise the model in a new release',
  read(context) {
    const { performance, openTrades } = context.standing;
    const all = performance.trades + openTrades.length;
    const wins = performance.wins + openTrades.filter((net) => net > 0).length;
    const closed = performance.trades === 0 ? null : performance.wins / performance.trades;
    return {
      value: closed === null ? null : Math.min(closed, wins / all),
      arithmetic: `${performance.wins} wins of ${performance.trades} closed trades, ${wins} of ${all} with the open ones, the worse counts`,
      lack: firstLack(
        lackIf(closed === null, 'no trade is closed', MORE_TRADES),
        fewTrades(context),
        shortWindow(context),
      ),
    };
  },
};

/** Gross gains over gross losses: the worse of closed only and closed plus open (definition 10). */
const profitFactor: Reader = {
  breach: 'fails',
  advice: 'Do not go live: losses outweigh gains; revise the model in a new release',
  read(context) {
    const { standing } = context;
    const { grossWin, grossLoss } = standing.performance;
    const sum = (nets: readonly number[]): number => nets.reduce((total, net) => total + net, 0);
    const win = grossWin + sum(standing.openTrades.filter((net) => net > 0));
    const loss = grossLoss - sum(standing.openTrades.filter((net) => net < 0));
    const closed = grossLoss > 0 ? grossWin / grossLoss : Infinity;
    const worse = loss > 0 ? Math.min(closed, win / loss) : null;
    return {
      value: worse,
      arithmetic:
        `gains of ${money(standing, grossWin)} over losses of ${money(standing, grossLoss)} in closed trades, ` +
        `${money(standing, win)} over ${money(standing, loss)} with the open ones, the worse counts`,
      lack: firstLack(
        lackIf(
          grossLoss === 0,
          'closed trades have no loss, so their profit factor is undefined',
          MORE_TRADES,
        ),
        fewTrades(context),
        shortWindow(context),
      ),
    };
  },
};

/** Deepest fall from the running maximum of equity, starting equity included, never rebased (definition 12). */
const maxDrawdown: Reader = {
  breach: 'fails_at_once',
  advice:
    'Do not go live: the loss limit was breached, and time does not undo it; revise the model in a new release',
  read: (context) => ({
    value: context.standing.performance.maxDrawdown,
    arithmetic: 'deepest fall of equity from its running maximum, capital included',
    lack: shortWindow(context),
  }),
};

/** What the book earned, and what it risked for it. */
export const returnReaders = {
  net_return_after_costs: netReturnAfterCosts,
  sharpe,
  win_rate: winRate,
  profit_factor: profitFactor,
  max_drawdown: maxDrawdown,
} as const;
