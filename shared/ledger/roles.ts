import { roleOf, type Operators } from '../config/operators-schema.ts';

/** Who operates a replay: its simulated operator, who may start a rehearsal again, and nothing else. */
export const REPLAY = 'replay';

/** The role of an actor in a ledger: as the operators' file says; in a replay, the simulated operator is an admin. */
export const roleIn =
  (operators: Operators, mode: 'forward' | 'replay') =>
  (actor: string): string | undefined =>
    mode === 'replay' && actor === REPLAY ? 'ops_admin' : roleOf(operators, actor);

/** The reason that the simulated operator gives. */
export const REPLAY_REASON = 'the simulated operator of a replay starts again when the conditions are met';
