import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { papergate } from '../support/cli.ts';

const cloudFormation = mockClient(CloudFormationClient);
beforeEach(() => {
  cloudFormation.reset();
  cloudFormation.on(DescribeStacksCommand).rejects(new Error('no such stack'));
});

const HALT = ['--actor', 'you', '--reason', 'why'];
const RESUME = [...HALT, '--confirm', 'crypto'];
/** Verbs that work on a ledger here or in a stage, with what else they need. */
const PLACED: readonly (readonly [verb: string, ...more: string[]])[] = [
  ['verify'],
  ['export'],
  ['status'],
  ['parity'],
  ['lookahead'],
  ['robustness'],
  ['capacity'],
  ['health', '--market', 'crypto'],
  ['drill', 'kill-switch'],
  ['halt', ...HALT],
  ['resume', ...RESUME],
];

describe('a ledger of a folder or of a stage', () => {
  it.each(PLACED)('is one of the two: %s', async (verb, ...more) => {
    const { code, out, err } = await papergate(verb, ...more, '--stage', 'dev', '--ledger', 'data');
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain("option '--stage <name>' cannot be used with option '--ledger <dir>'");
    expect(cloudFormation.calls()).toEqual([]);
  });

  it.each([['verify'], ['export']])('is named: %s', async (verb) => {
    expect(await papergate(verb)).toEqual({
      ...{ code: 2, out: '', err: '--ledger DIR or --stage NAME: expected one of them\n' },
    });
  });

  it.each(PLACED)(
    'of a stage that none could be is refused before AWS is asked: %s',
    async (verb, ...more) => {
      const { code, out, err } = await papergate(verb, ...more, '--stage', 'Prod 1');
      expect([code, out, err]).toEqual([
        ...[2, '', 'stage "Prod 1": expected 1 to 16 of a-z, 0-9 and -, a letter first\n'],
      ]);
      expect(cloudFormation.calls()).toEqual([]);
    },
  );

  it('of a stage that is not there is refused in one line', async () => {
    const { code, err } = await papergate('status', '--stage', 'dev');
    expect([code, err.split('\n').length]).toEqual([2, 2]);
    expect(err).toContain(
      '--stage dev: stack Papergate-dev cannot be read: no such stack: expected a region',
    );
    expect(cloudFormation.commandCalls(DescribeStacksCommand)[0]!.args[0].input).toEqual({
      StackName: 'Papergate-dev',
    });
  });
});

describe('papergate aws', () => {
  it('lists its verbs', async () => {
    const { code, out } = await papergate('aws', '--help');
    expect(code).toBe(0);
    expect(out).toMatch(/^ {2}bootstrap \[options\]/m);
    expect(out).toMatch(/^ {2}teardown \[options\]/m);
    const help = await papergate('--help');
    expect(help.out).toMatch(/^ {2}aws /m);
  });

  it.each([
    [['bootstrap'], "required option '--stage <name>' not specified"],
    [['teardown'], "required option '--stage <name>' not specified"],
    [['teardown', '--stage', 'dev'], "required option '--confirm <stage>' not specified"],
    [
      ['teardown', '--stage', 'dev', '--confirm', 'de'],
      '--confirm de: expected dev, the name of the stage, typed out\n',
    ],
    [['teardown', '--stage', 'prod', '--confirm', 'prod'], '--stage prod: is never torn down'],
    [['teardown', '--stage', 'Prod 1', '--confirm', 'Prod 1'], 'stage "Prod 1": expected 1 to 16'],
    [['bootstrap', '--stage', 'Prod 1'], 'stage "Prod 1": expected 1 to 16'],
    [['bootstrap', '--stage', 'dev', '--config', 'nowhere'], 'nowhere/config.yaml: cannot be read'],
    [['bootstrap', '--stage', 'dev', '--forced'], "unknown option '--forced'"],
    [['up'], "unknown command 'up'"],
  ])('%j is refused before AWS is asked', async (argv, message) => {
    const { code, out, err } = await papergate('aws', ...argv);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(cloudFormation.calls()).toEqual([]);
  });

  it('bootstrap of a stage that is not there is refused in one line', async () => {
    const { code, out, err } = await papergate(
      'aws',
      'bootstrap',
      '--stage',
      'dev',
      '--config',
      'samples/rehearsal',
    );
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^--stage dev: stack Papergate-dev cannot be read: no such stack: [^\n]+\n$/);
  });
});
