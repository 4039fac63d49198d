import { describe, expect, it } from 'vitest';
import type { Certificates } from '../../shared/ledger/certificates.ts';
import { evaluateThresholds } from '../../shared/release/thresholds.ts';
import { verdict } from '../../shared/release/verdict.ts';
import { certified, row, sealed, standing } from './thresholds-standing.ts';

const { parity, lookahead, robustness } = certified;
const rowOf = (name: string, certificates: Certificates) => row(name, standing({}, { certificates }));
const verdictOf = (certificates: Certificates): string => {
  const of = standing({}, { certificates });
  return verdict(evaluateThresholds(sealed, [of]), of, sealed);
};

describe('certificates of the reviewed head', () => {
  it('are all there and pass: then nothing of them is in the way', () => {
    expect(rowOf('parity_differences', certified)).toMatchObject({ value: 0, limit: 0, result: 'PASS' });
    expect(rowOf('lookahead_differences', certified)).toMatchObject({ value: 0, limit: 0, result: 'PASS' });
    expect(rowOf('cost_robustness_pass', certified)).toMatchObject({ value: 1, limit: true, result: 'PASS' });
    expect(verdictOf(certified)).toBe('GO');
  });

  it.each([
    ['parity_differences', { lookahead, robustness }, 'papergate parity --ledger'],
    ['lookahead_differences', { parity, robustness }, 'papergate lookahead --ledger'],
    ['cost_robustness_pass', { parity, lookahead }, 'papergate robustness --ledger'],
  ] as const)(
    '%s without one is too little evidence, and says which command makes one',
    (name, others, command) => {
      const found = rowOf(name, others);
      expect(found).toMatchObject({ value: null, result: 'UNDERPOWERED' });
      expect(found.reason).toContain('nothing names the reviewed head');
      expect(found.advice).toContain(command);
      expect(verdictOf(others)).toBe('UNDERPOWERED');
    },
  );

  it.each(Object.keys(parity.differences))('one difference in %s is NO_GO', (kind) => {
    const differences = { ...parity.differences, [kind]: 1 };
    const certificates: Certificates = { ...certified, parity: { ...parity, differences, result: 'FAIL' } };
    expect(rowOf('parity_differences', certificates)).toMatchObject({ value: 1, result: 'FAIL' });
    expect(verdictOf(certificates)).toBe('NO_GO');
  });

  it.each(['full_run', 'ledger'] as const)('one decision that the %s does not share is NO_GO', (against) => {
    const differences = { ...lookahead.differences, [against]: 1 };
    const certificates: Certificates = {
      ...certified,
      lookahead: { ...lookahead, differences, result: 'FAIL' },
    };
    expect(rowOf('lookahead_differences', certificates)).toMatchObject({ value: 1, result: 'FAIL' });
    expect(verdictOf(certificates)).toBe('NO_GO');
  });

  it('a result that hangs on the costs is NO_GO, one that nobody can rank UNDERPOWERED', () => {
    const of = (result: 'FAIL' | 'UNDERPOWERED'): Certificates => ({
      ...certified,
      robustness: { ...robustness, result, reason: '3 traded names' },
    });
    expect(rowOf('cost_robustness_pass', of('FAIL'))).toMatchObject({ value: 0, result: 'FAIL' });
    expect(verdictOf(of('FAIL'))).toBe('NO_GO');
    const weak = rowOf('cost_robustness_pass', of('UNDERPOWERED'));
    expect(weak).toMatchObject({ value: null, result: 'UNDERPOWERED' });
    expect(weak.reason).toContain('3 traded names');
    expect(verdictOf(of('UNDERPOWERED'))).toBe('UNDERPOWERED');
  });

  it('that compared no tick prove nothing', () => {
    const certificates: Certificates = {
      parity: { ...parity, compared: { ...parity.compared, ticks: 0 } },
      lookahead: { ...lookahead, compared: { ticks: 0, decisions: 0 } },
      robustness,
    };
    for (const name of ['parity_differences', 'lookahead_differences'])
      expect(rowOf(name, certificates)).toMatchObject({ value: 0, result: 'UNDERPOWERED' });
  });

  it('fail at once, however short the window', () => {
    const differences = { ...parity.differences, fills: 2 };
    const certificates: Certificates = { ...certified, parity: { ...parity, differences } };
    const early = standing({}, { certificates, lastDay: 20_004 });
    expect(row('parity_differences', early)).toMatchObject({ value: 2, result: 'FAIL' });
  });
});
