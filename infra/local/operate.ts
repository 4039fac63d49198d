import { healthCheck } from '../../functions/health-check/handler.ts';
import { readChecks } from '../../functions/health-check/checks.ts';
import { reconcile } from '../../functions/runtime/reconcile.ts';
import type { Alert, Runtime } from '../../functions/runtime/runtime.ts';
import { ConfigError, RefusedError } from '../../shared/kernel/errors.ts';
import type { Clock } from '../../shared/kernel/time.ts';
import { readLatch } from '../../shared/ledger/chain.ts';
import { DISABLE_TRADING, marketSwitch } from '../../shared/ledger/keys.ts';
import type { LatchState } from '../../shared/ledger/records.ts';
import type { HealthCheck } from '../../shared/risk/health-check.ts';
import type { Turn } from '../../shared/risk/switch-machine.ts';
import { checkChange } from '../../shared/stores/keys.ts';
import { DESCRIPTION_CHARS_MAX, type Stores } from '../../shared/stores/ports.ts';
import { ledgerClock, ledgerMarket, operationRuntime } from './ledger-runtime.ts';
import { marketsIn } from './ledger-markets.ts';

/** Who turns the switch, and why. */
export interface Operation {
  readonly actor: string;
  readonly reason: string;
  readonly onAlert?: (alert: Alert) => Promise<void>;
  /** The present, of a forward ledger; the system's clock by default. */
  readonly now?: Clock;
  /** Who brings the latch in line after the parameter was put; by default this process does. */
  readonly align?: Align;
}

/** Brings a market's latch in line with its parameters, or waits until somebody did. */
export type Align = (stores: Stores, market: string, clock: Clock) => Promise<Operated>;

/** One market after an operation: its latch, and the turns that were recorded. */
export interface Operated {
  readonly market: string;
  readonly latch: LatchState | 'none';
  readonly turns: readonly Turn[];
}

/**
 * Disables trading in one market, or in all of them: puts the parameter to `true` with the reason, then brings every
 * latch in line. A halt is never refused for who asks.
 * @throws ConfigError where the reason is empty or too long.
 */
export async function haltMarkets(
  stores: Stores,
  market: string | undefined,
  operation: Operation,
): Promise<Operated[]> {
  checkReason(operation, 1);
  const markets = await marketsIn(stores, market);
  const clocks = await Promise.all(markets.map((name) => ledgerClock(stores, name, operation.now)));
  // In a replay of several markets the earliest of their moments: no market may go on trading after the halt.
  const atMs = Math.min(...clocks.map((clock) => clock.now()));
  await put(stores, market === undefined ? DISABLE_TRADING : marketSwitch(market), 'true', atMs, operation);
  const operated: Operated[] = [];
  for (const [k, name] of markets.entries()) operated.push(await align(stores, name, clocks[k]!, operation));
  return operated;
}

/**
 * Asks for a recovery of one market: puts its parameter to `false` with the reason, and that of all markets where it is
 * not `false` already, whose other markets stay halted until their own recovery. The switch then answers as it would
 * answer the console.
 * @throws RefusedError naming every condition that is missing; the parameter is back at `true`, the refusal recorded.
 */
export async function resumeMarket(stores: Stores, market: string, operation: Operation): Promise<Operated> {
  checkReason(operation, 0);
  const [name = market] = await marketsIn(stores, market);
  const clock = await ledgerClock(stores, name, operation.now);
  // What turned the switch before is recorded first: the request comes after it.
  const before = await align(stores, name, clock, operation);
  if (before.latch === 'none')
    throw new RefusedError(
      `${name} has no latch: its ledger was never opened, or its state was tampered with`,
    );
  if (before.latch !== 'HALTED') return before;
  const atMs = clock.now();
  await freeOthers(stores, name, atMs, operation);
  await put(stores, marketSwitch(name), 'false', atMs, operation);
  const after = await align(stores, name, clock, operation);
  if (after.latch === 'TRIAL') return after;
  const missing = after.turns.flatMap((turn) => turn.missing.map(({ detail }) => detail));
  throw new RefusedError(
    `${name} stays ${after.latch}: ${missing.join('; ') || 'another change of the switch came first; look at papergate status'}`,
    { market: name, missing },
  );
}

/**
 * Puts the parameter of all markets to `false` where it is not. That alone would ask for a recovery of every market:
 * those that nobody confirmed get their own parameter at `true` first, and stay halted.
 */
async function freeOthers(
  stores: Stores,
  confirmed: string,
  atMs: number,
  operation: Operation,
): Promise<void> {
  const all = await stores.parameters.get(DISABLE_TRADING);
  if (all?.value === 'false') return;
  for (const other of await marketsIn(stores)) {
    const own = await stores.parameters.get(marketSwitch(other));
    if (other === confirmed || own?.value !== 'false') continue;
    const reason = `only ${confirmed} was confirmed: ${operation.reason}`.slice(0, DESCRIPTION_CHARS_MAX);
    await put(stores, marketSwitch(other), 'true', atMs, { ...operation, reason });
  }
  await put(stores, DISABLE_TRADING, 'false', atMs, operation);
}

/** How a health check is held. */
export interface Checking extends Pick<Operation, 'onAlert' | 'now'> {
  /** Who holds it; by default this process does. */
  readonly hold?: (market: string) => Promise<HealthCheck>;
}

/** Holds a health check of a market now. */
export async function checkMarket(
  stores: Stores,
  market: string,
  operation: Checking = {},
): Promise<{ made: HealthCheck; checks: readonly HealthCheck[] }> {
  const [name = market] = await marketsIn(stores, market);
  if (operation.hold !== undefined)
    return { made: await operation.hold(name), checks: await readChecks(stores, name) };
  const clock = await ledgerClock(stores, name, operation.now);
  const runtime = await runtimeOver(stores, name, clock, operation.onAlert);
  const made = await healthCheck({ market: name }, runtime);
  return { made, checks: await readChecks(stores, name) };
}

async function align(stores: Stores, market: string, clock: Clock, operation: Operation): Promise<Operated> {
  if (operation.align !== undefined) return operation.align(stores, market, clock);
  const runtime = await runtimeOver(stores, market, clock, operation.onAlert);
  const turns = await reconcile(runtime, runtime.market(market));
  const latch = await readLatch(stores, market);
  return { market, latch: latch?.state ?? 'none', turns };
}

const runtimeOver = async (
  stores: Stores,
  market: string,
  clock: Clock,
  onAlert?: Runtime['alert'],
): Promise<Runtime> => operationRuntime(stores, clock, await ledgerMarket(stores, market), onAlert);

async function put(
  stores: Stores,
  name: string,
  value: string,
  changedAtMs: number,
  { actor, reason }: Operation,
): Promise<void> {
  await stores.parameters.put(name, { value, changedAtMs, changedBy: actor, description: reason });
}

/** Refuses what the parameter could not keep, before anything is changed. */
function checkReason({ actor, reason }: Operation, least: number): void {
  if (actor.trim() === '') throw new ConfigError('--actor: expected who turns the switch');
  if (reason.trim().length < least) throw new ConfigError('--reason: expected why the switch is turned');
  if (reason.length > DESCRIPTION_CHARS_MAX)
    throw new ConfigError(
      `--reason: has ${reason.length} characters, at most ${DESCRIPTION_CHARS_MAX} are kept`,
    );
  try {
    checkChange(DISABLE_TRADING, { value: 'true', changedAtMs: 0, changedBy: actor, description: reason });
  } catch (cause) {
    throw new ConfigError(`--actor, --reason: ${(cause as Error).message}`, {}, { cause });
  }
}
