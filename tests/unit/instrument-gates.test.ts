import { describe, expect, it } from 'vitest';
import { bit } from '../../shared/kernel/codes.ts';
import { findingsOf, instrumentGates, type InstrumentInputs } from '../../shared/risk/instrument-gates.ts';
import { emptyDecision } from '../../shared/tick/decision.ts';
import { findingsAt } from '../../shared/tick/findings.ts';
import { rulesOf, whole } from '../support/rules.ts';
import { decisionHead } from '../support/state.ts';

const limits = { collar: 0.25, nameMax: 0.125, orderMax: 1000 };
const good: InstrumentInputs = {
  ...{ void: false, flagged: false, forecast: true, rulesCovered: true, restricted: false },
  ...{ move: 0, exposure: 0, capacity: 0, orderValue: 0 },
};
const found = (given: Partial<InstrumentInputs>) => findingsOf({ ...good, ...given }, limits);

describe('the gates of an instrument', () => {
  it('are listed in their fixed order, with the limits in force', () => {
    expect(instrumentGates(limits)).toEqual([
      { check: 'bar', limit: 0, code: 'DATA_RED' },
      { check: 'forecast', limit: 1, code: 'MODEL_UNAVAILABLE' },
      { check: 'rules', limit: 1, code: 'RULES_UNCOVERED' },
      { check: 'restricted', limit: 0, code: 'RESTRICTED' },
      { check: 'price_collar', limit: 0.25, code: 'PRICE_COLLAR' },
      { check: 'name', limit: 0.125, code: 'MAX_NAME' },
      { check: 'capacity', limit: 1, code: 'CAPACITY_ADV' },
      { check: 'order_value', limit: 1000, code: 'ORDER_VALUE' },
    ]);
  });

  it('find nothing in an instrument that is well', () => {
    expect(found({})).toEqual({ values: [0, 1, 1, 0, 0, 0, 0, 0], levels: 'GGGGGGGG' });
  });

  it.each<[string, Partial<InstrumentInputs>, number[], string]>([
    ['a flagged bar', { flagged: true }, [1, 1, 1, 0, 0, 0, 0, 0], 'YGGGGGGG'],
    ['a void bar', { void: true, flagged: true }, [2, 1, 1, 0, 0, 0, 0, 0], 'RGGGGGGG'],
    ['no forecast', { forecast: false }, [0, 0, 1, 0, 0, 0, 0, 0], 'GRGGGGGG'],
    ['no rules', { rulesCovered: false }, [0, 1, 0, 0, 0, 0, 0, 0], 'GGRGGGGG'],
    ['a restricted name', { restricted: true }, [0, 1, 1, 1, 0, 0, 0, 0], 'GGGRGGGG'],
    ['a move at the collar', { move: 0.25 }, [0, 1, 1, 0, 0.25, 0, 0, 0], 'GGGGGGGG'],
    ['a move beyond it', { move: 0.250001 }, [0, 1, 1, 0, 0.250001, 0, 0, 0], 'GGGGRGGG'],
    ['all of the name', { exposure: 0.125 }, [0, 1, 1, 0, 0, 0.125, 0, 0], 'GGGGGGGG'],
    ['more than that', { exposure: 0.126 }, [0, 1, 1, 0, 0, 0.126, 0, 0], 'GGGGGYGG'],
    // What is above a limit is cut by the sizing: it never vetoes.
    ['ten times the name', { exposure: 1.25 }, [0, 1, 1, 0, 0, 1.25, 0, 0], 'GGGGGYGG'],
    ['all of the capacity', { capacity: 1 }, [0, 1, 1, 0, 0, 0, 1, 0], 'GGGGGGGG'],
    ['more than all of it', { capacity: 7 }, [0, 1, 1, 0, 0, 0, 7, 0], 'GGGGGGYG'],
    ['the largest order', { orderValue: 1000 }, [0, 1, 1, 0, 0, 0, 0, 1000], 'GGGGGGGG'],
    ['one beyond it', { orderValue: 1000.01 }, [0, 1, 1, 0, 0, 0, 0, 1000.01], 'GGGGGGGY'],
  ])('%s', (_, given, values, levels) => {
    expect(found(given)).toEqual({ values, levels });
  });

  it('what cannot be measured is -1 and RED', () => {
    const blind = { move: NaN, exposure: Infinity, capacity: NaN, orderValue: -Infinity };
    expect(found(blind)).toEqual({ values: [0, 1, 1, 0, -1, -1, -1, -1], levels: 'GGGGRRRR' });
  });

  it('values are rounded for readers, to a millionth; levels are not', () => {
    expect(found({ move: 0.1234567 }).values[4]).toBe(0.123457);
    expect(found({ move: 0.2500000001 })).toMatchObject({ values: [0, 1, 1, 0, 0.25, 0, 0, 0] });
    expect(found({ move: 0.2500000001 }).levels).toBe('GGGGRGGG');
  });
});

describe('the findings of a decision', () => {
  /** Equity 1,000; the book's largest name 30 %; an average bar of 2,000 carries 1 %: 20. */
  const rules = rulesOf('crypto', {
    instruments: [{ ...whole('AAA'), quantity_digits: 1 }],
    config: {
      limits: {
        ...{ name_max: 0.3, capacity_adv_max: 0.01, capacity_basis: 'bar' },
        ...{ price_collar: 0.2, order_notional_max: 100, yellow_at: 0.8 },
      },
    },
  });
  const columns = {
    ...{ referencePrice: 50, worst: 4, delta: -2, move: 0.125, averageNotional: 2000, reasons: 0 },
  };
  function findings(given: Partial<typeof columns>, equity = 1000, ready = true) {
    const head = decisionHead({ ordinal: 1, tickMs: 0, frozenAtMs: 0, equity: equity * rules.minorPerUnit });
    const decision = emptyDecision(1, head);
    for (const [name, value] of Object.entries({ ...columns, ...given }))
      decision[name as keyof typeof columns][0] = value;
    return findingsAt(rules, decision, 0, ready);
  }

  it('exposure, capacity and order by hand: 0.4 at 50 are 20; 0.2 at 50 are 10', () => {
    // 20 of 1,000 are 2 %; 20 of 20 are all that the market carries.
    expect(findings({})).toEqual({ values: [0, 1, 1, 0, 0.125, 0.02, 1, 10], levels: 'GGGGGGGG' });
    // A short of the same size is as large.
    expect(findings({ worst: -4, delta: 2 }).values).toEqual([0, 1, 1, 0, 0.125, 0.02, 1, 10]);
  });

  it('flags of the bar, and codes of the instrument', () => {
    expect(findings({ reasons: bit.DATA_ZERO_VOLUME }).levels[0]).toBe('Y');
    expect(findings({ reasons: bit.DATA_STALE_RUN }).levels[0]).toBe('R');
    expect(findings({ reasons: bit.NO_EDGE }).levels[0]).toBe('G');
    expect(findings({ reasons: bit.RULES_UNCOVERED }).levels).toBe('GGRGGGGG');
    expect(findings({ reasons: bit.RESTRICTED }).levels).toBe('GGGRGGGG');
  });

  it('nothing held and nothing ordered is nothing used, though it was never priced', () => {
    const nothing = { worst: 0, delta: 0, referencePrice: NaN, move: 0 };
    expect(findings(nothing, 0)).toEqual({ values: [0, 1, 1, 0, 0, 0, 0, 0], levels: 'GGGGGGGG' });
  });

  it('a share of no equity cannot be told, nor what a market without volume carries', () => {
    expect(findings({}, 0)).toMatchObject({ values: [0, 1, 1, 0, 0.125, -1, 1, 10], levels: 'GGGGGRGG' });
    expect(findings({ averageNotional: 0 })).toMatchObject({ levels: 'GGGGGGRG' });
  });

  it('an instrument without features waits by itself: what it would carry is not asked', () => {
    expect(findings({ averageNotional: 0 }, 1000, false)).toEqual({
      ...{ values: [0, 0, 1, 0, 0.125, 0.02, 0, 10], levels: 'GRGGGGGG' },
    });
  });
});
