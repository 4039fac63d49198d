import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type OutputFile, type Plugin } from 'esbuild';
import { FUNCTIONS, type FunctionName } from '../../functions/functions.ts';
import { sourceHash } from '../../functions/runtime/source-hash.ts';
import { sha256, type Sha256 } from '../../shared/kernel/canonical.ts';

/** One function's code as it is deployed. */
export interface Bundle {
  /** The folder that is uploaded; it holds `index.mjs` alone. */
  readonly folder: string;
  readonly bytes: number;
  /** Hash of `index.mjs`: what the function finds when it hashes itself. */
  readonly sha256: Sha256;
}
export type Bundles = ReadonlyMap<FunctionName, Bundle>;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** CommonJS that ended up in a bundle asks for Node's own modules by `require`. */
const BANNER =
  "import { createRequire as bundledRequire } from 'node:module'; const require = bundledRequire(import.meta.url);";

/**
 * The SDK's schemas name their keys by constants, `{ [_hH]: _xarc }`, which no bundler can tell from keys with side
 * effects, so that the schemas of all operations stay. Written out, those of operations that are not used go: 90 KB.
 */
const plainSchemas: Plugin = {
  name: 'plain-schemas',
  setup: ({ onLoad }) =>
    onLoad({ filter: /dist-es[\\/]schemas[\\/]schemas_0\.js$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const names = new Map(
        [...source.matchAll(/^const (_\w+) = ("[^"\\]*");$/gm)].map(([, a, b]) => [a, b]),
      );
      return {
        contents: source.replaceAll(
          /\[(_\w+)\]:/g,
          (whole, name) => `${names.get(name) ?? whole.slice(0, -1)}:`,
        ),
      };
    }),
};

/** Of the SDK's packages' own package.json only name and version are read. */
const plainPackages: Plugin = {
  name: 'plain-packages',
  setup: ({ onLoad }) =>
    onLoad({ filter: /@aws-sdk[\\/][\w-]+[\\/]package\.json$/ }, ({ path }) => {
      const { name, version } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
      return { contents: JSON.stringify({ name, version }), loader: 'json' };
    }),
};

/**
 * Bundles every function in one pass into `folder`: minified ESM for Node 24 with the SDK clients that it uses. Source
 * maps go beside the assets, not into them. The same sources give the same bytes.
 */
export async function bundleFunctions(folder: string): Promise<Bundles> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries(FUNCTIONS.map((name) => [name, `functions/${name}/lambda.ts`])),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    write: false,
    bundle: true,
    minify: true,
    sourcemap: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    // Before `node`, under which the SDK offers CommonJS, of which nothing can be left out.
    conditions: ['module'],
    alias: { '@aws-sdk/credential-provider-node': './functions/runtime/aws/environment-credentials.ts' },
    plugins: [plainSchemas, plainPackages],
    banner: { js: BANNER },
    define: { PAPERGATE_CODE_SHA256: JSON.stringify(sourceHash()) },
    legalComments: 'none',
    logLevel: 'warning',
  });
  const found = (path: string): OutputFile => outputFiles.find((file) => file.path === path)!;
  return new Map(
    FUNCTIONS.map((name) => {
      const { contents } = found(join(folder, `${name}.mjs`));
      write(join(folder, 'maps', `${name}.mjs.map`), found(join(folder, `${name}.mjs.map`)).contents);
      write(join(folder, name, 'index.mjs'), contents);
      const bundle = { folder: join(folder, name), bytes: contents.length, sha256: sha256(contents) };
      return [name, bundle];
    }),
  );
}

function write(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}
