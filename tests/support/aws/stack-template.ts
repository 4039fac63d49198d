import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib/core';
import { FUNCTIONS } from '../../../functions/functions.ts';
import { openConfig } from '../../../functions/runtime/config-files.ts';
import { FEATURE_FLAGS } from '../../../infra/machine/cdk.ts';
import { PapergateStack } from '../../../infra/aws/stack.ts';
import { parseStage } from '../../../infra/aws/stage.ts';
import type { Config } from '../../../shared/config/config.ts';
import type { MarketConfig } from '../../../shared/config/market-schema.ts';

/** A resource of a template with everything that CloudFormation reads of it. */
export interface StackResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: readonly string[];
}
export interface StackTemplate {
  readonly Resources: Readonly<Record<string, StackResource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
}

/** The configuration that is shipped. */
export const shippedConfig = (): Config =>
  openConfig(fileURLToPath(new URL('../../../configs', import.meta.url))).config;

/** The shipped configuration with one market's fields turned. */
export function turnedConfig(market: string, fields: Partial<MarketConfig>): Config {
  const config = shippedConfig();
  const files = config.markets.get(market)!;
  const turned = { ...files, config: { ...files.config, ...fields } };
  return { ...config, markets: new Map([...config.markets, [market, turned]]) };
}

/**
 * The template of a stage over functions whose code is one line: for what does not depend on the code, in a fifth of the
 * time that bundling takes.
 */
export function stackTemplate(
  context: Readonly<Record<string, string>> = {},
  config: Config = shippedConfig(),
): StackTemplate & { readonly terminationProtection: boolean | undefined } {
  const folder = mkdtempSync(join(tmpdir(), 'papergate-stack-'));
  try {
    const app = new App({
      context: { ...FEATURE_FLAGS, ...context },
      outdir: join(folder, 'assembly'),
      analyticsReporting: false,
      builtinCloudFormationValidation: false,
    });
    const settings = parseStage((name) => app.node.tryGetContext(name) as unknown);
    const bundles = new Map(
      FUNCTIONS.map((name) => {
        const code = join(folder, 'bundles', name);
        mkdirSync(code, { recursive: true });
        writeFileSync(join(code, 'index.mjs'), `export const handler = () => '${name}';\n`);
        return [name, { folder: code, bytes: 1, sha256: `sha256:${'0'.repeat(64)}` as const }];
      }),
    );
    new PapergateStack(app, { settings, config, bundles });
    const { template, terminationProtection } = app.synth().getStackByName(`Papergate-${settings.stage}`);
    return { ...(template as StackTemplate), terminationProtection };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Resources of a type with their logical ids. */
export const ofType = (
  { Resources }: StackTemplate,
  type: string,
): [id: string, resource: StackResource & { readonly Properties: Readonly<Record<string, unknown>> }][] =>
  Object.entries(Resources)
    .filter(([, { Type }]) => Type === type)
    .map(([id, resource]) => [id, { ...resource, Properties: resource.Properties ?? {} }]);

/** The only resource of a type whose logical id begins so. */
export function theOne(
  template: StackTemplate,
  type: string,
  prefix = '',
): StackResource & { readonly id: string; readonly Properties: Readonly<Record<string, unknown>> } {
  const found = ofType(template, type).filter(([id]) => id.startsWith(prefix));
  if (found.length !== 1) throw new Error(`${found.length} resources of ${type} begin with '${prefix}'`);
  return { id: found[0]![0], ...found[0]![1] };
}
