import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { papergate } from '../support/cli.ts';

/** A replay of forty daily sessions, copied for whoever turns its switch. */
const root = mkdtempSync(join(tmpdir(), 'papergate-operate-'));
const replayed = join(root, 'replayed');
const REASON = 'the feed was looked at and is whole again';

beforeAll(async () => {
  const window = ['--from', '2014-04-01', '--to', '2014-05-28', '--config', 'samples/configs'];
  const { code, err } = await papergate(
    ...['replay', '--market', 'us_equities', '--bars', 'samples/bars', ...window, '--out', replayed],
  );
  expect(code, err).toBe(0);
}, 120_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

let copies = 0;
function copy(): string {
  const folder = join(root, `copy-${copies++}`);
  cpSync(replayed, folder, { recursive: true });
  return folder;
}

const halt = (folder: string, ...more: string[]) =>
  papergate('halt', '--ledger', folder, '--actor', 'operator', '--reason', 'the feed looks odd', ...more);
const resume = (folder: string, actor: string, reason: string, market = 'us_equities') =>
  papergate('resume', '--ledger', folder, '--actor', actor, '--reason', reason, '--confirm', market);
const status = async (folder: string) =>
  (JSON.parse((await papergate('status', '--ledger', folder, '--json')).out) as Record<string, string>[])[0]!;
const jsonl = (folder: string, file: string): Record<string, unknown>[] =>
  readFileSync(join(folder, 'processed', file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('papergate halt', () => {
  it.each([[[]], [['--market', 'us_equities']]])('turns the latch and says so, with %j', async (more) => {
    const folder = copy();
    const { code, out, err } = await halt(folder, ...more);
    expect(code).toBe(0);
    expect(out).toMatch(/us_equities +HALTED +halt/);
    expect(err).toContain(
      'PAGE us_equities halt: ACTIVE to HALTED: halt by operator, operator: the feed looks odd',
    );
    expect(await status(folder)).toMatchObject({
      latch: 'HALTED',
      turned_by: 'halt by operator, operator: the feed looks odd',
      disable_trading: more.length === 0 ? '"true"' : '"false"',
      disable_trading_market: more.length === 0 ? '"false"' : '"true"',
      checks_good: '0 of 3',
    });
    // Once more changes nothing but the parameter.
    const again = await halt(folder, ...more);
    expect([again.code, again.out]).toEqual([0, expect.stringContaining('it stands there')]);
    expect((await papergate('verify', '--ledger', folder)).code).toBe(0);
  });

  it.each([
    ['an empty reason', ['--reason', ' ']],
    ['a reason that nothing keeps', ['--reason', 'x'.repeat(1_025)]],
    ['nobody', ['--actor', '']],
    ['an unknown market', ['--market', 'moon']],
  ])('with %s exits 2 and leaves everything as it was', async (_, more) => {
    const folder = copy();
    const before = await status(folder);
    expect((await halt(folder, ...more)).code).toBe(2);
    expect(await status(folder)).toEqual(before);
  });

  it('of a folder without a ledger exits 2 and makes none', async () => {
    const { code, err } = await halt(join(root, 'nowhere'));
    expect([code, err]).toEqual([2, expect.stringContaining('holds no ledger')]);
  });
});

describe('papergate resume', () => {
  it('is refused with every condition that is missing, recorded, and leaves the switch off', async () => {
    const folder = copy();
    await halt(folder);
    const { code, out, err } = await resume(folder, 'operator', 'short');
    expect([code, out]).toEqual([3, '']);
    for (const missing of [
      'operator is ops_operator; only an ops_admin may start again',
      'a reason of at least 10 characters is needed',
      '0 of 3 health checks on consecutive bars since the halt are good',
    ])
      expect(err).toContain(missing);
    expect(await status(folder)).toMatchObject({
      latch: 'HALTED',
      disable_trading: '"false"',
      disable_trading_market: '"true"',
    });
    expect((await papergate('export', '--ledger', folder)).code).toBe(0);
    const [refusal] = jsonl(folder, 'kill_switch_recovery_log.jsonl');
    expect(refusal).toMatchObject({
      cause: 'refusal',
      actor: 'operator',
      role: 'ops_operator',
      to: 'HALTED',
    });
    expect(refusal!['missing']).toHaveLength(3);
    expect((await papergate('verify', '--ledger', folder)).code).toBe(0);
  });

  it('without checks is refused even to an admin with a reason', async () => {
    const folder = copy();
    await halt(folder);
    expect((await papergate('health', '--ledger', folder, '--market', 'us_equities')).code).toBe(0);
    const { code, err } = await resume(folder, 'admin', REASON);
    expect(code).toBe(3);
    // The bar of the halt itself earns nothing.
    expect(err).toContain('us_equities stays HALTED: 0 of 3 health checks');
  });

  it('of a market that trades changes nothing', async () => {
    const folder = copy();
    const before = await status(folder);
    const { code, out } = await resume(folder, 'admin', REASON);
    expect([code, out]).toEqual([0, expect.stringMatching(/us_equities +ACTIVE +nothing/)]);
    expect(await status(folder)).toEqual(before);
  });
});

describe('papergate drill kill-switch', () => {
  it('passes on a scratch copy, leaves the ledger as it was, and is what the sign-off reads', async () => {
    const folder = copy();
    const before = await status(folder);
    const { code, out } = await papergate('drill', 'kill-switch', '--ledger', folder, '--json');
    expect(code).toBe(0);
    const [drill] = JSON.parse(out) as { passed: boolean; steps: { name: string; passed: boolean }[] }[];
    expect(drill!.steps.map(({ name, passed }) => [name, passed])).toEqual(
      [
        ...['armed', 'flat', 'entries_wanted', 'trigger_stops_new_orders', 'halt_stops_new_orders'],
        ...['halt_cancels_pending_entries', 'refuses_too_few_checks', 'refuses_wrong_role'],
        ...['refuses_missing_reason', 'recovery_is_granted', 'trial_scales_increases', 'trial_ends_active'],
      ].map((name) => [name, true]),
    );
    expect(await status(folder)).toEqual(before);
    const file = JSON.parse(readFileSync(join(folder, 'processed/kill_switch_drill.json'), 'utf8')) as object;
    expect(file).toMatchObject({ passed: true, markets: { us_equities: { passed: true } } });
    expect((await papergate('export', '--ledger', folder)).code).toBe(0);
    const report = readFileSync(join(folder, 'processed/threshold_report.csv'), 'utf8');
    expect(report).toContain('us_equities,kill_switch_drill_passed,true,equals,true,PASS,');
    expect((await papergate('verify', '--ledger', folder)).code).toBe(0);
  });

  it('passes on a halted ledger too, which stays halted', async () => {
    const folder = copy();
    await halt(folder);
    expect((await papergate('drill', 'kill-switch', '--ledger', folder)).code).toBe(0);
    expect(await status(folder)).toMatchObject({ latch: 'HALTED', disable_trading: '"true"' });
  });
});
