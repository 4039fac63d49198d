import { describe, expect, it } from 'vitest';
import {
  ALL_SWITCH,
  allowedIf,
  artifact,
  COMMITTING,
  CREATES,
  CREATES_ONCE,
  everybody,
  item,
  type Lambda,
  LAMBDA_ROLES,
  LAMBDAS,
  MARKETS,
  object,
  OTHERS,
  parameter,
  QUEUE,
  roleOf,
  stageIam,
  STAGES,
  TABLE,
  teardown,
  TOPIC,
} from '../support/aws/stage-iam.ts';
import { expectDecisions, rows, type Row } from '../support/iam/table.ts';

/** Folders of a market that each function reads; what it writes stands in the second list. */
const READS: Readonly<Record<Lambda, string>> = {
  ingest: 'release config record bundles window block execution_bars data position',
  predict: 'release config record bundles window block execution_bars forecast',
  gate: 'release config record bundles window block execution_bars forecast data state decision',
  fill: 'release config record bundles window block execution_bars state decision execution',
  ledger:
    'release config record bundles window block execution_bars forecast data state decision execution position',
  signoff: 'release config record bundles state certificate drill',
  'record-failure': 'release config record bundles state',
  'switch-watcher': 'release config record bundles state',
  'health-check': 'release config record bundles state decision health',
};
const WRITES: Readonly<Record<Lambda, string>> = {
  ingest: 'record window block execution_bars data',
  predict: 'forecast',
  gate: 'record decision',
  fill: 'execution',
  ledger: 'record state position',
  signoff: '',
  'record-failure': 'record',
  'switch-watcher': 'record',
  'health-check': 'record health',
};
const FOLDERS =
  'release config record bundles window block execution_bars data forecast decision execution position state health drill certificate'.split(
    ' ',
  );
describe.each(STAGES)('in %s', (stage) => {
  const holds = (table: readonly Row[]): void => expectDecisions(stageIam(stage).iam, table);

  it('there are these roles and no others', () => {
    expect(
      stageIam(stage)
        .iam.roles.map((id) => id.replace(/[0-9A-F]{8}$/, ''))
        .sort(),
    ).toEqual(
      [
        ...[...LAMBDA_ROLES, ...OTHERS, 'Asker'],
        ...['Operatorsopsviewer', 'Operatorsopsoperator', 'Operatorsopsadmin'],
        ...(stage === 'dev' ? ['TeardownRole'] : []),
      ].sort(),
    );
  });

  it('a function reads and writes its own kinds of artifacts, of every market, and no other', () => {
    holds(
      LAMBDAS.flatMap((name) =>
        FOLDERS.flatMap((folder) => {
          const writes = WRITES[name].split(' ').includes(folder);
          const reads = READS[name].split(' ').includes(folder);
          const places = MARKETS.map((market) => artifact(folder, market));
          return [
            ...rows(allowedIf(reads), [roleOf(name)], ['s3:GetObject'], places),
            ...rows(allowedIf(writes), [roleOf(name)], ['s3:PutObject'], places, CREATES_ONCE),
          ];
        }),
      ),
    );
  });

  it('nobody writes what the chain rests on in place of the step that it is of', () => {
    const without = (...names: string[]): string[] =>
      everybody(stage).filter((role) => !names.map(roleOf).includes(role));
    holds([
      ...rows('denied', without('gate'), ['s3:PutObject'], [artifact('decision')], CREATES_ONCE),
      ...rows('denied', without('ledger'), ['s3:PutObject'], [artifact('state')], CREATES_ONCE),
      ...rows('denied', without('predict'), ['s3:PutObject'], [artifact('forecast')], CREATES_ONCE),
      ...rows('denied', without('fill'), ['s3:PutObject'], [artifact('execution')], CREATES_ONCE),
      ...rows(
        'denied',
        everybody(stage),
        ['s3:PutObject'],
        ['release', 'config', 'bundles', 'drill', 'certificate'].map((folder) => artifact(folder)),
        CREATES_ONCE,
      ),
      ...rows('denied', everybody(stage), ['s3:PutObject'], [object('Anchors', 'crypto/x')], CREATES_ONCE),
    ]);
  });

  it('nobody writes over what is there', () => {
    const places = [...FOLDERS.map((folder) => artifact(folder)), object('Anchors', 'crypto/2026.json')];
    holds([
      ...rows('explicitly denied', everybody(stage), ['s3:PutObject'], places, CREATES),
      // Parts of a multipart upload create nothing; its completion does.
      ...rows('allowed', [roleOf('gate')], ['s3:PutObject'], [artifact('decision')], {
        's3:ObjectCreationOperation': false,
      }),
    ]);
  });

  it('nobody deletes or unlocks but the teardown of a trial', () => {
    const places = [artifact('record'), object('Anchors', 'crypto/x')];
    const rest = everybody(stage).filter((role) => !teardown(stage).includes(role));
    holds([
      ...rows(
        'explicitly denied',
        rest,
        [
          ...['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:BypassGovernanceRetention'],
          ...['s3:PutObjectRetention', 's3:PutObjectLegalHold'],
        ],
        places,
      ),
      ...rows(
        'explicitly denied',
        rest,
        ['s3:PutBucketObjectLockConfiguration'],
        ['arn:aws:s3:::${StorageArtifacts}', 'arn:aws:s3:::${StorageAnchors}'],
      ),
      ...rows(
        'denied',
        everybody(stage),
        ['s3:PutBucketPolicy', 's3:DeleteBucketPolicy', 's3:PutBucketVersioning', 's3:DeleteBucket'],
        ['arn:aws:s3:::${StorageArtifacts}', 'arn:aws:s3:::${StorageAnchors}'],
      ),
      ...rows('denied', rest, ['s3:DeleteObject', 's3:DeleteObjectVersion'], [object('Projections', 'x')]),
    ]);
    if (stage === 'dev')
      holds([
        ...rows(
          'allowed',
          teardown(stage),
          ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:BypassGovernanceRetention'],
          [...places, object('Projections', 'signoff/crypto/x.md')],
        ),
        ...rows('denied', teardown(stage), ['s3:PutObjectRetention', 's3:GetObject'], places),
        ...rows('denied', teardown(stage), ['s3:PutObject'], places, CREATES_ONCE),
        ...rows('denied', teardown(stage), ['dynamodb:DeleteItem'], [TABLE], item('ledger/crypto')),
        ...rows('denied', teardown(stage), ['ssm:PutParameter'], [parameter(stage, ALL_SWITCH)]),
      ]);
  });

  it('buckets, queue and topic speak TLS only, and TLS of today', () => {
    const plain = { 'aws:SecureTransport': false };
    const old = { 's3:TlsVersion': 1.1 };
    const buckets = ['Artifacts', 'Anchors', 'Projections'];
    const objects = buckets.map((bucket) => object(bucket, 'crypto/record/x'));
    holds([
      ...rows('explicitly denied', everybody(stage), ['s3:GetObject'], objects, plain),
      ...rows('explicitly denied', everybody(stage), ['s3:GetObject'], objects, old),
      ...rows(
        'explicitly denied',
        everybody(stage),
        ['s3:ListBucket'],
        buckets.map((bucket) => `arn:aws:s3:::\${Storage${bucket}}`),
        plain,
      ),
      ...rows('explicitly denied', everybody(stage), ['sqs:ReceiveMessage'], [QUEUE], plain),
      ...rows('explicitly denied', everybody(stage), ['sns:Publish'], [TOPIC], plain),
      ...rows('allowed', [roleOf('gate')], ['s3:GetObject'], [artifact('record')], { 's3:TlsVersion': 1.3 }),
    ]);
  });

  it('a function lists the artifacts, writes its projections and touches no other bucket', () => {
    holds([
      ...rows('allowed', LAMBDA_ROLES, ['s3:ListBucket'], ['arn:aws:s3:::${StorageArtifacts}']),
      ...rows(
        'denied',
        LAMBDA_ROLES,
        ['s3:ListBucket'],
        ['arn:aws:s3:::${StorageAnchors}', 'arn:aws:s3:::${StorageProjections}'],
      ),
      ...rows(
        'allowed',
        [roleOf('signoff')],
        ['s3:PutObject'],
        [
          object('Projections', 'signoff/crypto/threshold_report.csv'),
          object('Projections', 'daily/crypto/dt=2026-11-22/head.json'),
        ],
        CREATES,
      ),
      ...rows(
        'denied',
        LAMBDA_ROLES.filter((role) => role !== roleOf('signoff')),
        ['s3:PutObject'],
        [object('Projections', 'signoff/crypto/x'), object('Projections', 'daily/crypto/x')],
        CREATES,
      ),
      ...rows('denied', LAMBDA_ROLES, ['s3:PutObject'], [object('Projections', 'other/x')], CREATES),
      ...rows('denied', LAMBDA_ROLES, ['s3:GetObject'], [object('Anchors', 'crypto/x')]),
    ]);
  });

  it('items are read by all functions, written by those that commit, and only those of ledgers', () => {
    const committing = COMMITTING.map(roleOf);
    const rest = everybody(stage).filter((role) => !committing.includes(role));
    holds([
      ...rows('allowed', LAMBDA_ROLES, ['dynamodb:GetItem'], [TABLE], item('ledger/crypto')),
      ...rows('allowed', committing, ['dynamodb:PutItem'], [TABLE], item('ledger/us_equities')),
      ...rows('denied', rest, ['dynamodb:PutItem'], [TABLE], item('ledger/us_equities')),
      ...rows('denied', LAMBDA_ROLES, ['dynamodb:GetItem'], [TABLE], item('other/crypto')),
      ...rows('denied', LAMBDA_ROLES, ['dynamodb:PutItem'], [TABLE], item('ledgers')),
      ...rows('denied', LAMBDA_ROLES, ['dynamodb:PutItem'], [TABLE], {
        'dynamodb:LeadingKeys': ['ledger/crypto', 'other'],
      }),
      ...rows(
        'denied',
        LAMBDA_ROLES,
        [
          ...['dynamodb:Query', 'dynamodb:Scan', 'dynamodb:DeleteItem', 'dynamodb:UpdateItem'],
          ...['dynamodb:BatchWriteItem', 'dynamodb:BatchGetItem', 'dynamodb:PartiQLSelect'],
        ],
        [TABLE],
        item('ledger/crypto'),
      ),
      ...rows(
        'denied',
        everybody(stage),
        [
          ...['dynamodb:DeleteItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteTable', 'dynamodb:Scan'],
          'dynamodb:UpdateContinuousBackups',
        ],
        [TABLE],
        item('ledger/crypto'),
      ),
    ]);
  });
});
