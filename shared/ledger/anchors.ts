import * as z from 'zod';
import { canonicalJson, type Sha256 } from '../kernel/canonical.ts';
import { IntegrityError } from '../kernel/errors.ts';
import type { Stores } from '../stores/ports.ts';
import { parseStored } from './chain.ts';
import { headSchema } from './records.ts';

/**
 * What the head of a chain was at one moment, kept outside the chain: a chain whose tail is cut still verifies. Whoever
 * may rewrite the whole folder may rewrite its anchors too: against that stands a head noted elsewhere (`--expect`).
 */
export interface Anchor {
  readonly market: string;
  readonly n: number;
  readonly sha256: Sha256;
  readonly tick_utc: string;
}

const { n, sha256, tick_utc } = headSchema.shape;
const anchorSchema = z.strictObject({ market: z.string(), n, sha256, tick_utc });

/** Where the anchors of a market lie among the projections. */
export const anchorsPath = (market: string): string => `anchors/${market}.jsonl`;

/** One anchor as a line of canonical JSON with its line feed. */
export const anchorLine = (anchor: Anchor): string =>
  `${canonicalJson({ market: anchor.market, n: anchor.n, sha256: anchor.sha256, tick_utc: anchor.tick_utc })}\n`;

/**
 * The anchors of a file, oldest first.
 * @throws IntegrityError naming the line that is no anchor of the market, or does not follow the one before.
 */
export function parseAnchors(market: string, bytes: Uint8Array): Anchor[] {
  const path = anchorsPath(market);
  const lines = new TextDecoder().decode(bytes).split('\n');
  if (lines.pop() !== '')
    throw new IntegrityError(`${path} does not end with a line feed: it was cut`, { path });
  const anchors = lines.map((line, k) => parseStored(line, anchorSchema, `${path} line ${k + 1}`));
  anchors.forEach((anchor, k) => {
    if (anchor.market === market && anchor.n > (anchors[k - 1]?.n ?? -1)) return;
    throw new IntegrityError(
      `${path} line ${k + 1}: is record ${anchor.n} of ${anchor.market}, expected a later one of ${market}`,
      { path },
    );
  });
  return anchors;
}

/** The anchors of a market, oldest first; none where there is no file. @throws IntegrityError */
export async function readAnchors(stores: Pick<Stores, 'projections'>, market: string): Promise<Anchor[]> {
  const bytes = await stores.projections.read(anchorsPath(market));
  return bytes === undefined ? [] : parseAnchors(market, bytes);
}

/**
 * The file with an anchor added; unchanged where its last line says the same already.
 * @param existing the file's bytes, undefined where there is none.
 * @throws IntegrityError where the chain lies behind its last anchor, or has another record there: it was rewound.
 */
export function withAnchor(existing: Uint8Array | undefined, anchor: Anchor): Uint8Array {
  const last = existing === undefined ? undefined : parseAnchors(anchor.market, existing).at(-1);
  if (last !== undefined && last.n >= anchor.n) {
    if (last.n === anchor.n && last.sha256 === anchor.sha256) return existing!;
    throw new IntegrityError(
      `${anchor.market}: the head is record ${anchor.n} (${anchor.sha256}), but record ${last.n} (${last.sha256}) is anchored: ` +
        'the chain was rewound',
      { market: anchor.market, anchored: last.n, head: anchor.n },
    );
  }
  const line = new TextEncoder().encode(anchorLine(anchor));
  const bytes = new Uint8Array((existing?.length ?? 0) + line.length);
  bytes.set(existing ?? []);
  bytes.set(line, existing?.length ?? 0);
  return bytes;
}
