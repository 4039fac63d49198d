import { standardDeviation } from '../kernel/statistics.ts';
import { BLOCK_SESSIONS, BLOCKS_MAX, type Block } from '../portfolio/performance.ts';
import { firstLack, lackIf, numberText, shortWindow, type Reader } from './reading.ts';
import { sampleSharpe } from './sample-sharpe.ts';

/**
 * Spread that chance alone gives to the daily Sharpe of blocks without skill: about 1 / sqrt(sessions), the standard
 * error at a true ratio of 0 for independent returns (Lo, The Statistics of Sharpe Ratios, 2002).
 */
const CHANCE_SPREAD = 1 / Math.sqrt(BLOCK_SESSIONS);

/** Standard deviation (ddof 1) of one figure over the blocks of sessions (definition 21). */
const spreadOf = (
  what: string,
  figure: (block: Block) => number | null,
  note: string,
  advice: string,
): Reader => ({
  breach: 'fails',
  advice,
  read(context) {
    const { blocks } = context.standing.performance;
    const figures = blocks.map(figure);
    const known = figures.filter((value) => value !== null);
    const undefinedCount = figures.length - known.length;
    const more = `Let the ledger run until ${BLOCKS_MAX} blocks of ${BLOCK_SESSIONS} sessions are whole`;
    return {
      value: blocks.length < 2 || undefinedCount > 0 ? null : standardDeviation(known, 1),
      arithmetic: `${what} of ${blocks.length} blocks of ${BLOCK_SESSIONS} sessions (${figures.map((value) => (value === null ? 'undefined' : numberText(value))).join(', ')})${note}`,
      lack: firstLack(
        lackIf(blocks.length < BLOCKS_MAX, `${blocks.length} of ${BLOCKS_MAX} blocks`, more),
        lackIf(
          undefinedCount > 0,
          'a block without any spread of returns has no Sharpe',
          'Find out why the equity did not move',
        ),
        shortWindow(context),
      ),
    };
  },
});

const STEADY =
  'Do not go live: the results differ too much from one block to the next; revise the model in a new release';

/** How steady the results are from one block of sessions to the next. */
export const spreadReaders = {
  sharpe_std: spreadOf(
    'daily Sharpe, not annualised,',
    (block) => sampleSharpe(block.sessions, block.returnSum, block.returnSquares),
    `, where chance alone spreads blocks without skill by about 1 / sqrt(${BLOCK_SESSIONS}) = ${CHANCE_SPREAD.toFixed(4)} (an approximation)`,
    STEADY,
  ),
  total_return_std: spreadOf('return', (block) => block.equityClose / block.equityOpen - 1, '', STEADY),
  max_drawdown_std: spreadOf('deepest fall', (block) => block.maxDrawdown, '', STEADY),
} as const;
