import { createHash } from 'node:crypto';
import { byCodeUnit } from '../../../shared/kernel/canonical.ts';
import type { Simulated } from './simulate.ts';

/** One hash over everything that a seed left and told: stores, runs, faults that took effect. */
export function fingerprintOf({ world, broken, placed, fills }: Simulated): string {
  const { items, artifacts, parameters, files } = world.contents;
  const hash = createHash('sha256');
  const add = (name: string, value: string | Uint8Array): void =>
    void hash.update(`${name}\0`).update(value).update('\0');
  for (const [key, { body }] of sorted(items)) add(key, body);
  for (const [key, bytes] of sorted(artifacts)) add(key, bytes);
  for (const [key, versions] of sorted(parameters)) add(key, JSON.stringify(versions));
  for (const [key, bytes] of sorted(files)) add(key, bytes);
  const runs = world.runs.map(({ tick, ending, killed }) => [
    tick,
    killed,
    ending.output,
    String(ending.failure?.error),
  ]);
  add(
    'told',
    JSON.stringify([runs, [...world.fired], world.fillTries, world.haltsMs, broken, placed, fills]),
  );
  return hash.digest('hex');
}

const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] =>
  [...map].sort(([a], [b]) => byCodeUnit(a, b));
