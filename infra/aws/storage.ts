import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  ObjectLockRetention,
  ObjectOwnership,
  type BucketProps,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { StageSettings } from './stage.ts';

/**
 * What a stage keeps: state in one table, evidence in two locked buckets, what can be rebuilt in a third, and the key
 * that heads are signed with. Encrypted by S3's own key: a KMS key that was deleted would destroy locked evidence.
 */
export class Storage extends Construct {
  readonly table: TableV2;
  readonly artifacts: Bucket;
  readonly anchors: Bucket;
  readonly projections: Bucket;
  readonly signingKey: Key;

  /** @param teardownRoleArn the one role that may take locked objects away; undefined where nobody may. */
  constructor(scope: Construct, id: string, settings: StageSettings, teardownRoleArn: string | undefined) {
    super(scope, id);
    const { isProd } = settings;
    const removalPolicy = isProd ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.table = new TableV2(this, 'State', {
      partitionKey: { name: 'partition', type: AttributeType.STRING },
      sortKey: { name: 'sort', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: isProd,
      removalPolicy,
    });
    const common: BucketProps = {
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
      removalPolicy,
    };
    const { lockMode, lockDays } = settings;
    const retention = Duration.days(lockDays);
    const locked: BucketProps = {
      ...common,
      versioned: true,
      objectLockEnabled: true,
      objectLockDefaultRetention:
        lockMode === 'compliance'
          ? ObjectLockRetention.compliance(retention)
          : ObjectLockRetention.governance(retention),
    };
    this.artifacts = new Bucket(this, 'Artifacts', locked);
    this.anchors = new Bucket(this, 'Anchors', locked);
    this.projections = new Bucket(this, 'Projections', common);
    for (const bucket of [this.artifacts, this.anchors]) {
      createOnly(bucket);
      keepForAllBut(bucket, teardownRoleArn);
    }
    this.signingKey = new Key(this, 'SigningKey', {
      description: `papergate ${settings.stage}: signs the heads of ledgers`,
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
      pendingWindow: Duration.days(30),
      removalPolicy,
    });
  }
}

/**
 * What is written stays: every object is created by a write on the condition that nothing is there. Parts of a multipart
 * upload carry no such condition; its completion does (Amazon S3 user guide, "Enforce conditional writes on Amazon S3
 * buckets").
 */
function createOnly(bucket: Bucket): void {
  bucket.addToResourcePolicy(
    new PolicyStatement({
      sid: 'CreateOnlyWhereNothingIs',
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ['s3:PutObject'],
      resources: [bucket.arnForObjects('*')],
      conditions: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
    }),
  );
}

/** Nobody deletes, changes a lock or walks around it, but the role of a stage that is torn down. */
function keepForAllBut(bucket: Bucket, roleArn: string | undefined): void {
  bucket.addToResourcePolicy(
    new PolicyStatement({
      sid: 'KeepWhatIsThere',
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: [
        's3:DeleteObject',
        's3:DeleteObjectVersion',
        's3:PutObjectRetention',
        's3:PutObjectLegalHold',
        's3:PutBucketObjectLockConfiguration',
        's3:BypassGovernanceRetention',
      ],
      resources: [bucket.bucketArn, bucket.arnForObjects('*')],
      ...(roleArn === undefined ? {} : { conditions: { ArnNotEquals: { 'aws:PrincipalArn': roleArn } } }),
    }),
  );
}
