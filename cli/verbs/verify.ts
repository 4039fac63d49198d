import { InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { canonicalJson, type Sha256 } from '../../shared/kernel/canonical.ts';
import { ConfigError, IntegrityError } from '../../shared/kernel/errors.ts';
import { ledgerMarkets, verifyMarket, type Verified } from '../../shared/ledger/verify.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { VERIFY_READERS } from '../../shared/tick/verify-readers.ts';
import { EXIT } from '../exit-codes.ts';
import { mayColor, type Io } from '../io.ts';
import { onLedger, placeName, placeOptions, type Place } from '../ledger.ts';
import { renderTable } from '../output.ts';
import type { Verb } from '../verb.ts';

interface Options extends Place {
  market?: string;
  expect?: Sha256;
  json?: true;
}

export const verb: Verb<Options> = {
  configure: (command) =>
    placeOptions(command)
      .option('--market <name>', 'only this market')
      .option('--expect <head>', 'hash that the last record must have, as it was noted elsewhere', headHash)
      .option('--json', 'canonical JSON (RFC 8785) in place of a table'),

  run: ({ market, expect, json, ...place }, io) =>
    onLedger(place, 'read', async (stores) => {
      const markets = await marketsOf(stores, placeName(place), market);
      if (expect !== undefined && markets.length > 1) {
        throw new ConfigError(
          `--expect is the head of one market: name it with --market, one of ${markets.join(', ')}`,
        );
      }
      const outcomes: Outcome[] = [];
      for (const name of markets) outcomes.push(await outcomeOf(stores, name, expect));
      io.out(json ? jsonText(outcomes) : tableText(outcomes, io));
      const failed = outcomes.find(({ error }) => error !== undefined);
      if (failed?.error) throw failed.error;
      return EXIT.ok;
    }),
};

/** Parses `sha256:` and 64 hexadecimal digits. */
function headHash(text: string): Sha256 {
  const parsed = z.templateLiteral(['sha256:', z.string().regex(/[0-9a-f]{64}/)]).safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError('Expected sha256: and 64 hexadecimal digits.');
  return parsed.data;
}

/** Markets to verify. @throws ConfigError where the folder holds none, or not the one asked for. */
async function marketsOf(stores: Stores, folder: string, asked: string | undefined): Promise<string[]> {
  const markets = await ledgerMarkets(stores);
  if (markets.length === 0)
    throw new ConfigError(`${folder} holds no market's ledger: name the --out folder of a run`);
  if (asked === undefined) return markets;
  if (markets.includes(asked)) return [asked];
  throw new ConfigError(`--market: ${asked} has no ledger in ${folder}; it has ${markets.join(', ')}`);
}

/** What verification found in one market: what it verified, or what is wrong. */
interface Outcome {
  readonly market: string;
  readonly verified?: Verified;
  readonly error?: IntegrityError;
}

async function outcomeOf(stores: Stores, market: string, expect: Sha256 | undefined): Promise<Outcome> {
  try {
    return { market, verified: await verifyMarket(stores, market, VERIFY_READERS, { expect }) };
  } catch (error) {
    if (error instanceof IntegrityError) return { market, error };
    throw error;
  }
}

const fieldOf = (error: IntegrityError): { record: number | null; field: string | null } => ({
  record: typeof error.evidence['record'] === 'number' ? error.evidence['record'] : null,
  field: typeof error.evidence['field'] === 'string' ? error.evidence['field'] : null,
});

/** What is said of a market whose chain holds in itself, but not against a tail that was cut off. */
function noteOf({ market, head, anchored, uncommitted }: Verified): string[] {
  const notes: string[] = [];
  if (head !== null && anchored === null) {
    notes.push(
      `${market}: nothing outside the chain remembers its head (no anchor, no release manifest, no --expect): ` +
        'a tail that was cut off cannot be excluded',
    );
  } else if (head !== null && anchored! < head.n) {
    notes.push(
      `${market}: records after ${anchored} are not anchored: whether more followed the head cannot be excluded`,
    );
  }
  if (uncommitted > 0) {
    notes.push(
      `${market}: ${uncommitted} record after the head was written and never committed: a run was killed there`,
    );
  }
  return notes;
}

function jsonText(outcomes: readonly Outcome[]): string {
  const markets = outcomes.map(({ market, verified, error }) =>
    verified === undefined
      ? { market, result: 'failed', ...fieldOf(error!), message: error!.message }
      : { ...verified, result: 'ok', notes: noteOf(verified) },
  );
  const ok = outcomes.every(({ error }) => error === undefined);
  return `${canonicalJson({ ok, markets })}\n`;
}

function tableText(outcomes: readonly Outcome[], io: Io): string {
  const rows = outcomes.map(({ market, verified, error }) => {
    if (verified === undefined) {
      const { record, field } = fieldOf(error!);
      return [
        market,
        '',
        '',
        '',
        '',
        '',
        `failed: ${record === null ? '' : `record ${record}: `}${field ?? ''}`,
      ];
    }
    const { records, ticks, head, anchored } = verified;
    const until = anchored === null ? 'no' : `to ${anchored}`;
    return [
      market,
      `${records}`,
      `${ticks}`,
      `${head?.n ?? ''}`,
      head?.sha256 ?? '',
      until,
      head ? 'ok' : 'empty',
    ];
  });
  const table = renderTable(['market', 'records', 'ticks', 'head', 'head hash', 'anchored', 'result'], rows, {
    color: mayColor(io),
  });
  const notes = outcomes.flatMap(({ verified }) => (verified ? noteOf(verified) : []));
  return `${table}${notes.map((note) => `${note}\n`).join('')}`;
}
