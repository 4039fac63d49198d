import { describe, expect, test } from 'vitest';
import { IntegrityError } from '../../shared/kernel/errors.ts';
import {
  anchorLine,
  anchorsPath,
  parseAnchors,
  readAnchors,
  withAnchor,
  type Anchor,
} from '../../shared/ledger/anchors.ts';
import { memoryStores } from '../../shared/stores/memory.ts';

const anchorAt = (n: number, digit: string): Anchor => ({
  market: 'crypto',
  n,
  sha256: `sha256:${digit.repeat(64)}`,
  tick_utc: '2026-11-22T10:00:00Z',
});
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('anchors', () => {
  test('a line is canonical JSON with its line feed', () => {
    expect(anchorLine(anchorAt(7, 'a'))).toBe(
      `{"market":"crypto","n":7,"sha256":"sha256:${'a'.repeat(64)}","tick_utc":"2026-11-22T10:00:00Z"}\n`,
    );
  });

  test('are added at the end, and read back in order', async () => {
    const stores = memoryStores();
    expect(await readAnchors(stores, 'crypto')).toEqual([]);
    const both = withAnchor(withAnchor(undefined, anchorAt(7, 'a')), anchorAt(9, 'b'));
    await stores.projections.write(anchorsPath('crypto'), both);
    expect(await readAnchors(stores, 'crypto')).toEqual([anchorAt(7, 'a'), anchorAt(9, 'b')]);
  });

  test('the same anchor again changes nothing', () => {
    const once = withAnchor(undefined, anchorAt(7, 'a'));
    expect(withAnchor(once, anchorAt(7, 'a'))).toBe(once);
  });

  test.each([
    ['shorter', anchorAt(6, 'c')],
    ['another', anchorAt(7, 'c')],
  ])('a chain that became %s is refused', (_, anchor) => {
    const existing = withAnchor(undefined, anchorAt(7, 'a'));
    expect(() => withAnchor(existing, anchor)).toThrow(/^crypto: .*the chain was rewound$/);
  });

  test.each([
    ['cut', anchorLine(anchorAt(7, 'a')).slice(0, -1), 'does not end with a line feed'],
    ['out of order', anchorLine(anchorAt(7, 'a')) + anchorLine(anchorAt(6, 'a')), 'line 2: is record 6'],
    [
      'of another market',
      anchorLine({ ...anchorAt(7, 'a'), market: 'ashares' }),
      'line 1: is record 7 of ashares',
    ],
    ['no JSON', 'x\n', 'line 1 is not JSON'],
    ['of no hash', anchorLine({ ...anchorAt(7, 'a'), sha256: 'sha256:0' }), 'line 1: sha256'],
  ])('a file that is %s is refused', (_, text, message) => {
    const parse = (): unknown => parseAnchors('crypto', bytesOf(text));
    expect(parse).toThrow(IntegrityError);
    expect(parse).toThrow(message);
  });
});
