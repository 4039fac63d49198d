/** Names of the values that a deployed stack tells; apart from the CDK, so that the command line need not load it. */
export const OUTPUTS = [
  'TableName',
  'ArtifactsBucket',
  'AnchorsBucket',
  'ProjectionsBucket',
  'DeployedMarkets',
  'DeployedBundles',
  'DeployedCode',
  'DeadLettersUrl',
  'OwnerTopicArn',
] as const;
export type OutputName = (typeof OUTPUTS)[number];
