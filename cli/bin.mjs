#!/usr/bin/env node
// Plain JavaScript on purpose: a host with an older Node hands over to the Node 24 that npm installed.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const major = Number(process.versions.node.split('.')[0]);
const bundled = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));
if (major >= 24) {
  await import('./papergate.ts');
} else if (existsSync(bundled)) {
  // Ctrl-C reaches both processes: this one waits for the other's exit code in place of dying before it.
  process.on('SIGINT', () => {});
  const main = fileURLToPath(new URL('./papergate.ts', import.meta.url));
  const child = spawnSync(bundled, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  if (child.error) console.error(`papergate: ${bundled} does not start: ${child.error.message}`);
  process.exitCode = child.status ?? (child.signal ? 128 + constants.signals[child.signal] : 1);
} else {
  await import('./require-node.mjs');
}
