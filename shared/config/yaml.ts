import {
  LineCounter,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  visit,
  type Document,
  type Node,
} from 'yaml';
import * as z from 'zod';
import { ConfigError } from '../kernel/errors.ts';

/** A problem of a file before it is written out: where in its text, at which path, and what was expected. */
interface Problem {
  readonly line: number;
  readonly path?: readonly PropertyKey[];
  readonly message: string;
}

/**
 * Parses one YAML file against its schema. Unknown and missing keys, wrong types, duplicate keys, anchors, aliases,
 * tags, non-finite numbers and a second document are refused.
 * @throws ConfigError with one line a problem: file, line, path, what was expected.
 */
export function parseYaml<T>(file: string, text: string, schema: z.ZodType<T>): T {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, version: '1.2' });
  const syntax = syntaxProblems(document, lines, text);
  if (syntax.length > 0) throw refusal(file, syntax);
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  throw refusal(
    file,
    issues.flatMap((issue) => schemaProblems(issue, schema, document, lines)),
  );
}

function refusal(file: string, list: readonly Problem[]): ConfigError {
  const problems = list.map(({ line, path, message }) => {
    const where = path === undefined ? '' : `${path.map(String).join('.') || '(root)'}: `;
    return `${file}:${line}: ${where}${message}`;
  });
  return new ConfigError(problems.join('\n'), { file, problems });
}

/** What the YAML itself has that no file of ours may have, ascending by line. */
function syntaxProblems(document: Document, lines: LineCounter, text: string): Problem[] {
  const at = (offset: number): number => lines.linePos(offset).line;
  if (document.errors.length > 0) {
    return document.errors.map(({ pos, code, message }) => ({
      line: at(pos[0]),
      message: syntaxWording(code, message, text.slice(pos[0])),
    }));
  }
  const found: Problem[] = [];
  visit(document, {
    Pair: (_, { key }) => {
      if (!isScalar(key))
        found.push({
          line: lineOfNode(key as Node, lines),
          message: 'a key is not plain text; expected a name',
        });
    },
    Node: (_, node) => {
      const line = lineOfNode(node, lines);
      if (isAlias(node))
        found.push({ line, message: `alias *${node.source}: expected the value written out` });
      else if (node.anchor !== undefined)
        found.push({ line, message: `anchor &${node.anchor}: expected a value without one` });
      else if (node.tag !== undefined)
        found.push({ line, message: `tag ${node.tag}: expected a plain value` });
    },
  });
  return found;
}

/** The parser's message without the place, which precedes it; in our words for the errors met most. */
function syntaxWording(code: string, message: string, textFrom: string): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document starts here; expected one document a file';
  if (code === 'DUPLICATE_KEY')
    return `${/^[^:\n]*/.exec(textFrom)![0]}: the key is there twice; expected it once`;
  return message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '');
}

const lineOfNode = (node: Node, lines: LineCounter): number => lines.linePos(node.range?.[0] ?? 0).line;

/** One finding of the schema as problems: an unknown key is a problem of its own, on its own line. */
function schemaProblems(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  document: Document,
  lines: LineCounter,
): Problem[] {
  const at = (path: readonly PropertyKey[], message: string): Problem => ({
    line: lineOf(document, lines, path),
    path,
    message,
  });
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path);
    const expected =
      known === undefined ? 'expected only keys of its kind' : `expected one of ${known.join(', ')}`;
    return issue.keys.map((key) => at([...issue.path, key], `unknown key; ${expected}`));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const [nearest, second] = [...issue.errors].sort((a, b) => a.length - b.length);
    // One branch fits better than all others: what is wrong with it is what the author wants to read.
    if (nearest!.length < (second?.length ?? Infinity)) {
      const inner = nearest!.map(
        (below) => ({ ...below, path: [...issue.path, ...below.path] }) as z.core.$ZodIssue,
      );
      return inner.flatMap((below) => schemaProblems(below, schema, document, lines));
    }
    const first = issue.errors.map(([below]) =>
      [...below!.path.map(String), wording(below!.message)].join(': '),
    );
    return [at(issue.path, `fits none of the forms: ${[...new Set(first)].join('; or ')}`)];
  }
  const missing = issue.code !== 'custom' && issue.path.length > 0 && !document.hasIn(issue.path);
  return [at(issue.path, `${missing ? 'is missing; ' : ''}${wording(issue.message)}`)];
}

const wording = (message: string): string =>
  message
    .replace(/^Invalid (input|option): /, '')
    .replace(/^Invalid discriminator value\. Expected/, 'expected one of')
    .replace(/, received undefined$/, '');

/** The keys that the schema allows at a path; undefined where that depends on the value. */
function keysAt(schema: unknown, path: readonly PropertyKey[]): string[] | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return keysAt(schema.unwrap(), path);
  }
  const [step, ...rest] = path;
  if (schema instanceof z.ZodObject)
    return step === undefined ? Object.keys(schema.shape) : keysAt(schema.shape[String(step)], rest);
  if (schema instanceof z.ZodArray && step !== undefined) return keysAt(schema.element, rest);
  return undefined;
}

/** The line of the key (or list item) at the path, or of its nearest ancestor that the file has. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let line = document.contents?.range ? lineOfNode(document.contents, lines) : 1;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined) break;
      line = lineOfNode(pair.key as Node, lines);
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      line = lineOfNode(node as Node, lines);
    } else break;
  }
  return line;
}
