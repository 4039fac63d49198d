import { ConfigError } from '../../shared/kernel/errors.ts';

/** What this project reads of a CloudFormation template. */
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** What CloudFormation fills in, as a machine without an account sees it. */
const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'us-east-1',
  'AWS::AccountId': '000000000000',
  'AWS::URLSuffix': 'amazonaws.com',
};

/**
 * The plain text of a template value made of text, `Fn::Join`, pseudo parameters and functions' names and ARNs.
 * @throws ConfigError naming the place of anything else.
 */
export function resolveText(template: Template, value: unknown, place: string): string {
  if (typeof value === 'string') return value;
  const [token, argument] = onlyMember(value, place);
  if (token === 'Fn::Join' && Array.isArray(argument) && Array.isArray(argument[1])) {
    return argument[1]
      .map((part, index) => resolveText(template, part, `${place}[${index}]`))
      .join(String(argument[0]));
  }
  if (token === 'Ref') {
    const name = String(argument);
    return PSEUDO[name] ?? versionArn(template, name) ?? functionName(template, name, place);
  }
  if (token === 'Fn::GetAtt' && Array.isArray(argument) && argument[1] === 'Arn') {
    return functionArn(functionName(template, String(argument[0]), place));
  }
  throw unresolvable(value, place);
}

const functionArn = (name: string): string =>
  `arn:aws:lambda:${PSEUDO['AWS::Region']}:${PSEUDO['AWS::AccountId']}:function:${name}`;

/** The ARN of a function's version, the first one as a machine without an account sees it; undefined for anything else. */
function versionArn(template: Template, id: string): string | undefined {
  const resource = template.Resources[id];
  if (resource?.Type !== 'AWS::Lambda::Version') return undefined;
  return `${functionArn(resolveText(template, resource.Properties?.['FunctionName'], `${id}.FunctionName`))}:1`;
}

function onlyMember(value: unknown, place: string): [string, unknown] {
  const members = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (members.length !== 1) throw unresolvable(value, place);
  return members[0]!;
}

function functionName(template: Template, id: string, place: string): string {
  const resource = template.Resources[id];
  const name = resource?.Properties?.['FunctionName'];
  if (resource?.Type !== 'AWS::Lambda::Function' || typeof name !== 'string')
    throw unresolvable({ Ref: id }, place);
  return name;
}

const unresolvable = (value: unknown, place: string): ConfigError =>
  new ConfigError(`${place} of the template cannot be resolved offline: ${JSON.stringify(value)}`, { place });
