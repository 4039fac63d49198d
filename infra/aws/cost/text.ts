/**
 * A template value as plain text for reading: what CloudFormation would fill in stands as `${LogicalId}` or
 * `${LogicalId.Attribute}`.
 */
export function looseText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const [token, argument] = Object.entries((value ?? {}) as object)[0] ?? ['', undefined];
  if (token === 'Ref') return `\${${String(argument)}}`;
  if (token === 'Fn::GetAtt') {
    return `\${${Array.isArray(argument) ? argument.map(String).join('.') : String(argument)}}`;
  }
  if (token === 'Fn::Join' && Array.isArray(argument)) {
    return (argument[1] as unknown[]).map(looseText).join(String(argument[0]));
  }
  if (token === 'Fn::Sub') {
    if (!Array.isArray(argument)) return String(argument);
    const [text, names] = argument as [string, Readonly<Record<string, unknown>>];
    return text.replaceAll(/\$\{([^!}]+)\}/g, (whole, name: string) =>
      name in names ? looseText(names[name]) : whole,
    );
  }
  return `\${${JSON.stringify(value)}}`;
}

/** Logical ids that a template value refers to. */
export const idsIn = (value: unknown): string[] =>
  [...looseText(value).matchAll(/\$\{([A-Za-z0-9]+)(?:\.[A-Za-z0-9.]+)?\}/g)].map(([, id]) => id!);
