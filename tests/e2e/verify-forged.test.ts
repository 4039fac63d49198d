import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { anchorsPath, withAnchor } from '../../shared/ledger/anchors.ts';
import { embeddedStores } from '../../shared/stores/embedded.ts';
import { layOut, replay } from '../support/chain.ts';
import {
  sha256Of,
  TamperedLedger,
  verify,
  type Named,
  type StoredRecord,
} from '../support/tampered-ledger.ts';

/**
 * Someone who has the whole program changes one record or artifact and signs everything after it anew: every hash
 * fits. What does not follow from the rest is found all the same; what does is found by a head noted elsewhere.
 */
const original = mkdtempSync(join(tmpdir(), 'papergate-forged-'));
const copies: TamperedLedger[] = [];
function copy(): TamperedLedger {
  const made = new TamperedLedger(original, 'ashares');
  copies.push(made);
  return made;
}

beforeAll(async () => {
  const stores = embeddedStores(original);
  await replay(stores, layOut('ashares', '2024-07-12', '2024-07-22'));
  // The tests place anchors themselves, to tell what is found with one from what is found without.
  rmSync(join(original, 'processed', 'anchors'), { recursive: true });
  stores.close();
});
afterEach(() => copies.splice(0).forEach((made) => made.remove()));
afterAll(() => rmSync(original, { recursive: true }));

type Values = Record<string, unknown>;
type Fills = Record<string, number>[];
type Kind = 'window' | 'data' | 'forecast' | 'execution' | 'position' | 'state';

/** Changes one JSON artifact of a record; its hash and those of the whole chain after it are made to fit. */
function forgeArtifact(ledger: TamperedLedger, n: number, kind: Kind, change: (value: Values) => void): void {
  ledger.forge(n, (record) => {
    const named = record[kind] as Named;
    const value = ledger.json(named);
    change(value);
    record[kind] = ledger.put(named.key, value);
  });
}

/** Changes the text of a decision packet, whose name says nothing of its content. */
function forgePacket(ledger: TamperedLedger, n: number, change: (text: string) => string): void {
  ledger.forge(n, (record) => {
    const { key } = record['decision'] as Named;
    const before = ledger.read(key).toString();
    expect(change(before)).not.toBe(before);
    ledger.write(key, change(before));
    record['decision'] = { key, sha256: sha256Of(change(before)) };
  });
}

async function expectFlaw(ledger: TamperedLedger, message: string, ...more: string[]): Promise<void> {
  const { status, stderr } = await verify(ledger.folder, ...more);
  expect(stderr).toContain(message);
  expect([status, stderr.split('\n').length]).toEqual([4, 2]);
}

const withOrder = (ledger: TamperedLedger): number =>
  ledger.tickWith((execution) => (execution['placed'] as string[]).length > 0);
const withFill = (ledger: TamperedLedger): number => ledger.tickWith(({ fills }) => fills.length > 0);

describe('a forged fill', () => {
  test.each<[what: string, change: (fills: Fills) => void, field: string]>([
    ['costs less', ([fill]) => (fill!['feeMinor']! -= 1), 'execution.fills.0.feeBps'],
    ['moves less money', ([fill]) => (fill!['notionalMinor']! -= 100), 'execution.fills.0.notionalMinor'],
    ['is posted twice', (fills) => fills.push({ ...fills[0]! }), 'execution.fills.'],
    ['is left out', (fills) => fills.pop(), 'execution.ended.'],
    ['is larger than its order', ([fill]) => (fill!['quantity']! *= 2), 'execution.fills.0.quantity'],
    ['is no whole number', ([fill]) => (fill!['quantity']! -= 0.5), 'execution.fills.0.quantity'],
    ['is on the other side', ([fill]) => (fill!['side']! *= -1), 'execution.fills.0.side'],
    ['is of another order', ([fill]) => (fill!['decidedAtMs']! += 1), 'execution.fills.0.decidedAtMs'],
    [
      'is of a name that is not there',
      ([fill]) => (fill!['instrument'] = 99),
      'execution.fills.0.instrument',
    ],
    ['is on another bar', ([fill]) => (fill!['ordinal']! -= 1), 'execution.fills.0.ordinal'],
    ['began earlier than its bar', ([fill]) => (fill!['barStartMs']! -= 1), 'execution.fills.0.barStartMs'],
    ['has a price the bar never saw', ([fill]) => (fill!['rawPrice']! *= 0.5), 'execution.fills.0.rawPrice'],
    ['has a price without its costs', ([fill]) => (fill!['price']! *= 0.999), 'execution.fills.0.price'],
  ])('that %s', async (_, change, field) => {
    const ledger = copy();
    const n = withFill(ledger);
    forgeArtifact(ledger, n, 'execution', (execution) => change(execution['fills'] as Fills));
    await expectFlaw(ledger, `ashares: record ${n}: ${field}`);
  });

  test('that hides that its bar began before the freeze', async () => {
    const ledger = copy();
    const early = ledger.tickWith(({ fills }) => fills.some((fill) => fill['struckBeforeFreeze'] === 1));
    forgeArtifact(ledger, early, 'execution', (execution) => {
      for (const fill of execution['fills'] as Fills) fill['struckBeforeFreeze'] = 0;
    });
    await expectFlaw(ledger, `ashares: record ${early}: execution.fills.`);
  });

  test('whose order was never placed', async () => {
    const ledger = copy();
    const n = withOrder(ledger);
    forgeArtifact(ledger, n, 'execution', (execution) => (execution['placed'] = []));
    await expectFlaw(ledger, `ashares: record ${n}: execution.placed: is [], the decision says [`);
  });
});

describe('a forged record or artifact', () => {
  test.each<[what: string, kind: Kind, change: (value: Values) => void, field: string]>([
    [
      'an order that no decision placed',
      'state',
      (state) => ((state['orders'] as unknown[]) = []),
      'state.orders',
    ],
    ['money out of nowhere', 'state', (state) => ((state['cash'] as number) += 100), 'state.cash'],
    ['gains out of nowhere', 'state', (state) => ((state['realised'] as number) += 100), 'state: is'],
    ['more capital', 'state', (state) => ((state['capital'] as number) += 100), 'state.capital'],
    ['a better mark', 'position', (report) => ((report['equity'] as number) += 100), 'position.equity'],
    ['positions left out', 'position', (report) => (report['positions'] = []), 'position.positions'],
    [
      'bars of another tick',
      'window',
      (window) => ((window['last_ordinal'] as number) -= 1),
      'window.last_ordinal',
    ],
    ['a block left out', 'window', (window) => (window['blocks'] as unknown[]).pop(), 'window.blocks'],
    ['data of another tick', 'data', (data) => (data['tick_utc'] = '2024-07-11T02:30:00Z'), 'data.tick_utc'],
    [
      'a forecast of another universe',
      'forecast',
      (forecast) => (forecast['instruments'] = 4),
      'forecast.instruments',
    ],
    [
      'another switch',
      'execution',
      (value) => ((value['switch'] as Values)['enabled'] = false),
      'execution.switch',
    ],
  ])('%s', async (_, kind, change, field) => {
    const ledger = copy();
    const n = kind === 'position' ? withFill(ledger) : withOrder(ledger);
    forgeArtifact(ledger, n, kind, change);
    await expectFlaw(ledger, `ashares: record ${n}: ${field}`);
  });

  test.each<[what: string, change: (record: StoredRecord) => void, field: string]>([
    [
      'another mode',
      (record) => (record['mode'] = 'forward'),
      'mode: is forward, the first record says replay',
    ],
    [
      'another release',
      (record) => (record['release_sha256'] = `sha256:${'0'.repeat(64)}`),
      'release_sha256',
    ],
    ['a bar left out', (record) => ((record['ordinal'] as number) += 1), 'ordinal'],
    ['a bar in the past', (record) => (record['tick_utc'] = '2024-07-12T02:30:00Z'), 'tick_utc'],
    ['an equity that is no sum', (record) => ((record['equity'] as number) += 1), 'equity'],
    [
      'a decision before its bar',
      (record) => (record['frozen_at_utc'] = '2024-07-12T02:30:00Z'),
      'frozen_at_utc',
    ],
    [
      'a decision after its record',
      (record) => (record['frozen_at_utc'] = '2025-01-01T00:00:00Z'),
      'frozen_at_utc',
    ],
    ['another gate', (record) => (record['gate_status'] = 'RED'), 'decision.gate_status'],
    ['a field too many', (record) => (record['note'] = 1), 'record'],
    ['a day that does not exist', (record) => (record['tick_utc'] = '2024-07-32T02:30:00Z'), 'tick_utc'],
  ])('%s', async (_, change, field) => {
    const ledger = copy();
    ledger.forge(17, change);
    await expectFlaw(ledger, `ashares: record 17: ${field}`);
  });

  test.each<[what: string, change: (text: string) => string, field: string]>([
    [
      'that saw another head',
      (text) => text.replace(/"prev":"sha256:\w{8}/, '"prev":"sha256:00000000'),
      'decision.prev',
    ],
    [
      'frozen at another time',
      (text) => text.replace(/"frozen_at_utc":"2024/, '"frozen_at_utc":"2023'),
      'decision.frozen_at_utc',
    ],
    ['that lost a row', (text) => text.replace(/\n[^\n]*\n$/, '\n'), 'decision: '],
    ['that was cut', (text) => text.slice(0, -1), 'decision: '],
    ['of another name', (text) => text.replace('["000001"', '["000002"'), 'decision.instruments'],
    ['with half a character', (text) => text.replace('["000001"', '["\\ud800"'), 'decision: '],
    ['with a space', (text) => text.replace('{', '{ '), 'decision: '],
  ])('a decision %s', async (_, change, field) => {
    const ledger = copy();
    forgePacket(ledger, 17, change);
    await expectFlaw(ledger, `ashares: record 17: ${field}`);
  });

  test.each<[what: string, change: (values: Values) => void]>([
    [
      'another operator',
      (values) =>
        ((values['operators.yaml'] as Values)['operators'] as unknown[]).push({
          name: 'mallory',
          role: 'ops_admin',
        }),
    ],
    [
      'a wider limit',
      (values) => (((values['markets/ashares.yaml'] as Values)['limits'] as Values)['drawdown'] = 0.9),
    ],
    ['a file left out', (values) => delete values['portfolio.yaml']],
    ['a file that has no text', (values) => (values['markets/forex.yaml'] = {})],
    ['a text in place of a number', (values) => ((values['calendars/xshg.yaml'] as Values)['version'] = '1')],
  ])('values of the configuration that its files do not have: %s', async (_, change) => {
    const ledger = copy();
    ledger.forge(0, (record) => {
      const named = record['config'] as Named;
      const config = ledger.json(named);
      change(config['values'] as Values);
      record['config'] = ledger.put(named.key, config);
    });
    await expectFlaw(ledger, 'ashares: record 0: config.values: is sha256:');
  });

  test('the configuration texts of another release', async () => {
    const ledger = copy();
    ledger.forge(0, (record) => {
      const { key } = record['config'] as Named;
      record['config'] = ledger.put(key, {
        ...{ v: 2, files: { 'config.yaml': 'base: null\n' }, values: { 'config.yaml': { base: null } } },
      });
    });
    await expectFlaw(ledger, 'ashares: record 0: release.config_sha256');
  });
});

describe('a forgery that contradicts nothing', () => {
  /** Everything about tick 5 stays possible: only its trace is another. */
  const forged = (ledger: TamperedLedger): void =>
    ledger.forge(5, (record) => (record['trace_id'] = 'f'.repeat(16)));

  test('verifies alone', async () => {
    const ledger = copy();
    forged(ledger);
    const { status, stdout } = await verify(ledger.folder);
    expect([status, stdout.includes('cannot be excluded')]).toEqual([0, true]);
  });

  test('is told by an anchor in between', async () => {
    const ledger = copy();
    const stores = embeddedStores(ledger.folder);
    const [n, { sha256 }] = [12, ledger.named(12)];
    const line = {
      market: 'ashares',
      n,
      sha256: sha256 as `sha256:${string}`,
      tick_utc: '2024-07-16T03:30:00Z',
    };
    await stores.projections.write(anchorsPath('ashares'), withAnchor(undefined, line));
    stores.close();
    forged(ledger);
    await expectFlaw(ledger, `ashares: record 12: anchor: is sha256:`);
  });

  test('is told by a head that was noted elsewhere', async () => {
    const ledger = copy();
    const { sha256 } = ledger.head;
    forged(ledger);
    await expectFlaw(
      ledger,
      'which no record has: the chain was cut, rewound or written anew',
      '--expect',
      sha256,
    );
  });
});
