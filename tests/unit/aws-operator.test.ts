import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DeleteObjectsCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { DeleteParameterCommand, GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { DeleteScheduleGroupCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { deployedStage } from '../../infra/aws/deployed-stage.ts';
import { invokeIn } from '../../infra/aws/invoke.ts';
import { emptyBucket, teardownStage } from '../../infra/aws/teardown-stage.ts';
import { ConfigError, ProviderError, RefusedError } from '../../shared/kernel/errors.ts';
import { digest } from '../support/switch-facts.ts';

const cloudFormation = mockClient(CloudFormationClient);
const lambda = mockClient(LambdaClient);
const s3 = mockClient(S3Client);
const ssm = mockClient(SSMClient);
const sts = mockClient(STSClient);
const scheduler = mockClient(SchedulerClient);
beforeEach(() => {
  for (const mock of [cloudFormation, lambda, s3, ssm, sts, scheduler]) mock.reset();
});

const OUTPUTS = {
  TableName: 'papergate-dev-table',
  ArtifactsBucket: 'artifacts',
  AnchorsBucket: 'anchors',
  ProjectionsBucket: 'projections',
  DeployedMarkets: 'ashares,crypto',
  DeployedBundles: `ingest=${digest(1)},gate=${digest(2)}`,
  DeployedCode: digest(7),
  DeadLettersUrl: 'https://sqs/dead',
  OwnerTopicArn: 'arn:aws:sns:eu-central-1:123456789012:owner',
};
const stackOf = (outputs: Readonly<Record<string, string>>) => ({
  Stacks: [
    {
      StackName: 'Papergate-dev',
      CreationTime: new Date(0),
      StackStatus: 'CREATE_COMPLETE' as const,
      Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
    },
  ],
});

describe('a stage as its stack tells it', () => {
  it('has markets, buckets, the source tree and a hash for each bundle', async () => {
    cloudFormation
      .on(DescribeStacksCommand, { StackName: 'Papergate-dev' })
      .resolves(stackOf({ ...OUTPUTS, More: 'x' }));
    expect(await deployedStage('dev')).toEqual({
      ...{ stage: 'dev', outputs: OUTPUTS, markets: ['ashares', 'crypto'], codeSha256: digest(7) },
      bundles: new Map([
        ['ingest', digest(1)],
        ['gate', digest(2)],
      ]),
    });
  });

  it.each(Object.keys(OUTPUTS))('of an older make is refused: without %s', async (name) => {
    const { [name as 'TableName']: _, ...others } = OUTPUTS;
    cloudFormation.on(DescribeStacksCommand).resolves(stackOf(others));
    await expect(deployedStage('dev')).rejects.toThrow(
      new ConfigError(`stack Papergate-dev: output ${name}: is missing: deploy it again`),
    );
  });

  it.each([
    ['DeployedCode', 'HEAD'],
    ['DeployedBundles', 'ingest'],
    ['DeployedBundles', `ingest=${digest(1)},gate=sha256:12`],
    ['DeployedBundles', `ingest=${digest(1)},`],
  ])('is refused where %s is %s', async (name, value) => {
    cloudFormation.on(DescribeStacksCommand).resolves(stackOf({ ...OUTPUTS, [name]: value }));
    const refused = deployedStage('dev');
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(`stack Papergate-dev: output ${name}: `);
  });

  it('that is not there, or cannot be asked for, is refused with what to do', async () => {
    cloudFormation.on(DescribeStacksCommand).rejects(new Error('Stack with id Papergate-dev does not exist'));
    const refused = deployedStage('dev');
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(
      '--stage dev: stack Papergate-dev cannot be read: Stack with id Papergate-dev does not exist: expected a region and credentials in the environment, and `npx cdk deploy -c stage=dev` to have run',
    );
  });

  it.each(['Prod 1', '', 'Dev', '1dev', 'a'.repeat(17), 'dev;rm', '../dev', 'dev\n'])(
    'is asked nothing of for a name that none could have: %j',
    async (name) => {
      await expect(deployedStage(name)).rejects.toThrow(
        /^stage ".*": expected 1 to 16 of a-z, 0-9 and -, a letter first$/,
      );
      expect(cloudFormation.calls()).toEqual([]);
    },
  );
});

describe('a call of a function', () => {
  const answers = (payload: string | undefined, more: object = {}): void => {
    const Payload = payload === undefined ? {} : { Payload: new TextEncoder().encode(payload) };
    lambda.on(InvokeCommand).resolves({ StatusCode: 200, ...Payload, ...more } as never);
  };
  const call = (): Promise<unknown> => invokeIn('dev')('ingest', { market: 'crypto', probe: true });

  it('hands the event on and gives the answer', async () => {
    answers('{"seen":3}');
    expect(await call()).toEqual({ seen: 3 });
    const { FunctionName, Payload } = lambda.commandCalls(InvokeCommand)[0]!.args[0].input;
    expect(FunctionName).toBe('papergate-dev-ingest');
    expect(new TextDecoder().decode(Payload as Uint8Array)).toBe('{"market":"crypto","probe":true}');
    answers('null');
    expect(await call()).toBeNull();
  });

  it.each([
    [
      'what it threw',
      '{"errorType":"ProviderError","errorMessage":"simulated: no","trace":[]}',
      'papergate-dev-ingest: ProviderError: simulated: no',
    ],
    [
      'that it took too long, which has no type',
      '{"errorMessage":"2026-11-22T10:01:00Z 1 Task timed out after 90.00 seconds"}',
      'papergate-dev-ingest: 2026-11-22T10:01:00Z 1 Task timed out after 90.00 seconds',
    ],
    ['that it ended without a word', '', 'papergate-dev-ingest: Unhandled'],
    ['what is no error', 'null', 'papergate-dev-ingest: null'],
  ])('tells %s', async (_what, payload, message) => {
    answers(payload, { FunctionError: 'Unhandled' });
    const refused = call();
    await expect(refused).rejects.toThrow(ProviderError);
    await expect(refused).rejects.toMatchObject({ message });
  });
});

/** A bucket of so many versions and markers, in pages, as ListObjectVersions and DeleteObjects treat it. */
function bucketOf(
  versions: number,
  markers: number,
  locked: readonly string[] = [],
  page = 1_000,
): Set<string> {
  const left = new Set<string>();
  for (let k = 0; k < versions; k++) left.add(`v${k}`);
  for (let k = 0; k < markers; k++) left.add(`m${k}`);
  s3.on(ListObjectVersionsCommand).callsFake(() => {
    const shown = [...left].slice(0, page).map((VersionId) => ({ Key: `key/${VersionId}`, VersionId }));
    return {
      IsTruncated: left.size > page,
      Versions: shown.filter(({ VersionId }) => VersionId.startsWith('v')),
      DeleteMarkers: shown.filter(({ VersionId }) => VersionId.startsWith('m')),
    };
  });
  s3.on(DeleteObjectsCommand).callsFake(
    ({
      Delete,
      BypassGovernanceRetention,
    }: {
      Delete: { Objects: { Key: string; VersionId: string }[] };
      BypassGovernanceRetention: boolean;
    }) => {
      expect(Delete.Objects.length).toBeLessThanOrEqual(1_000);
      expect(BypassGovernanceRetention).toBe(true);
      const refused = Delete.Objects.filter(({ VersionId }) => locked.includes(VersionId));
      for (const { VersionId } of Delete.Objects) if (!locked.includes(VersionId)) left.delete(VersionId);
      return {
        Errors: refused.map(({ Key }) => ({
          Key,
          Code: 'AccessDenied',
          Message: 'Access Denied because object protected by object lock.',
        })),
      };
    },
  );
  return left;
}

describe('a bucket', () => {
  it.each([
    [0, 0, 1],
    [3, 2, 2],
    [2_500, 600, 5],
    [0, 1, 2],
  ])('of %i versions and %i markers is emptied page by page', async (versions, markers, pages) => {
    const left = bucketOf(versions, markers);
    expect(await emptyBucket(new S3Client({}), 'artifacts')).toBe(versions + markers);
    expect(left.size).toBe(0);
    expect(s3.commandCalls(ListObjectVersionsCommand)).toHaveLength(pages);
  });

  it('that is still locked is left with what is locked, and says so', async () => {
    const left = bucketOf(5, 0, ['v1', 'v3']);
    const refused = emptyBucket(new S3Client({}), 'artifacts');
    await expect(refused).rejects.toThrow(RefusedError);
    await expect(refused).rejects.toThrow(
      'artifacts: 2 objects cannot be deleted, the first key/v1: AccessDenied: Access Denied because object protected by object lock.: where they are locked in compliance mode, run this again when the lock has ended',
    );
    expect([...left]).toEqual(['v1', 'v3']);
  });
});

describe('the end of a stage', () => {
  const GONE = Object.assign(new Error('Stack with id Papergate-dev does not exist'), {
    name: 'ValidationError',
  });
  const said: string[] = [];
  const parameters = new Set<string>();
  beforeEach(() => {
    said.length = 0;
    parameters.clear();
    for (const name of ['', '/ashares', '/crypto']) parameters.add(`/papergate/dev/DISABLE_TRADING${name}`);
    parameters.add('/papergate/dev/NOTES');
    sts.on(GetCallerIdentityCommand).resolves({
      ...{ Account: '123456789012', Arn: 'arn:aws-cn:sts::123456789012:assumed-role/deployer/eve' },
    });
    sts.on(AssumeRoleCommand).resolves({
      Credentials: {
        ...{ AccessKeyId: 'a', SecretAccessKey: 's', SessionToken: 't', Expiration: new Date(0) },
      },
    });
    let isThere = true;
    cloudFormation.on(DescribeStacksCommand).callsFake(() => {
      if (isThere) return stackOf(OUTPUTS);
      throw GONE;
    });
    cloudFormation.on(DeleteStackCommand).callsFake(() => {
      isThere = false;
      return {};
    });
    ssm.on(GetParametersByPathCommand).callsFake(({ Path, Recursive, NextToken }: Record<string, string>) => {
      expect([Path, Recursive]).toEqual(['/papergate/dev', true]);
      // One a page.
      const names = [...parameters].sort();
      const at = Number(NextToken ?? 0);
      return {
        Parameters: names.slice(at, at + 1).map((Name) => ({ Name })),
        ...(at + 1 < names.length ? { NextToken: String(at + 1) } : {}),
      };
    });
    ssm.on(DeleteParameterCommand).callsFake(deleted);
  });
  const deleted = ({ Name }: { Name: string }) => {
    parameters.delete(Name);
    return {};
  };
  const end = (stage = 'dev') => teardownStage(stage, (line) => void said.push(line));

  it('of prod is refused before anything is asked', async () => {
    await expect(end('prod')).rejects.toThrow(
      new ConfigError('--stage prod: is never torn down: its evidence is kept, and its stack protected'),
    );
    await expect(end('Prod 1')).rejects.toThrow('stage "Prod 1": expected 1 to 16');
    for (const mock of [cloudFormation, s3, ssm, sts, scheduler]) expect(mock.calls()).toEqual([]);
  });

  it("empties three buckets by its own role, then deletes the stack, then the switch's parameters", async () => {
    bucketOf(2, 1);
    expect(await end()).toEqual({ artifacts: 3, anchors: 0, projections: 0 });
    expect(sts.commandCalls(AssumeRoleCommand)[0]!.args[0].input.RoleArn).toBe(
      'arn:aws-cn:iam::123456789012:role/papergate-dev-teardown',
    );
    expect(scheduler.commandCalls(DeleteScheduleGroupCommand)[0]!.args[0].input).toEqual({
      Name: 'papergate-dev',
    });
    expect(said).toEqual([
      'its schedules are gone',
      'artifacts: 3 versions deleted',
      'anchors: 0 versions deleted',
      'projections: 0 versions deleted',
      'Papergate-dev: is being deleted',
    ]);
    expect(cloudFormation.commandCalls(DeleteStackCommand)[0]!.args[0].input).toEqual({
      StackName: 'Papergate-dev',
    });
    expect([...parameters]).toEqual(['/papergate/dev/NOTES']);
  });

  it('goes on with the parameters where it was killed after the stack was gone', async () => {
    bucketOf(0, 0);
    ssm.on(DeleteParameterCommand).rejects(new Error('killed'));
    await expect(end()).rejects.toThrow('killed');
    expect(parameters.size).toBe(4);
    ssm.on(DeleteParameterCommand).callsFake(deleted);
    expect(await end()).toEqual({});
    expect([...parameters]).toEqual(['/papergate/dev/NOTES']);
    // A stage of which nothing is left is one that never was.
    await expect(end()).rejects.toThrow(/^--stage dev: stack Papergate-dev cannot be read: /);
    expect(cloudFormation.commandCalls(DeleteStackCommand)).toHaveLength(1);
  });

  it('tells what keeps it from reading the stack, and deletes nothing', async () => {
    cloudFormation.on(DescribeStacksCommand).rejects(new Error('Could not load credentials'));
    await expect(end()).rejects.toThrow(
      '--stage dev: stack Papergate-dev cannot be read: Could not load credentials',
    );
    expect([ssm.calls(), s3.calls(), sts.calls()]).toEqual([[], [], []]);
  });

  it('is not disturbed by a parameter that is gone, and by nothing else', async () => {
    bucketOf(0, 0);
    const error = (name: string): Error => Object.assign(new Error(name), { name });
    ssm.on(DeleteParameterCommand).rejects(error('ParameterNotFound'));
    expect(await end()).toEqual({ artifacts: 0, anchors: 0, projections: 0 });
    ssm.on(DeleteParameterCommand).rejects(error('AccessDeniedException'));
    await expect(end()).rejects.toThrow('AccessDeniedException');
  });

  it('stops before the stack where a bucket is locked', async () => {
    bucketOf(2, 0, ['v0']);
    await expect(end()).rejects.toThrow(RefusedError);
    expect(cloudFormation.commandCalls(DeleteStackCommand)).toEqual([]);
    expect(parameters.size).toBe(4);
  });
});
