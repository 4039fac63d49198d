import { parseArgs } from 'node:util';
import { planText, Report } from './report.ts';
import { storyOf } from './story.ts';
import { simulate } from './simulate.ts';

/** A seed or a count. @throws Error where it is no whole number from 0. */
function wholeNumber(flag: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`--${flag}: ${text}, expected a whole number from 0`);
}

const say = (text: string): void => void process.stdout.write(text);

/** Replays one seed and tells what happened in it. @returns the exit code. */
async function one(seed: number): Promise<number> {
  const ran = await simulate(seed, { all: true });
  say(`seed ${seed}: ${planText(ran.plan)}\n${storyOf(ran.world)}`);
  if (ran.broken === undefined) say('every invariant holds\n');
  else say(`${ran.broken.invariant}: ${ran.broken.why}\n`);
  return ran.broken === undefined ? 0 : 1;
}

/** Runs many seeds and prints their counts. @returns the exit code: 1 where an invariant broke or a fault never came. */
async function many(first: number, count: number): Promise<number> {
  const report = new Report();
  for (let seed = first; seed < first + count; seed++) {
    report.add(await simulate(seed));
    if (report.seeds % 1_000 === 0) say(`${report.seeds} seeds, ${report.broken.length} broken\n`);
  }
  say(report.text());
  for (const { seed, invariant, why, plan } of report.broken.slice(0, 20))
    say(
      `seed ${seed} breaks ${invariant}: ${why}\n  ${plan}\n  replay: npm run simulate -- --seed ${seed}\n`,
    );
  const unmet = count >= 1_000 ? report.unmet : [];
  if (unmet.length > 0) say(`never met: ${unmet.join('; ')}\n`);
  const tooFew = count >= 1_000 ? report.tooFew : [];
  if (tooFew.length > 0) say(`too few for ${count} seeds: ${tooFew.join('; ')}\n`);
  if (report.unlisted.size > 0) say(`written, and never cut off: ${[...report.unlisted].join('; ')}\n`);
  const whole = unmet.length === 0 && tooFew.length === 0 && report.unlisted.size === 0;
  return whole && report.broken.length === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string', default: '2000' },
      'first-seed': { type: 'string', default: '1' },
    },
  });
  if (values.seed !== undefined) return one(wholeNumber('seed', values.seed));
  return many(wholeNumber('first-seed', values['first-seed']), wholeNumber('seeds', values.seeds));
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  return 2;
});
