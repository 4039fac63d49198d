import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FUNCTIONS, type FunctionName } from '../../../functions/functions.ts';
import type { Bundles } from '../../../infra/aws/bundles.ts';
import { stageApp } from '../../../infra/aws/synthesise.ts';
import type { Template } from '../../../infra/local/template.ts';
import type { Config } from '../../../shared/config/config.ts';

export interface Deployed {
  readonly template: Template;
  readonly bundles: Bundles;
  close(): void;
}

/** Synthesises the whole stack of a stage with its bundles, as `cdk deploy` would upload them. */
export async function deployed(
  config: Config,
  context: Readonly<Record<string, string>> = {},
): Promise<Deployed> {
  const folder = mkdtempSync(join(tmpdir(), 'papergate-deployed-'));
  const { app, bundles, settings } = await stageApp(() => config, folder, context);
  const template = app.synth().getStackByName(`Papergate-${settings.stage}`).template as Template;
  return { template, bundles, close: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The properties of the one resource of a type that fits. */
export function propertiesOf(
  template: Template,
  type: string,
  fits: (properties: Readonly<Record<string, unknown>>) => boolean = () => true,
): Readonly<Record<string, unknown>> {
  const found = Object.values(template.Resources).filter(
    ({ Type, Properties = {} }) => Type === type && fits(Properties),
  );
  if (found.length !== 1) throw new Error(`${found.length} resources of ${type} fit, expected one`);
  return found[0]!.Properties ?? {};
}

/** A Lambda's handler. */
export type LambdaHandler = (event: unknown) => Promise<unknown>;

/** Node's own loader: a test runner's import would transform the bundle, and its hash would be that of another file. */
const load = createRequire(import.meta.url) as (path: string) => { handler: LambdaHandler };

/**
 * Loads every bundle in this process, each with the environment that the template gives its function. Clients read the
 * environment when they are first used, so it stays until `restore`.
 * @param named what the template's references stand for here, by logical id.
 * @param extra what Lambda itself or a test adds to the environment, such as endpoints.
 */
export function loadBundles(
  { template, bundles }: Deployed,
  named: (logicalId: string) => string,
  extra: Readonly<Record<string, string>>,
): { readonly lambdas: ReadonlyMap<FunctionName, LambdaHandler>; restore(): void } {
  const before = { ...process.env };
  const lambdas = new Map<FunctionName, LambdaHandler>();
  for (const name of FUNCTIONS) {
    Object.assign(process.env, environmentOf(template, name, named), extra);
    lambdas.set(name, load(join(bundles.get(name)!.folder, 'index.mjs')).handler);
  }
  return { lambdas, restore: () => void (process.env = before) };
}

function environmentOf(
  template: Template,
  name: FunctionName,
  named: (logicalId: string) => string,
): Record<string, string> {
  const { Environment } = propertiesOf(template, 'AWS::Lambda::Function', ({ FunctionName: is }) =>
    String(is).endsWith(`-${name}`),
  ) as { Environment: { Variables: Record<string, string | { Ref: string }> } };
  return Object.fromEntries(
    Object.entries(Environment.Variables).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : named(value.Ref),
    ]),
  );
}
