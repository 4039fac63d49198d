import type { Stack } from 'aws-cdk-lib/core';
import { AccountRootPrincipal, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { StageSettings } from './stage.ts';
import type { Storage } from './storage.ts';
import { teardownRoleName } from './teardown-role.ts';

/** The address of the teardown role; undefined where nobody may tear the stage down. */
export const teardownRoleArn = (stack: Stack, { stage, isProd }: StageSettings): string | undefined =>
  isProd
    ? undefined
    : stack.formatArn({
        service: 'iam',
        region: '',
        resource: 'role',
        resourceName: teardownRoleName(stage),
      });

/** The role that takes away what a stage for trials has locked. */
export class Teardown extends Construct {
  constructor(scope: Construct, id: string, stage: string, { artifacts, anchors, projections }: Storage) {
    super(scope, id);
    const role = new Role(this, 'Role', {
      roleName: teardownRoleName(stage),
      description: `Empties the buckets of papergate ${stage} before it is destroyed`,
      assumedBy: new AccountRootPrincipal(),
    });
    const buckets = [artifacts, anchors, projections];
    role.addToPolicy(
      new PolicyStatement({
        sid: 'EmptyBuckets',
        actions: [
          's3:ListBucketVersions',
          's3:DeleteObject',
          's3:DeleteObjectVersion',
          's3:BypassGovernanceRetention',
        ],
        resources: buckets.flatMap((bucket) => [bucket.bucketArn, bucket.arnForObjects('*')]),
      }),
    );
  }
}
