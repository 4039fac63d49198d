/**
 * A template's references as fixed texts: every resource has the name that the template gives it, else its logical id,
 * in one account and region that do not exist. The same template always resolves to the same ARNs.
 */
export interface PolicyTemplate {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Parameters?: Readonly<Record<string, { readonly Default?: string }>>;
}

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': 'Papergate',
  'AWS::StackId': `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/Papergate/1`,
};

/** How a type is called by others: the property that names it, its ARN, and what `Ref` gives. */
interface Kind {
  readonly nameIn?: string;
  readonly arn?: (name: string, resource: TemplateResource) => string;
  readonly ref: 'name' | 'arn';
  /** What `Fn::GetAtt` gives beside `Arn`. */
  readonly attributes?: Readonly<Record<string, 'name' | 'arn'>>;
}

const at = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
const table: Kind = { nameIn: 'TableName', arn: (name) => at('dynamodb', `table/${name}`), ref: 'name' };

const KINDS: Readonly<Record<string, Kind>> = {
  'AWS::S3::Bucket': { nameIn: 'BucketName', arn: (name) => `arn:aws:s3:::${name}`, ref: 'name' },
  'AWS::Lambda::Function': {
    ...{ nameIn: 'FunctionName', arn: (name: string) => at('lambda', `function:${name}`), ref: 'name' },
  },
  // Its ARN is the function's with a number: made where the function can be resolved.
  'AWS::Lambda::Version': { ref: 'arn' },
  'AWS::DynamoDB::Table': table,
  'AWS::DynamoDB::GlobalTable': table,
  'AWS::SQS::Queue': {
    ...{ nameIn: 'QueueName', arn: (name: string) => at('sqs', name), ref: 'name' },
    attributes: { QueueName: 'name' },
  },
  'AWS::SNS::Topic': {
    ...{ nameIn: 'TopicName', arn: (name: string) => at('sns', name), ref: 'arn' },
    attributes: { TopicArn: 'arn', TopicName: 'name' },
  },
  'AWS::KMS::Key': { arn: (name) => at('kms', `key/${name}`), ref: 'name', attributes: { KeyId: 'name' } },
  'AWS::KMS::Alias': { nameIn: 'AliasName', ref: 'name' },
  'AWS::StepFunctions::StateMachine': {
    ...{
      nameIn: 'StateMachineName',
      arn: (name: string) => at('states', `stateMachine:${name}`),
      ref: 'arn',
    },
    attributes: { Name: 'name' },
  },
  'AWS::IAM::Role': {
    ...{ nameIn: 'RoleName', ref: 'name' },
    arn: (name, { Properties: properties }) =>
      `arn:aws:iam::${ACCOUNT}:role${String(properties?.['Path'] ?? '/')}${name}`,
  },
  'AWS::IAM::ManagedPolicy': {
    ...{
      nameIn: 'ManagedPolicyName',
      arn: (name: string) => `arn:aws:iam::${ACCOUNT}:policy/${name}`,
      ref: 'arn',
    },
  },
  'AWS::SSM::Parameter': {
    ...{
      nameIn: 'Name',
      arn: (name: string) => at('ssm', `parameter/${name.replace(/^\//, '')}`),
      ref: 'name',
    },
  },
  'AWS::Logs::LogGroup': {
    ...{ nameIn: 'LogGroupName', arn: (name: string) => at('logs', `log-group:${name}:*`), ref: 'name' },
  },
  'AWS::Scheduler::ScheduleGroup': {
    ...{ nameIn: 'Name', arn: (name: string) => at('scheduler', `schedule-group/${name}`), ref: 'name' },
  },
  'AWS::Scheduler::Schedule': {
    ...{ nameIn: 'Name', ref: 'name' },
    arn: (name, { Properties: properties }) => {
      const group = properties?.['GroupName'] ?? 'default';
      if (typeof group !== 'string')
        throw new TypeError(`the group of schedule ${name} is not given by name`);
      return at('scheduler', `schedule/${group}/${name}`);
    },
  },
  'AWS::Events::Rule': { nameIn: 'Name', arn: (name) => at('events', `rule/${name}`), ref: 'name' },
  'AWS::CloudWatch::Alarm': {
    nameIn: 'AlarmName',
    arn: (name) => at('cloudwatch', `alarm:${name}`),
    ref: 'name',
  },
};

/** Resolves a template. Every method throws a TypeError on what it cannot tell. */
export class Resolver {
  readonly #template: PolicyTemplate;

  constructor(template: PolicyTemplate) {
    this.#template = template;
  }

  /**
   * The logical id that is meant: itself, the name it is deployed under, or an id without the hash of eight digits that
   * the CDK appends.
   */
  idOf(name: string, type?: string): string {
    const ids = Object.entries(this.#template.Resources)
      .filter(([, resource]) => type === undefined || resource.Type === type)
      .map(([id]) => id);
    if (ids.includes(name)) return name;
    const found = ids.filter((id) => {
      const tail = id.startsWith(name) ? id.slice(name.length) : '';
      return /^[0-9A-F]{8}$/.test(tail) || this.#givenName(id) === name;
    });
    if (found.length === 1) return found[0]!;
    throw new TypeError(
      `${name} names ${found.length} resources of the template; it has ${[...ids].sort().join(', ')}`,
    );
  }

  /** The ARN of a resource by its logical id. */
  arn(id: string): string {
    const { kind, resource } = this.#kindOf(id);
    if (resource.Type === 'AWS::Lambda::Version') {
      // The first one, as an account sees it that the template is new to.
      const given = resource.Properties?.['FunctionName'];
      return `${at('lambda', `function:${this.text(given)}`)}:1`;
    }
    if (kind.arn === undefined) throw new TypeError(`${id} of type ${resource.Type} has no ARN here`);
    return kind.arn(this.name(id), resource);
  }

  name(id: string): string {
    this.#kindOf(id);
    return this.#givenName(id) ?? id;
  }

  /** A value of the template with every reference filled in. */
  value(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one) => this.value(one));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [key, argument] = entries[0] ?? ['', undefined];
    if (entries.length === 1 && (key === 'Ref' || key.startsWith('Fn::')))
      return this.#intrinsic(key, argument);
    return Object.fromEntries(entries.map(([name, inner]) => [name, this.value(inner)]));
  }

  text(value: unknown): string {
    const resolved = this.value(value);
    if (typeof resolved === 'string') return resolved;
    throw new TypeError(`${JSON.stringify(value)} is no text`);
  }

  #intrinsic(key: string, argument: unknown): string {
    if (key === 'Ref') return this.#ref(String(argument));
    if (key === 'Fn::GetAtt') {
      const [id, attribute] = Array.isArray(argument)
        ? (argument as [string, string])
        : (String(argument).split(/\.(.*)/s) as [string, string]);
      return this.#attribute(id, attribute);
    }
    if (key === 'Fn::Join') {
      const [between, parts] = argument as [string, readonly unknown[]];
      return parts.map((part) => this.text(part)).join(between);
    }
    if (key === 'Fn::Sub') return this.#sub(argument);
    throw new TypeError(`${key} cannot be resolved here`);
  }

  #sub(argument: unknown): string {
    const [text, own] = (Array.isArray(argument) ? argument : [argument, {}]) as [
      string,
      Record<string, unknown>,
    ];
    return text.replaceAll(/\$\{([^}]+)\}/g, (_, inside: string) => {
      // `${!x}` is how a policy variable is written where CloudFormation fills in its own.
      if (inside.startsWith('!')) return `\${${inside.slice(1)}}`;
      if (inside in own) return this.text(own[inside]);
      return inside.includes('.')
        ? this.#attribute(...(inside.split(/\.(.*)/s) as [string, string]))
        : this.#ref(inside);
    });
  }

  #ref(name: string): string {
    const pseudo = PSEUDO[name] ?? this.#template.Parameters?.[name]?.Default;
    if (pseudo !== undefined) return pseudo;
    return this.#kindOf(name).kind.ref === 'arn' ? this.arn(name) : this.name(name);
  }

  #attribute(id: string, attribute: string): string {
    const what = attribute === 'Arn' ? 'arn' : this.#kindOf(id).kind.attributes?.[attribute];
    if (what === undefined) throw new TypeError(`attribute ${attribute} of ${id} cannot be resolved here`);
    return what === 'arn' ? this.arn(id) : this.name(id);
  }

  #kindOf(id: string): { kind: Kind; resource: TemplateResource } {
    const resource = this.#template.Resources[id];
    if (resource === undefined) throw new TypeError(`the template has no resource ${id}`);
    const kind = KINDS[resource.Type];
    if (kind === undefined) throw new TypeError(`${id} of type ${resource.Type} cannot be resolved here`);
    return { kind, resource };
  }

  #givenName(id: string): string | undefined {
    const resource = this.#template.Resources[id]!;
    const property = KINDS[resource.Type]?.nameIn;
    const given = property === undefined ? undefined : resource.Properties?.[property];
    return given === undefined ? undefined : this.text(given);
  }
}
