import { CfnOutput, type Stack } from 'aws-cdk-lib/core';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Bundles } from './bundles.ts';
import { sourceHash } from '../../functions/runtime/source-hash.ts';
import { OUTPUTS, type OutputName } from './stack-outputs.ts';
import type { Storage } from './storage.ts';

/** What the command line must know of a deployed stage. */
export function tellOutputs(
  stack: Stack,
  given: {
    readonly storage: Storage;
    readonly bundles: Bundles;
    readonly markets: readonly string[];
    readonly deadLetters: Queue;
    readonly ownerTopic: ITopic;
  },
): void {
  const { storage, bundles, markets, deadLetters, ownerTopic } = given;
  const values: Record<OutputName, string> = {
    TableName: storage.table.tableName,
    ArtifactsBucket: storage.artifacts.bucketName,
    AnchorsBucket: storage.anchors.bucketName,
    ProjectionsBucket: storage.projections.bucketName,
    DeployedMarkets: markets.join(','),
    DeployedBundles: [...bundles].map(([name, { sha256 }]) => `${name}=${sha256}`).join(','),
    DeployedCode: sourceHash(),
    DeadLettersUrl: deadLetters.queueUrl,
    OwnerTopicArn: ownerTopic.topicArn,
  };
  for (const name of OUTPUTS) new CfnOutput(stack, name, { value: values[name] });
}
