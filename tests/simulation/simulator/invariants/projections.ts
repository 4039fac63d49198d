import { exportLedger, type Exported } from '../../../../infra/local/export.ts';
import { copyContents, memoryStores, type MemoryContents } from '../../../../shared/stores/memory.ts';
import type { Invariant, Outcome } from '../invariants.ts';

const EVIDENCE = { gitCommit: 'simulated', node: 'simulated', platform: 'simulated' };

/** Exports a copy of the contents. */
async function exported(
  contents: MemoryContents,
): Promise<{ files: MemoryContents['files']; result: Exported }> {
  const copy = copyContents(contents);
  const result = await exportLedger(memoryStores({ contents: copy }), EVIDENCE);
  return { files: copy.files, result };
}

const exports = new WeakMap<Outcome, ReturnType<typeof exported>>();

/** The export of an outcome, made once. */
function exportOf(outcome: Outcome): ReturnType<typeof exported> {
  const known = exports.get(outcome) ?? exported(outcome.world.contents);
  exports.set(outcome, known);
  return known;
}

/** What the chain alone must tell. */
export const PROJECTION_INVARIANTS: readonly Invariant[] = [
  {
    name: 'projections_equal_a_rebuild',
    everyNth: 4,
    broken: async (outcome) => {
      const { contents, layout } = outcome.world;
      const { files, result } = await exportOf(outcome);
      const rebuilt = await exported({ ...contents, files: new Map(), parameters: new Map() });
      for (const path of result.files) {
        const [is, again] = [files.get(path)!, rebuilt.files.get(path)!];
        if (Buffer.compare(is, again) !== 0) return `${path} is rebuilt with other bytes`;
      }
      // The sign-off step of the last tick judged the very head that the export judges.
      for (const name of ['threshold_report.csv', 'release_signoff.md']) {
        const stepped = contents.files.get(`signoff/${layout.market}/${name}`);
        if (stepped === undefined || Buffer.compare(stepped, files.get(name)!) !== 0)
          return `${name} of the sign-off step at ${outcome.remains.head} is not what the export writes`;
      }
      return undefined;
    },
  },
  {
    name: 'backtest_agrees',
    everyNth: 4,
    broken: async (outcome) => {
      const { result } = await exportOf(outcome);
      const { order_differences: orders, fill_differences: fills } = result.markets[0]!.metrics;
      return orders === 0 && fills === 0
        ? undefined
        : `${orders} orders and ${fills} fills differ from the backtest`;
    },
  },
];
