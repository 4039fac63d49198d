import { describe, expect, it } from 'vitest';
import type { Sha256 } from '../../shared/kernel/canonical.ts';
import { IntegrityError } from '../../shared/kernel/errors.ts';
import type { Execution } from '../../shared/ledger/artifacts.ts';
import { putJson } from '../../shared/ledger/chain.ts';
import {
  LATCH_STATES,
  SWITCH_CAUSES,
  type Latch,
  type StoredSwitch,
  type SwitchRecord,
} from '../../shared/ledger/records.ts';
import { verifyRecovery, type SeenGates } from '../../shared/ledger/verify-recovery.ts';
import { checkSwitch, turnLatch } from '../../shared/ledger/verify-switch.ts';
import { memoryStores } from '../../shared/stores/memory.ts';

const place = { market: 'crypto', record: 20 };
const latch: Latch = {
  ...{ state: 'HALTED', since_utc: '2024-06-10T09:00:00Z', turned: 12, ordinal: 200, restart: 8 },
  ...{ parameter_version: 4, market_version: 6, record: 13 },
};
const record = (more: Partial<SwitchRecord> = {}): SwitchRecord => ({
  ...{ v: 1, kind: 'switch', market: 'crypto', mode: 'forward', n: 20, prev: null },
  ...{ release_sha256: `sha256:${'0'.repeat(64)}`, at_utc: '2024-06-10T12:00:00Z' },
  ...{ from: 'HALTED', to: 'TRIAL', cause: 'recovery', trigger: null },
  ...{ actor: 'admin', role: 'ops_admin', reason: 'the data is back', missing: [], evidence: [] },
  ...{ parameter_version: 4, market_version: 8 },
  ...more,
});

describe('a turn of the switch', () => {
  it('is one of these, and no other leads to ACTIVE or TRIAL', () => {
    const allowed: string[] = [];
    const lacks = [{ condition: 'role' as const, detail: 'x' }];
    for (const mode of ['forward', 'replay'] as const)
      for (const from of ['none', ...LATCH_STATES] as const)
        for (const to of LATCH_STATES)
          for (const cause of SWITCH_CAUSES) {
            const before = from === 'none' ? undefined : { ...latch, state: from };
            const missing = cause === 'refusal' ? lacks : [];
            try {
              turnLatch(place, before, record({ mode, from, to, cause, missing }), 200);
              allowed.push(`${mode} ${from} ${to} ${cause}`);
            } catch (error) {
              expect(error).toBeInstanceOf(IntegrityError);
            }
          }
    const both = [
      ...['none HALTED opened', 'ACTIVE ACTIVE acknowledged', 'ACTIVE HALTED halt'],
      ...['TRIAL ACTIVE trial_passed', 'TRIAL TRIAL acknowledged', 'TRIAL HALTED halt'],
      ...['TRIAL HALTED trial_failed', 'HALTED TRIAL recovery', 'HALTED HALTED refusal'],
    ];
    expect(allowed.sort()).toEqual(
      [
        ...both.flatMap((turn) => [`forward ${turn}`, `replay ${turn}`]),
        // A replay alone opens ACTIVE.
        'replay none ACTIVE opened',
      ].sort(),
    );
  });

  it('from HALTED to ACTIVE directly is refused by name', () => {
    for (const cause of ['recovery', 'trial_passed', 'opened'] as const)
      expect(() => turnLatch(place, latch, record({ to: 'ACTIVE', cause }), 200)).toThrow(
        `crypto: record 20: cause: ${cause} does not lead from HALTED to ACTIVE in a forward ledger`,
      );
  });

  it('begins where the one before ended', () => {
    expect(() => turnLatch(place, { ...latch, state: 'TRIAL' }, record(), 200)).toThrow(
      'crypto: record 20: from: is HALTED, the switch before says TRIAL',
    );
    expect(() => turnLatch(place, undefined, record(), 200)).toThrow('the switch before says none');
  });

  it('that is refused names what was missing; any other misses nothing', () => {
    const refusal = record({ to: 'HALTED', cause: 'refusal' });
    expect(() => turnLatch(place, latch, refusal, 200)).toThrow('missing: refusal with 0 conditions missing');
    const generous = record({ missing: [{ condition: 'role', detail: 'operator is ops_operator' }] });
    expect(() => turnLatch(place, latch, generous, 200)).toThrow(
      'missing: recovery with 1 conditions missing',
    );
  });

  it('makes the latch by nothing but the record and the latch before', () => {
    expect(turnLatch(place, latch, record(), 230)).toEqual({
      ...{ state: 'TRIAL', since_utc: '2024-06-10T12:00:00Z', turned: 20, ordinal: 230, restart: 20 },
      ...{ parameter_version: 4, market_version: 8, record: 20 },
    });
    const missing = [{ condition: 'role' as const, detail: 'x' }];
    expect(turnLatch(place, latch, record({ to: 'HALTED', cause: 'refusal', missing }), 230)).toEqual({
      ...latch,
      ...{ market_version: 8, record: 20 },
    });
    const halt = record({ from: 'ACTIVE', to: 'HALTED', cause: 'halt' });
    expect(turnLatch(place, { ...latch, state: 'ACTIVE' }, halt, 230)).toEqual({
      ...latch,
      ...{ since_utc: '2024-06-10T12:00:00Z', turned: 20, ordinal: 230, market_version: 8, record: 20 },
    });
  });
});

/** A ledger's health checks as they are stored, and a recovery that rests on them. */
async function recovered(
  given: readonly (readonly [ordinal: number, levels?: Partial<Record<'data' | 'model' | 'risk', string>>])[],
  more: Partial<SwitchRecord> = {},
  options: {
    ordinal?: number;
    halted?: number;
    levelMax?: 'GREEN' | 'YELLOW';
    stored?: number;
    market?: string;
    current?: boolean;
    listed?: readonly { name: string; role: 'ops_viewer' }[];
    /** What the gates of the ticks say, where it is not what the checks do. */
    seen?: Partial<SeenGates>;
    /** Ticks that the chain shows; by default those of the checks. */
    committed?: readonly number[];
  } = {},
): Promise<string> {
  const { artifacts } = memoryStores();
  const evidence: Sha256[] = [];
  const recent: SeenGates[] = [];
  for (const [k, [ordinal, levels = {}]] of given.entries()) {
    const facts = { at_utc: '2024-06-10T11:00:00Z', tick_utc: '2024-06-10T11:00:00Z', ordinal };
    const groups = { data: 'GREEN', model: 'GREEN', risk: 'GREEN', ...levels } as SeenGates['levels'];
    const rows = [{ gate: 'data', of: ordinal }];
    if (options.committed?.includes(ordinal) ?? true)
      recent.push({ ordinal, rows, levels: groups, ...options.seen });
    const market = options.market ?? 'crypto';
    const current = options.current ?? true;
    const body = { v: 1, market, ...facts, ...groups, current, head: 'sha256:x', rows };
    const target = k < (options.stored ?? Infinity) ? artifacts : memoryStores().artifacts;
    evidence.push((await putJson(target, 'crypto', 'health', 1_718_017_200_000 + k, body)).sha256);
  }
  const operators = {
    operators: [
      { name: 'admin', role: 'ops_admin' as const },
      { name: 'operator', role: 'ops_operator' as const },
      // Of another name in a rehearsal: there the simulated operator is an admin, whoever is listed so.
      ...(options.listed ?? []),
    ],
  };
  const recovery = { checks: 3, check_age_bars_max: 6, level_max: options.levelMax ?? ('GREEN' as const) };
  return verifyRecovery(
    place,
    artifacts,
    record({ evidence, ...more }),
    { operators, recovery },
    { latch: { ...latch, ordinal: options.halted ?? 200 }, ordinal: options.ordinal ?? 203, recent },
  ).then(
    () => 'stands',
    (error: unknown) => {
      expect(error).toBeInstanceOf(IntegrityError);
      return (error as Error).message.replace('crypto: record 20: ', '');
    },
  );
}
const three = [[201], [202], [203]] as const;

describe('a recovery', () => {
  it('stands on the role, a reason and three good checks of consecutive bars', async () => {
    expect(await recovered(three)).toBe('stands');
  });

  it('of another cause is not asked', async () => {
    expect(await recovered([], { cause: 'halt', to: 'HALTED', role: null, reason: '' })).toBe('stands');
  });

  it.each<[string, Partial<SwitchRecord>, string]>([
    [
      'an operator who calls himself admin',
      { actor: 'operator' },
      'role: is ops_admin, the operators that the release froze says ops_operator',
    ],
    [
      'an operator as what he is',
      { actor: 'operator', role: 'ops_operator' },
      'role: is ops_operator, the conditions of a recovery says ops_admin',
    ],
    [
      'nobody of the list',
      { actor: 'mallory' },
      'role: is ops_admin, the operators that the release froze says null',
    ],
    ['no role', { role: null }, 'role: is null, the operators that the release froze says ops_admin'],
    [
      'the simulated operator in a forward ledger',
      { actor: 'replay' },
      'role: is ops_admin, the operators that the release froze says null',
    ],
    ['a short reason', { reason: 'because' }, 'reason: is shorter than 10 characters'],
    ['a reason of blanks', { reason: `because${' '.repeat(20)}` }, 'reason: is shorter than 10 characters'],
    ['no evidence', { evidence: [] }, 'evidence: is 0, the configuration (health checks) says 3'],
  ])('by or with %s is forged', async (_, more, message) => {
    expect(await recovered(three, more)).toBe(message);
  });

  it('by the simulated operator is one of a replay', async () => {
    expect(await recovered(three, { actor: 'replay', mode: 'replay' })).toBe('stands');
    const listed = [{ name: 'replay', role: 'ops_viewer' as const }];
    expect(await recovered(three, { actor: 'replay', mode: 'replay' }, { listed })).toBe('stands');
    expect(await recovered(three, { actor: 'replay' }, { listed })).toContain('role: is ops_admin');
  });

  it('by an identity of the cloud rests on the role that it is a session of', async () => {
    const actor = 'arn:aws:sts::123456789012:assumed-role/papergate-prod-ops-admin/jane';
    expect(await recovered(three, { actor })).toBe('stands');
    expect(await recovered(three, { actor, role: 'ops_operator' })).toContain('role: is ops_operator');
    const other = 'arn:aws:sts::123456789012:assumed-role/ops/jane';
    expect(await recovered(three, { actor: other })).toContain('role: is ops_admin');
  });

  it('that names fewer or more checks than it needs', async () => {
    expect(await recovered([[202], [203]])).toContain('evidence: is 2');
    expect(await recovered([[200], ...three])).toContain('evidence: is 4');
  });

  it('that names a check which nobody stored', async () => {
    expect(await recovered(three, {}, { stored: 2 })).toMatch(
      /^evidence\.2: no health check has hash sha256:/,
    );
  });

  it('that names a check of another market', async () => {
    expect(await recovered(three, {}, { market: 'ashares' })).toBe(
      'evidence.0.market: is ashares, the record says crypto',
    );
  });

  it.each(['data', 'model', 'risk'] as const)('on a check whose %s was not good', async (group) => {
    const levels = { data: 'GREEN', model: 'GREEN', risk: 'GREEN', [group]: 'RED' };
    const told = `${levels.data}, ${levels.model}, ${levels.risk}`;
    const red = [[201], [202, { [group]: 'RED' }], [203]] as const;
    expect(await recovered(red)).toBe(`evidence.1: is ${told} (data, model, risk): not good`);
    expect(await recovered(red, {}, { levelMax: 'YELLOW' })).toContain('not good');
    const yellow = [[201], [202, { [group]: 'YELLOW' }], [203]] as const;
    expect(await recovered(yellow)).toContain('not good');
    expect(await recovered(yellow, {}, { levelMax: 'YELLOW' })).toBe('stands');
  });

  it.each(['data', 'model', 'risk'] as const)(
    'on a check that says a better %s than the gates of its tick',
    async (group) => {
      const levels = { data: 'GREEN', model: 'GREEN', risk: 'GREEN', [group]: 'RED' } as const;
      expect(await recovered(three, {}, { seen: { levels } })).toBe(
        `evidence.0.${group}: is GREEN, what the gates of its tick sum up to says RED`,
      );
    },
  );

  it('on a check that lists other gates than the packet of its tick', async () => {
    expect(await recovered(three, {}, { seen: { rows: [] } })).toBe(
      'evidence.0.rows: are not the gates that the packet of its tick lists',
    );
  });

  it('on a check of good data while the chain lagged', async () => {
    expect(await recovered(three, {}, { current: false })).toBe(
      'evidence.0.data: is GREEN, what the gates of its tick sum up to says RED',
    );
  });

  it('on a check of a bar that no tick committed', async () => {
    expect(await recovered(three, {}, { committed: [201, 203] })).toBe(
      'evidence.1: is of bar 202, which no tick committed of late',
    );
  });

  it('on checks that are not of consecutive bars', async () => {
    expect(await recovered([[200], [202], [203]], {}, { halted: 199 })).toBe(
      'evidence.1.ordinal: is 202, the check before says 201',
    );
    expect(await recovered([[203], [202], [201]])).toContain('evidence.1.ordinal');
    // The same check three times is one.
    const one = [[203], [203], [203]] as const;
    expect(await recovered(one)).toBe('evidence.1.ordinal: is 203, the check before says 204');
  });

  it("on checks of the halt's own bar or before it", async () => {
    expect(await recovered(three, {}, { halted: 201 })).toBe(
      'evidence.0: is of bar 201, not after the halt at 201',
    );
    expect(await recovered(three, {}, { halted: 203 })).toContain('not after the halt at 203');
  });

  it('on checks that are too old, or of bars that were not there yet', async () => {
    expect(await recovered(three, {}, { ordinal: 207 })).toBe('stands');
    expect(await recovered(three, {}, { ordinal: 208 })).toContain('the oldest check is 7 bars old');
    expect(await recovered(three, {}, { ordinal: 202 })).toContain('of a bar that was not committed');
  });
});

describe('what a tick did against the switch', () => {
  const enabled: StoredSwitch = {
    ...{ enabled: true, state: 'ACTIVE', turned: 12, restart: 8, version: 4, market_version: 6 },
    halt_at_utc: null,
  };
  const active: Latch = { ...latch, state: 'ACTIVE' };
  const disabled: StoredSwitch = { ...enabled, enabled: false, halt_at_utc: '2024-06-10T11:00:00Z' };
  interface Did {
    readonly latches?: readonly Latch[];
    readonly fill?: StoredSwitch;
    readonly gate?: StoredSwitch;
    readonly placed?: readonly string[];
    readonly wanted?: number;
    readonly held?: number;
    /** What the tick before tripped and the latch of record 12 has not answered. */
    readonly trips?: readonly string[];
  }
  /** One order of ten of AAA, of which nothing is held. */
  function checked({ latches = [active], fill = enabled, gate = enabled, ...did }: Did = {}): string {
    const { placed = ['AAA'], wanted = 10, held = 0 } = did;
    const execution = { switch: fill, placed: [...placed] } as unknown as Execution;
    try {
      const tripsOf = ({ turned }: Latch) => (did.trips !== undefined && turned === 12 ? did.trips : []);
      const [deltas, holdings] = [new Map([['AAA', wanted]]), new Map([['AAA', held]])];
      checkSwitch(place, latches, execution, gate, deltas, holdings, tripsOf);
      return 'stands';
    } catch (error) {
      expect(error).toBeInstanceOf(IntegrityError);
      return (error as Error).message.replace('crypto: record 20: ', '');
    }
  }
  const unknown = (field: string, state: string, n: number): string =>
    `${field}: is enabled under ${state} of record ${n}, which the chain does not show`;
  const OPENS = 'execution.placed: AAA opens or increases a position while trading is disabled';

  it('stands where the chain shows the latch', () => {
    expect(checked()).toBe('stands');
    const trial: Latch = { ...active, state: 'TRIAL' };
    const onTrial = { ...enabled, state: 'TRIAL' as const };
    expect(checked({ latches: [trial], fill: onTrial, gate: onTrial })).toBe('stands');
    // A later version than the one answered was still being read: it is the tick's to refuse, not the chain's.
    expect(checked({ gate: { ...enabled, version: 5 } })).toBe('stands');
  });

  it.each<[string, Partial<StoredSwitch>, string]>([
    ['another record', { turned: 11 }, unknown('execution.switch', 'ACTIVE', 11)],
    ['another recovery', { restart: 7 }, unknown('execution.switch', 'ACTIVE', 12)],
    ['another state', { state: 'TRIAL' }, unknown('execution.switch', 'TRIAL', 12)],
    ['a version before the one answered', { version: 3 }, unknown('execution.switch', 'ACTIVE', 12)],
    [
      "an earlier version of the market's own",
      { market_version: 5 },
      unknown('execution.switch', 'ACTIVE', 12),
    ],
  ])('under %s, which the chain does not show', (_, more, message) => {
    expect(checked({ fill: { ...enabled, ...more } })).toBe(message);
    expect(checked({ gate: { ...enabled, ...more } })).toBe(message.replace('execution', 'decision'));
  });

  it('after a trip nothing is enabled before a halt has answered it', () => {
    const trips = ['drawdown', 'daily_loss'];
    const told = 'is enabled, though the tick before tripped by drawdown, daily_loss';
    expect(checked({ trips })).toBe(`execution.switch: ${told}`);
    expect(checked({ trips, fill: disabled })).toBe(`decision.switch: ${told}`);
    expect(checked({ trips, fill: disabled, gate: disabled, placed: [] })).toBe('stands');
    const recovered = { ...active, state: 'TRIAL' as const, turned: 15, restart: 15 };
    const onTrial = { ...enabled, state: 'TRIAL' as const, turned: 15, restart: 15 };
    expect(checked({ trips, latches: [active, latch, recovered], fill: onTrial, gate: onTrial })).toBe(
      'stands',
    );
  });

  it('under HALTED nothing is enabled, whatever was read', () => {
    const halted = { ...enabled, state: 'HALTED' as const };
    expect(checked({ latches: [latch], fill: halted })).toBe(unknown('execution.switch', 'HALTED', 12));
  });

  it('under no latch at all nothing is', () => {
    expect(checked({ latches: [] })).toBe(unknown('execution.switch', 'ACTIVE', 12));
  });

  it('may have been read before a turn that lies behind it', () => {
    expect(checked({ latches: [active, { ...latch, turned: 20 }] })).toBe('stands');
  });

  it.each<[string, Did]>([
    ['disabled in both steps', { fill: disabled, gate: disabled }],
    ['disabled since the gate', { fill: disabled }],
    ['disabled at the gate alone', { gate: disabled }],
  ])('%s: nothing that increases is placed', (_, did) => {
    expect(checked(did)).toBe(OPENS);
    expect(checked({ ...did, wanted: -10 })).toBe(OPENS);
    expect(checked({ ...did, held: 5 })).toBe(OPENS);
    expect(checked({ ...did, wanted: -10, held: -5 })).toBe(OPENS);
    // What reduces may go.
    expect(checked({ ...did, held: -20 })).toBe('stands');
    expect(checked({ ...did, wanted: -10, held: 20 })).toBe('stands');
    expect(checked({ ...did, placed: [] })).toBe('stands');
  });

  it('turned and turned back since the gate is no licence', () => {
    const later: Latch = { ...active, turned: 19, restart: 18 };
    const fill = { ...enabled, turned: 19, restart: 18 };
    expect(checked({ latches: [active, later], fill })).toBe(OPENS);
  });
});
