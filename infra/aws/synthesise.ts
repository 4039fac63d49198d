import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import type { Config } from '../../shared/config/config.ts';
import type { Template } from '../local/template.ts';
import { bundleFunctions, type Bundles } from './bundles.ts';
import { FEATURE_FLAGS } from '../machine/cdk.ts';
import { PapergateStack } from './stack.ts';
import { stackName } from '../machine/stage-name.ts';
import { parseStage, type StageSettings } from './stage.ts';

/** A stage's app, ready to be synthesised, and the code that it deploys. */
export interface StageApp {
  readonly app: App;
  readonly settings: StageSettings;
  readonly bundles: Bundles;
}

/**
 * Builds the app of a stage: bundles every function into `folder/bundles`, and holds the stack against both packs of
 * checks when it is synthesised.
 * @param context what `-c name=value` says; undefined where the command line tells the app itself.
 */
export async function stageApp(
  config: (settings: StageSettings, context: (name: string) => unknown) => Config,
  folder: string,
  context?: Readonly<Record<string, string>>,
): Promise<StageApp> {
  const app = new App({
    context: { ...FEATURE_FLAGS, ...context },
    ...(context === undefined ? {} : { outdir: join(folder, 'assembly'), analyticsReporting: false }),
  });
  const told = (name: string): unknown => app.node.tryGetContext(name);
  const settings = parseStage(told);
  const read = config(settings, told);
  const bundles = await bundleFunctions(join(folder, 'bundles'));
  new PapergateStack(app, { settings, config: read, bundles });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  return { app, settings, bundles };
}

/** The template of a stage, from a folder that is gone afterwards. */
export async function stageTemplate(
  config: Config,
  context: Readonly<Record<string, string>> = {},
): Promise<Template> {
  const folder = mkdtempSync(join(tmpdir(), 'papergate-stage-'));
  try {
    const { app, settings } = await stageApp(() => config, folder, context);
    return app.synth().getStackByName(stackName(settings.stage)).template as Template;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
