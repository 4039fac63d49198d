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
  halt: { describe: 'disable trading in one market or all', load: () => import('./verbs/halt.ts') },
  resume: {
    describe: 'ask for a recovery of a halted market',
    load: () => import('./verbs/resume.ts'),
  },
  health: { describe: 'hold a health check of a market', load: () => import('./verbs/health.ts') },
  drill: {
    describe: 'prove on a scratch copy that the kill switch works',
    load: () => import('./verbs/drill.ts'),
  },
  export: { describe: 'rebuild every projection from the chain', load: () => import('./verbs/export.ts') },
  capacity: {
    describe: 'show break-even and optimal sizes of the forecasts in a ledger',
    load: () => import('./verbs/capacity.ts'),
  },
  verify: {
    describe: 'recompute the hash chain of a ledger offline',
    load: () => import('./verbs/verify.ts'),
  },
  parity: {
    describe: 'hold a ledger against the backtest over its own frozen inputs',
    load: () => import('./verbs/parity.ts'),
  },
  lookahead: {
    describe: 'work every decision out again on bars that end with its own',
    load: () => import('./verbs/lookahead.ts'),
  },
  robustness: {
    describe: 'backtest a ledger under other costs',
    load: () => import('./verbs/robustness.ts'),
  },
  aws: { describe: 'start a stage on AWS, or take one away', load: () => import('./verbs/aws.ts') },
  validate: { describe: 'check a configuration folder', load: () => import('./verbs/validate.ts') },
  config: {
    describe: 'show the configuration, or write its schemas',
    load: () => import('./verbs/config.ts'),
  },
  calendar: { describe: 'list sessions and bars of an exchange', load: () => import('./verbs/calendar.ts') },
};
