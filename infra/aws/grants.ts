import type { FunctionName } from '../../functions/functions.ts';
import type { ArtifactKind } from '../../shared/ledger/keys.ts';

/** Folders of a market in the artifacts' bucket: the kinds of artifacts, and what is proven of a head. */
export type Folder = ArtifactKind | 'decision' | 'certificate';

/** What a function may touch. Everything else is denied, since nothing allows it. */
export interface Grants {
  /** Folders, of every market, that it reads; what it writes it may always read. */
  readonly reads: readonly Folder[];
  readonly writes: readonly Folder[];
  /** Whether it writes items of state: the claim, the head and what a commit moves with it. */
  readonly commits?: true;
  /** Whether it reads the switch's parameters and puts a market's own back to `true`. */
  readonly turnsSwitch?: true;
  /** Whether it reads the switch's parameters. */
  readonly readsSwitch?: true;
  /** Folders of the projections' bucket. */
  readonly projects?: readonly string[];
  /** Whether it tells the owner. */
  readonly tells?: true;
}

/** What everything that runs a market reads first: its release, configuration, head record and bundles. */
const FROZEN = ['release', 'config', 'record', 'bundles'] as const;
const WINDOW = ['window', 'block', 'execution_bars'] as const;
/** What is needed to turn the switch: the state that tells what tripped, and a record of the turn. */
const TURN = { reads: [...FROZEN, 'state'], writes: ['record'] } as const;

/** What each function may do, by least privilege: a new kind of artifact is added where it is written and read. */
export const GRANTS: Readonly<Record<FunctionName, Grants>> = {
  ingest: {
    reads: [...FROZEN, ...WINDOW, 'position'],
    writes: ['window', 'block', 'execution_bars', 'data', 'record', 'bars_part'],
    commits: true,
  },
  predict: { reads: [...FROZEN, ...WINDOW], writes: ['forecast', 'forecast_part'] },
  gate: {
    reads: [...TURN.reads, ...WINDOW, 'forecast', 'data'],
    writes: [...TURN.writes, 'decision'],
    ...{ commits: true, turnsSwitch: true, tells: true },
  },
  fill: { reads: [...FROZEN, ...WINDOW, 'state', 'decision'], writes: ['execution'], readsSwitch: true },
  ledger: {
    reads: [...TURN.reads, ...WINDOW, 'decision', 'forecast', 'data', 'execution'],
    writes: [...TURN.writes, 'state', 'position'],
    ...{ commits: true, turnsSwitch: true, tells: true },
  },
  signoff: {
    reads: [...FROZEN, 'state', 'certificate', 'drill'],
    writes: [],
    ...{ projects: ['signoff', 'daily'], tells: true },
  },
  'record-failure': { ...TURN, commits: true, turnsSwitch: true, tells: true },
  'switch-watcher': { ...TURN, commits: true, turnsSwitch: true, tells: true },
  'health-check': {
    reads: [...TURN.reads, 'decision'],
    writes: [...TURN.writes, 'health'],
    ...{ commits: true, turnsSwitch: true, tells: true },
  },
};
