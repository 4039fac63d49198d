import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CostProfile } from '../../shared/config/cost-profile-schema.ts';
import { impactShare } from '../../shared/execution/impact.ts';
import reference from '../vectors/statistics.json' with { type: 'json' };

const almgren = (ratio: number): CostProfile['impact'] => ({
  model: 'almgren',
  gamma: 0.314,
  eta: 0.142,
  shares_over_daily_volume: ratio,
});
const squareRoot: CostProfile['impact'] = { model: 'square_root', y: 1 };

const vector = <Inputs, Outputs>(id: string): { inputs: Inputs; outputs: Outputs } =>
  reference.vectors.find((one) => one.id === id) as never;

describe('market impact', () => {
  it('is the square-root law', () => {
    const { inputs, outputs } = vector<
      Record<'Q' | 'adv' | 'sigmaDaily' | 'halfSpread', number>,
      { costFraction: number }
    >('impact.sqrt_law');
    const share = impactShare(squareRoot, inputs.sigmaDaily, inputs.Q / inputs.adv, 1);
    expect(share + inputs.halfSpread).toBeCloseTo(outputs.costFraction, 12);
    // 2 % a day; a quarter of a day's value moves the price by sqrt(0.25) = half of that, and 4 times as much with y = 4.
    expect(impactShare(squareRoot, 0.02, 0.25, 1)).toBe(0.01);
    expect(impactShare({ model: 'square_root', y: 4 }, 0.02, 0.25, 1)).toBe(0.04);
  });

  it('is what Almgren and others 2005 find for IBM and DRI', () => {
    const { inputs, outputs } = vector<
      { cases: { V: number; theta: number; sigma: number }[]; participationOfADV: number },
      { T: number; realizedBp: number }[][]
    >('impact.almgren2005');
    expect(outputs.flat()).toHaveLength(6);
    inputs.cases.forEach(({ V, theta, sigma }, k) => {
      for (const { T, realizedBp } of outputs[k]!) {
        const share = impactShare(almgren(theta / V), sigma, inputs.participationOfADV, T);
        expect(Math.abs(share * 1e4 - realizedBp)).toBeLessThan(1e-9);
      }
    });
  });

  it('is nothing for nothing', () => {
    expect(impactShare(squareRoot, 0.02, 0, 0.1)).toBe(0);
    expect(impactShare(almgren(100), 0.02, 0, 0.1)).toBe(0);
  });

  it.each([
    ['the square-root law', squareRoot],
    ['Almgren', almgren(263)],
  ])('property: by %s it never falls with size, and is never below 0', (_, impact) => {
    const size = fc.double({ min: 0, max: 10, noNaN: true });
    fc.assert(
      fc.property(size, size, fc.double({ min: 0, max: 1, noNaN: true }), (one, other, sigma) => {
        const of = (participation: number): number => impactShare(impact, sigma, participation, 1 / 24);
        expect(of(Math.min(one, other))).toBeGreaterThanOrEqual(0);
        expect(of(Math.max(one, other))).toBeGreaterThanOrEqual(of(Math.min(one, other)));
      }),
    );
  });
});
