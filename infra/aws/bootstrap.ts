import { readFrozenMarket } from '../../functions/runtime/frozen-market.ts';
import type { Probed } from '../../functions/ingest/probe.ts';
import { dateAround, firstEndingFrom } from '../../shared/calendar/timeline.ts';
import type { Config } from '../../shared/config/config.ts';
import type { Sha256 } from '../../shared/kernel/canonical.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { utcDay, type Clock } from '../../shared/kernel/time.ts';
import { acceptBundles } from '../../shared/ledger/bundles.ts';
import { readHead } from '../../shared/ledger/chain.ts';
import type { HealthCheck } from '../../shared/risk/health-check.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { mismatchedParts } from '../../shared/release/mismatch.ts';
import { runningParts } from '../../shared/release/release.ts';
import { planMarket, type MarketPlan } from '../local/market-plan.ts';
import { openLedger, openSwitch } from '../local/open-ledger.ts';
import type { DeployedStage } from './deployed-stage.ts';
import { checkIn, type Invoke } from './invoke.ts';

/** What the first start of a stage is given. */
export interface BootstrapInputs {
  readonly deployed: DeployedStage;
  readonly stores: Stores;
  readonly config: Config;
  readonly configTexts: ReadonlyMap<string, string>;
  /** Hash of the source tree that runs here. */
  readonly codeSha256: Sha256;
  readonly clock: Clock;
  readonly invoke: Invoke;
  /** Called with a line for whoever waits. */
  readonly say: (line: string) => void;
}

/** A market after its first start. */
export interface Started {
  readonly market: string;
  readonly release: string;
  /** False where its ledger was there already. */
  readonly opened: boolean;
  readonly probed: Probed;
  readonly checks: readonly HealthCheck[];
}

/** Health checks on demand: they show that the function runs; a recovery asks for scheduled ones, of three bars. */
const CHECKS = 3;

/** Days in which every market has a session. */
const DAYS_AHEAD = 14;

/**
 * Starts a stage: opens a forward ledger of each market, HALTED, accepts the bundles that are deployed, asks every source
 * from where the chain runs, and looks at each market's health. Run again, it goes on where it stopped, and accepts the
 * bundles of a new deploy of the same source.
 * @throws ConfigError where what is deployed is not this source tree or not these markets, or a source cannot be reached
 * from a Lambda; OtherReleaseError where a ledger is of another release.
 */
export async function bootstrapStage(inputs: BootstrapInputs): Promise<Started[]> {
  const { deployed, config, codeSha256, clock } = inputs;
  if (deployed.codeSha256 !== codeSha256)
    throw new ConfigError(
      `stage ${deployed.stage} runs source tree ${deployed.codeSha256}, this is ${codeSha256}: deploy it again, or check out what it runs`,
    );
  // Everything that can be refused is refused before anything is written.
  const plans = deployed.markets.map((market) => forwardPlan(config, market, clock.now()));
  for (const plan of plans) await plan.provider.fingerprint(plan.rules.instruments.symbols);
  const found: (Sha256 | undefined)[] = [];
  for (const plan of plans) found.push(await foundRelease(inputs, plan));
  const started: Started[] = [];
  for (const [k, plan] of plans.entries()) started.push(await startMarket(inputs, plan, found[k]));
  return started;
}

/** A market laid out from now on: its first tick is the next bar to close. */
function forwardPlan(config: Config, market: string, nowMs: number): MarketPlan {
  const [from, to] = [utcDay(nowMs), dateAround(nowMs, DAYS_AHEAD)];
  const plan = planMarket({ config, market, symbols: undefined, barsFolder: undefined, from, to });
  return { ...plan, firstRow: Math.max(plan.firstRow, firstEndingFrom(plan.line, nowMs + 1)) };
}

/** @param found the release of the ledger that is there. */
async function startMarket(
  inputs: BootstrapInputs,
  plan: MarketPlan,
  found: Sha256 | undefined,
): Promise<Started> {
  const { deployed, stores, config, configTexts, codeSha256, clock, invoke, say } = inputs;
  const { market } = plan.rules.config;
  const opened = found === undefined;
  say(`${market}: ${opened ? 'opens its ledger' : 'has its ledger'}`);
  const nowMs = clock.now();
  const sha256 =
    found ?? (await openLedger(stores, plan, config, configTexts, codeSha256, 'forward', nowMs)).sha256;
  await openSwitch(stores, market, nowMs);
  await acceptBundles(stores, market, sha256, deployed.bundles, nowMs);
  say(`${market}: asks its source from where the chain runs`);
  const probed = (await invoke('ingest', { market, probe: true })) as Probed;
  const checks: HealthCheck[] = [];
  for (let k = 0; k < CHECKS; k++) {
    checks.push(await checkIn(invoke)(market));
    say(`${market}: health check ${k + 1} of ${CHECKS}`);
  }
  return { market, release: sha256, opened, probed, checks };
}

/**
 * The release of the ledger that is there; undefined where there is none yet.
 * @throws ConfigError naming the parts in which this is another one.
 */
async function foundRelease(
  { stores, config, codeSha256 }: BootstrapInputs,
  plan: MarketPlan,
): Promise<Sha256 | undefined> {
  const { market } = plan.rules.config;
  if ((await readHead(stores, market)) === undefined) return undefined;
  const { release, releaseSha256 } = await readFrozenMarket(stores, market);
  const parts = mismatchedParts(release, runningParts(config, plan.files, codeSha256));
  if (parts.length === 0) return releaseSha256;
  throw new ConfigError(
    `${market}: its ledger is of release ${releaseSha256}, from which this differs in ${parts.join(', ')}: ` +
      'a new release starts in a stage of its own, or this stage goes back to what was released',
    { market, parts },
  );
}
