import { canonicalJson, hashJson, type Json, type Sha256 } from '../../shared/kernel/canonical.ts';
import { ConfigError, OtherReleaseError } from '../../shared/kernel/errors.ts';
import { isoUtc } from '../../shared/kernel/time.ts';
import { configSchema, releaseSchema, type Release } from '../../shared/ledger/artifacts.ts';
import {
  commit,
  getJson,
  isConflict,
  parseStored,
  putJson,
  readHead,
  readLatch,
} from '../../shared/ledger/chain.ts';
import { DISABLE_TRADING, LATCH, ledgerPartition, recordSort } from '../../shared/ledger/keys.ts';
import { recordSchema, referenceSchema, type LedgerRecord } from '../../shared/ledger/records.ts';
import { appendWindow } from '../../shared/ledger/window-store.ts';
import { freezeRelease } from '../../shared/release/release.ts';
import type { Config } from '../../shared/config/config.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { encodeState } from '../../shared/tick/state-codec.ts';
import { warmState } from '../../shared/tick/tick.ts';
import { walkForward } from '../../shared/tick/warm-up.ts';
import { planBars, planFingerprint, type MarketPlan } from './market-plan.ts';

/** A market's release as it is frozen in its ledger. */
export interface OpenedLedger {
  readonly release: Release;
  readonly sha256: Sha256;
}

/**
 * Opens a replay ledger, or finds the one that is there: freezes the release from the bars before the first tick,
 * writes it as the first record, and starts the switch ACTIVE by a second one. Killed anywhere, it goes on.
 * @throws ConfigError where the folder holds a ledger of another release.
 */
export async function openLedger(
  stores: Stores,
  plan: MarketPlan,
  config: Config,
  configTexts: ReadonlyMap<string, string>,
  codeSha256: Sha256,
): Promise<OpenedLedger> {
  const { market } = plan.rules.config;
  const opened = await frozenRelease(plan, config, codeSha256);
  const at = await readHead(stores, market);
  if (at === undefined) await writeRelease(stores, plan, opened, configTexts);
  else if (at.head.release_sha256 !== opened.sha256) {
    throw new OtherReleaseError(market, at.head.release_sha256, opened.sha256);
  }
  await startActive(stores, market, plan);
  return opened;
}

async function frozenRelease(plan: MarketPlan, config: Config, codeSha256: Sha256): Promise<OpenedLedger> {
  const { rules, provider } = plan;
  const firstTickMs = plan.line.endMs[plan.firstRow]!;
  // What the model's record rests on must be what a user could see before the first tick.
  const bars = await planBars(plan, 0, plan.firstRow, plan.line.startMs[plan.firstRow]!);
  const { health, driftReference, halfSpreadBps } = walkForward(rules, bars);
  return freezeRelease({
    config,
    files: plan.files,
    mode: 'replay',
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
  { release, sha256 }: OpenedLedger,
  texts: ReadonlyMap<string, string>,
): Promise<void> {
  const { rules, line, firstRow } = plan;
  const { market } = rules.config;
  const atMs = line.startMs[firstRow]!;
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
    v: 1,
    files: Object.fromEntries(texts),
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

/** Puts the parameter where there is none and, by a recorded switch, the latch to ACTIVE: replays only. */
async function startActive(stores: Stores, market: string, plan: MarketPlan): Promise<void> {
  const atMs = plan.line.startMs[plan.firstRow]!;
  const change = {
    value: 'false',
    changedAtMs: atMs,
    changedBy: 'replay',
    description: 'a replay starts enabled',
  };
  const parameter =
    (await stores.parameters.get(DISABLE_TRADING)) ?? (await stores.parameters.put(DISABLE_TRADING, change));
  if ((await readLatch(stores, market)) !== undefined) return;
  const at = (await readHead(stores, market))!;
  const record: LedgerRecord = {
    v: 1,
    kind: 'switch',
    market,
    mode: at.head.mode,
    n: at.head.n + 1,
    prev: at.head.sha256,
    release_sha256: at.head.release_sha256,
    at_utc: isoUtc(atMs),
    from: 'none',
    to: 'ACTIVE',
    actor: 'replay',
    reason: 'a replay starts ACTIVE by a recorded switch',
    parameter_version: parameter.version,
  };
  const latch = {
    partition: ledgerPartition(market),
    sort: LATCH,
    body: canonicalJson({
      state: 'ACTIVE',
      since_utc: isoUtc(atMs),
      parameter_version: parameter.version,
      record: record.n,
    }),
  };
  try {
    await commit(stores, {
      atMs,
      record,
      head: at.head,
      previousHead: at.body,
      also: [{ item: latch, expect: 'absent' }],
    });
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}

/** The release and configuration texts that a ledger was opened with, from its first record. */
export async function readRelease(
  stores: Stores,
  market: string,
): Promise<{ release: Release; sha256: Sha256; configTexts: ReadonlyMap<string, string> }> {
  const item = await stores.state.get(ledgerPartition(market), recordSort(0));
  if (item === undefined) throw new ConfigError(`there is no ledger of ${market} here`);
  const record = await getJson(
    stores.artifacts,
    parseStored(item.body, referenceSchema, `record 0 of ${market}`),
    recordSchema,
  );
  if (record.kind !== 'release')
    throw new ConfigError(`the ledger of ${market} does not begin with a release`);
  const release = await getJson(stores.artifacts, record.release, releaseSchema);
  const { files } = await getJson(stores.artifacts, record.config, configSchema);
  return {
    release,
    sha256: hashJson(release as unknown as Json),
    configTexts: new Map(Object.entries(files)),
  };
}
