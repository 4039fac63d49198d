import type { VerbLine } from './verb.ts';

/** Every verb, one line each, in the order of `papergate --help`. */
export const VERBS: Readonly<Record<string, VerbLine>> = {
  demo: { describe: 'replay the recorded samples of three markets', load: () => import('./verbs/demo.ts') },
  replay: {
    describe: 'replay recorded or simulated bars tick by tick',
    load: () => import('./verbs/replay.ts'),
  },
  backtest: { describe: 'run the same rules in one loop', load: () => import('./verbs/backtest.ts') },
  status: { describe: 'show where each ledger stands', load: () => import('./verbs/status.ts') },
  export: { describe: 'rebuild every projection from the chain', load: () => import('./verbs/export.ts') },
  verify: {
    describe: 'recompute the hash chain of a ledger offline',
    load: () => import('./verbs/verify.ts'),
  },
  validate: { describe: 'check a configuration folder', load: () => import('./verbs/validate.ts') },
  config: {
    describe: 'show the configuration, or write its schemas',
    load: () => import('./verbs/config.ts'),
  },
  calendar: { describe: 'list sessions and bars of an exchange', load: () => import('./verbs/calendar.ts') },
};
