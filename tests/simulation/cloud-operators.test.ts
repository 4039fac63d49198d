import { describe, expect, it } from 'vitest';
import { recordFailure } from '../../functions/record-failure/handler.ts';
import { haltForDamage } from '../../functions/runtime/halt-for-damage.ts';
import type { Runtime } from '../../functions/runtime/runtime.ts';
import { watchSwitch } from '../../functions/switch-watcher/handler.ts';
import { IntegrityError } from '../../shared/kernel/errors.ts';
import { roleOfSession } from '../../shared/ledger/session-roles.ts';
import { verifyMarket } from '../../shared/ledger/verify.ts';
import { VERIFY_READERS } from '../../shared/tick/verify-readers.ts';
import { checked, HOUR_MS, story, type Story } from '../support/switch-story.ts';
import { asWritten, threeShares } from '../support/switched.ts';
import { turnSwitch } from '../support/chain.ts';

/** Three made-up shares from 1 July 2024, in a forward ledger as a stage has it. */
const layout = asWritten(threeShares('2024-07-12'), '2024-07-01', '2024-07-12');
const { market } = layout;
const WHY = 'cause found and mended';
const session = (role: string, account = '123456789012'): string =>
  `arn:aws:sts::${account}:assumed-role/${role}/alice`;
const ADMIN = session('papergate-prod-ops-admin');

/** A ledger that has earned its recovery: three bars, each with a good check. */
async function earned(): Promise<Story> {
  const events = await story(layout, 'forward');
  await checked(events, 0, 1, 2);
  await turnSwitch(events.stores, 'false', events.tickMs(2) + HOUR_MS, { by: ADMIN, why: WHY });
  return events;
}
/** A function of the stage, so many seconds after an hour after the third bar. */
const inStage = (events: Story, seconds: number): Runtime =>
  events.runtime(events.tickMs(2) + HOUR_MS + seconds * 1_000, undefined, {
    roleOfSession: roleOfSession('123456789012', 'prod'),
  }).runtime;
const asks = (events: Story, by: string): Promise<unknown> =>
  events.turn('false', events.tickMs(2) + HOUR_MS + 1_000, { by, why: WHY });
const watch = (events: Story): Promise<unknown> => watchSwitch({ markets: [market] }, inStage(events, 2));
const causes = async (events: Story): Promise<string[]> =>
  (await events.switches()).map(({ cause }) => cause);

describe('a stage', () => {
  it('starts again for a session of its admin, and the ledger verifies', async () => {
    const events = await earned();
    await asks(events, ADMIN);
    await watch(events);
    expect((await events.switches()).at(-1)).toMatchObject({
      ...{ cause: 'recovery', to: 'TRIAL', actor: ADMIN, role: 'ops_admin', reason: WHY, missing: [] },
      at_utc: '2024-07-03T18:00:01Z',
    });
    await events.run(3);
    const verified = await verifyMarket(events.stores, market, VERIFY_READERS, {});
    expect(verified).toMatchObject({ ticks: 4, records: 7 });
  });

  it.each([
    ['its operator', session('papergate-prod-ops-operator'), 'is ops_operator', 'ops_operator'],
    ['its viewer', session('papergate-prod-ops-viewer'), 'is ops_viewer', 'ops_viewer'],
    ['an admin of another stage', session('papergate-dev-ops-admin'), 'is no operator', null],
    [
      'an admin of another account',
      session('papergate-prod-ops-admin', '210987654321'),
      'is no operator',
      null,
    ],
    ['a user called admin', 'arn:aws:iam::123456789012:user/admin', 'is no operator', null],
  ])('refuses %s, and the ledger verifies', async (_who, by, says, role) => {
    const events = await earned();
    await asks(events, by);
    await watch(events);
    const detail = `${by} ${says}; only an ops_admin may start again`;
    expect((await events.switches()).at(-1)).toMatchObject({
      ...{ cause: 'refusal', to: 'HALTED', actor: by, role },
      missing: [{ condition: 'role', detail }],
    });
    expect(await events.stores.parameters.get(`DISABLE_TRADING/${market}`)).toMatchObject({ value: 'true' });
    expect(await verifyMarket(events.stores, market, VERIFY_READERS, {})).toMatchObject({ ticks: 3 });
  });

  it.each([
    'arn:aws:iam::123456789012:user/admin',
    session('papergate-prod-ops-operator'),
    session('Administrator'),
  ])('cannot pass %s off as an admin: the ledger does not verify', async (by) => {
    const events = await earned();
    await asks(events, by);
    const at = events.tickMs(2) + HOUR_MS + 2_000;
    const { runtime } = events.runtime(at, undefined, { roleOfSession: () => 'ops_admin' });
    await watchSwitch({ markets: [market] }, runtime);
    expect((await events.switches()).at(-1)).toMatchObject({ cause: 'recovery', role: 'ops_admin' });
    await expect(verifyMarket(events.stores, market, VERIFY_READERS, {})).rejects.toThrow(
      'role: is ops_admin, the operators that the release froze says ',
    );
  });

  it('is halted by whoever puts its parameter', async () => {
    const events = await earned();
    await asks(events, ADMIN);
    await watch(events);
    await events.turn('true', events.tickMs(2) + 2 * HOUR_MS, { by: 'arn:aws:iam::123456789012:root' });
    await watchSwitch({ markets: [market] }, inStage(events, 4_000));
    expect((await events.switches()).at(-1)).toMatchObject({
      ...{ cause: 'halt', to: 'HALTED', actor: 'arn:aws:iam::123456789012:root', role: null },
    });
  });
});

describe('what only notes and halts', () => {
  const damage = new IntegrityError('the bundle of switch-watcher is not one that was released');

  it('halts a market that trades', async () => {
    const events = await earned();
    await asks(events, ADMIN);
    await watch(events);
    await haltForDamage(inStage(events, 3), market, 'switch-watcher', damage);
    expect(await causes(events)).toEqual(['opened', 'recovery', 'halt']);
    expect((await events.switches()).at(-1)).toMatchObject({ trigger: 'integrity', to: 'HALTED' });
    expect(await events.stores.parameters.get(`DISABLE_TRADING/${market}`)).toMatchObject({ value: 'true' });
  });

  it('grants no request, however well it was earned', async () => {
    const events = await earned();
    await asks(events, ADMIN);
    await haltForDamage(inStage(events, 2), market, 'switch-watcher', damage);
    expect(await causes(events)).toEqual(['opened']);
    expect(await events.latch()).toMatchObject({ state: 'HALTED' });
    await recordFailure(
      { input: { market, scheduled_at_utc: '2024-07-03T17:01:00Z' }, step: 'gate', error: 'Error: killed' },
      inStage(events, 3),
    );
    expect(await causes(events)).toEqual(['opened']);
    // Whoever may answer it grants it, and halts at once for what was noted since it was asked for.
    await watch(events);
    expect(await causes(events)).toEqual(['opened', 'recovery', 'halt']);
    expect(await events.latch()).toMatchObject({ state: 'HALTED' });
  });
});
