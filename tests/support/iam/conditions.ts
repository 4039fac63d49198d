/**
 * Condition blocks, by
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 */
import { substitute, type Context } from './context.ts';
import { globMatches, literal } from './glob.ts';

type PolicyValue = string | number | boolean;
export type ConditionBlock = Readonly<
  Record<string, Readonly<Record<string, PolicyValue | readonly PolicyValue[]>>>
>;

/** Whether one value of the request matches one value of the policy, its wildcards marked. */
type Test = (policyValue: string, requestValue: string) => boolean;

const lower = (text: string): string => text.toLowerCase();
/** The policy's value as text, its wildcards no wildcards. */
const plain = (marked: string): string => marked.replaceAll('\uE000', '');
const equals: Test = (policy, request) => plain(policy) === request;
const equalsIgnoreCase: Test = (policy, request) => lower(plain(policy)) === lower(request);
const like: Test = (policy, request) => globMatches(policy, request);
/** Each of the six parts of an ARN for itself. */
const arnLike: Test = (policy, request) => {
  const [patterns, parts] = [policy, request].map((arn) => {
    const all = arn.split(':');
    return [...all.slice(0, 5), all.slice(5).join(':')];
  }) as [string[], string[]];
  if (patterns.length < 6) throw new TypeError(`${policy} is compared as an ARN`);
  return parts.length === 6 && patterns.every((pattern, index) => globMatches(pattern, parts[index]!));
};
const bool: Test = (policy, request) => {
  if (!['true', 'false'].includes(lower(policy))) throw new TypeError(`Bool is compared with ${policy}`);
  return lower(policy) === lower(request);
};
const numeric =
  (compare: (request: number, policy: number) => boolean): Test =>
  (policy, request) =>
    compare(parsed(request, Number, 'number'), parsed(policy, Number, 'number'));
const date =
  (compare: (request: number, policy: number) => boolean): Test =>
  (policy, request) =>
    compare(parsed(request, instant, 'date'), parsed(policy, instant, 'date'));

/** ISO 8601, or seconds of the epoch. */
const instant = (text: string): number => (/^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text));

function parsed(text: string, parse: (text: string) => number, what: string): number {
  const value = text.trim() === '' ? NaN : parse(text);
  if (Number.isNaN(value)) throw new TypeError(`${JSON.stringify(text)} is compared as a ${what}`);
  return value;
}

interface Operator {
  readonly test: Test;
  readonly negated: boolean;
  /** String and ARN operators alone take policy variables. */
  readonly variables: boolean;
}

const text = (test: Test, negated = false): Operator => ({ test, negated, variables: true });
const other = (test: Test, negated = false): Operator => ({ test, negated, variables: false });

/** Operators that are known here. `IpAddress`, `BinaryEquals` and whatever comes after them are not, and throw. */
const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: text(equals),
  StringNotEquals: text(equals, true),
  StringEqualsIgnoreCase: text(equalsIgnoreCase),
  StringNotEqualsIgnoreCase: text(equalsIgnoreCase, true),
  StringLike: text(like),
  StringNotLike: text(like, true),
  ArnEquals: text(arnLike),
  ArnLike: text(arnLike),
  ArnNotEquals: text(arnLike, true),
  ArnNotLike: text(arnLike, true),
  Bool: other(bool),
  NumericEquals: other(numeric((a, b) => a === b)),
  NumericNotEquals: other(
    numeric((a, b) => a === b),
    true,
  ),
  NumericLessThan: other(numeric((a, b) => a < b)),
  NumericLessThanEquals: other(numeric((a, b) => a <= b)),
  NumericGreaterThan: other(numeric((a, b) => a > b)),
  NumericGreaterThanEquals: other(numeric((a, b) => a >= b)),
  DateEquals: other(date((a, b) => a === b)),
  DateNotEquals: other(
    date((a, b) => a === b),
    true,
  ),
  DateLessThan: other(date((a, b) => a < b)),
  DateLessThanEquals: other(date((a, b) => a <= b)),
  DateGreaterThan: other(date((a, b) => a > b)),
  DateGreaterThanEquals: other(date((a, b) => a >= b)),
};

/** Whether a whole block holds: every operator, and within it every key. */
export function conditionHolds(
  block: ConditionBlock | undefined,
  context: Context,
  variables: boolean,
): boolean {
  // Every part is looked at, so that one that is not known throws though another already fails.
  const held = Object.entries(block ?? {}).flatMap(([name, keys]) =>
    Object.entries(keys).map(([key, given]) => {
      const values = (Array.isArray(given) ? (given as readonly PolicyValue[]) : [given as PolicyValue]).map(
        String,
      );
      return keyHolds(name, values, context.get(key.toLowerCase()), context, variables, key);
    }),
  );
  return held.every(Boolean);
}

function keyHolds(
  name: string,
  policyValues: readonly string[],
  requestValues: readonly string[] | undefined,
  context: Context,
  variables: boolean,
  key: string,
): boolean {
  if (name === 'Null') return policyValues.some((value) => bool(value, String(requestValues === undefined)));
  const [, set, base, ifExists] = /^(ForAllValues:|ForAnyValue:)?(\w+?)(IfExists)?$/.exec(name) ?? [];
  const operator = base === undefined ? undefined : OPERATORS[base];
  if (operator === undefined) throw new TypeError(`condition operator ${name} is not known here`);
  const patterns = policyValues.map((value) => filled(value, operator, context, variables));
  const matches = (value: string): boolean => {
    const some = patterns.some((pattern) => pattern !== undefined && operator.test(pattern, value));
    return operator.negated ? !some : some;
  };
  if (set !== undefined) {
    // An empty text is an empty set.
    const values = (requestValues ?? []).filter((value) => value !== '');
    if (set === 'ForAllValues:') return values.every(matches);
    if (values.length === 0 && ifExists !== undefined) {
      throw new TypeError(`${name} of ${key}, which is not there: documentation and behaviour differ`);
    }
    return values.some(matches);
  }
  if (requestValues === undefined) return ifExists !== undefined || operator.negated;
  if (requestValues.length > 1) {
    throw new TypeError(
      `${name} of ${key}, which has ${requestValues.length} values: it takes ForAllValues or ForAnyValue`,
    );
  }
  return matches(requestValues[0]!);
}

/** A policy's value with its variables filled in; undefined where one has no value. */
function filled(value: string, operator: Operator, context: Context, variables: boolean): string | undefined {
  if (!variables || !value.includes('${')) return literal(value);
  if (!operator.variables) throw new TypeError(`${value}: this operator takes no policy variable`);
  const text = substitute(value, context);
  if (text === undefined && operator.negated) {
    throw new TypeError(`${value}: a variable without a value, under a negation`);
  }
  return text;
}
