import { describe, expect, it } from 'vitest';
import { emptyForecast, type Family, type Forecast } from '../../shared/forecast/forecast.ts';
import { fuse, FUSION_LEVELS, type Vote } from '../../shared/forecast/fusion.ts';

/** One instrument's forecast: log-odds, the three quantiles, the three launches. */
function forecast(
  logit: number,
  q: readonly [number, number, number],
  launch: readonly [number, number, number],
  ready = 1,
): Forecast {
  const out = emptyForecast(1);
  out.ready[0] = ready;
  out.logit[0] = logit;
  out.pUp[0] = 0.123; // the pool goes by log-odds
  [out.q10, out.q50, out.q90].forEach((column, k) => (column[0] = q[k]!));
  out.pLaunch.forEach((column, k) => (column[0] = launch[k]!));
  return out;
}
function fused(...votes: readonly (readonly [Family, number, Forecast])[]) {
  const out = emptyForecast(1);
  const level = Float64Array.of(NaN);
  fuse(
    votes.map(([family, weight, given]): Vote => ({ family, weight, forecast: given })),
    out,
    level,
  );
  return {
    level: FUSION_LEVELS[level[0]!],
    ready: out.ready[0],
    logit: out.logit[0],
    pUp: out.pUp[0],
    q: [out.q10[0], out.q50[0], out.q90[0]],
    launch: out.pLaunch.map((column) => column[0]),
  };
}
const up = forecast(0.4, [-0.03, 0.01, 0.05], [0.2, 0.4, 0.6]);
const down = forecast(-0.2, [-0.05, -0.01, 0.03], [0.1, 0.3, 0.8]);
const silent = forecast(9, [9, 9, 9], [9, 9, 9], 0);

describe('the pool of log-odds', () => {
  it('two families by hand, weights 0.7 and 0.3', () => {
    expect(fused(['policy', 0.7, up], ['lux_ms', 0.3, down])).toEqual({
      level: 'some_families',
      ready: 1,
      logit: 0.22, // 0.28 - 0.06
      pUp: 0.5548, // 1 / (1 + exp(-0.22)) = 0.554779
      q: [-0.036, 0.004, 0.044],
      launch: [0.17, 0.37, 0.66],
    });
  });

  it('weights need not add up to one', () => {
    expect(fused(['policy', 7, up], ['lux_ms', 3, down])).toEqual(
      fused(['policy', 0.7, up], ['lux_ms', 0.3, down]),
    );
  });

  it('three alike say what each says', () => {
    expect(fused(['policy', 1, up], ['session_forecast', 2, up], ['lux_ms', 4, up])).toMatchObject({
      level: 'all_families',
      logit: 0.4,
      pUp: 0.5987,
      q: [-0.03, 0.01, 0.05],
    });
  });

  it('a family without an answer here is left out here', () => {
    expect(fused(['policy', 0.7, up], ['lux_ms', 0.3, silent])).toMatchObject({
      level: 'policy_only',
      logit: 0.4,
      pUp: 0.5987,
    });
    expect(fused(['policy', 0.7, silent], ['lux_ms', 0.3, down])).toMatchObject({
      level: 'some_families',
      logit: -0.2,
      pUp: 0.4502,
    });
  });

  it('a family of weight 0 does not vote', () => {
    expect(fused(['policy', 1, up], ['lux_ms', 0, down])).toMatchObject({ level: 'policy_only', logit: 0.4 });
    expect(fused(['policy', 0, up], ['lux_ms', 1, down])).toMatchObject({
      level: 'some_families',
      logit: -0.2,
    });
  });

  it('alone it is copied as it is, since it was rounded before', () => {
    expect(fused(['policy', 1, up])).toEqual({
      level: 'policy_only',
      ready: 1,
      logit: 0.4,
      pUp: 0.123,
      q: [-0.03, 0.01, 0.05],
      launch: [0.2, 0.4, 0.6],
    });
  });

  it('nobody has an answer', () => {
    for (const votes of [
      [],
      [['policy', 1, silent]],
      [
        ['policy', 1, silent],
        ['lux_ms', 1, silent],
      ],
      [['policy', 0, up]],
    ] as const) {
      expect(fused(...(votes as unknown as (readonly [Family, number, Forecast])[]))).toMatchObject({
        level: 'none',
        ready: 0,
      });
    }
  });
});
