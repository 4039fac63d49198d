#!/usr/bin/env node
// Plain JavaScript on purpose: a host with an older Node hands over to the Node 24 that npm installed.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const major = Number(process.versions.node.split('.')[0]);
const bundled = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));
if (major >= 24) {
  await import('./papergate.ts');
} else if (existsSync(bundled)) {
  const main = fileURLToPath(new URL('./papergate.ts', import.meta.url));
  const child = spawnSync(bundled, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = child.status ?? 130;
} else {
  await import('./require-node.mjs');
}
