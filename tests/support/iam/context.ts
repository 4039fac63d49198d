import { literal, quoted } from './glob.ts';

/** Values of a key of the request; null takes away what would be there by default. */
export type ContextValue = string | number | boolean | null | readonly string[];

/** The request's context: keys are the same whatever their case. */
export type Context = ReadonlyMap<string, readonly string[]>;

export function contextOf(given: Readonly<Record<string, ContextValue>>): Context {
  const context = new Map<string, readonly string[]>();
  for (const [key, value] of Object.entries(given)) {
    const name = key.toLowerCase();
    if (context.has(name)) throw new TypeError(`the context holds ${key} twice`);
    const values = typeof value === 'object' ? (value ?? []) : [String(value)];
    // A key without a value is one that is not there.
    if (values.length > 0) context.set(name, values);
  }
  return context;
}

/**
 * Policy variables filled in: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, and `${*}`, `${?}`, `${$}` for the
 * characters themselves. What is filled in stands for itself, never as a wildcard.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 * @returns undefined where a variable has no value: nothing matches then.
 * @throws TypeError on a variable that could not be read, or has several values.
 */
export function substitute(pattern: string, context: Context): string | undefined {
  let missing = false;
  const filled = literal(pattern).replaceAll(/\$\{([^}]*)\}/g, (whole, inside: string) => {
    if (/^[*?$]$/.test(inside)) return quoted(inside);
    const found = /^\s*([\w:/+=.@-]+)\s*(?:,\s*'([^']*)'\s*)?$/.exec(inside);
    if (found === null) throw new TypeError(`${whole}: a policy variable that cannot be read`);
    const values = context.get(found[1]!.toLowerCase());
    if (values !== undefined && values.length > 1) throw new TypeError(`${whole} has several values`);
    const value = values?.[0] ?? found[2];
    if (value === undefined) missing = true;
    return quoted(value ?? '');
  });
  return missing ? undefined : filled;
}
