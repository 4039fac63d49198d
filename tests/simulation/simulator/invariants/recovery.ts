import type { LedgerRecord, SwitchRecord } from '../../../../shared/ledger/records.ts';
import type { MemoryContents } from '../../../../shared/stores/memory.ts';
import type { Invariant, Outcome } from '../invariants.ts';
import { turnsOf } from '../remains.ts';

/** Who may start a market of these layouts again: the admin of the shipped file, and a replay's own operator. */
const ADMINS: ReadonlySet<string> = new Set(['admin', 'replay']);

/** What must have come before a market is set free. */
export const RECOVERY_INVARIANTS: readonly Invariant[] = [
  {
    name: 'a_recovery_is_asked_for_and_earned',
    broken: (outcome) => {
      for (const turn of turnsOf(outcome.remains)) {
        if (turn.cause !== 'recovery') continue;
        const why = unasked(outcome, turn) ?? unearned(outcome, turn);
        if (why !== undefined) return `record ${turn.n} recovers: ${why}`;
      }
      return undefined;
    },
  },
];

/** Why nobody who may asked for a recovery; undefined where somebody did. */
function unasked({ world }: Outcome, turn: SwitchRecord): string | undefined {
  if (!ADMINS.has(turn.actor)) return `${turn.actor} may not ask for it`;
  if (turn.reason.trim().length < 10) return `the reason is ${JSON.stringify(turn.reason)}`;
  const asked = world.puts.some(
    ({ which, value, version, changedBy, description }) =>
      value === 'false' &&
      changedBy === turn.actor &&
      description === turn.reason &&
      version === (which === 'all' ? turn.parameter_version : turn.market_version),
  );
  return asked
    ? undefined
    : `${turn.actor} put no parameter in version ${turn.parameter_version} or ${turn.market_version}`;
}

interface StoredCheck {
  readonly ordinal: number;
  readonly data: string;
  readonly model: string;
  readonly risk: string;
}

/** Why the checks that a recovery names do not earn it: read from their files and from the packets of their bars. */
function unearned({ world, remains }: Outcome, turn: SwitchRecord): string | undefined {
  const { records, ticks } = remains;
  const checks = turn.evidence.map((hash) => checkOf(world.contents, world.layout.market, hash));
  if (checks.length < 3) return `it names ${checks.length} health checks`;
  const before = records.slice(0, turn.n);
  const halt = before.findLast((record) => record.kind === 'switch' && record.from !== record.to)!;
  const haltBar = newestBar(before.slice(0, halt.n));
  const bars = checks.map((one) => one?.ordinal ?? NaN);
  if (!bars.every((bar, k) => (k === 0 ? bar > haltBar : bar === bars[k - 1]! + 1)))
    return `its checks are of the bars ${bars.join(', ')}, the halt was at bar ${haltBar}`;
  if (bars.at(-1)! > newestBar(before)) return `bar ${bars.at(-1)} was not committed`;
  if (!before.slice(halt.n).some(({ kind }) => kind === 'tick')) return 'no tick has run since the halt';
  for (const check of checks) {
    const { ordinal, data, model, risk } = check!;
    if (`${data} ${model} ${risk}` !== 'GREEN GREEN GREEN')
      return `bar ${ordinal} was ${data}, ${model}, ${risk}`;
    const tick = ticks.find(({ record }) => record.ordinal === ordinal);
    const bad = tick?.packet.header.gates.find(
      ({ gate, level }) => (gate === 'data' || gate === 'model') && level !== 'GREEN',
    );
    if (tick === undefined) return `bar ${ordinal} has no tick`;
    if (bad !== undefined) return `${bad.gate} ${bad.check} of bar ${ordinal} was ${bad.level}`;
  }
  return undefined;
}

/** Ordinal of the newest bar that these records are of. */
const newestBar = (records: readonly LedgerRecord[]): number =>
  records.reduce((bar, record) => ('ordinal' in record ? Math.max(bar, record.ordinal) : bar), -1);

/** A health check by its hash. */
function checkOf({ artifacts }: MemoryContents, market: string, sha256: string): StoredCheck | undefined {
  const digits = sha256.slice('sha256:'.length, 'sha256:'.length + 24);
  for (const [key, bytes] of artifacts)
    if (key.startsWith(`${market}/health/`) && key.includes(digits))
      return JSON.parse(Buffer.from(bytes).toString()) as StoredCheck;
  return undefined;
}
