import { LineCounter, isNode, parseDocument, type Document } from 'yaml';
import type * as z from 'zod';
import { ConfigError } from '../kernel/errors.ts';

/**
 * Parses one YAML file against its schema. Unknown keys, wrong types, duplicate keys, any alias, non-finite
 * numbers and a second document are refused.
 * @throws ConfigError with one line a problem: file, line, path, what was expected.
 */
export function parseYaml<T>(file: string, text: string, schema: z.ZodType<T>): T {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, version: '1.2' });
  if (document.errors.length > 0) {
    throw problems(
      file,
      document.errors.map((error) => `${file}:${lines.linePos(error.pos[0]).line}: ${firstLine(error.message)}`),
    );
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw problems(file, [`${file}: ${firstLine(String(cause))}; anchors and aliases are not allowed, write the value out`]);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw problems(
    file,
    parsed.error.issues.map((issue) => {
      const path = issue.path.map(String);
      return `${file}:${lineOf(document, lines, issue.path)}: ${path.join('.') || '(root)'}: ${issue.message}`;
    }),
  );
}

const firstLine = (message: string): string => message.split('\n')[0] ?? message;

const problems = (file: string, list: string[]): ConfigError =>
  new ConfigError(list.join('\n'), { file, problems: list });

/** The line of the node at the path, or of its nearest ancestor that the file has (a missing key has none). */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
