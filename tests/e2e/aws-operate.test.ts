import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../../cli/main.ts';
import { sourceHash } from '../../functions/runtime/source-hash.ts';
import { bootstrapStage, type Started } from '../../infra/aws/bootstrap.ts';
import { isoUtc, MINUTE_MS, SECOND_MS } from '../../shared/kernel/time.ts';
import type { Failure } from '../../infra/local/machine.ts';
import { canonicalJson } from '../../shared/kernel/canonical.ts';
import { executionSchema } from '../../shared/ledger/artifacts.ts';
import { readBundles } from '../../shared/ledger/bundles.ts';
import { getJson, putJson, readHead, readLatch } from '../../shared/ledger/chain.ts';
import type { LedgerRecord } from '../../shared/ledger/records.ts';
import { walkBack } from '../../shared/ledger/walk.ts';
import { verifyMarket } from '../../shared/ledger/verify.ts';
import { VERIFY_READERS } from '../../shared/tick/verify-readers.ts';
import { hasDynamo } from '../support/aws/dynamo-server.ts';
import { cloudTexts, laidOut } from '../support/aws/markets.ts';
import { openStage, scheduledEvent, stageMachine, TABLE, type Stage } from '../support/aws/stage.ts';

const texts = cloudTexts(['crypto'], (text) => text.replace('level_max: GREEN', 'level_max: YELLOW'));
/** Half past nine: the next bar closes at ten. */
const NOW = Date.UTC(2024, 2, 6, 9, 30);
const layout = laidOut(texts, 'crypto', '2024-03-06', '2024-03-08');
const ADMIN = 'arn:aws:sts::000000000000:assumed-role/papergate-dev-ops-admin/alice';
const OPERATOR = 'arn:aws:sts::000000000000:assumed-role/papergate-dev-ops-operator/bob';

describe.skipIf(!hasDynamo)('a stage that is started, halted and started again', () => {
  let stage: Stage;
  let hour = 10;
  beforeAll(async () => {
    vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
    // Metrics go to the console as they do in no Lambda, and are published all the same.
    stage = await openStage(layout.config, NOW, {
      ...{ POWERTOOLS_DEV: 'true', POWERTOOLS_METRICS_DISABLED: 'false' },
    });
  }, 60_000);
  afterAll(() => {
    vi.restoreAllMocks();
    return stage?.close();
  });

  const printed: string[] = [];
  /** Metrics published since it was asked last: dimensions and values. */
  const published = (): Record<string, unknown>[] =>
    printed.splice(0).flatMap((line) => {
      const parsed = JSON.parse(line) as Record<string, unknown>;
      if (!('_aws' in parsed)) return [];
      const { _aws: _, service: __, ...told_ } = parsed;
      return [told_];
    });

  const bootstrap = (): Promise<Started[]> => {
    const { deployed, stores, clock, lambdas } = stage;
    const bundles = new Map([...deployed.bundles].map(([name, { sha256 }]) => [name, sha256]));
    return bootstrapStage({
      deployed: {
        ...{ stage: 'dev', markets: ['crypto'], codeSha256: sourceHash(), bundles },
        outputs: {} as never,
      },
      ...{ stores, config: layout.config, configTexts: texts, codeSha256: sourceHash(), clock },
      invoke: (name, event) => lambdas.get(name)!(event),
      say: () => undefined,
    });
  };

  /** The next hour's tick, and the health check that follows it. */
  const nextHour = async () => {
    const closeMs = Date.UTC(2024, 2, 6, hour++);
    const finished = await stageMachine(stage, layout).run(
      scheduledEvent(stage, 'crypto-tick-1', isoUtc(closeMs + 60 * SECOND_MS)),
    );
    stage.clock.advanceTo(closeMs + 15 * MINUTE_MS);
    const check = await stage.lambdas.get('health-check')!(
      scheduledEvent(stage, 'crypto-health', isoUtc(closeMs + 15 * MINUTE_MS)),
    );
    return { finished, check };
  };

  it('opens its ledgers HALTED, asks its sources and looks at its health', async () => {
    const [started] = await bootstrap();
    expect(started).toMatchObject({
      market: 'crypto',
      opened: true,
      probed: { provider: 'simulated', live: false, bar_utc: '2024-03-06T09:00:00Z' },
    });
    expect(started!.probed.seen).toBe(started!.probed.instruments);
    expect(started!.checks).toHaveLength(3);
    expect(await readLatch(stage.stores, 'crypto')).toMatchObject({ state: 'HALTED' });
    const { head } = (await readHead(stage.stores, 'crypto'))!;
    expect(head).toMatchObject({ mode: 'forward', tick_utc: '2024-03-06T09:00:00Z', n: 1 });
  });

  it('goes on where it stopped when it is started once more', async () => {
    const before = await readHead(stage.stores, 'crypto');
    expect(await bootstrap()).toMatchObject([{ market: 'crypto', opened: false }]);
    expect(await readHead(stage.stores, 'crypto')).toEqual(before);
  });

  it('commits its ticks under the halt, each looked at once', { timeout: 60_000 }, async () => {
    for (let k = 0; k < 4; k++) {
      published();
      const { finished, check } = await nextHour();
      expect(published()).toEqual([
        { stage: 'dev', market: 'crypto', BarsBehind: 0, Level: 1, TradingDisabled: 1 },
        {
          ...{ stage: 'dev', RecoveriesRefused: 0, IntegrityErrors: 0, CertificateAgeDays: 0 },
          CalendarDaysLeft: expect.any(Number) as number,
        },
      ]);
      expect(finished).toMatchObject({ status: 'committed', verdict: 'INTERIM' });
      expect(check).toMatchObject({ data: 'GREEN', model: 'YELLOW', risk: 'GREEN' });
    }
  });

  /** Puts a parameter as somebody does in the console; `told` is whether the event of it arrives. */
  const turn = async (author: string, name: string, value: string, description: string, told = true) => {
    stage.author = author;
    stage.clock.advanceTo(stage.clock.now() + 10 * SECOND_MS);
    await stage.stores.parameters.put(name, { value, changedAtMs: 0, changedBy: '', description });
    stage.author = 'arn:aws:sts::000000000000:assumed-role/lambda/watcher';
    stage.clock.advanceTo(stage.clock.now() + SECOND_MS);
    if (told) await stage.lambdas.get('switch-watcher')!(changeOf(name));
  };
  const changeOf = (name: string) => ({
    source: 'aws.ssm',
    'detail-type': 'Parameter Store Change',
    detail: { operation: 'Update', name: `/papergate/dev/${name}`, type: 'String' },
  });
  const told = (): string[] => stage.sns.published.splice(0).map(({ subject }) => subject);

  it('refuses whoever is no admin, puts the switch back and tells the owner', async () => {
    await turn(OPERATOR, 'DISABLE_TRADING', 'false', 'all is well, let us go on');
    expect(told()).toEqual([]);
    await turn(OPERATOR, 'DISABLE_TRADING/crypto', 'false', 'all is well, let us go on');
    expect(await readLatch(stage.stores, 'crypto')).toMatchObject({ state: 'HALTED' });
    expect(await stage.stores.parameters.get('DISABLE_TRADING/crypto')).toMatchObject({ value: 'true' });
    expect((await stage.stores.parameters.get('DISABLE_TRADING/crypto'))!.description).toMatch(
      /^refused: .*bob is ops_operator; only an ops_admin may start again/,
    );
    expect(told()).toEqual(['WARN papergate dev crypto: refusal']);
  });

  it('lets an admin start again, by a trial', async () => {
    await turn(ADMIN, 'DISABLE_TRADING/crypto', 'false', 'looked at all three markets');
    expect(await readLatch(stage.stores, 'crypto')).toMatchObject({ state: 'TRIAL' });
    expect(told()).toEqual(['INFO papergate dev crypto: recovery']);
    const { finished } = await nextHour();
    expect(finished).toMatchObject({ status: 'committed' });
    expect(await newest()).toMatchObject({ switch: { enabled: true, state: 'TRIAL' } });
  });

  /** The newest tick's record. */
  const newest = async () => {
    const { head } = (await readHead(stage.stores, 'crypto'))!;
    const record = await walkBack(stage.stores, head, ({ kind }) => kind === 'tick');
    return record as Extract<LedgerRecord, { kind: 'tick' }>;
  };

  it(
    'goes on with a failed execution, which reads the switch again and places nothing twice',
    { timeout: 60_000 },
    async () => {
      const closeMs = Date.UTC(2024, 2, 6, hour++);
      let failure: Failure | undefined;
      const machine = stageMachine(
        stage,
        layout,
        { onFailure: (told_) => void (failure = told_) },
        async (step, run) => {
          const answer = await run();
          // Killed after it wrote, before it answered: on every try.
          if (step === 'fill') throw Object.assign(new Error('killed'), { name: 'Lambda.Unknown' });
          return answer;
        },
      );
      const event = scheduledEvent(stage, 'crypto-tick-1', isoUtc(closeMs + 60 * SECOND_MS));
      await expect(machine.run(event)).rejects.toThrow('killed');
      const before = await readHead(stage.stores, 'crypto');
      stage.history.push(
        {
          type: 'ExecutionFailed',
          id: 9,
          timestamp: 0,
          executionFailedEventDetails: { error: 'Lambda.Unknown', cause: 'killed' },
        },
        { type: 'TaskStateEntered', id: 8, timestamp: 0, stateEnteredEventDetails: { name: 'Fill' } },
      );
      await stage.lambdas.get('record-failure')!({
        source: 'aws.states',
        'detail-type': 'Step Functions Execution Status Change',
        detail: {
          executionArn: 'arn:aws:states:us-east-1:000000000000:execution:papergate-dev-tick:one',
          status: 'FAILED',
          input: JSON.stringify(event),
        },
      });
      expect(told()).toEqual(['WARN papergate dev crypto: run_failed']);
      expect(stage.sns.published).toEqual([]);
      expect(await readHead(stage.stores, 'crypto')).toEqual(before);
      // Somebody turns the switch on meanwhile, and the event of it is lost.
      await turn(ADMIN, 'DISABLE_TRADING/crypto', 'true', 'stop: a run failed', false);
      // A redrive runs later than what it goes on with.
      const later = (seconds: number) => stageMachine(stage, layout, {}, (_step, run) => run(), seconds);
      expect(await later(60).redrive(failure!)).toMatchObject({ status: 'committed' });
      const record = await newest();
      expect(record).toMatchObject({ tick_utc: isoUtc(closeMs), switch: { enabled: false } });
      const execution = await getJson(stage.stores.artifacts, record.execution, executionSchema);
      expect(execution.placed).toEqual([]);
      // The same execution, redriven once more, finds it done.
      expect(await later(120).redrive(failure!)).toMatchObject({ status: 'committed' });
      expect((await newest()).n).toBe(record.n);
      expect(await readLatch(stage.stores, 'crypto')).toMatchObject({ state: 'HALTED' });
    },
  );

  it('tells the owner the head once a day, and keeps the report of the day', async () => {
    told();
    const report = await stage.lambdas.get('signoff')!(
      scheduledEvent(stage, 'crypto-daily', '2024-03-07T00:30:00Z'),
    );
    const { head } = (await readHead(stage.stores, 'crypto'))!;
    expect(report).toEqual({
      ...{ market: 'crypto', n: head.n, sha256: head.sha256, tick_utc: head.tick_utc, verdict: 'INTERIM' },
    });
    const [mail] = stage.sns.published;
    expect(mail!.subject).toBe('INFO papergate dev crypto: daily_head');
    expect(mail!.message).toContain(`head ${head.sha256}`);
    const text = async (name: string): Promise<string> =>
      new TextDecoder().decode(await stage.stores.projections.read(`daily/crypto/dt=2024-03-07/${name}`));
    expect(JSON.parse(await text('head.json'))).toEqual(report);
    expect(await text('threshold_report.csv')).toContain('min_trades_in_window');
    expect(await text('release_signoff.md')).toContain(head.sha256);
  });

  /** Lets the ledger accept of some functions none but a bundle that is not deployed, and later all again. */
  const accept = async (foreign: readonly string[]): Promise<void> => {
    const manifest = (await readBundles(stage.stores, 'crypto'))!;
    const bundles = Object.fromEntries(
      [...stage.deployed.bundles].map(([name, { sha256 }]) => [
        name,
        [foreign.includes(name) ? `sha256:${'1'.repeat(64)}` : sha256],
      ]),
    );
    const stored = await putJson(stage.stores.artifacts, 'crypto', 'bundles', stage.clock.now(), {
      ...manifest,
      bundles,
    } as never);
    const item = { partition: 'ledger/crypto', sort: 'bundles', body: canonicalJson({ ...stored }) };
    await stage.stores.state.transact([{ item, expect: 'any' }]);
  };
  const failing = async (): Promise<string> =>
    (await stage.stores.state.get('ledger/crypto', 'failing'))!.body;
  const newestSwitch = async () => {
    const { head } = (await readHead(stage.stores, 'crypto'))!;
    return walkBack(stage.stores, head, ({ kind }) => kind === 'switch');
  };

  it('refuses a bundle that was not released, and halts', async () => {
    await accept(['ingest']);
    await turn(ADMIN, 'DISABLE_TRADING/crypto', 'true', 'still on', false);
    const event = scheduledEvent(stage, 'crypto-tick-1', isoUtc(Date.UTC(2024, 2, 6, hour) + 60 * SECOND_MS));
    await expect(stage.lambdas.get('ingest')!(event)).rejects.toMatchObject({
      name: 'IntegrityError',
      message: expect.stringContaining('the bundle of ingest is sha256:'),
    });
    expect(await failing()).toContain('IntegrityError: the bundle of ingest');
  });

  it('grants nothing by a bundle that was not released', { timeout: 60_000 }, async () => {
    await accept([]);
    for (let k = 0; k < 3; k++) await nextHour();
    await accept(['switch-watcher', 'record-failure', 'health-check']);
    told();
    await expect(
      turn(ADMIN, 'DISABLE_TRADING/crypto', 'false', 'looked at all three markets'),
    ).rejects.toMatchObject({ message: expect.stringContaining('the bundle of switch-watcher is sha256:') });
    expect(await readLatch(stage.stores, 'crypto')).toMatchObject({ state: 'HALTED' });
    // A failed run is still noted, and its owner told.
    const event = scheduledEvent(stage, 'crypto-tick-1', isoUtc(Date.UTC(2024, 2, 6, hour) + 60 * SECOND_MS));
    stage.history.splice(0);
    await stage.lambdas.get('record-failure')!({
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      detail: {
        executionArn: 'arn:aws:states:us-east-1:000000000000:execution:papergate-dev-tick:two',
        status: 'TIMED_OUT',
        input: JSON.stringify(event),
      },
    });
    expect(told()).toEqual(['WARN papergate dev crypto: run_failed']);
    expect(await failing()).toContain('"error":"States.Timeout: the execution ended TIMED_OUT"');
    expect(await failing()).toContain('IntegrityError: the bundle of record-failure');
    published();
    await expect(
      stage.lambdas.get('health-check')!(scheduledEvent(stage, 'crypto-health', isoUtc(stage.clock.now()))),
    ).rejects.toMatchObject({ name: 'IntegrityError' });
    expect(published()).toEqual([
      { stage: 'dev', market: 'crypto', Level: 2 },
      { stage: 'dev', IntegrityErrors: 1 },
    ]);
    expect(await readLatch(stage.stores, 'crypto')).toMatchObject({ state: 'HALTED' });
    expect(await newestSwitch()).toMatchObject({ cause: 'halt' });
    // The released watcher answers the request, and halts for what was noted since.
    await accept([]);
    await stage.lambdas.get('switch-watcher')!(changeOf('DISABLE_TRADING/crypto'));
    expect(told()).toEqual(['INFO papergate dev crypto: recovery', 'PAGE papergate dev crypto: halt']);
    expect(await newestSwitch()).toMatchObject({ cause: 'halt', trigger: 'integrity', to: 'HALTED' });
  });

  it('verifies to its end', async () => {
    const verified = await verifyMarket(stage.stores, 'crypto', VERIFY_READERS, {});
    expect(verified.ticks).toBe(9);
  });

  it('is read, verified and exported by the command line', { timeout: 60_000 }, async () => {
    const cloudFormation = mockClient(CloudFormationClient);
    const outputs = {
      ...{ TableName: TABLE, ArtifactsBucket: 'artifacts', AnchorsBucket: 'anchors' },
      ...{ ProjectionsBucket: 'projections', DeployedMarkets: 'crypto', DeployedCode: sourceHash() },
      DeployedBundles: [...stage.deployed.bundles].map(([name, { sha256 }]) => `${name}=${sha256}`).join(','),
      ...{ DeadLettersUrl: 'https://sqs/dead', OwnerTopicArn: 'arn:aws:sns:us-east-1:000000000000:owner' },
    };
    cloudFormation.on(DescribeStacksCommand, { StackName: 'Papergate-dev' }).resolves({
      Stacks: [
        {
          ...{ StackName: 'Papergate-dev', CreationTime: new Date(0), StackStatus: 'CREATE_COMPLETE' },
          Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
        },
      ],
    });
    const run = async (...argv: string[]) => {
      let out = '';
      const io = { out: (text: string) => void (out += text), err: () => undefined };
      const exit = await main([...argv, '--stage', 'dev'], {
        ...io,
        outIsTty: false,
        errIsTty: false,
        env: {},
      });
      return { exit, out };
    };
    const { head } = (await readHead(stage.stores, 'crypto'))!;
    const status = await run('status', '--json');
    expect(status.exit).toBe(0);
    expect(JSON.parse(status.out)).toMatchObject([
      { market: 'crypto', mode: 'forward', latch: 'HALTED', head: head.sha256 },
    ]);
    const verified = await run('verify', '--json', '--expect', head.sha256);
    expect(verified.exit).toBe(0);
    expect(JSON.parse(verified.out)).toMatchObject({ ok: true, markets: [{ market: 'crypto', ticks: 9 }] });
    expect((await run('export')).out).toContain('execution/paper_fills.csv\n');
    const fills = await stage.stores.projections.read('execution/paper_fills.csv');
    expect(new TextDecoder().decode(fills)).toContain(',crypto,');
    cloudFormation.restore();
  });
});
