import { beforeAll, describe, expect, it } from 'vitest';
import { readTape, type ReadMarket } from '../../infra/local/ledger-bars.ts';
import { IntegrityError } from '../../shared/kernel/errors.ts';
import { findCertificates, putCertificate } from '../../shared/ledger/certificates.ts';
import { simulatedProvider } from '../../shared/market-data/providers/simulated.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import type { BacktestInputs } from '../../shared/tick/backtest.ts';
import { certifyParity } from '../../shared/tick/parity.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import type { Tape } from '../../shared/tick/tape.ts';
import { headOf, layOut, ms, schedule, simulated, turnSwitch, type Schedule } from '../support/chain.ts';
import { recharged } from '../support/costs.ts';

/** Six sessions around the fourth of July; three orders of the first fill in the second. */
const layout = layOut('us_equities', '2024-07-01', '2024-07-09', {
  config: { ...simulated('crash-292', '2023-12-01', '2024-08-30'), shorting: true },
});
const { market } = layout;
const SIX = [0, 1, 2, 3, 4, 5] as const;

/** What a market's own ledger says of it, with the rules that its chain ran by. */
async function ledgerOf(events: Schedule): Promise<ReadMarket> {
  const { rules } = events.runtime(0).runtime.market(market);
  const { release, sha256 } = events.opened;
  return { rules, release, releaseSha256: sha256, head: await headOf(events.stores, market) };
}

const tapeOf = async (events: Schedule): Promise<Tape> => readTape(events.stores, await ledgerOf(events));

/** The inputs as if every tick had been on time and nobody had touched the switch. */
function ideal({ circumstances: _, ...inputs }: BacktestInputs): BacktestInputs {
  return inputs;
}

const NONE = { decisions: 0, orders: 0, fills: 0, postings: 0, equity: 0, states: 0 };
/** During the decision of 1 July: after its gate, before its fill step places three orders. */
const halt = (stores: Stores) => turnSwitch(stores, 'true', ms('2024-07-01T20:03:05Z'));

/** What may go otherwise than a replay means it, each with what it does to six sessions. */
const EVENTS: readonly (readonly [string, ticks: number, (events: Schedule) => Promise<void>])[] = [
  [
    'a missed tick, whose orders settle at the next',
    5,
    async (events) => {
      for (const k of [0, 2, 3, 4, 5]) await events.run(k);
    },
  ],
  [
    'two missed ticks in a row while orders work',
    4,
    async (events) => {
      for (const k of [0, 3, 4, 5]) await events.run(k);
    },
  ],
  [
    'a halt between the gate and the fill step',
    6,
    async (events) => {
      const before = async (step: string): Promise<void> => {
        if (step === 'fill') await halt(events.stores);
      };
      await events.run(0, { before });
      for (const k of [1, 2, 3, 4, 5]) await events.run(k);
    },
  ],
  [
    'a halt overnight, before the open that orders wait for',
    6,
    async (events) => {
      await events.run(0);
      await turnSwitch(events.stores, 'true', ms('2024-07-02T02:00:00Z'));
      for (const k of [1, 2, 3, 4, 5]) await events.run(k);
    },
  ],
  [
    'a halt of the night that the gate did not know of yet and the fill step did',
    6,
    async (events) => {
      const before = async (step: string): Promise<void> => {
        if (step === 'fill') await turnSwitch(events.stores, 'true', ms('2024-07-02T02:00:00Z'));
      };
      await events.run(0);
      await events.run(1, { before });
      for (const k of [2, 3, 4, 5]) await events.run(k);
    },
  ],
  [
    'a fill step that comes too late to place',
    6,
    async (events) => {
      const late = events.layout.plan.rules.config.sla.late_after_s + 60;
      await events.run(0, { secondsAfterClose: { fill: late, ledger: late, signoff: late } });
      for (const k of [1, 2, 3, 4, 5]) await events.run(k);
    },
  ],
  [
    'a tick that starts too late',
    6,
    async (events) => {
      const late = events.layout.plan.rules.config.sla.late_after_s + 60;
      const steps = ['ingest', 'predict', 'gate', 'fill', 'ledger', 'signoff'];
      const secondsAfterClose = Object.fromEntries(steps.map((step) => [step, late]));
      // Not the first: what comes before the first tick that may trade is not counted.
      for (const k of SIX) await events.run(k, k === 2 ? { secondsAfterClose } : {});
    },
  ],
  [
    'a decision that freezes a minute later than the contract assumes',
    6,
    async (events) => {
      for (const k of SIX)
        await events.run(k, { secondsAfterClose: { gate: 240, fill: 250, ledger: 260, signoff: 270 } });
    },
  ],
];

describe('the parity certificate of a ledger', () => {
  it('that ran as a replay means it has compared everything and found nothing', async () => {
    const events = await schedule(memoryStores(), layout);
    for (const k of SIX) await events.run(k);
    const tape = await tapeOf(events);
    const certificate = certifyParity(tape);
    expect(certificate).toMatchObject({
      ...{ v: 1, kind: 'parity', market: 'us_equities', mode: 'replay', result: 'PASS', examples: [] },
      head: { n: 7, sha256: (await headOf(events.stores, market)).sha256 },
      release_sha256: events.opened.sha256,
      differences: NONE,
    });
    // Six sessions of three names; three orders fill on 2 July.
    expect(certificate.compared).toMatchObject({ ticks: 6, missed: 0, decisions: 18, equity: 6, states: 6 });
    expect(certificate.compared.fills).toBeGreaterThanOrEqual(3);
    expect(certificate.backtest_sha256).toBe(certificate.ledger_sha256);
    // Ideal circumstances are those of this ledger: given or left out, the same bits.
    expect(certifyParity(tape, ideal(tape.inputs))).toEqual(certificate);
  });

  it.each(EVENTS)('holds through %s, and would not without knowing of it', async (_, ticks, run) => {
    const events = await schedule(memoryStores(), layout);
    await run(events);
    const tape = await tapeOf(events);
    const certificate = certifyParity(tape);
    expect(certificate.examples).toEqual([]);
    expect(certificate).toMatchObject({ result: 'PASS', differences: NONE });
    expect(certificate.compared).toMatchObject({ ticks, missed: 6 - ticks });
    expect(certifyParity(tape, ideal(tape.inputs)).result).toBe('FAIL');
  });
});

describe('orders that fill in finer bars', () => {
  it('are the same in ledger and backtest, through a missed tick and in many parts', async () => {
    const size = '5m';
    const { rules } = layout.plan;
    const finer: MarketRules = { ...rules, config: { ...rules.config, execution_bar_size: size } };
    const executionProvider = simulatedProvider({
      seed: 'finer bars',
      index: rules.calendar.tradingIndex('2024-06-28', '2024-07-10', size, rules.config.bar_anchor),
      instruments: rules.instruments.symbols,
      trendStrength: 0.1,
      volatility: 0.001,
      // 5 % of 4,000 shares a bar: an order of some hundred shares takes several bars.
      volumePerBar: 4_000,
    });
    const plan = { ...layout.plan, rules: finer, executionProvider };
    const events = await schedule(memoryStores(), { ...layout, plan });
    for (const k of [0, 2, 3, 4, 5]) await events.run(k);
    const tape = await tapeOf(events);
    // 1, 5, 8 and 9 July have 78 bars of five minutes and 2 July, which was missed, too; 3 July ended at 13:00: 42.
    expect(tape.inputs.finer!.startMs).toHaveLength(5 * 78 + 42);
    const certificate = certifyParity(tape);
    expect(certificate.examples).toEqual([]);
    expect(certificate).toMatchObject({ result: 'PASS', differences: NONE });
    expect(certificate.compared.fills).toBeGreaterThan(certificate.compared.orders);
  });
});

describe('parity fails', () => {
  let events: Schedule;
  let tape: Tape;
  beforeAll(async () => {
    events = await schedule(memoryStores(), layout);
    for (const k of SIX) await events.run(k);
    tape = await tapeOf(events);
  });
  const under = (rules: MarketRules): BacktestInputs => ({ ...tape.inputs, rules });

  it('where one cost of the backtest is another, and says in which field first', () => {
    const { rules } = tape.inputs;
    const dearer = recharged(rules, { scale: 1.0001 });
    const certificate = certifyParity(tape, under(dearer));
    expect(certificate.result).toBe('FAIL');
    expect(certificate.differences.decisions).toBeGreaterThan(0);
    expect(certificate.differences.fills).toBeGreaterThanOrEqual(3);
    expect(certificate.backtest_sha256).not.toBe(certificate.ledger_sha256);
    expect(certificate.examples).toHaveLength(20);
    const [first] = certificate.examples;
    expect(first).toMatchObject({ tick_utc: '2024-07-01T20:00:00Z', field: 'round_trip_bps' });
    expect(Number(first!.backtest) / Number(first!.ledger)).toBeCloseTo(1.0001, 9);
  });

  it('where a stored fill was altered in place, by its hash, before anything is compared', async () => {
    const { artifacts } = events.stores;
    const filled = SIX.map((_, k) => tape.tick(tape.inputs.firstRow + k)!).find(
      ({ execution }) => execution.fills.length > 0,
    )!;
    const { key } = filled.record.execution;
    const altered = (bytes: Uint8Array): Uint8Array =>
      new TextEncoder().encode(
        new TextDecoder()
          .decode(bytes)
          .replace(/"feeMinor":(\d+)/, (_, fee) => `"feeMinor":${Number(fee) + 1}`),
      );
    const get = async (name: string): Promise<Uint8Array> => {
      const bytes = await artifacts.get(name);
      return name === key ? altered(bytes) : bytes;
    };
    const stores: Stores = { ...events.stores, artifacts: { ...artifacts, get } };
    const read = readTape(stores, await ledgerOf(events));
    await expect(read).rejects.toThrow(IntegrityError);
    await expect(read).rejects.toThrow(key);
  });

  it('on a ledger without a tick, since a comparison of nothing proves nothing', async () => {
    const empty = await tapeOf(await schedule(memoryStores(), layout));
    expect(certifyParity(empty)).toMatchObject({ compared: { ticks: 0 }, differences: NONE, result: 'FAIL' });
  });
});

describe('a stored certificate', () => {
  it('is found by the head it names and by no other, and stands', async () => {
    const events = await schedule(memoryStores(), layout);
    await events.run(0);
    const certificate = certifyParity(await tapeOf(events));
    const { artifacts } = events.stores;
    await putCertificate(artifacts, certificate);
    await putCertificate(artifacts, certificate);
    const named = { market, headSha256: certificate.head.sha256 };
    expect(await findCertificates(artifacts, named)).toEqual({ parity: certificate });

    const other = { ...certificate, result: 'FAIL' as const };
    await expect(putCertificate(artifacts, other)).rejects.toThrow(IntegrityError);
    expect(await findCertificates(artifacts, named)).toEqual({ parity: certificate });

    await events.run(1);
    const { sha256: headSha256 } = await headOf(events.stores, market);
    expect(await findCertificates(artifacts, { market, headSha256 })).toEqual({});
  });
});
