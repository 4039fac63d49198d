import { readdirSync, readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { main } from '../../cli/main.ts';
import { VERBS } from '../../cli/registry.ts';
import packageJson from '../../package.json' with { type: 'json' };

/** House rules as tests: what fails says where, and what to do about it. */
const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');
const notOurs = /^(\.git|node_modules|\.reports|cdk\.out|coverage|data(-.*)?)$/;

/** Paths of the project's files below a folder, relative to its root. */
function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return notOurs.test(entry.name) ? [] : filesBelow(path);
    return entry.isFile() && !entry.name.endsWith('.log') ? [path] : [];
  });
}
const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const code = ['shared', 'functions', 'infra', 'cli']
  .flatMap(filesBelow)
  .filter((path) => /\.(ts|mjs)$/.test(path));
const tests = filesBelow('tests').filter((path) => path.endsWith('.ts'));

/** `path:line: text` of every line that matches. */
const linesWith = (paths: readonly string[], pattern: RegExp): string[] =>
  paths.flatMap((path) =>
    text(path)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );

describe('the house', () => {
  test('what is there is finished', () => {
    expect(
      linesWith(code, /\bTODO\b|\bFIXME\b|\bXXX\b|not[ -]implemented/i),
      'finish it, or leave it out',
    ).toEqual([]);
  });

  test('every test runs', () => {
    const remedy = 'no test is skipped or alone; one that needs something of the machine says so with skipIf';
    expect(linesWith([...code, ...tests], /\b(?:it|test|describe)\.(?:skip|only|todo)\b/), remedy).toEqual(
      [],
    );
  });

  test('a file of shared/ is at most 400 lines', () => {
    const long = filesBelow('shared').filter((path) => text(path).split('\n').length > 401);
    expect(long, 'a file is one page of an idea: split it').toEqual([]);
  });

  test('no file names a folder of the machine it was written on', () => {
    // The folder above this checkout counts too, unless it is the scratch folder or the root of all.
    const above = [dirname(root), tmpdir(), '/'].map((folder) => resolve(folder));
    const machine = [root, homedir(), ...(above.lastIndexOf(above[0]!) === 0 ? [dirname(root)] : [])]
      .filter((folder) => folder.length > 1)
      .map((folder) => folder.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
    const pattern = new RegExp(
      String.raw`(?<![\w.~-])(?:(?:/home|/Users|[A-Z]:\\Users)[/\\]\w|(?:${machine.join('|')})/)`,
    );
    const paths = filesBelow('.').filter((path) => !/\.(gz|png|db)$/.test(path));
    expect(
      linesWith(paths, pattern),
      'write the path relative to the project, or take it from a flag',
    ).toEqual([]);
  });

  test('dependencies are pinned', () => {
    const { dependencies, devDependencies, optionalDependencies } = packageJson;
    const loose = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    );
    expect(loose, 'write the exact version: package.json is part of the release').toEqual([]);
  });

  test("every configuration file tells editors its schema, and the schema's file exists", () => {
    const files = ['configs', 'samples/configs'].flatMap(filesBelow).filter((path) => path.endsWith('.yaml'));
    expect(files.length).toBeGreaterThan(20);
    const schemas = filesBelow('configs/schemas');
    const astray = files.filter((path) => {
      const schema = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text(path))?.[1];
      return schema === undefined || !schemas.includes(relative(root, resolve(root, dirname(path), schema)));
    });
    expect(astray, 'line 1: # yaml-language-server: $schema=<relative path into configs/schemas>').toEqual(
      [],
    );
  });
});

describe('the command line', () => {
  const files = filesBelow('cli/verbs').map((path) => basename(path, '.ts'));
  const registry = text('cli/registry.ts');

  test('every file of cli/verbs is on a line of the registry', () => {
    const unlisted = files.filter((name) => !registry.includes(`import('./verbs/${name}.ts')`));
    expect(unlisted, 'add its line to cli/registry.ts').toEqual([]);
  });

  test.each(Object.keys(VERBS))('%s --help exits 0 and describes every option', async (name) => {
    const { verbs = {} } = await VERBS[name]!.load();
    for (const words of [[name], ...Object.keys(verbs).map((below) => [name, below])]) {
      const written = { out: '', err: '' };
      const io = {
        out: (data: string) => void (written.out += data),
        err: (message: string) => void (written.err += message),
        ...{ outIsTty: false, errIsTty: false, env: {} },
      };
      expect(await main([...words, '--help'], io), words.join(' ')).toBe(0);
      expect(written.err).toBe('');
      expect(written.out.startsWith(`Usage: papergate ${words.join(' ')}`)).toBe(true);
      expect(written.out, `${words.join(' ')}: an option has no description`).not.toMatch(
        /^ +--?[\w-]+( [<[]\S+)?$/m,
      );
    }
  });
});
