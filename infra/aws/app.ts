/**
 * The CDK app: `npx cdk synth`, `npx cdk deploy -c stage=prod -c owner_email=owner@example.com`. What else `-c` takes
 * is in stage.ts; `-c config=DIR` names a configuration folder other than that of papergate.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openConfig } from '../../functions/runtime/config-files.ts';
import { PapergateError } from '../../shared/kernel/errors.ts';
import { stageApp } from './synthesise.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
try {
  const { app } = await stageApp(
    (_settings, told) => {
      const folder = told('config');
      return openConfig(folder === undefined ? join(root, 'configs') : String(folder)).config;
    },
    join(root, 'cdk.out.built'),
  );
  app.synth();
} catch (error) {
  // What the user can mend is said in a line; the CDK's own errors keep their trace.
  if (!(error instanceof PapergateError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}
