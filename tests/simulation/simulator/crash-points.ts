export type Phase = 'before' | 'after';
/** `once`: one Lambda dies, and the state machine tries the step again. `dead`: all of the process is gone. */
export type Mode = 'once' | 'dead';
/**
 * While the ledger is opened, within a tick, as ingest records a tick that did not happen, as a failure is noted, as the
 * switch turns in whatever finds that it must, in a health check, or as somebody asks for a recovery.
 */
export type Where = 'opening' | 'tick' | 'gap' | 'note' | 'turn' | 'check' | 'ask';

/** A moment before or after one write, and what ends there. */
export interface CrashPoint {
  readonly where: Where;
  readonly write: string;
  readonly phase: Phase;
  readonly mode: Mode;
}

/** A write that only markets with finer bars make. */
export const FINER_WRITE = 'artifact execution_bars';

/** A turn of the switch: its record, and the commit that moves head and latch. */
const TURN = ['artifact record', 'commit head record latch'];

/** Every write of the chain, by where it happens: what a tick leaves, from its claim to its sign-off. */
const WRITES: Readonly<Record<Where, readonly string[]>> = {
  tick: [
    'item claim',
    'artifact block',
    'artifact window',
    FINER_WRITE,
    'artifact data',
    'artifact forecast',
    'artifact decision',
    'artifact execution',
    'artifact state',
    'artifact position',
    'artifact record',
    'commit head record claim',
    'file threshold_report.csv',
    'file release_signoff.md',
  ],
  gap: ['artifact record', 'commit head record'],
  note: ['item failure failing'],
  // A halt, the refusal of its turning back, and the parameter that is put back.
  turn: [...TURN, 'parameter own'],
  check: ['artifact health', 'item checks'],
  ask: ['parameter all', 'parameter own', ...TURN],
  opening: [
    'artifact block',
    'artifact window',
    'artifact state',
    'artifact config',
    'artifact release',
    'artifact record',
    'commit head record',
    'parameter all',
    'parameter own',
    'commit head record latch',
  ],
};

const PHASES: readonly Phase[] = ['before', 'after'];
const MODES: readonly Mode[] = ['once', 'dead'];

/** Every point at which a process may end. Any run of as many seeds draws each once. */
export const CRASH_POINTS: readonly CrashPoint[] = (Object.keys(WRITES) as Where[]).flatMap((where) =>
  WRITES[where].flatMap((write) =>
    PHASES.flatMap((phase) => MODES.map((mode) => ({ where, write, phase, mode }))),
  ),
);

/** Every kind of write that the list knows: one that a run makes and the list lacks would never be cut off. */
export const KNOWN_WRITES: ReadonlySet<string> = new Set(Object.values(WRITES).flat());

export const pointName = ({ where, write, phase, mode }: CrashPoint): string =>
  `${where}: ${phase} ${write}, ${mode}`;
