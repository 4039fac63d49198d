/** The CDK app: `npx cdk synth`, `npx cdk deploy -c stage=prod`. */
import { App } from './cdk.ts';
import { FEATURE_FLAGS, PapergateStack } from './stack.ts';

const app = new App({ context: FEATURE_FLAGS });
const stage: unknown = app.node.tryGetContext('stage');
new PapergateStack(app, stage === undefined ? 'dev' : String(stage));
app.synth();
