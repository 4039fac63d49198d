import { createRequire } from 'node:module';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as stepfunctions from 'aws-cdk-lib/aws-stepfunctions';
import type * as tasks from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type * as core from 'aws-cdk-lib/core';

/**
 * The parts of the CDK that the stack uses. `require` leaves their modules lazy, where `import` would read every
 * export of each to build its namespace: 70 ms instead of 370 on every local run.
 */
const require = createRequire(import.meta.url);

export const { App, Duration, Stack } = require('aws-cdk-lib/core') as typeof core;
export const { Function: LambdaFunction } = require('aws-cdk-lib/aws-lambda') as typeof lambda;
export const {
  Chain,
  Choice,
  Condition,
  DefinitionBody,
  Fail,
  JitterType,
  JsonPath,
  Map: MapState,
  StateMachine,
  StateMachineType,
  Succeed,
  Timeout,
} = require('aws-cdk-lib/aws-stepfunctions') as typeof stepfunctions;
export const { LambdaInvoke } = require('aws-cdk-lib/aws-stepfunctions-tasks') as typeof tasks;

/** Feature flags live here and not in cdk.json, which synthesis in process does not read. */
export const FEATURE_FLAGS = {
  '@aws-cdk/aws-iam:minimizePolicies': true,
  '@aws-cdk/core:enablePartitionLiterals': true,
  '@aws-cdk/core:checkSecretUsage': true,
  '@aws-cdk/core:validateAgainstDefaultRules': true,
  '@aws-cdk/aws-lambda:recognizeVersionProps': true,
  '@aws-cdk/aws-lambda:recognizeLayerVersion': true,
  '@aws-cdk/customresources:installLatestAwsSdkDefault': false,
};
