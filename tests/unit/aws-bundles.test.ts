import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack, Validations, type Acknowledgment } from 'aws-cdk-lib/core';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Bundles } from '../../infra/aws/bundles.ts';
import { FEATURE_FLAGS } from '../../infra/machine/cdk.ts';
import { PapergateStack } from '../../infra/aws/stack.ts';
import { parseStage } from '../../infra/aws/stage.ts';
import { stageApp, type StageApp } from '../../infra/aws/synthesise.ts';
import { sha256 } from '../../shared/kernel/canonical.ts';
import { ofType, shippedConfig, type StackTemplate } from '../support/aws/stack-template.ts';

const NAMES = [
  ...['ingest', 'predict', 'gate', 'fill', 'ledger', 'signoff'],
  ...['record-failure', 'switch-watcher', 'health-check'],
];

let folder: string;
/** What the app of a stage came to: its assembly, its code, and what it complained of. */
interface Synthesised extends StageApp {
  readonly directory: string;
  readonly template: StackTemplate;
  readonly complaints: unknown[];
}
const made = new Map<string, Synthesised>();
let first: Bundles;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'papergate-bundles-'));
  for (const stage of ['dev', 'prod']) {
    const told = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const one = await stageApp(() => shippedConfig(), join(folder, stage), { stage });
    const assembly = one.app.synth();
    const { template } = assembly.getStackByName(`Papergate-${stage}`);
    made.set(stage, {
      ...one,
      ...{ directory: assembly.directory, template: template as StackTemplate },
      complaints: [...told.mock.calls],
    });
    told.mockRestore();
  }
  first = made.get('dev')!.bundles;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the bundles', () => {
  it('are nine, each far below what a cold start bears', () => {
    expect([...first.keys()]).toEqual(NAMES);
    for (const [name, { bytes }] of first) {
      expect(bytes, name).toBeLessThan(750_000);
      // One that has lost its clients or its handler would be small.
      expect(bytes, name).toBeGreaterThan(400_000);
    }
  });

  it('hold the code alone, hashed as it is', () => {
    for (const [name, { folder: code, bytes, sha256: hash }] of first) {
      expect(readdirSync(code), name).toEqual(['index.mjs']);
      const text = readFileSync(join(code, 'index.mjs'));
      expect([text.length, sha256(text)], name).toEqual([bytes, hash]);
      expect(text.includes('sourceMappingURL'), name).toBe(false);
      expect(text.includes(process.cwd()), name).toBe(false);
    }
    expect(readdirSync(join(folder, 'dev', 'bundles', 'maps')).sort()).toEqual(
      NAMES.map((name) => `${name}.mjs.map`).sort(),
    );
  });

  it('are the same bytes each time, wherever they are made', () => {
    const second = made.get('prod')!.bundles;
    for (const [name, { folder: code, sha256: hash }] of first) {
      expect(second.get(name)!.sha256, name).toBe(hash);
      expect(second.get(name)!.folder, name).not.toBe(code);
    }
  });
});

describe.each(['dev', 'prod'])('the app of %s', (stage) => {
  it('synthesises with both packs of checks in silence', () => {
    const { directory, complaints } = made.get(stage)!;
    expect(complaints).toEqual([]);
    const report = JSON.parse(readFileSync(join(directory, 'validation-report.json'), 'utf8')) as {
      pluginReports: unknown[];
    };
    expect(report.pluginReports).toEqual([]);
  });

  it('uploads just the code, and tells its hashes', () => {
    const { directory, template, bundles } = made.get(stage)!;
    const uploaded = readdirSync(directory).filter((name) => name.startsWith('asset.'));
    // Nine functions, and the one of the CDK that puts the switch.
    expect(uploaded).toHaveLength(10);
    expect(ofType(template, 'AWS::Lambda::Function')).toHaveLength(10);
    const hashes = uploaded.flatMap((name) => {
      const files = readdirSync(join(directory, name));
      return files.join() === 'index.mjs' ? [sha256(readFileSync(join(directory, name, 'index.mjs')))] : [];
    });
    expect(hashes.sort()).toEqual([...bundles.values()].map((bundle) => bundle.sha256).sort());
    expect(template.Outputs!['DeployedBundles']!.Value).toBe(
      NAMES.map((name) => `${name}=${bundles.get(name as 'gate')!.sha256}`).join(','),
    );
  });
});

/** The app of a stage over the bundles that are there. */
function appOf(stage: string): { app: App; stack: Stack } {
  const app = new App({
    context: { ...FEATURE_FLAGS, stage },
    outdir: mkdtempSync(join(folder, 'assembly-')),
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
  });
  const settings = parseStage((name) => app.node.tryGetContext(name) as unknown);
  return { app, stack: new PapergateStack(app, { settings, config: shippedConfig(), bundles: first }) };
}

describe('the checks', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each<[string, RegExp, (stack: Stack) => unknown]>([
    ['the one pack', /AwsSolutions-S10/, (stack) => new Bucket(stack, 'Planted')],
    [
      'the other',
      /Serverless-LambdaLatestVersion/,
      (stack) =>
        new LambdaFunction(stack, 'Planted', {
          runtime: Runtime.NODEJS_18_X,
          handler: 'index.handler',
          code: Code.fromInline('exports.handler = 1'),
        }),
    ],
  ])('find what is planted: %s', (_, finding, plant) => {
    const { app, stack } = appOf('prod');
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
    plant(stack);
    expect(() => app.synth()).toThrow(finding);
  });

  it.each(['dev', 'prod'])(
    'are silenced of %s only where they find something, each for a reason',
    (stage) => {
      const acknowledged: Acknowledgment[] = [];
      vi.spyOn(Validations.prototype, 'acknowledge').mockImplementation((...given: Acknowledgment[]) => {
        acknowledged.push(...given);
      });
      const { app } = appOf(stage);
      const found = [new AwsSolutionsChecks(app), new ServerlessChecks(app)].flatMap(
        (pack) => pack.validateScope(app).violations,
      );
      const names = [...new Set(found.map(({ ruleName }) => ruleName))].sort();
      expect([...new Set(acknowledged.map(({ id }) => id))].sort()).toEqual(names);
      for (const { id, reason } of acknowledged) expect(reason, id).toMatch(/^[A-Z].{29,}\.$/);
    },
  );
});
