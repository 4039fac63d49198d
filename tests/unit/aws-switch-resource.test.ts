import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JsonRpcServer } from '../support/aws/json-rpc.ts';
import { ssmServer } from '../support/aws/ssm-server.ts';
import { ofType, stackTemplate, type StackTemplate } from '../support/aws/stack-template.ts';

const NAMES = [
  '/papergate/dev/DISABLE_TRADING',
  '/papergate/dev/DISABLE_TRADING/ashares',
  '/papergate/dev/DISABLE_TRADING/crypto',
  '/papergate/dev/DISABLE_TRADING/us_equities',
];
interface Switch {
  readonly ServiceToken: unknown;
  readonly Create: string;
}
const switchesOf = (template: StackTemplate): Switch[] =>
  ofType(template, 'Custom::KillSwitch').map(([, { Properties }]) => Properties as unknown as Switch);

let template: StackTemplate;
beforeAll(() => {
  template = stackTemplate();
});

describe('the switch in the template', () => {
  it('is one resource for all markets and one for each', () => {
    expect(switchesOf(template).map(({ Create }) => JSON.parse(Create) as unknown)).toEqual(
      NAMES.map((Name) => ({
        service: 'SSM',
        action: 'putParameter',
        parameters: {
          Name,
          Value: 'true',
          Type: 'String',
          Overwrite: false,
          AllowedPattern: '^(true|false)$',
          Description: 'the stack was deployed; trading starts by a recovery',
        },
        physicalResourceId: { id: Name },
        ignoreErrorCodesMatching: 'ParameterAlreadyExists',
      })),
    );
  });

  it('has nothing to do on an update or a deletion', () => {
    for (const one of switchesOf(template))
      expect(Object.keys(one).sort()).toEqual(['Create', 'InstallLatestAwsSdk', 'ServiceToken']);
  });

  it('is nowhere a parameter that CloudFormation would write over', () => {
    for (const stage of ['dev', 'prod'])
      expect(ofType(stackTemplate({ stage }), 'AWS::SSM::Parameter')).toEqual([]);
  });
});

/** The handler that the CDK deploys for such a resource. */
const nodeRequire = createRequire(import.meta.url);
type Handler = (event: unknown, context: unknown) => Promise<void>;
const { handler } = nodeRequire(
  join(
    dirname(nodeRequire.resolve('aws-cdk-lib/package.json')),
    'custom-resource-handlers/dist/custom-resources/aws-custom-resource-handler/index.js',
  ),
) as { handler: Handler };
/** What the handler's own `require('https')` gives: a namespace that an import names is not the same object. */
const https = nodeRequire('node:https') as { request: unknown };

describe('the switch under the handler that is deployed', () => {
  let ssm: JsonRpcServer;
  let client: SSMClient;
  const answers: { Status: string; PhysicalResourceId: string; Reason: string }[] = [];
  const realRequest = https.request;

  beforeEach(async () => {
    ssm = await ssmServer();
    vi.stubEnv('AWS_ENDPOINT_URL_SSM', ssm.url);
    vi.stubEnv('AWS_REGION', 'us-east-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    vi.spyOn(console, 'log').mockImplementation(() => undefined);
    client = new SSMClient({});
    answers.length = 0;
    // CloudFormation's end of the line: it takes the answer that the handler puts to the address it was given.
    https.request = (options: { method: string }, done: () => void) => ({
      on: () => undefined,
      write: (body: string) => {
        expect(options.method).toBe('PUT');
        answers.push(JSON.parse(body) as (typeof answers)[number]);
      },
      end: () => done(),
    });
  });
  afterEach(async () => {
    https.request = realRequest;
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    client.destroy();
    await ssm.close();
  });

  /** What CloudFormation sends, with the template's own properties, as texts. */
  async function send(RequestType: 'Create' | 'Update' | 'Delete', name: string, was = '{}'): Promise<void> {
    const one = switchesOf(template).find(({ Create }) => Create.includes(`"Name":"${name}"`))!;
    const ResourceProperties = { ...one, ServiceToken: 'arn:x', InstallLatestAwsSdk: 'false' };
    await handler(
      {
        RequestType,
        ResponseURL: 'https://cloudformation.invalid/answer?signed=yes',
        StackId: 'stack',
        RequestId: 'request',
        LogicalResourceId: 'Switch',
        ...(RequestType === 'Create' ? {} : { PhysicalResourceId: name }),
        ...(RequestType === 'Update' ? { OldResourceProperties: { Create: was } } : {}),
        ResourceProperties,
      },
      { logStreamName: 'log' },
    );
  }
  const valueOf = async (Name: string): Promise<string | undefined> =>
    (await client.send(new GetParameterCommand({ Name }))).Parameter?.Value;
  const put = (Name: string, Value: string): Promise<unknown> =>
    client.send(new PutParameterCommand({ Name, Value, Overwrite: true, Description: 'by hand' }));
  const succeeded = (name: string) =>
    expect.objectContaining({ Status: 'SUCCESS', PhysicalResourceId: name });

  it.each(NAMES)('%s is put to true where there is none', async (name) => {
    await send('Create', name);
    expect(answers).toEqual([succeeded(name)]);
    expect(await valueOf(name)).toBe('true');
    await expect(put(name, 'False')).rejects.toThrow('ParameterPatternMismatchException');
  });

  it('an operator’s false outlives an update, a deletion and the deploy after it', async () => {
    const name = NAMES[2]!;
    await send('Create', name);
    await put(name, 'false');
    const before = ssm.calls.length;
    await send('Update', name, JSON.stringify({ service: 'SSM', action: 'putParameter', older: true }));
    await send('Delete', name);
    expect(ssm.calls.slice(before)).toEqual([]);
    expect(await valueOf(name)).toBe('false');
    await send('Create', name);
    expect(answers).toEqual([succeeded(name), succeeded(name), succeeded(name), succeeded(name)]);
    expect(await valueOf(name)).toBe('false');
    expect(ssm.calls.filter(({ operation }) => operation === 'PutParameter')).toHaveLength(3);
  });

  it('a refusal of any other kind fails the deploy', async () => {
    await ssm.close();
    ssm = await ssmServer();
    vi.stubEnv('AWS_ENDPOINT_URL_SSM', ssm.url.replace(/\d+$/, '1'));
    vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
    await send('Create', NAMES[0]!);
    expect(answers).toEqual([expect.objectContaining({ Status: 'FAILED' })]);
  });
});
