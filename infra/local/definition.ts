import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { assertRunsLocally, type Definition } from './dialect.ts';
import { resolveText, type Template } from './template.ts';

/**
 * The state machine that is deployed, as the local runner takes it: synthesises it alone in process and reads the
 * definition out of its template. The CDK is loaded only here, since it takes longest.
 * @throws ConfigError where the template does not hold exactly one state machine, or holds what the runner would
 * silently ignore.
 */
export async function synthesiseDefinition(stage = 'dev'): Promise<Definition> {
  const definition = machineDefinition(await synthesise(stage));
  assertRunsLocally(definition);
  return definition;
}

async function synthesise(stage: string): Promise<Template> {
  const [{ App, FEATURE_FLAGS }, { MachineStack }] = await Promise.all([
    import('../machine/cdk.ts'),
    import('../machine/machine-stack.ts'),
  ]);
  const outdir = await mkdtemp(join(tmpdir(), 'papergate-synth-'));
  try {
    const app = new App({
      context: FEATURE_FLAGS,
      outdir,
      treeMetadata: false,
      analyticsReporting: false,
      stackTraces: false,
      // `npx cdk synth` validates the template; here that would take nine tenths of the time.
      builtinCloudFormationValidation: false,
    });
    const stack = new MachineStack(app, stage);
    return app.synth().getStackByName(stack.stackName).template as Template;
  } finally {
    await rm(outdir, { recursive: true, force: true });
  }
}

/** The definition of the one state machine in a template. @throws ConfigError */
export function machineDefinition(template: Template): Definition {
  const machines = Object.entries(template.Resources).filter(
    ([, { Type }]) => Type === 'AWS::StepFunctions::StateMachine',
  );
  if (machines.length !== 1) {
    throw new ConfigError(`the template holds ${machines.length} state machines, expected exactly one`, {
      machines: machines.map(([id]) => id),
    });
  }
  const [id, { Properties }] = machines[0]!;
  return JSON.parse(
    resolveText(template, Properties?.['DefinitionString'], `${id}.DefinitionString`),
  ) as Definition;
}
