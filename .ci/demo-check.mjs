// Runs the demo twice in fresh folders under different zones and locales, holds both against each other and against
// the figures printed in README.md. With --write it prints the new figures into README.md instead of failing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BEGIN = '<!-- demo figures -->';
const END = '<!-- end of demo figures -->';
/** Names commit, runtime and platform: evidence that may differ where the release is the same. */
const EVIDENCE = 'release_manifest.json';
const limitSeconds = 60;

const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');

function projections(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== EVIDENCE)
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
  return hash(files.map((file) => `${file} ${hash(readFileSync(join(folder, file)))}\n`).join(''));
}

function demo(out, zone, locale) {
  const began = Date.now();
  const run = spawnSync('npm', ['start', '--silent', '--', '--json', '--out', out], {
    encoding: 'utf8',
    env: { ...process.env, TZ: zone, LANG: locale, LC_ALL: locale },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status !== 0) throw new Error(`the demo exited with ${run.status}`);
  const seconds = (Date.now() - began) / 1000;
  const { markets } = JSON.parse(run.stdout.slice(run.stdout.indexOf('{')));
  const lines = Object.entries(markets).map(([market, { head }]) => `${market.padEnd(12)} ${head.sha256}`);
  return {
    seconds,
    text: [...lines, `${'projections'.padEnd(12)} sha256:${projections(join(out, 'processed'))}`].join('\n'),
  };
}

const folder = mkdtempSync(join(tmpdir(), 'papergate-demo-'));
try {
  const one = demo(join(folder, 'one'), 'UTC', 'C');
  const two = demo(join(folder, 'two'), 'Pacific/Apia', 'tr_TR.UTF-8');
  const again = demo(join(folder, 'one'), 'America/New_York', 'C');
  console.log(
    `demo: ${one.seconds.toFixed(1)} s, ${two.seconds.toFixed(1)} s; continued: ${again.seconds.toFixed(1)} s\n${one.text}`,
  );
  if (one.text !== two.text) throw new Error(`a second demo in another zone differs:\n${two.text}`);
  if (one.text !== again.text)
    throw new Error(`the demo run again in the same folder differs:\n${again.text}`);
  if (one.seconds > limitSeconds)
    throw new Error(`the demo took ${one.seconds.toFixed(1)} s, more than ${limitSeconds}`);
  const readme = readFileSync('README.md', 'utf8');
  const [from, to] = [readme.indexOf(BEGIN) + BEGIN.length, readme.indexOf(END)];
  const figures = `\n\n\`\`\`text\n${one.text}\n\`\`\`\n\n`;
  if (process.argv.includes('--write'))
    writeFileSync('README.md', readme.slice(0, from) + figures + readme.slice(to));
  else if (readme.slice(from, to) !== figures) {
    throw new Error(
      'README.md prints other figures: after a change of code or configuration run node .ci/demo-check.mjs --write',
    );
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
