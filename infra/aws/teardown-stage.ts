import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStacksCommand,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation';
import { DeleteScheduleGroupCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { DeleteObjectsCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { DeleteParameterCommand, paginateGetParametersByPath, SSMClient } from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { CLIENT_LIMITS } from '../../functions/runtime/aws/client-limits.ts';
import { parameterPrefix } from '../../functions/runtime/aws/settings.ts';
import { ConfigError, RefusedError } from '../../shared/kernel/errors.ts';
import { DISABLE_TRADING } from '../../shared/ledger/keys.ts';
import { deployedStage } from './deployed-stage.ts';
import { checkedStage, scheduleGroupName, stackName } from '../machine/stage-name.ts';
import { teardownRoleName } from './teardown-role.ts';

/** Seconds that a stack may take to go. */
const DELETE_WITHIN_S = 1_200;

/** How many versions of objects were taken away, by bucket. */
export type Emptied = Readonly<Record<string, number>>;

/**
 * Takes a stage for trials away: empties its buckets by the one role that may, deletes the stack, then the switch's
 * parameters, which no deploy and no deletion of the stack touches. Run again, it goes on where it stopped.
 * @throws ConfigError for `prod`; RefusedError where objects are still locked, in compliance mode.
 */
export async function teardownStage(stage: string, say: (line: string) => void): Promise<Emptied> {
  if (stage === 'prod')
    throw new ConfigError('--stage prod: is never torn down: its evidence is kept, and its stack protected');
  const isThere = await stackIsThere(checkedStage(stage));
  // Where a teardown was killed after the stack was gone, the parameters are all that is left to go.
  const onlyParameters = !isThere && (await parametersOf(stage)).length > 0;
  const emptied = onlyParameters ? {} : await endStack(stage, say);
  await deleteParameters(await parametersOf(stage));
  return emptied;
}

/** Ends the schedules of a stage, so that nothing is written any more, empties its buckets and deletes its stack. */
async function endStack(stage: string, say: (line: string) => void): Promise<Emptied> {
  const { outputs } = await deployedStage(stage);
  await endSchedules(stage);
  say('its schedules are gone');
  const s3 = await asTeardown(stage);
  const emptied: Record<string, number> = {};
  for (const bucket of [outputs.ArtifactsBucket, outputs.AnchorsBucket, outputs.ProjectionsBucket]) {
    emptied[bucket] = await emptyBucket(s3, bucket);
    say(`${bucket}: ${emptied[bucket]} versions deleted`);
  }
  s3.destroy();
  say(`${stackName(stage)}: is being deleted`);
  await deleteStack(stage);
  return emptied;
}

/** A client with the session of the stage's teardown role. */
async function asTeardown(stage: string): Promise<S3Client> {
  const sts = new STSClient(CLIENT_LIMITS);
  const { Account, Arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({
      RoleArn: `arn:${Arn.split(':')[1] ?? 'aws'}:iam::${Account}:role/${teardownRoleName(stage)}`,
      RoleSessionName: 'papergate-teardown',
    }),
  );
  sts.destroy();
  return new S3Client({
    ...CLIENT_LIMITS,
    credentials: {
      accessKeyId: Credentials!.AccessKeyId!,
      secretAccessKey: Credentials!.SecretAccessKey!,
      sessionToken: Credentials!.SessionToken!,
    },
  });
}

/** Deletes every version and marker of a bucket, a page at a time. @throws RefusedError where one is still locked. */
export async function emptyBucket(s3: S3Client, Bucket: string): Promise<number> {
  let deleted = 0;
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (Objects.length === 0) return deleted;
    const { Errors = [] } = await s3.send(
      new DeleteObjectsCommand({
        Bucket,
        BypassGovernanceRetention: true,
        Delete: { Quiet: true, Objects },
      }),
    );
    const [first] = Errors;
    if (first !== undefined)
      throw new RefusedError(
        `${Bucket}: ${Errors.length} objects cannot be deleted, the first ${first.Key}: ${first.Code}: ${first.Message}: ` +
          'where they are locked in compliance mode, run this again when the lock has ended',
        { bucket: Bucket, key: first.Key },
      );
    deleted += Objects.length;
  }
}

/** Whether there is a stack of the stage: CloudFormation has no other word for one that is gone. */
async function stackIsThere(stage: string): Promise<boolean> {
  const client = new CloudFormationClient(CLIENT_LIMITS);
  try {
    await client.send(new DescribeStacksCommand({ StackName: stackName(stage) }));
    return true;
  } catch (error) {
    if ((error as Error).name === 'ValidationError' && (error as Error).message.includes('does not exist'))
      return false;
    // What else is wrong with the account is told by whoever reads the stack.
    return true;
  } finally {
    client.destroy();
  }
}

/** Deletes the group of a stage's schedules with all that are in it; none is left from an earlier try. */
async function endSchedules(stage: string): Promise<void> {
  const client = new SchedulerClient(CLIENT_LIMITS);
  try {
    await client.send(new DeleteScheduleGroupCommand({ Name: scheduleGroupName(stage) }));
  } catch (error) {
    if ((error as Error).name !== 'ResourceNotFoundException') throw error;
  } finally {
    client.destroy();
  }
}

async function deleteStack(stage: string): Promise<void> {
  const client = new CloudFormationClient(CLIENT_LIMITS);
  try {
    const StackName = stackName(stage);
    await client.send(new DeleteStackCommand({ StackName }));
    await waitUntilStackDeleteComplete({ client, maxWaitTime: DELETE_WITHIN_S }, { StackName });
  } finally {
    client.destroy();
  }
}

/** Full names of the switch's parameters of a stage. */
async function parametersOf(stage: string): Promise<string[]> {
  const client = new SSMClient(CLIENT_LIMITS);
  const names: string[] = [];
  try {
    const asked = { Path: parameterPrefix(stage), Recursive: true };
    for await (const { Parameters = [] } of paginateGetParametersByPath({ client }, asked))
      names.push(...Parameters.map(({ Name = '' }) => Name));
  } finally {
    client.destroy();
  }
  const whole = `${parameterPrefix(stage)}/${DISABLE_TRADING}`;
  return names.filter((name) => name === whole || name.startsWith(`${whole}/`));
}

async function deleteParameters(names: readonly string[]): Promise<void> {
  const client = new SSMClient(CLIENT_LIMITS);
  try {
    for (const Name of names) {
      try {
        await client.send(new DeleteParameterCommand({ Name }));
      } catch (error) {
        if ((error as Error).name !== 'ParameterNotFound') throw error;
      }
    }
  } finally {
    client.destroy();
  }
}
