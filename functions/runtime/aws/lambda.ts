import { Logger } from '@aws-lambda-powertools/logger';
import { SNSClient } from '@aws-sdk/client-sns';
import * as z from 'zod';
import type { Json, Sha256 } from '../../../shared/kernel/canonical.ts';
import { ConfigError, IntegrityError, PapergateError } from '../../../shared/kernel/errors.ts';
import { systemClock } from '../../../shared/kernel/time.ts';
import { assertBundle, readBundles } from '../../../shared/ledger/bundles.ts';
import { awsClients } from '../../../shared/stores/aws-clients.ts';
import { awsStores } from '../../../shared/stores/aws.ts';
import type { Stores } from '../../../shared/stores/ports.ts';
import { parseInput } from '../../envelope.ts';
import type { FunctionName } from '../../functions.ts';
import { haltForDamage } from '../halt-for-damage.ts';
import { runtimeOf, type MarketRuntime, type Runtime } from '../runtime.ts';
import { ownerAlerts } from './alerts.ts';
import { CLIENT_LIMITS } from './client-limits.ts';
import { deployedMarket, type SourceOf } from './markets.ts';
import { ownBundle } from './own-bundle.ts';
import { parameterPrefix, parseSettings, type Settings } from './settings.ts';

/** One Lambda: what it is called, the markets that an event is about, and the handler that does the work. */
export interface Part<T> {
  readonly name: FunctionName;
  /** Where it fetches bars from; a function without gets a source that refuses. */
  readonly sourceOf?: SourceOf;
  markets(event: unknown, all: readonly string[]): readonly string[];
  /** @param markets those of the event that can be worked on; one that cannot keeps no other from being. */
  handle(event: unknown, runtime: Runtime, markets: readonly string[]): Promise<T>;
  /**
   * Whether it still does its work where its own bundle was not released. Any such function halts its markets first;
   * only one that does nothing but note and halt goes on.
   */
  readonly outlivesForeignBundle?: true;
  /** Called where bytes are not what they should be, its own bundle's included, before that is thrown. */
  onDamage?(event: unknown): void;
}

const marketEvent = z.object({ market: z.string().min(1) });

/** The market of an event that names one. @throws ConfigError */
export const marketOf = (event: unknown): readonly [string] => [
  parseInput('this function', event, marketEvent).market,
];

/**
 * A Lambda's handler. What can fail at the start fails there, by name: environment, clients, its own bundle. A market is
 * read from its ledger once and kept, since a ledger is of one release for ever; head, latch and switch are read every
 * time.
 */
export function lambdaOf<T>(part: Part<T>): (event: unknown) => Promise<T> {
  const settings = parseSettings(process.env);
  const bundle = ownBundle();
  const logger = new Logger({ serviceName: 'papergate', persistentLogAttributes: namesOf(part, settings) });
  const clients = awsClients();
  const stores = awsStores({
    clients,
    table: settings.PAPERGATE_TABLE,
    artifactsBucket: settings.PAPERGATE_ARTIFACTS_BUCKET,
    projectionsBucket: settings.PAPERGATE_PROJECTIONS_BUCKET,
    parameterPrefix: parameterPrefix(settings.PAPERGATE_STAGE),
  });
  const alert = ownerAlerts(
    new SNSClient(CLIENT_LIMITS),
    settings.PAPERGATE_OWNER_TOPIC,
    settings.PAPERGATE_STAGE,
  );
  const log: Runtime['log'] = ({ message, ...fields }) => logger.info(message, fields);
  const kept = new Map<string, MarketRuntime>();

  return async (event) => {
    try {
      const tell: Runtime['alert'] = async (told) => {
        logger.warn(told.message, { ...told });
        await alert(told);
      };
      const ready: string[] = [];
      const failures: unknown[] = [];
      const runtime = runtimeOf(stores, systemClock, kept, tell, log);
      for (const name of part.markets(event, settings.PAPERGATE_MARKETS)) {
        try {
          kept.set(name, kept.get(name) ?? (await marketAt(stores, name, part, settings)));
          await released(runtime, part, name, bundle, logger);
          ready.push(name);
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0 && ready.length === 0) throw failures[0];
      const answer = await part.handle(event, runtime, ready);
      if (failures.length > 0) throw failures[0];
      logger.info('done', { ...tickOf(event), ...tickOf(answer), answer: answer as Json });
      return answer;
    } catch (error) {
      logger.error((error as Error).message, { ...tickOf(event), ...evidenceOf(error) });
      if (error instanceof IntegrityError) part.onDamage?.(event);
      throw error;
    }
  };
}

/** What every line of a function's log says. */
const namesOf = ({ name }: Part<unknown>, { PAPERGATE_STAGE: stage }: Settings) => ({
  function: name,
  stage,
});

async function marketAt(
  stores: Stores,
  name: string,
  { sourceOf }: Pick<Part<unknown>, 'sourceOf'>,
  settings: Settings,
): Promise<MarketRuntime> {
  const { PAPERGATE_MARKETS: markets, PAPERGATE_ACCOUNT: account, PAPERGATE_STAGE: stage } = settings;
  if (!markets.includes(name))
    throw new ConfigError(`market ${name} is not deployed in ${stage}; it has ${markets.join(', ')}`);
  return deployedMarket(stores, name, { account, stage, sourceOf });
}

/**
 * Holds the function's own bundle against those that the market's ledger accepts. One that it does not know halts the
 * market, by this function where its role may, else by the record of its failure; then the function refuses, unless
 * halting is what it is for.
 */
async function released(
  runtime: Runtime,
  { name, outlivesForeignBundle }: Part<unknown>,
  market: string,
  bundle: Sha256,
  logger: Logger,
): Promise<void> {
  try {
    assertBundle(await readBundles(runtime.stores, market), market, name, bundle);
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error;
    try {
      await haltForDamage(runtime, market, name, error);
    } catch (cause) {
      // Not every step's role may turn the switch. What it found is what it fails with all the same: that is not tried
      // again, and whoever records the failure halts on it.
      logger.error(`cannot halt ${market} itself`, evidenceOf(cause));
    }
    if (outlivesForeignBundle !== true) throw error;
  }
}

const tickSchema = z
  .object({ market: z.string(), tick_utc: z.string(), trace_id: z.string(), scheduled_at_utc: z.string() })
  .partial();

/** What of an event or an answer says which tick it is of: one trace_id through all steps and tries. */
const tickOf = (value: unknown): z.infer<typeof tickSchema> => tickSchema.safeParse(value).data ?? {};

const evidenceOf = (error: unknown): { code: string; evidence?: Json; stack?: string } =>
  error instanceof PapergateError
    ? { code: error.name, evidence: error.evidence as Json }
    : { code: (error as Error).name, stack: (error as Error).stack ?? '' };
