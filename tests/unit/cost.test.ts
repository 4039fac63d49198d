import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { billOf } from '../../infra/aws/cost/bill.ts';
import { stackFacts, type CostedTemplate } from '../../infra/aws/cost/facts.ts';
import { costReport } from '../../infra/aws/cost/main.ts';
import { machinePaths } from '../../infra/aws/cost/paths.ts';
import { PRICES, type PriceId } from '../../infra/aws/cost/prices.ts';
import { spread } from '../../infra/aws/cost/universes.ts';
import { usageOf, type Universe } from '../../infra/aws/cost/usage.ts';
import { openConfig } from '../../functions/runtime/config-files.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { definition } from '../support/chain.ts';
import { likeTheStack, SMALL } from '../support/cost-template.ts';

const { config } = openConfig(fileURLToPath(new URL('../../configs', import.meta.url)));

/** Ten names; 730 runs a month, of which 700 find a bar. */
const TEN: Universe = {
  fanOut: { instrumentsAbove: 1_000, shards: 4 },
  market: 'crypto',
  instruments: 10,
  barsPerMonth: 700,
  sessionsPerMonth: 30,
};

const without = (...ids: string[]): CostedTemplate => ({
  Resources: Object.fromEntries(Object.entries(SMALL.Resources).filter(([id]) => !ids.includes(id))),
});
const withChanged = (id: string, properties: Readonly<Record<string, unknown>>): CostedTemplate => ({
  Resources: {
    ...SMALL.Resources,
    [id]: {
      Type: SMALL.Resources[id]!.Type,
      Properties: { ...SMALL.Resources[id]!.Properties, ...properties },
    },
  },
});

describe('what a template holds', () => {
  const facts = stackFacts(SMALL);

  it('is read out of resources and their texts', () => {
    expect(facts.schedules).toEqual([
      { id: 'Ticks', runsPerMonth: 730, enabled: true, functionId: undefined, market: 'crypto' },
      { id: 'Checks', runsPerMonth: 730, enabled: true, functionId: 'Health', market: 'crypto' },
    ]);
    expect(facts.alarms).toEqual({ standard: 3, fast: 1, composite: 1 });
    expect(facts.metrics).toEqual([
      'Papergate Equity market=ashares',
      'Papergate Equity market=crypto',
      'Papergate TickCommitted',
      'Papergate TickDue',
    ]);
    expect([facts.dashboards, facts.keys, facts.tables, facts.tablesWithPitr, facts.buckets]).toEqual([
      1, 1, 1, 1, 1,
    ]);
    expect(facts.unpriced).toEqual([]);
  });

  it('has a shortest way for a closed day, and a longest one for a tick', () => {
    const { closed, open, sharded } = facts.machine;
    expect([closed.transitions, open.transitions, sharded]).toEqual([3, 4, undefined]);
    expect(open.tasks.map(({ state }) => state)).toEqual(['Ingest', 'Predict', 'Gate']);
  });

  it('of the deployed definition runs seven states a tick, and three on a closed day', async () => {
    const { closed, open } = machinePaths((await definition()) as never);
    expect([closed.transitions, open.transitions]).toEqual([3, 7]);
  });

  it('never ends its shortest way in a failure', () => {
    const { closed } = machinePaths({
      StartAt: 'Asks',
      States: {
        Asks: { Type: 'Choice', Choices: [{ Next: 'Works' }], Default: 'Fails' },
        Fails: { Type: 'Fail' },
        Works: { Type: 'Pass', Next: 'Ends' },
        Ends: { Type: 'Succeed' },
      },
    });
    expect(closed.transitions).toBe(3);
  });

  it('that is not known is named, never left out in silence', () => {
    const more = { Resources: { ...SMALL.Resources, Nat: { Type: 'AWS::EC2::NatGateway' } } };
    expect(stackFacts(more).unpriced).toEqual(['AWS::EC2::NatGateway']);
    expect(usageOf(stackFacts(more), [TEN]).notes).toContain('not priced here: AWS::EC2::NatGateway');
  });

  it.each([
    ['no schedule', without('Ticks', 'Checks'), /1 state machines and 0 schedules/],
    ['no machine', without('Machine'), /0 state machines/],
    ['a schedule of nothing known', withChanged('Ticks', { Target: { Arn: 'arn:aws:sqs:x' } }), /neither/],
    [
      'a dashboard that abbreviates',
      withChanged('Board', {
        DashboardBody: '{"widgets":[{"properties":{"metrics":[["Papergate","A","b","c"],["...","d"]]}}]}',
      }),
      /spell it out/,
    ],
    [
      'a state of unknown cost',
      withChanged('Machine', { DefinitionString: '{"StartAt":"A","States":{"A":{"Type":"Parallel"}}}' }),
      /Parallel/,
    ],
    [
      'a loop',
      withChanged('Machine', {
        DefinitionString: '{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"A"}}}',
      }),
      /loops through A/,
    ],
  ])('with %s is refused', (_, template, message) => {
    expect(() => stackFacts(template)).toThrow(message);
  });
});

describe('a month of the small template', () => {
  const { lines } = usageOf(stackFacts(SMALL), [TEN]);
  const of = (id: PriceId): number => lines.find(({ price }) => price === id)?.quantity ?? 0;

  it('takes the transitions of its ticks, closed runs and retries', () => {
    // 700 x (4 + 2) + 30 x (3 + 2), and one in a hundred of 700 x 3 + 30 tasks again.
    expect(of('transitions')).toBeCloseTo(4_350 + 21.3, 9);
  });

  it('takes the requests of tasks, checks and retries', () => {
    expect(of('lambdaRequests')).toBeCloseTo(1.01 * (2_100 + 30 + 730), 9);
    expect(of('scheduler')).toBeCloseTo(1_460, 9);
  });

  it('takes the seconds of its functions by their memory', () => {
    // At 512 MB 1,769 / 512 = 3.455 times as long as on a core. For ten names, ms:
    // ingest  900 + 0.575 x 4 x 3.455 + 6 x 30 + 56,600 / 40,000 = 1,089.4
    // predict 900 + 0.770 x 4 x 3.455 + 4 x 30 + 98,050 / 40,000 = 1,033.1
    // gate    900 + 1.730 x 4 x 3.455 + 7 x 30 + 39,000 / 40,000 = 1,134.9
    // closed  900 + 0.200 x 4 x 3.455 + 1 x 30 + 500 / 40,000 = 932.8
    // health  900 + 0.880 x 4 x 6.910 + 9 x 30 + 22,750 / 40,000 = 1,194.9 at 256 MB
    // 1.01 x (700 x 0.5 x 3.2573 + 30 x 0.5 x 0.9328 + 730 x 0.25 x 1.1949)
    expect(of('lambdaArm')).toBeCloseTo(1_385.85, 1);
    expect(of('lambdaX86')).toBe(0);
  });

  it('takes what the handlers ask of their stores', () => {
    expect(of('s3Puts')).toBeCloseTo(700 * 5 + 730, 9);
    expect(of('s3Gets')).toBeCloseTo(700 * (17.5 + 12) + 30 * 4 + 730 * 8, 9);
    expect(of('dynamoWrites')).toBeCloseTo(700 * 2 + 730 * 9, 9);
    expect(of('dynamoReads')).toBeCloseTo(700 * (8.6 + 6) + 30 * 3 + 730 * 9.4, 9);
    // 700 x 23,750 + 730 x 4,300 bytes, eleven months and a half of them.
    expect(of('s3Storage')).toBeCloseTo(0.227286, 6);
  });

  it('takes no line for what the template has not', () => {
    expect(lines.map(({ price }) => price)).not.toContain('sqsRequests');
    const bare = usageOf(stackFacts(without('Table', 'Bucket', 'Key', 'Board')), [TEN]);
    expect(bare.lines.map(({ price }) => price)).toEqual([
      ...['transitions', 'scheduler', 'lambdaRequests', 'lambdaArm', 'logsIngested', 'logsStored'],
      ...['snsPublishes', 'snsEmails', 'alarms', 'alarmsFast', 'alarmsComposite', 'metrics'],
    ]);
  });

  it('counts a schedule that is off as on, and says so', () => {
    const off = usageOf(stackFacts(withChanged('Ticks', { State: 'DISABLED' })), [TEN]);
    expect(off.lines).toEqual(lines);
    expect(off.notes).toContain('1 schedules are DISABLED in the template; they are counted as running');
  });

  it('is refused for a market that no schedule starts, or a task whose function is not there', () => {
    expect(() => usageOf(stackFacts(SMALL), [{ ...TEN, market: 'ashares' }])).toThrow(ConfigError);
    expect(() => usageOf(stackFacts(without('Predict')), [TEN])).toThrow(/no function of the template/);
  });

  it('costs, fixed, a key, a dashboard, five alarm metrics and thirteen series', () => {
    const bill = billOf(lines);
    // 1 + 3 + 3 x 0.1 + 0.3 + 0.5 + 13 x 0.3
    expect(bill.totals.fixed).toBeCloseTo(9, 9);
    // 1 + 0 + 0 + 0.3 + 0.5 + 3 x 0.3
    expect(bill.totalsWithFreeTier.fixed).toBeCloseTo(2.7, 9);
  });

  it('costs by its transitions 4,371.3 x 0.025 / 1,000, and 371.3 of them with the free tier', () => {
    const bill = billOf(lines).lines.find(({ price }) => price === 'transitions')!;
    expect(bill.usd).toBeCloseTo(0.1092825, 9);
    expect(bill.usdWithFreeTier).toBeCloseTo(0.0092825, 9);
  });
});

describe('a universe beyond one shard', () => {
  const of = (lines: readonly { price: PriceId; quantity: number }[], id: PriceId): number =>
    lines.find(({ price }) => price === id)!.quantity;

  it('takes four transitions and two functions more for each shard', () => {
    const large = { ...TEN, instruments: 10_000 };
    const { lines, notes } = usageOf(stackFacts(SMALL), [large]);
    // Four shards of 2,500 names: 700 x 4 x 4 transitions, 700 x 4 x 2 tasks more, and their retries.
    expect(of(lines, 'transitions')).toBeCloseTo(4_350 + 11_200 + 0.01 * (2_130 + 5_600), 9);
    expect(of(lines, 'lambdaRequests')).toBeCloseTo(1.01 * (2_860 + 5_600), 9);
    expect(notes).toContain('crypto: 10000 names in 4 shards of a Map that the machine does not have yet');
    // Bytes: 4 x (2,651,700 + 388,000) of shards, 2,200 of the steps around them, 2,906,500 of the gate; checks as before.
    expect(of(lines, 's3Storage')).toBeCloseTo(((700 * 15_067_500 + 3_139_000) / 1e9) * 11.5, 6);
  });

  it('takes what the states of the Map are, where the machine has one', () => {
    const definition = JSON.stringify({
      StartAt: 'Ingest',
      States: {
        Ingest: { Type: 'Task', Next: 'Size', Parameters: { FunctionName: 'papergate-dev-ingest' } },
        Size: { Type: 'Choice', Choices: [{ Next: 'Shards' }], Default: 'Gate' },
        Shards: {
          Type: 'Map',
          Next: 'Gate',
          ItemProcessor: {
            StartAt: 'PredictShard',
            States: {
              PredictShard: {
                Type: 'Task',
                End: true,
                Parameters: { FunctionName: 'papergate-dev-predict' },
              },
            },
          },
        },
        Gate: { Type: 'Task', End: true, Parameters: { FunctionName: '${Gate.Arn}' } },
      },
    });
    const facts = stackFacts(withChanged('Machine', { DefinitionString: definition }));
    const { lines } = usageOf(facts, [{ ...TEN, instruments: 5_000, barsPerMonth: 730 }]);
    // Ingest, Size, Shards, Gate, start and end, and one state in each of the four shards; six tasks are tried again.
    expect(of(lines, 'transitions')).toBeCloseTo(730 * (4 + 2 + 4) + 0.01 * 730 * 6, 9);
  });

  it('is billed at the memory that it needs, with a word about it', () => {
    const { notes } = usageOf(stackFacts(SMALL), [{ ...TEN, instruments: 100_000 }]);
    expect(notes.find((note) => note.startsWith('Gate of crypto: needs'))).toMatch(/has 512/);
  });

  it('spreads over the markets as the reference case does', () => {
    expect(spread(900)).toEqual({ crypto: 100, ashares: 300, us_equities: 500 });
    expect(spread(10_000)).toEqual({ crypto: 1_111, ashares: 3_333, us_equities: 5_556 });
    expect(spread(3)).toEqual({ crypto: 1, ashares: 1, us_equities: 1 });
    expect(() => spread(2)).toThrow(ConfigError);
    expect(() => spread(2.5)).toThrow(ConfigError);
  });
});

describe('the report', () => {
  it('says of the reference case that usage stays under a dollar, and fixed items under ten', async () => {
    const template = likeTheStack(JSON.stringify(await definition()));
    const report = costReport(template, config);
    expect(report).toMatch(/^A month of crypto 100 names x 730\.0 ticks, ashares 300 names x /);
    expect(report).toMatch(/^usage 0\.\d\d USD a month, target under 1: within$/m);
    expect(report).toMatch(/^fixed 9\.50 USD a month, target under 10: within$/m);
    expect(costReport(template, config, 100_000)).toMatch(/^usage .* OVER, most of all /m);
  });
});

describe('the prices', () => {
  it.each(Object.entries(PRICES))('%s has a page of AWS and a date', (_, price) => {
    expect(price.page).toMatch(/^https:\/\/aws\.amazon\.com\//);
    expect(price.as_of).toMatch(/^20\d\d-\d\d-\d\d$/);
    expect(price.usd).toBeGreaterThan(0);
  });
});
