import type { FrozenRelease } from '../../functions/runtime/frozen-market.ts';
import { canonicalJson, type Json, type Sha256 } from '../../shared/kernel/canonical.ts';
import { OtherReleaseError } from '../../shared/kernel/errors.ts';
import { isoUtc } from '../../shared/kernel/time.ts';
import { commit, isConflict, putJson, readHead, readLatch } from '../../shared/ledger/chain.ts';
import { DISABLE_TRADING, LATCH, ledgerPartition, marketSwitch } from '../../shared/ledger/keys.ts';
import { appendWindow } from '../../shared/ledger/window-store.ts';
import { freezeRelease } from '../../shared/release/release.ts';
import { configValues, type Config } from '../../shared/config/config.ts';
import { switchRecord } from '../../shared/risk/switch-record.ts';
import { REPLAY } from '../../shared/ledger/roles.ts';
import { latchAfter, SYSTEM, type Turn } from '../../shared/risk/switch-machine.ts';
import type { Item, Parameter, Stores } from '../../shared/stores/ports.ts';
import { encodeState } from '../../shared/tick/state-codec.ts';
import { warmState } from '../../shared/tick/tick.ts';
import { walkForward } from '../../shared/tick/warm-up.ts';
import { planBars, planFingerprint, type MarketPlan } from './market-plan.ts';

/**
 * Opens a ledger, or finds the one that is there: freezes the release from the bars before the first tick, writes it as
 * the first record and opens the switch by a second one. Killed anywhere, it goes on.
 * @param atMs when it is opened: the present of a forward ledger; a replay's is the start of its first bar.
 * @throws ConfigError where the folder holds a ledger of another release.
 */
export async function openLedger(
  stores: Stores,
  plan: MarketPlan,
  config: Config,
  configTexts: ReadonlyMap<string, string>,
  codeSha256: Sha256,
  mode: 'forward' | 'replay' = 'replay',
  atMs: number = plan.line.startMs[plan.firstRow]!,
): Promise<FrozenRelease> {
  const { market } = plan.rules.config;
  const opened = await frozenRelease(plan, config, codeSha256, mode, atMs);
  const at = await readHead(stores, market);
  if (at === undefined) await writeRelease(stores, plan, opened, configTexts, atMs);
  else if (at.head.release_sha256 !== opened.sha256) {
    throw new OtherReleaseError(market, at.head.release_sha256, opened.sha256);
  }
  await openSwitch(stores, market, atMs);
  return opened;
}

async function frozenRelease(
  plan: MarketPlan,
  config: Config,
  codeSha256: Sha256,
  mode: 'forward' | 'replay',
  atMs: number,
): Promise<FrozenRelease> {
  const { rules, provider } = plan;
  const firstTickMs = plan.line.endMs[plan.firstRow]!;
  // What the model's record rests on must be what a user could see when the ledger was opened.
  const bars = await planBars(plan, 0, plan.firstRow, atMs);
  const { health, driftReference, halfSpreadBps } = walkForward(rules, bars);
  return freezeRelease({
    config,
    files: plan.files,
    mode,
    codeSha256,
    dataFingerprint: await planFingerprint(plan),
    dataSource: { name: provider.name, live: provider.live },
    firstTickMs,
    health: { ...health, codes: [...health.codes] },
    halfSpreadBps,
    driftReference: driftReference.map(({ edges, shares }) => ({ edges: [...edges], shares: [...shares] })),
  });
}

async function writeRelease(
  stores: Stores,
  plan: MarketPlan,
  { release, sha256 }: FrozenRelease,
  texts: ReadonlyMap<string, string>,
  atMs: number,
): Promise<void> {
  const { rules, line, firstRow } = plan;
  const { market } = rules.config;
  const bars = await planBars(plan, 0, firstRow, atMs);
  const window = await appendWindow(
    stores.artifacts,
    market,
    atMs,
    undefined,
    undefined,
    bars,
    firstRow - rules.windowRows,
  );
  const state = await putJson(
    stores.artifacts,
    market,
    'state',
    atMs,
    encodeState(rules, warmState(rules, bars, firstRow)),
  );
  const files = await putJson(stores.artifacts, market, 'config', atMs, {
    v: 2,
    files: Object.fromEntries(texts),
    values: configValues(texts),
  });
  const frozen = await putJson(stores.artifacts, market, 'release', atMs, release as unknown as Json);
  const ordinal = firstRow - 1;
  await commit(stores, {
    atMs,
    previousHead: undefined,
    also: [],
    head: { tick_utc: isoUtc(line.endMs[ordinal]!), ordinal, window, state, settled_ordinal: ordinal },
    record: {
      v: 1,
      kind: 'release',
      market,
      mode: release.mode,
      n: 0,
      prev: null,
      release_sha256: sha256,
      at_utc: isoUtc(atMs),
      release_name: release.release_name,
      release: frozen,
      config: files,
      window,
      state,
      ordinal,
    },
  });
}

/** How the switch of a ledger opens: a replay starts ACTIVE, a forward ledger earns its recovery first. */
const OPENING = {
  replay: {
    state: 'ACTIVE',
    value: 'false',
    actor: REPLAY,
    reason: 'a replay starts ACTIVE by a recorded switch',
  },
  forward: {
    state: 'HALTED',
    value: 'true',
    actor: SYSTEM,
    reason: 'a forward ledger starts HALTED and earns its recovery',
  },
} as const;

/**
 * Puts the parameters where there are none and the latch by a recorded switch: the second half of an opening, which a
 * killed one goes on with.
 */
export async function openSwitch(stores: Stores, market: string, atMs: number): Promise<void> {
  const at = (await readHead(stores, market))!;
  const { state, value, actor, reason } = OPENING[at.head.mode];
  const put = async (name: string): Promise<Parameter> =>
    (await stores.parameters.get(name)) ??
    stores.parameters.put(name, { value, changedAtMs: atMs, changedBy: actor, description: reason });
  const all = await put(DISABLE_TRADING);
  const own = await put(marketSwitch(market));
  if ((await readLatch(stores, market)) !== undefined) return;
  const n = at.head.n + 1;
  const turn: Omit<Turn, 'from'> = {
    to: state,
    cause: 'opened',
    trigger: null,
    ...{ actor, role: null, reason, missing: [], evidence: [] },
    ...{ atMs, version: all.version, marketVersion: own.version },
  };
  const record = switchRecord(market, at.head, { ...turn, from: 'none' });
  const latch: Item = {
    partition: ledgerPartition(market),
    sort: LATCH,
    body: canonicalJson(latchAfter(undefined, turn, n, at.head.ordinal) as unknown as Json),
  };
  try {
    await commit(stores, {
      ...{ atMs, record, head: at.head, previousHead: at.body },
      also: [{ item: latch, expect: 'absent' }],
    });
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}
