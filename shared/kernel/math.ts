/**
 * Transcendental functions that give the same bits on every processor. The engine's own may be fused or replaced
 * from one platform to the next; these use + - * / and sqrt alone, which ECMAScript defines to the last bit.
 *
 * Algorithms and coefficients of log, exp, erf and erfc are those of fdlibm 5.3 (e_log.c, e_exp.c, s_erf.c):
 * Copyright (C) 1993, 2004 by Sun Microsystems, Inc. All rights reserved. Developed at SunSoft and SunPro.
 * Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is
 * preserved.
 */
const view = new Float64Array(1);
const words = new Uint32Array(view.buffer);
const LOW = 0;
const HIGH = 1;

view[0] = 1;
if (words[HIGH] !== 0x3ff00000 || words[LOW] !== 0) {
  throw new Error('kernel/math reads the words of a double as little-endian; this processor is not');
}

/**
 * 2^k for k from -1024 to 1023, at index k + 1024. Scaling by a table is exact and quicker than writing an
 * exponent through the view, where the narrow store delays the wide load that follows it.
 */
const POWER_MIN = 1024;
const powers = new Float64Array(2 * POWER_MIN);
powers[POWER_MIN] = 1;
for (let k = 1; k < POWER_MIN; k++) powers[POWER_MIN + k] = powers[POWER_MIN + k - 1]! * 2;
for (let k = 1; k <= POWER_MIN; k++) powers[POWER_MIN - k] = powers[POWER_MIN - k + 1]! / 2;

/** ln 2 in two parts: k * LN2_HIGH is exact for |k| < 2000. */
const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
const INVERSE_LN2 = 1.442695040888963387;
const TWO_54 = 18014398509481984;

/**
 * The natural logarithm, error below 1 ulp.
 * log(0) is -Infinity; a negative x and NaN give NaN; log(Infinity) is Infinity.
 */
export function log(x: number): number {
  let k = 0;
  if (x < 2.2250738585072014e-308) {
    if (x === 0) return -Infinity;
    if (x < 0) return NaN;
    // A subnormal number has no implicit bit: scale it up first.
    k = -54;
    x *= TWO_54;
  }
  if (!(x < Infinity)) return x;
  view[0] = x;
  const high = words[HIGH]!;
  const fraction = high & 0x000fffff;
  // 1 where 1 + f would lie above sqrt(2): halve it and raise the exponent, so sqrt(2)/2 < 1 + f < sqrt(2).
  const carry = (fraction + 0x95f64) >> 20;
  const exponent = (high >> 20) - 1023 + carry;
  const f = x * powers[POWER_MIN - exponent]! - 1;
  k += exponent;
  const whole = k * LN2_HIGH;
  const rest = k * LN2_LOW;
  if ((0x000fffff & (2 + fraction)) < 3) {
    // |f| < 2^-20: a short series is enough, and f = 0 must give k ln 2 with no sign of zero left over.
    if (f === 0) return k === 0 ? 0 : whole + rest;
    const r = f * f * (0.5 - 0.3333333333333333 * f);
    return k === 0 ? f - r : whole - (r - rest - f);
  }
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const odd = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1));
  const even =
    z *
    (6.66666666666673513e-1 +
      w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)));
  const r = even + odd;
  // fdlibm takes a shorter form for small f; the branch is unpredictable and costs more than it saves.
  const half = 0.5 * f * f;
  return k === 0 ? f - (half - s * (half + r)) : whole - (half - (s * (half + r) + rest) - f);
}

/**
 * e to the power x, error below 1 ulp.
 * Infinity above 709.782712893384, 0 below -745.1332191019411; NaN gives NaN. exp(1) is the double nearest to e.
 */
export function exp(x: number): number {
  if (!(x <= 7.09782712893383973096e2)) return x > 0 ? Infinity : x;
  if (x < -7.4513321910194110842e2) return 0;
  if (x === 1) return 2.718281828459045;
  const size = x < 0 ? -x : x;
  let k = 0;
  let high = 0;
  let low = 0;
  // The thresholds are fdlibm's comparisons of high words, written out as the doubles where they change.
  if (size >= 0.3465735912322998) {
    k = size < 1.0397205352783203 ? (x < 0 ? -1 : 1) : (INVERSE_LN2 * x + (x < 0 ? -0.5 : 0.5)) | 0;
    high = x - k * LN2_HIGH;
    low = k * LN2_LOW;
    x = high - low;
  } else if (size < 3.725290298461914e-9) {
    return 1 + x;
  }
  const t = x * x;
  const c =
    x -
    t *
      (1.66666666666666019037e-1 +
        t *
          (-2.77777777770155933842e-3 +
            t *
              (6.61375632143793436117e-5 + t * (-1.6533902205465251539e-6 + t * 4.13813679705723846039e-8))));
  if (k === 0) return 1 - ((x * c) / (c - 2) - x);
  const y = 1 - (low - (x * c) / (2 - c) - high);
  if (k >= -1021) return k === 1024 ? y * 2 * powers[POWER_MIN + 1023]! : y * powers[POWER_MIN + k]!;
  // The result is subnormal: scale in two steps, so that it is rounded once.
  return y * powers[POWER_MIN + k + 1000]! * powers[POWER_MIN - 1000]!;
}

/** erf(x) = x + x * R(x^2) for |x| < 0.84375; takes x^2. */
function ratioNearZero(z: number): number {
  const p =
    1.28379167095512558561e-1 +
    z *
      (-3.2504210724700149937e-1 +
        z * (-2.84817495755985104766e-2 + z * (-5.77027029648944159157e-3 + z * -2.37630166566501626084e-5)));
  const q =
    1 +
    z *
      (3.97917223959155352819e-1 +
        z *
          (6.50222499887672944485e-2 +
            z *
              (5.08130628187576562776e-3 + z * (1.32494738004321644526e-4 + z * -3.9602282787753681232e-6))));
  return p / q;
}

/** The single-precision value of erf(1) from which the second range departs. */
const ERX = 8.45062911510467529297e-1;

/** erf(|x|) - ERX for 0.84375 <= |x| < 1.25; takes |x| - 1. */
function ratioNearOne(s: number): number {
  const p =
    -2.36211856075265944077e-3 +
    s *
      (4.14856118683748331666e-1 +
        s *
          (-3.72207876035701323847e-1 +
            s *
              (3.18346619901161753674e-1 +
                s *
                  (-1.10894694282396677476e-1 +
                    s * (3.54783043256182359371e-2 + s * -2.166375594868790843e-3)))));
  const q =
    1 +
    s *
      (1.06420880400844228286e-1 +
        s *
          (5.40397917702171048937e-1 +
            s *
              (7.18286544141962662868e-2 +
                s *
                  (1.26171219808761642112e-1 +
                    s * (1.36370839120290507362e-2 + s * 1.1984499846799107417e-2)))));
  return p / q;
}

/** R1 / S1 of erfc in [1.25, 1 / 0.35), in z = 1 / x^2. */
function ratioMiddle(z: number): number {
  const r =
    -9.86494403484714822705e-3 +
    z *
      (-6.93858572707181764372e-1 +
        z *
          (-1.05586262253232909814e1 +
            z *
              (-6.23753324503260060396e1 +
                z *
                  (-1.62396669462573470355e2 +
                    z *
                      (-1.84605092906711035994e2 +
                        z * (-8.12874355063065934246e1 + z * -9.81432934416914548592))))));
  const s =
    1 +
    z *
      (1.96512716674392571292e1 +
        z *
          (1.376577541435190426e2 +
            z *
              (4.34565877475229228821e2 +
                z *
                  (6.45387271733267880336e2 +
                    z *
                      (4.29008140027567833386e2 +
                        z *
                          (1.08635005541779435134e2 +
                            z * (6.57024977031928170135 + z * -6.04244152148580987438e-2)))))));
  return r / s;
}

/** R2 / S2 of erfc in [1 / 0.35, 28), in z = 1 / x^2. */
function ratioFar(z: number): number {
  const r =
    -9.86494292470009928597e-3 +
    z *
      (-7.99283237680523006574e-1 +
        z *
          (-1.77579549177547519889e1 +
            z *
              (-1.60636384855821916062e2 +
                z *
                  (-6.37566443368389627722e2 +
                    z * (-1.02509513161107724954e3 + z * -4.83519191608651397019e2)))));
  const s =
    1 +
    z *
      (3.03380607434824582924e1 +
        z *
          (3.25792512996573918826e2 +
            z *
              (1.53672958608443695994e3 +
                z *
                  (3.19985821950859553908e3 +
                    z *
                      (2.55305040643316442583e3 +
                        z * (4.74528541206955367215e2 + z * -2.24409524465858183362e1))))));
  return r / s;
}

/** erfc(x) for x in [1.25, 28): exp(-x^2) split at a short copy of x, so that squaring it loses nothing. */
function complementFar(x: number): number {
  const z = 1 / (x * x);
  const ratio = x < 2.857143402099609375 ? ratioMiddle(z) : ratioFar(z);
  view[0] = x;
  words[LOW] = 0;
  const short = view[0]!;
  return (exp(-short * short - 0.5625) * exp((short - x) * (short + x) + ratio)) / x;
}

/** The error function 2 / sqrt(pi) * integral of exp(-t^2) from 0 to x, error below 1 ulp; odd; NaN gives NaN. */
export function erf(x: number): number {
  if (x !== x) return x;
  const size = x < 0 ? -x : x;
  if (size < 0.84375) return x + x * ratioNearZero(x * x);
  const positive = size < 1.25 ? ERX + ratioNearOne(size - 1) : size < 6 ? 1 - complementFar(size) : 1;
  return x < 0 ? -positive : positive;
}

/** 1 - erf(x), without the loss of digits of that subtraction for large x, within 3 ulp; 0 from 28 on; NaN gives NaN. */
export function erfc(x: number): number {
  if (x !== x) return x;
  const size = x < 0 ? -x : x;
  if (size < 0.84375) {
    const rest = x * ratioNearZero(x * x);
    return x < 0.25 ? 1 - (x + rest) : 0.5 - (rest + (x - 0.5));
  }
  if (size < 1.25) {
    const ratio = ratioNearOne(size - 1);
    return x < 0 ? 1 + (ERX + ratio) : 1 - ERX - ratio;
  }
  if (x < 0) return size < 6 ? 2 - complementFar(size) : 2;
  return size < 28 ? complementFar(size) : 0;
}

const HALF_ROOT = 0.7071067811865476;

/**
 * The standard normal distribution function, erfc(-x / sqrt(2)) / 2. The error is about 1 ulp near 0 and grows as
 * x^2 ulp in the lower tail, where rounding x / sqrt(2) is magnified; it is below 1e-13 relative down to x = -20.
 */
export const normalCdf = (x: number): number => 0.5 * erfc(-x * HALF_ROOT);

/** Log-odds of a probability: -Infinity at 0, Infinity at 1, NaN outside [0, 1]. */
export const logit = (p: number): number => log(p / (1 - p));

/** The probability of the log-odds x, in [0, 1]; logistic(-x) is 1 - logistic(x) but for rounding. */
export function logistic(x: number): number {
  if (x >= 0) return 1 / (1 + exp(-x));
  const odds = exp(x);
  return odds / (1 + odds);
}

/**
 * Rounds to a multiple of 2^-k, ties to even, by adding a number so large that the sum has no finer bits.
 * Sums of terms on the grid are exact, hence the same from any window, as long as they stay below 2^(53-k).
 * @param x below 2^(51-k) in size: beyond that the result is not on the grid. The caller rejects such a term with a
 *   code; this function does not look, since it stands in the hot loop.
 * @param k a whole number from 0 to 51.
 */
export function roundToGrid(x: number, k: number): number {
  const large = 1.5 * powers[POWER_MIN + 52 - k]!;
  return x + large - large;
}

/** A term of `gridLogPrice` must stay below this in size: 2^19. No finite price has a logarithm beyond 745. */
export const GRID_LOG_PRICE_BOUND = 524288;
/** A term of `gridSquare` must stay below this in size: 2^7. */
export const GRID_SQUARE_BOUND = 128;

const LARGE_LOG_PRICE = 1572864;
const LARGE_SQUARE = 384;

/** A log price on the grid of 2^-32; exact sums below 2^21. |x| < GRID_LOG_PRICE_BOUND, unchecked. */
export const gridLogPrice = (x: number): number => x + LARGE_LOG_PRICE - LARGE_LOG_PRICE;

/** A squared return or range on the grid of 2^-44; exact sums below 2^9. |x| < GRID_SQUARE_BOUND, unchecked. */
export const gridSquare = (x: number): number => x + LARGE_SQUARE - LARGE_SQUARE;

/**
 * Rounds to a whole number of 1 / stepsPerUnit, ties up: the double nearest to that decimal, never -0.
 * The step is given by its reciprocal (10,000 for 0.0001), since a decimal step is itself no double.
 */
export const roundTo = (x: number, stepsPerUnit: number): number =>
  (Math.round(x * stepsPerUnit) + 0) / stepsPerUnit;

/** A probability at 0.0001, as the decision packet holds it. */
export const roundProbability = (p: number): number => roundTo(p, 10_000);

/** A quantile of log returns at 0.1 bps (0.00001), as the decision packet holds it. */
export const roundQuantile = (x: number): number => roundTo(x, 100_000);
