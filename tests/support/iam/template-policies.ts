import type { ContextValue } from './context.ts';
import { decide, type Decision, type NamedPolicy } from './evaluate.ts';
import type { PolicyDocument, Principal } from './policy.ts';
import { ACCOUNT, REGION, Resolver, type PolicyTemplate, type TemplateResource } from './resolve.ts';

export interface IamOptions {
  /** Documents of AWS's own managed policies that roles have, by ARN: a template holds only their names. */
  readonly managed?: Readonly<Record<string, PolicyDocument>>;
  /** ARNs beyond the template that may be asked about; any other is taken for a mistake, since nothing allows it. */
  readonly foreign?: readonly string[];
}

export interface Iam {
  /**
   * @param principal a role by logical id (with or without the CDK's hash) or name, a service by its name, such as
   * `states.amazonaws.com`, or the ARN of an identity of the account that has no policies of its own here.
   * @param resource an ARN, or `*` for an action that knows no resource; `${LogicalId}` in it is the resource's name.
   * @param context keys of the request beside those that every request has; null takes one of these away.
   */
  decide(
    principal: string,
    action: string,
    resource: string,
    context?: Readonly<Record<string, ContextValue>>,
  ): Decision;
  /** The ARN of a resource by logical id, with or without the CDK's hash, and what follows it. */
  arn(id: string, suffix?: string): string;
  /** Logical ids of all roles. */
  readonly roles: readonly string[];
}

/** Types whose policies are read below; any other that has one is refused. */
const READ = [
  'AWS::IAM::Role',
  'AWS::IAM::Policy',
  'AWS::IAM::RolePolicy',
  'AWS::IAM::ManagedPolicy',
  'AWS::S3::BucketPolicy',
  'AWS::KMS::Key',
  'AWS::SQS::QueuePolicy',
  'AWS::SNS::TopicPolicy',
  'AWS::Lambda::Permission',
];
/** Properties that change who may do what in a way that is not evaluated here, wherever they lie. */
const REFUSED = /"(PermissionsBoundary|ResourcePolicy)":/;
const SERVICE = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com$/;

/** Everything of a template that says who may do what. @throws TypeError on what it cannot evaluate. */
export function iamOf(template: PolicyTemplate, options: IamOptions = {}): Iam {
  const resolver = new Resolver(template);
  const all = Object.entries(template.Resources);
  all.forEach(([id, resource]) => refuseUnknown(id, resource));
  const roles = all.filter(([, { Type }]) => Type === 'AWS::IAM::Role').map(([id]) => id);
  const identity = new Map(roles.map((id) => [id, identityPolicies(id, template, resolver, options)]));
  const resources = resourcePolicies(all, resolver);
  const known = knownArns(all, resolver);

  const fill = (text: string): string =>
    text.replaceAll(/\$\{([A-Za-z0-9]+)\}/g, (_, id: string) => resolver.name(resolver.idOf(id)));

  function asking(name: string): { principal: Principal; own: readonly NamedPolicy[]; keys: Keys } {
    if (SERVICE.test(name)) {
      const keys = { 'aws:PrincipalIsAWSService': true, 'aws:PrincipalServiceName': name };
      return { principal: { kind: 'service', name }, own: [], keys };
    }
    const keys = { 'aws:PrincipalAccount': ACCOUNT, 'aws:PrincipalIsAWSService': false };
    if (name.startsWith('arn:')) {
      const role = roles.find((id) => resolver.arn(id) === name);
      if (role !== undefined) return asking(role);
      return {
        principal: { kind: 'identity', arn: name },
        own: [],
        keys: { ...keys, 'aws:PrincipalArn': name },
      };
    }
    const id = resolver.idOf(name, 'AWS::IAM::Role');
    const arn = resolver.arn(id);
    const tags = (resolver.value(template.Resources[id]!.Properties?.['Tags'] ?? []) as Tag[]).map(
      ({ Key, Value }) => [`aws:PrincipalTag/${Key}`, Value] as const,
    );
    return {
      principal: { kind: 'identity', arn },
      own: identity.get(id)!,
      keys: { ...keys, 'aws:PrincipalArn': arn, ...Object.fromEntries(tags) },
    };
  }

  return {
    roles,
    arn: (id, suffix = '') => resolver.arn(resolver.idOf(id)) + suffix,
    decide(name, action, resourceText, context = {}) {
      const { principal, own, keys } = asking(name);
      const resource = fill(resourceText);
      const foreign = (options.foreign ?? []).some(
        (one) => resource === one || resource.startsWith(`${one}/`),
      );
      if (resource !== '*' && !foreign && !known.some((isOf) => isOf(resource))) {
        throw new TypeError(`${resource} is no resource of the template: name it foreign, or mend it`);
      }
      const withResource = resources.filter(({ isOf }) => isOf(resource, action));
      if (resource.startsWith('arn:aws:sns:') && withResource.length === 0) {
        throw new TypeError(
          `${resource} has the policy that AWS gives a topic without one: not evaluated here`,
        );
      }
      return decide(
        { principal, action, resource, context: withDefaults(keys, context) },
        {
          account: ACCOUNT,
          identity: own,
          resource: withResource,
          governed: /^arn:aws:kms:/.test(resource) || /^sts:AssumeRole/i.test(action),
        },
      );
    },
  };
}

type Keys = Readonly<Record<string, ContextValue>>;
interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** Keys that every request has, those of who asks, and those given, which win. */
function withDefaults(keys: Keys, given: Keys): Keys {
  const named = Object.keys(given).map((key) => key.toLowerCase());
  const defaults: Keys = {
    'aws:SecureTransport': true,
    'aws:ViaAWSService': false,
    'aws:RequestedRegion': REGION,
    ...keys,
  };
  const kept = Object.entries(defaults).filter(([key]) => !named.includes(key.toLowerCase()));
  return { ...Object.fromEntries(kept), ...given };
}

function refuseUnknown(id: string, { Type: type, Properties: properties = {} }: TemplateResource): void {
  const refused = REFUSED.exec(JSON.stringify(properties))?.[1];
  if (refused !== undefined) throw new TypeError(`${id}: ${refused} is not evaluated here`);
  const carries =
    type.startsWith('AWS::IAM::') ||
    ['PolicyDocument', 'Policy', 'Statement'].some((property) => property in properties);
  if (carries && !READ.includes(type))
    throw new TypeError(`${id}: policies of ${type} are not evaluated here`);
}

/** All policies that a role has: within it, attached from elsewhere, managed. */
function identityPolicies(
  id: string,
  template: PolicyTemplate,
  resolver: Resolver,
  { managed = {} }: IamOptions,
): NamedPolicy[] {
  const name = resolver.name(id);
  const list = (value: unknown): unknown[] => resolver.value(value ?? []) as unknown[];
  const properties = template.Resources[id]!.Properties ?? {};
  const policies = (
    list(properties['Policies']) as { PolicyName: string; PolicyDocument: PolicyDocument }[]
  ).map(({ PolicyName, PolicyDocument: document }) => ({ name: `${id}/${PolicyName}`, document }));
  const managedArns = new Set(list(properties['ManagedPolicyArns']) as string[]);
  for (const [other, { Type: type, Properties: own = {} }] of Object.entries(template.Resources)) {
    const attached =
      ((type === 'AWS::IAM::Policy' || type === 'AWS::IAM::ManagedPolicy') &&
        list(own['Roles']).includes(name)) ||
      (type === 'AWS::IAM::RolePolicy' && resolver.text(own['RoleName']) === name) ||
      (type === 'AWS::IAM::ManagedPolicy' && managedArns.delete(resolver.arn(other)));
    if (attached) {
      policies.push({ name: other, document: resolver.value(own['PolicyDocument']) as PolicyDocument });
    }
  }
  for (const arn of managedArns) {
    const document = managed[arn];
    if (document === undefined)
      throw new TypeError(`${id}: the document of ${arn} is not in the template; give it`);
    policies.push({ name: arn, document });
  }
  return policies;
}

interface ResourcePolicy extends NamedPolicy {
  isOf(resource: string, action: string): boolean;
}

/** Policies that stand with a resource rather than with who asks. */
function resourcePolicies(
  all: readonly (readonly [string, TemplateResource])[],
  resolver: Resolver,
): ResourcePolicy[] {
  return all.flatMap(([id, { Type: type, Properties: properties = {} }]): ResourcePolicy[] => {
    const document = (property: string): PolicyDocument =>
      resolver.value(properties[property]) as PolicyDocument;
    const listed = (property: string): string[] => resolver.value(properties[property] ?? []) as string[];
    switch (type) {
      case 'AWS::IAM::Role': {
        const arn = resolver.arn(id);
        const isOf = (resource: string, action: string): boolean => resource === arn && /^sts:/i.test(action);
        return [{ name: `${id} trust`, document: document('AssumeRolePolicyDocument'), isOf }];
      }
      case 'AWS::S3::BucketPolicy': {
        const bucket = `arn:aws:s3:::${resolver.text(properties['Bucket'])}`;
        const isOf = (resource: string): boolean => resource === bucket || resource.startsWith(`${bucket}/`);
        return [{ name: id, document: document('PolicyDocument'), isOf }];
      }
      case 'AWS::KMS::Key': {
        const arn = resolver.arn(id);
        if (properties['KeyPolicy'] === undefined)
          throw new TypeError(`${id}: a key without a policy of its own`);
        return [{ name: id, document: document('KeyPolicy'), isOf: (resource) => resource === arn }];
      }
      case 'AWS::SQS::QueuePolicy': {
        // `Ref` of a queue is its URL; here both are its name.
        const arns = listed('Queues').map((name) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`);
        return [
          { name: id, document: document('PolicyDocument'), isOf: (resource) => arns.includes(resource) },
        ];
      }
      case 'AWS::SNS::TopicPolicy': {
        const arns = listed('Topics');
        return [
          { name: id, document: document('PolicyDocument'), isOf: (resource) => arns.includes(resource) },
        ];
      }
      case 'AWS::Lambda::Permission':
        return [permission(id, properties, resolver)];
      default:
        return [];
    }
  });
}

/** A Lambda permission as the statement that it becomes. */
function permission(
  id: string,
  properties: Readonly<Record<string, unknown>>,
  resolver: Resolver,
): ResourcePolicy {
  const KNOWN = ['Action', 'FunctionName', 'Principal', 'SourceArn', 'SourceAccount'];
  const unknown = Object.keys(properties).filter((key) => !KNOWN.includes(key));
  if (unknown.length > 0)
    throw new TypeError(`${id}: ${unknown.join(', ')} of a permission is not evaluated here`);
  const given = resolver.text(properties['FunctionName']);
  const arn = given.startsWith('arn:') ? given : `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${given}`;
  const who = resolver.text(properties['Principal']);
  const optional = (key: string): string | undefined =>
    properties[key] === undefined ? undefined : resolver.text(properties[key]);
  const [sourceArn, sourceAccount] = [optional('SourceArn'), optional('SourceAccount')];
  const document: PolicyDocument = {
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: SERVICE.test(who) ? { Service: who } : who === '*' ? '*' : { AWS: who },
      Action: resolver.text(properties['Action']),
      Resource: arn,
      Condition: {
        ...(sourceArn === undefined ? {} : { ArnLike: { 'aws:SourceArn': sourceArn } }),
        ...(sourceAccount === undefined ? {} : { StringEquals: { 'aws:SourceAccount': sourceAccount } }),
      },
    },
  };
  return { name: id, document, isOf: (resource) => resource === arn };
}

/** Whether an ARN is of something that the template makes, or lies within it. */
function knownArns(
  all: readonly (readonly [string, TemplateResource])[],
  resolver: Resolver,
): ((resource: string) => boolean)[] {
  return all.flatMap(([id]) => {
    let arn: string;
    try {
      arn = resolver.arn(id);
    } catch {
      // What has no ARN here cannot be asked about.
      return [];
    }
    // Executions of a machine bear its name under a word of their own.
    const stems = [arn.replace(/:\*$/, ''), arn.replace(':stateMachine:', ':execution:')];
    return [
      (resource: string) =>
        stems.some(
          (stem) => resource === stem || (resource.startsWith(stem) && /[:/]/.test(resource[stem.length]!)),
        ),
    ];
  });
}
