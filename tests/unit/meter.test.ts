import { describe, expect, it } from 'vitest';
import { lossesOf, observed, openMeter, rolled, type Meter } from '../../shared/risk/meter.ts';

/** The opening is record 1, and no halt is under way. */
const OPENED = { restart: 1, halt: -1 };
const [MONDAY, TUESDAY] = [100, 101];

/** A meter taken through ticks of one session each: its day, what the switch says, and the equity at the end. */
function after(...ticks: readonly [day: number, restarts: typeof OPENED, equity: number][]): Meter {
  return ticks.reduce(
    (meter, [day, restarts, equity]) => observed(rolled(meter, day, restarts), equity),
    openMeter(1000),
  );
}
const losses = (meter: Meter, day: number, restarts: typeof OPENED, equity: number) => {
  const { drawdown, dailyReturn } = lossesOf(rolled(meter, day, restarts), equity);
  return [drawdown, dailyReturn];
};

describe('losses (definition 12)', () => {
  it('the starting equity is part of the running maximum, and opens the first session', () => {
    expect(losses(openMeter(1000), MONDAY, OPENED, 900)).toEqual([
      expect.closeTo(-0.1),
      expect.closeTo(-0.1),
    ]);
    expect(losses(openMeter(1000), MONDAY, OPENED, 1000)).toEqual([0, 0]);
  });

  it('a gain is no drawdown, and the maximum never falls', () => {
    const risen = after([MONDAY, OPENED, 1200], [MONDAY, OPENED, 900]);
    expect(losses(risen, MONDAY, OPENED, 1300)).toEqual([0, expect.closeTo(0.3)]);
    expect(losses(risen, MONDAY, OPENED, 900)[0]).toBeCloseTo(-0.25); // 900 of 1,200
  });

  it('the day counts from the equity that the session before closed with', () => {
    const closed = after([MONDAY, OPENED, 1200], [MONDAY, OPENED, 1100]);
    expect(losses(closed, TUESDAY, OPENED, 990)).toEqual([expect.closeTo(-0.175), expect.closeTo(-0.1)]);
    // A second tick of the same session does not open it again.
    const twice = after([MONDAY, OPENED, 1100], [TUESDAY, OPENED, 1000]);
    expect(losses(twice, TUESDAY, OPENED, 990)[1]).toBeCloseTo(-0.1); // of 1,100, not of 1,000
  });

  it('the equity of a tick enters only when it is observed', () => {
    const meter = rolled(openMeter(1000), MONDAY, OPENED);
    lossesOf(meter, 5000);
    expect(lossesOf(meter, 900).drawdown).toBeCloseTo(-0.1);
  });
});

describe('a recovery', () => {
  const fallen = after([MONDAY, OPENED, 1000], [MONDAY, OPENED, 800]);

  it('rebases the maximum and the day to what there is', () => {
    expect(losses(fallen, MONDAY, OPENED, 800)).toEqual([expect.closeTo(-0.2), expect.closeTo(-0.2)]);
    const recovered = { restart: 9, halt: -1 };
    expect(losses(fallen, MONDAY, recovered, 800)).toEqual([0, 0]);
    expect(losses(fallen, MONDAY, recovered, 720)).toEqual([expect.closeTo(-0.1), expect.closeTo(-0.1)]);
  });

  it('counts once: the ticks after it count on from there', () => {
    const recovered = { restart: 9, halt: -1 };
    const later = after([MONDAY, OPENED, 800], [MONDAY, recovered, 900]);
    expect(losses(later, MONDAY, recovered, 810)).toEqual([expect.closeTo(-0.1), expect.closeTo(0.0125)]);
  });

  it('is not what a halt alone is: a drawdown stands through it', () => {
    const halted = { restart: 1, halt: 7 };
    expect(losses(fallen, MONDAY, halted, 800)[0]).toBeCloseTo(-0.2);
  });

  it('the opening forgets nothing', () => {
    // A meter that saw a loss before the switch was first read.
    const early = observed(rolled(openMeter(1000), MONDAY, { restart: -1, halt: -1 }), 900);
    expect(losses(early, MONDAY, OPENED, 900)[0]).toBeCloseTo(-0.1);
  });
});

describe("a halt's own losses, which a recovery is judged by", () => {
  const HALTED = { restart: 1, halt: 7 };
  const since = (meter: Meter, day: number, restarts: typeof OPENED, equity: number) => {
    const { drawdownSinceHalt, dailyReturnSinceHalt } = lossesOf(rolled(meter, day, restarts), equity);
    return [drawdownSinceHalt, dailyReturnSinceHalt];
  };
  const fallen = after([MONDAY, OPENED, 1000], [MONDAY, OPENED, 800]);

  it('are none while nothing is halted', () => {
    expect(since(fallen, MONDAY, OPENED, 400)).toEqual([0, 0]);
  });

  it('begin with the equity that it began with', () => {
    expect(since(fallen, MONDAY, HALTED, 800)).toEqual([0, 0]);
    expect(since(fallen, MONDAY, HALTED, 760)).toEqual([expect.closeTo(-0.05), expect.closeTo(-0.05)]);
  });

  it('have a maximum of their own, and a day that begins with the session', () => {
    const halted = after([MONDAY, OPENED, 800], [MONDAY, HALTED, 880], [MONDAY, HALTED, 836]);
    expect(since(halted, MONDAY, HALTED, 792)[0]).toBeCloseTo(-0.1); // of 880
    expect(since(halted, MONDAY, HALTED, 792)[1]).toBeCloseTo(-0.01); // of 800
    expect(since(halted, TUESDAY, HALTED, 792)[0]).toBeCloseTo(-0.1);
    expect(since(halted, TUESDAY, HALTED, 792)[1]).toBeCloseTo(-0.052632, 6); // of 836
  });

  it('begin anew with another halt', () => {
    const halted = after([MONDAY, OPENED, 800], [MONDAY, HALTED, 700]);
    expect(since(halted, MONDAY, { restart: 9, halt: 12 }, 700)).toEqual([0, 0]);
  });
});
