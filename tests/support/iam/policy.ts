/**
 * IAM policies as documents, and what of a statement a request matches. Strict: an element that is not known here
 * throws, since an evaluator that skips what it does not know passes what AWS denies.
 *
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
 */
import { contextOf, substitute, type Context, type ContextValue } from './context.ts';
import { conditionHolds, type ConditionBlock } from './conditions.ts';
import { globMatches, literal } from './glob.ts';

export interface PolicyDocument {
  readonly Version?: string;
  readonly Id?: string;
  readonly Statement: Statement | readonly Statement[];
}

type OneOrMore = string | readonly string[];

export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: '*' | Readonly<Record<string, OneOrMore>>;
  readonly Action?: OneOrMore;
  readonly NotAction?: OneOrMore;
  readonly Resource?: OneOrMore;
  readonly NotResource?: OneOrMore;
  readonly Condition?: ConditionBlock;
}

/** Who asks: an identity of the account by its ARN, or a service of AWS by its name. */
export type Principal =
  { readonly kind: 'identity'; readonly arn: string } | { readonly kind: 'service'; readonly name: string };

/** What is asked of one policy. */
export interface Request {
  readonly principal: Principal;
  readonly action: string;
  /** An ARN, or `*` for an action that knows no resource. */
  readonly resource: string;
  readonly context: Readonly<Record<string, ContextValue>>;
}

const ELEMENTS = [
  ...['Sid', 'Effect', 'Principal', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'],
];
/** The version that knows policy variables; without it they are plain text. */
const WITH_VARIABLES = '2012-10-17';

const list = (value: OneOrMore): readonly string[] => (typeof value === 'string' ? [value] : value);

/** The statements of a document. @throws TypeError naming the element that is not known or does not fit. */
export function statementsOf(document: PolicyDocument, place: string): readonly Statement[] {
  for (const key of Object.keys(document)) {
    if (!['Version', 'Id', 'Statement'].includes(key))
      throw new TypeError(`${place}: unknown element ${key}`);
  }
  if (document.Version !== undefined && !['2008-10-17', WITH_VARIABLES].includes(document.Version)) {
    throw new TypeError(`${place}: unknown version ${document.Version}`);
  }
  const statements = Array.isArray(document.Statement)
    ? (document.Statement as readonly Statement[])
    : [document.Statement as Statement];
  statements.forEach((statement, index) => checkStatement(statement, `${place}, statement ${index}`));
  return statements;
}

function checkStatement(statement: Statement, place: string): void {
  for (const key of Object.keys(statement)) {
    if (!ELEMENTS.includes(key)) throw new TypeError(`${place}: element ${key} is not known here`);
  }
  if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny') {
    throw new TypeError(`${place}: effect ${String(statement.Effect)}`);
  }
  if ((statement.Action === undefined) === (statement.NotAction === undefined)) {
    throw new TypeError(`${place}: expected either Action or NotAction`);
  }
  if (statement.Resource !== undefined && statement.NotResource !== undefined) {
    throw new TypeError(`${place}: both Resource and NotResource`);
  }
}

/** Whether the statement's action, resource and conditions match the request; its principal is another question. */
export function applies(document: PolicyDocument, statement: Statement, request: Request): boolean {
  const context = contextOf(request.context);
  const variables = document.Version === WITH_VARIABLES;
  return (
    actionMatches(statement, request.action) &&
    resourceMatches(statement, request.resource, context, variables) &&
    conditionHolds(statement.Condition, context, variables)
  );
}

/** Actions are matched without regard to case. */
function actionMatches({ Action: only, NotAction: except }: Statement, action: string): boolean {
  const any = (patterns: OneOrMore): boolean =>
    list(patterns).some((pattern) => globMatches(literal(pattern.toLowerCase()), action.toLowerCase()));
  return only === undefined ? !any(except!) : any(only);
}

function resourceMatches(
  { Resource: only, NotResource: except }: Statement,
  resource: string,
  context: Context,
  variables: boolean,
): boolean {
  // A trust policy has no resource: it is about the role that it belongs to.
  if (only === undefined && except === undefined) return true;
  const any = (patterns: OneOrMore): boolean =>
    list(patterns).some((pattern) => {
      const filled = variables ? substitute(pattern, context) : literal(pattern);
      if (filled === undefined) {
        if (except !== undefined)
          throw new TypeError(`${pattern}: a variable without a value, under a negation`);
        return false;
      }
      return arnMatches(filled, resource);
    });
  return only === undefined ? !any(except!) : any(only);
}

/**
 * An ARN's first five parts are matched each for itself, the sixth to its end. A pattern of fewer parts ends in a
 * wildcard that reaches beyond its colon.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
function arnMatches(pattern: string, arn: string): boolean {
  const parts = splitArn(pattern);
  const values = splitArn(arn);
  if (parts.length < 6 || values.length < 6) return globMatches(pattern, arn);
  return parts.every((part, index) => globMatches(part, values[index]!));
}

const splitArn = (arn: string): string[] => {
  const parts = arn.split(':');
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
};

/**
 * How a statement of a resource's policy names who asks: `direct` by its own ARN, as a service or as everybody;
 * `account` by the account as a whole, which leaves the answer to the account's own policies.
 */
export function principalMatch(
  { Principal: named }: Statement,
  asking: Principal,
  account: string,
): 'direct' | 'account' | undefined {
  if (named === undefined) throw new TypeError('a statement of a resource policy names no principal');
  if (named === '*') return 'direct';
  let found: 'direct' | 'account' | undefined;
  for (const [kind, names] of Object.entries(named)) {
    if (kind !== 'AWS' && kind !== 'Service')
      throw new TypeError(`principals of kind ${kind} are not known here`);
    for (const name of list(names)) {
      const match = kind === 'Service' ? isService(name, asking) : awsMatch(name, asking, account);
      found = match === 'direct' || found === undefined ? (match ?? found) : found;
    }
  }
  return found;
}

const isService = (name: string, asking: Principal): 'direct' | undefined =>
  asking.kind === 'service' && asking.name === name ? 'direct' : undefined;

function awsMatch(name: string, asking: Principal, account: string): 'direct' | 'account' | undefined {
  if (name === '*') return 'direct';
  if (/[*?]/.test(name)) throw new TypeError(`principal ${name}: wildcards are not allowed within`);
  if (asking.kind !== 'identity') return undefined;
  if (name === account || name === `arn:aws:iam::${account}:root`) return 'account';
  return name === asking.arn ? 'direct' : undefined;
}
