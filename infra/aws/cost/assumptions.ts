/** What one invocation asks of its stores and of the processor, for a universe of n names: base + perName x n. */
export interface Work {
  readonly gets: number;
  readonly puts: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly bytesRead: Linear;
  readonly bytesWritten: Linear;
  /** Of one core of the machine it was measured on, warm. */
  readonly cpuMs: Linear;
  /** Store calls that wait for each other; those of one `Promise.all` count once. */
  readonly roundTrips: number;
}

export interface Linear {
  readonly base: number;
  readonly perName: number;
}

export const at = ({ base, perName }: Linear, names: number): number => base + perName * names;

/**
 * Measured: the deployed handlers over memory stores that count, on simulated hourly bars of 4, 100, 500 and 1,000
 * names, mean of 32 ticks (`npm run bench -- operations N` prints it anew). Counts do not depend on n, bytes and time are
 * straight lines in it. `tests/unit/cost-measured.test.ts` holds the table against a run.
 */
export const MEASURED = {
  ingest: {
    ...{ gets: 3.5, puts: 3, readUnits: 1, writeUnits: 2, roundTrips: 6 },
    bytesRead: { base: 3_000, perName: 4_130 },
    bytesWritten: { base: 1_700, perName: 1_060 },
    cpuMs: { base: 0.5, perName: 0.0075 },
  },
  predict: {
    ...{ gets: 6, puts: 1, readUnits: 1, writeUnits: 0, roundTrips: 4 },
    bytesRead: { base: 6_000, perName: 9_000 },
    bytesWritten: { base: 500, perName: 155 },
    cpuMs: { base: 0.6, perName: 0.017 },
  },
  gate: {
    ...{ gets: 8, puts: 1, readUnits: 6.6, writeUnits: 0, roundTrips: 7 },
    bytesRead: { base: 13_000, perName: 1_660 },
    bytesWritten: { base: 6_500, perName: 290 },
    cpuMs: { base: 1.5, perName: 0.023 },
  },
  fill: {
    ...{ gets: 4, puts: 1, readUnits: 2, writeUnits: 0, roundTrips: 5 },
    bytesRead: { base: 9_500, perName: 1_425 },
    bytesWritten: { base: 500, perName: 20 },
    cpuMs: { base: 0.8, perName: 0.0105 },
  },
  ledger: {
    ...{ gets: 8, puts: 3, readUnits: 7.8, writeUnits: 6.2, roundTrips: 11 },
    bytesRead: { base: 14_000, perName: 1_670 },
    bytesWritten: { base: 5_500, perName: 95 },
    cpuMs: { base: 1.4, perName: 0.0185 },
  },
  signoff: {
    ...{ gets: 4, puts: 2, readUnits: 2, writeUnits: 0, roundTrips: 6 },
    bytesRead: { base: 3_000, perName: 80 },
    bytesWritten: { base: 14_500, perName: 0 },
    cpuMs: { base: 0.6, perName: 0.0025 },
  },
  'health-check': {
    ...{ gets: 4, puts: 1, readUnits: 7.4, writeUnits: 9, roundTrips: 9 },
    bytesRead: { base: 14_000, perName: 445 },
    bytesWritten: { base: 4_300, perName: 0 },
    cpuMs: { base: 0.8, perName: 0.008 },
  },
} as const satisfies Readonly<Record<string, Work>>;

/** Ingest where the calendar has no bar: it reads the head and says so. */
export const CLOSED: Work = {
  ...{ gets: 0, puts: 0, readUnits: 1, writeUnits: 0, roundTrips: 1 },
  bytesRead: { base: 500, perName: 0 },
  bytesWritten: { base: 0, perName: 0 },
  cpuMs: { base: 0.2, perName: 0 },
};

/** Assumed, not measured: any other function that a schedule starts, such as the daily sign-off with its anchor. */
export const OTHER: Work = {
  ...{ gets: 12, puts: 10, readUnits: 10, writeUnits: 4, roundTrips: 20 },
  bytesRead: { base: 50_000, perName: 500 },
  bytesWritten: { base: 50_000, perName: 100 },
  cpuMs: { base: 20, perName: 0.03 },
};

/** Assumed, each on the dear side where in doubt. */
export const ASSUMED = {
  /** Months of ledger that lie in S3 in the month that is billed; nothing under a lock is ever deleted. */
  months_kept: 12,
  /** An hour lies between two ticks: no environment is assumed to survive it, and every start is billed. */
  cold_share: 1,
  /** Start of the runtime and import of the bundle (budget: 200 ms of a whole core) at half a gigabyte. */
  init_ms: 900,
  /** What a start reads: the first record with its release and configuration, and which bundles were released. */
  init_gets: 4,
  init_read_units: 2,
  /** A Lambda's core, not yet compiled code and a busy neighbour against the machine measured on. */
  cpu_slowdown: 4,
  /** Memory at which a Lambda has one whole core: AWS's documentation of function memory. */
  mb_per_core: 1_769,
  round_trip_ms: 30,
  bytes_per_s: 40_000_000,
  /** Memory that a step takes: the bundle at rest, and several times what it reads, most of it uncollected. */
  mb_base: 130,
  mb_per_mb_read: 8,
  mb_max: 10_240,
  /** Tasks tried once more than needed. */
  retry_share: 0.01,
  /** Start and end of an execution, counted as transitions beside its states; AWS's page speaks of steps alone. */
  start_and_end: 2,
  /** What a universe file may hold; a larger market is a figure on paper. */
  names_per_market_max: 20_000,
  /** Where the machine has no Map: transitions of one shard. */
  transitions_per_shard: 4,
  /** Text of one invocation in the logs, platform lines and metrics in it. */
  log_bytes_per_invocation: 3_000,
  /** Text of one state in the machine's log, where it has one. */
  log_bytes_per_transition: 1_000,
  /** Share of logged text that is stored, after compression. */
  log_stored_share: 0.15,
  /** Notifications of all kinds in a bad month. */
  alerts: 200,
  /** Requests of one poller that finds nothing: five connections of twenty seconds each. */
  poller_requests_per_month: 657_000,
  /** Series that the functions write, where alarms and dashboard name fewer. */
  metric_series: 13,
  /** Bytes of items that a tick leaves in the table for ever: its record's and its claim's. */
  item_bytes_per_tick: 700,
  /** A year has so many days: months here are twelfths of it. */
  days_per_month: 365 / 12,
} as const;
