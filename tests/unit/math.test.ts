import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  erf,
  erfc,
  exp,
  GRID_LOG_PRICE_BOUND,
  GRID_SQUARE_BOUND,
  gridLogPrice,
  gridSquare,
  log,
  logistic,
  logit,
  normalCdf,
  roundProbability,
  roundQuantile,
  roundTo,
  roundToGrid,
} from '../../shared/kernel/math.ts';
import { seededRandom } from '../../shared/kernel/random.ts';

const bits = new BigInt64Array(1);
const asFloat = new Float64Array(bits.buffer);
/** The doubles in order as whole numbers, so that neighbours differ by one. */
function ordinal(x: number): bigint {
  asFloat[0] = x;
  return bits[0]! < 0n ? -(bits[0]! & 0x7fffffffffffffffn) : bits[0]!;
}
/** How many doubles lie from one to the other. */
function ulps(actual: number, expected: number): number {
  const distance = ordinal(actual) - ordinal(expected);
  return Number(distance < 0n ? -distance : distance);
}

// Every literal below comes from mpmath 1.3.0 at 400 bits, rounded once to a double.
const LOG = [
  [1, 0],
  [2, 0.6931471805599453],
  [10, 2.302585092994046],
  [0.5, -0.6931471805599453],
  [0.1, -2.3025850929940455],
  [1e-300, -690.7755278982137],
  [1.5, 0.4054651081081644],
  [0.9999999, -1.0000000494736474e-7],
  [1.0000001, 9.999999505838704e-8],
  [123.456, 4.815884817283264],
  [5e-324, -744.4400719213812],
  [1.7976931348623157e308, 709.782712893384],
  [2.2250738585072014e-308, -708.3964185322641],
  [40000, 10.596634733096073],
  [0.70710678, -0.3465735919580042],
  [1.4142136, 0.346573616886212],
] as const;

const EXP = [
  [0, 1],
  [1, 2.718281828459045],
  [-1, 0.36787944117144233],
  [0.5, 1.6487212707001282],
  [-0.5, 0.6065306597126334],
  [0.3, 1.3498588075760032],
  [0.05, 1.0512710963760241],
  [1e-9, 1.000000001],
  [1e-10, 1.0000000001],
  [10, 22026.465794806718],
  [-10, 4.5399929762484854e-5],
  [20.25, 622964442.1984454],
  [100, 2.6881171418161356e43],
  [700, 1.0142320547350045e304],
  [709.782712893384, 1.7976931348622732e308],
  [-708, 3.307553003638408e-308],
  [-720.5, 1.2326102893e-313],
  [-744.4400719213812, 5e-324],
  [-745, 5e-324],
] as const;

// x, erf, erfc
const ERF = [
  [0, 0, 1],
  [1e-300, 1.1283791670955126e-300, 1],
  [1e-20, 1.1283791670955125e-20, 1],
  [0.1, 0.1124629160182849, 0.887537083981715],
  [0.25, 0.27632639016823696, 0.7236736098317631],
  [0.5, 0.5204998778130465, 0.4795001221869535],
  [0.84, 0.7651427114549945, 0.23485728854500548],
  [0.9, 0.7969082124228322, 0.20309178757716786],
  [1, 0.8427007929497149, 0.15729920705028513],
  [1.2, 0.9103139782296353, 0.08968602177036464],
  [1.3, 0.9340079449406524, 0.06599205505934755],
  [2, 0.9953222650189527, 0.004677734981047266],
  [2.8, 0.9999249868053346, 7.501319466545911e-5],
  [3, 0.9999779095030014, 2.209049699858544e-5],
  [5, 0.9999999999984626, 1.537459794428035e-12],
  [5.9, 0.9999999999999999, 7.190409783550478e-17],
  [6.5, 1, 3.8421483271206475e-20],
  [10, 1, 2.088487583762545e-45],
  [27, 1, 5.23705e-319],
  [-0.3, -0.3286267594591274, 1.3286267594591274],
  [-0.9, -0.7969082124228322, 1.7969082124228322],
  [-1, -0.8427007929497149, 1.8427007929497148],
  [-2, -0.9953222650189527, 1.9953222650189528],
  [-4, -0.9999999845827421, 1.999999984582742],
  [-7, -1, 2],
] as const;

const PHI = [
  [0, 0.5],
  [0.5, 0.6914624612740131],
  [1, 0.8413447460685429],
  [1.6448536269514722, 0.95],
  [1.959963984540054, 0.975],
  [2.3263478740408408, 0.99],
  [3, 0.9986501019683699],
  [5, 0.9999997133484281],
  [8.5, 1],
  [-0.25, 0.4012936743170763],
  [-1, 0.15865525393145705],
  [-1.2, 0.11506967022170828],
  [-2, 0.02275013194817921],
  [-3, 0.0013498980316300946],
  [-5, 2.866515718791939e-7],
  [-8, 6.220960574271784e-16],
  [-10, 7.619853024160525e-24],
  [-20, 2.7536241186062337e-89],
] as const;

const finite = (min: number, max: number) => fc.double({ min, max, noNaN: true });

describe('log and exp', () => {
  it.each(LOG)('log(%d) is within 1 ulp of %d', (x, y) => expect(ulps(log(x), y)).toBeLessThanOrEqual(1));
  it.each(EXP)('exp(%d) is within 1 ulp of %d', (x, y) => expect(ulps(exp(x), y)).toBeLessThanOrEqual(1));

  it('has the edges of the real line', () => {
    expect(log(0)).toBe(-Infinity);
    expect(log(-0)).toBe(-Infinity);
    expect(log(Infinity)).toBe(Infinity);
    for (const x of [-1, -5e-324, -Infinity, NaN]) expect(log(x)).toBeNaN();
    expect(Object.is(log(1), 0)).toBe(true);
    expect([exp(Infinity), exp(-Infinity), exp(710), exp(709.7827128933841), exp(-746)]).toEqual([
      Infinity,
      0,
      Infinity,
      Infinity,
      0,
    ]);
    expect(exp(NaN)).toBeNaN();
    expect([exp(0), exp(-0)]).toEqual([1, 1]);
  });

  it('stays within 1 ulp of the engine over 100,000 seeded points, every binade included', () => {
    const random = seededRandom('math.test');
    let logMost = 0;
    let expMost = 0;
    for (let i = 0; i < 100_000; i++) {
      asFloat[0] = 0;
      bits[0] =
        BigInt(Math.floor(random.uniform() * 0x7ff00000)) * 4294967296n + BigInt(random.below(4294967296));
      const x = i % 2 === 0 ? asFloat[0]! : random.uniform() * 1000;
      const y = (random.uniform() - 0.5) * (i % 2 === 0 ? 1490 : 2);
      logMost = Math.max(logMost, ulps(log(x), Math.log(x)));
      expMost = Math.max(expMost, ulps(exp(y), Math.exp(y)));
    }
    expect({ logMost, expMost }).toEqual({
      logMost: expect.toSatisfy((n) => n <= 1),
      expMost: expect.toSatisfy((n) => n <= 1),
    });
  });

  it('undo one another', () => {
    fc.assert(
      fc.property(finite(-700, 700), (x) => {
        expect(Math.abs(log(exp(x)) - x)).toBeLessThanOrEqual(4e-16 * Math.max(1, Math.abs(x)));
      }),
    );
  });

  it('never decrease', () => {
    fc.assert(
      fc.property(finite(5e-324, 1e308), finite(5e-324, 1e308), (a, b) => {
        expect(log(Math.min(a, b))).toBeLessThanOrEqual(log(Math.max(a, b)));
      }),
    );
    fc.assert(
      fc.property(finite(-750, 715), finite(-750, 715), (a, b) => {
        expect(exp(Math.min(a, b))).toBeLessThanOrEqual(exp(Math.max(a, b)));
      }),
    );
  });
});

describe('the normal distribution', () => {
  it.each(ERF)('erf and erfc of %d', (x, value, complement) => {
    expect(ulps(erf(x), value)).toBeLessThanOrEqual(1);
    expect(ulps(erfc(x), complement)).toBeLessThanOrEqual(2);
  });

  it.each(PHI)('normalCdf(%d) is %d to 1e-13', (x, p) => {
    expect(Math.abs(normalCdf(x) / p - 1)).toBeLessThanOrEqual(1e-13);
  });

  it('has its limits and passes NaN on', () => {
    expect([erf(Infinity), erf(-Infinity), erfc(Infinity), erfc(-Infinity), erfc(28)]).toEqual([
      1, -1, 0, 2, 0,
    ]);
    expect([normalCdf(Infinity), normalCdf(-Infinity), normalCdf(-40)]).toEqual([1, 0, 0]);
    for (const f of [erf, erfc, normalCdf]) expect(f(NaN)).toBeNaN();
  });

  it('is symmetric and never decreases', () => {
    fc.assert(
      fc.property(finite(-40, 40), finite(-40, 40), (a, b) => {
        expect(Math.abs(normalCdf(a) + normalCdf(-a) - 1)).toBeLessThanOrEqual(2.3e-16);
        expect(erf(-a)).toBe(-erf(a));
        expect(Math.abs(erf(a) + erfc(a) - 1)).toBeLessThanOrEqual(4.5e-16);
        // Rounding may turn neighbours round by an ulp or two, so the pair keeps its distance.
        if (b - a > 1e-9) expect(normalCdf(a)).toBeLessThanOrEqual(normalCdf(b));
      }),
    );
  });
});

describe('log-odds', () => {
  it.each([
    [0.5, 0],
    [0.25, -1.0986122886681098],
    [0.9, 2.1972245773362196],
    [0.0001, -9.21024036697585],
    [0.9999, 9.21024036697596],
    [0, -Infinity],
    [1, Infinity],
  ])('logit(%d) is %d', (p, x) => expect(logit(p)).toBeCloseTo(x, 13));

  it.each([
    [0, 0.5],
    [1, 0.7310585786300049],
    [-1, 0.2689414213699951],
    [2.5, 0.9241418199787564],
    [-30, 9.357622968839299e-14],
    [40, 1],
    [-700, 9.85967654375977e-305],
    [-Infinity, 0],
    [Infinity, 1],
  ])('logistic(%d) is within 2 ulp of %d', (x, p) => expect(ulps(logistic(x), p)).toBeLessThanOrEqual(2));

  it('is NaN outside [0, 1]', () => {
    for (const p of [-0.1, 1.1, NaN]) expect(logit(p)).toBeNaN();
    expect(logistic(NaN)).toBeNaN();
  });

  it('undo one another at probabilities a packet can hold', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9999 }), (n) => {
        expect(roundProbability(logistic(logit(n / 10000)))).toBe(n / 10000);
      }),
    );
  });
});

describe('the binary grid', () => {
  const HALF_32 = 1.1641532182693481e-10; // 2^-33
  const HALF_44 = 2.8421709430404007e-14; // 2^-45

  it('rounds to multiples of 2^-k, ties to even', () => {
    expect(roundToGrid(2.5, 0)).toBe(2);
    expect(roundToGrid(3.5, 0)).toBe(4);
    expect(roundToGrid(-2.5, 0)).toBe(-2);
    expect(roundToGrid(1234567.75, 1)).toBe(1234568);
    expect(gridLogPrice(2.302585092994046)).toBe(9889527671 / 4294967296);
    expect(gridSquare(0.0001)).toBe(1759218604 / 17592186044416);
    expect(gridLogPrice(1)).toBe(1);
  });

  it('is idempotent and off by half a step at most', () => {
    fc.assert(
      fc.property(finite(-GRID_LOG_PRICE_BOUND + 1, GRID_LOG_PRICE_BOUND - 1), (x) => {
        const rounded = gridLogPrice(x);
        expect(gridLogPrice(rounded)).toBe(rounded);
        expect(rounded).toBe(roundToGrid(x, 32));
        expect(Number.isInteger(rounded * 4294967296)).toBe(true);
        expect(Math.abs(rounded - x)).toBeLessThanOrEqual(HALF_32);
      }),
    );
    fc.assert(
      fc.property(finite(-GRID_SQUARE_BOUND + 1, GRID_SQUARE_BOUND - 1), (x) => {
        const rounded = gridSquare(x);
        expect(gridSquare(rounded)).toBe(rounded);
        expect(rounded).toBe(roundToGrid(x, 44));
        expect(Math.abs(rounded - x)).toBeLessThanOrEqual(HALF_44);
      }),
    );
  });

  it('gives the same rolling sum from whatever bar the sum was started', () => {
    const price = finite(0.0001, 1e6);
    fc.assert(
      fc.property(fc.array(price, { minLength: 30, maxLength: 120 }), fc.nat(20), (prices, start) => {
        const lookback = 8;
        const logs = prices.map((p) => gridLogPrice(log(p)));
        const squares = logs.map((x, i) =>
          i === 0 ? 0 : gridSquare((x - logs[i - 1]!) * (x - logs[i - 1]!) * 1e-4),
        );
        for (const terms of [logs, squares]) {
          let early = 0;
          let late = 0;
          for (let i = 0; i < terms.length; i++) {
            early += terms[i]! - (i >= lookback ? terms[i - lookback]! : 0);
            if (i >= start) late += terms[i]! - (i - start >= lookback ? terms[i - lookback]! : 0);
            if (i < start + lookback) continue;
            const window = terms.slice(i - lookback + 1, i + 1);
            const anew = window.reduce((sum, term) => sum + term, 0);
            const backwards = window.reduceRight((sum, term) => sum + term, 0);
            expect([late, anew, backwards]).toEqual([early, early, early]);
          }
        }
      }),
    );
  });
});

describe('decimal rounding', () => {
  it('gives the double nearest to the decimal, ties up, and no negative zero', () => {
    expect(roundProbability(0.56785)).toBe(0.5679);
    expect(roundProbability(0.12344999)).toBe(0.1234);
    expect(roundProbability(1)).toBe(1);
    expect(roundQuantile(0.0123456)).toBe(0.01235);
    expect(roundQuantile(-0.0123456)).toBe(-0.01235);
    expect(Object.is(roundQuantile(-0.000001), 0)).toBe(true);
    expect(roundTo(7.5, 1)).toBe(8);
  });

  it('is what its own decimal text parses to', () => {
    fc.assert(
      fc.property(finite(-1, 1), (x) => {
        const rounded = roundQuantile(x);
        expect(rounded).toBe(Number(rounded.toFixed(5)));
        expect(Math.abs(rounded - x)).toBeLessThanOrEqual(0.000005000001);
      }),
    );
  });
});
