import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { BarSize } from '../../calendar/types.ts';
import { byCodeUnit, sha256, type Sha256 } from '../../kernel/canonical.ts';
import { ProviderError } from '../../kernel/errors.ts';

/** What vendors call a bar size in a file's name. */
const NAMES_OF_SIZE: Readonly<Record<BarSize, readonly string[]>> = {
  '1m': ['1m'],
  '5m': ['5m'],
  '60m': ['60m', '1h'],
  '1d': ['1d'],
};
/** Letters, digits, dot, underscore and hyphen, without `..`: nothing that leaves the folder. */
const SAFE_NAME = /^(?!.*\.\.)[A-Za-z0-9._-]{1,64}$/;
const LISTED_MAX = 50;
const LEAN_FOLDER = 'corporate-actions';

/** A file's name below its folder, the hash of its bytes as they lie on disk, and its text's bytes. */
export interface BarFile {
  readonly name: string;
  readonly sha256: Sha256;
  readonly text: Uint8Array;
}

/** Where the files of one market and bar size lie, and how large one may be, unzipped. */
export interface BarFolder {
  readonly folder: string;
  readonly prefix: string;
  readonly bar: BarSize;
  readonly bytesMax: number;
}

/** Whether a symbol or prefix may be part of a file's name. */
export const isSafeName = (name: string): boolean => SAFE_NAME.test(name);

/**
 * Reads `{prefix}_{symbol}_{bar}.csv` or `.csv.gz`, 60m also as 1h.
 * @throws ProviderError where the symbol is no plain name, there is no such file (naming those there are) or more
 * than one, it cannot be read or unzipped, or it is larger than `bytesMax`.
 */
export async function readBarFile(where: BarFolder, symbol: string): Promise<BarFile> {
  const name = await findFile(where, symbol);
  const raw = await readWhole(where, name);
  return { name, sha256: sha256(raw), text: name.endsWith('.gz') ? await unzip(raw, name, where) : raw };
}

/**
 * The corporate actions of a symbol that has bars: `{prefix}_{symbol}_actions.csv`, or a factor file of LEAN in
 * `corporate-actions/`; undefined where there is neither.
 * @throws ProviderError where there are both, or it cannot be read.
 */
export async function readActionFile(
  where: BarFolder,
  symbol: string,
): Promise<(BarFile & { readonly format: 'actions' | 'lean' }) | undefined> {
  const names = {
    actions: `${where.prefix}_${symbol}_actions.csv`,
    lean: `${LEAN_FOLDER}/${where.prefix}_${symbol}_lean_factor_file.csv`,
  };
  const texts = {
    actions: await readOptional(where, names.actions),
    lean: await readOptional(where, names.lean),
  };
  if (texts.actions !== undefined && texts.lean !== undefined) {
    throw new ProviderError(
      `instrument ${symbol} has corporate actions in two files, keep one: ${names.actions}, ${names.lean}`,
      { names },
    );
  }
  for (const format of ['actions', 'lean'] as const) {
    const text = texts[format];
    if (text !== undefined) return { name: names[format], sha256: sha256(text), text, format };
  }
  return undefined;
}

async function readOptional(where: BarFolder, name: string): Promise<Uint8Array | undefined> {
  try {
    return await readWhole(where, name);
  } catch (error) {
    const cause = error instanceof ProviderError ? error.cause : undefined;
    if (cause instanceof Error && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function findFile(where: BarFolder, symbol: string): Promise<string> {
  if (!isSafeName(symbol)) {
    throw new ProviderError(
      `instrument ${JSON.stringify(symbol)} is no plain name: up to 64 of A-Z a-z 0-9 . _ - without ..`,
      { symbol },
    );
  }
  const names = await listFolder(where);
  const wanted = fileEndings(where.bar).map((ending) => `${where.prefix}_${symbol}${ending}`);
  const found = wanted.filter((name) => names.includes(name));
  if (found.length === 1) return found[0]!;
  if (found.length > 1) {
    throw new ProviderError(`instrument ${symbol} has several files, keep one: ${found.join(', ')}`, {
      found,
    });
  }
  const known = symbolsIn(names, where);
  const more = known.length > LISTED_MAX ? ` and ${known.length - LISTED_MAX} more` : '';
  throw new ProviderError(
    `instrument ${symbol} has no ${where.bar} bars in ${where.folder} (looked for ${wanted[0]}); ` +
      `the folder has ${known.slice(0, LISTED_MAX).join(', ') || 'none'}${more}`,
    { symbol, known },
  );
}

async function listFolder(where: BarFolder): Promise<string[]> {
  try {
    return await readdir(where.folder);
  } catch (cause) {
    throw new ProviderError(
      `folder ${where.folder} of recorded bars cannot be read`,
      { ...where },
      { cause },
    );
  }
}

function symbolsIn(names: readonly string[], where: BarFolder): string[] {
  const start = `${where.prefix}_`;
  const symbols = new Set<string>();
  for (const ending of fileEndings(where.bar)) {
    for (const name of names) {
      if (name.startsWith(start) && name.endsWith(ending))
        symbols.add(name.slice(start.length, -ending.length));
    }
  }
  return [...symbols].sort(byCodeUnit);
}

const fileEndings = (bar: BarSize): string[] =>
  NAMES_OF_SIZE[bar].flatMap((size) => [`_${size}.csv`, `_${size}.csv.gz`]);

async function readWhole(where: BarFolder, name: string): Promise<Uint8Array> {
  const path = join(where.folder, name);
  try {
    const { size } = await stat(path);
    if (size > where.bytesMax) throw tooLarge(name, where.bytesMax);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof ProviderError) throw cause;
    throw new ProviderError(`${name}: cannot be read`, { path }, { cause });
  }
}

async function unzip(raw: Uint8Array, name: string, where: BarFolder): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(raw, { maxOutputLength: where.bytesMax });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(name, where.bytesMax);
    throw new ProviderError(`${name}: cannot be unzipped`, { name }, { cause });
  }
}

const tooLarge = (name: string, bytesMax: number): ProviderError =>
  new ProviderError(`${name}: more than ${bytesMax} bytes, zipped or unzipped; split the file`, {
    name,
    bytesMax,
  });
