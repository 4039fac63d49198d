import type { StepName } from '../../../../functions/steps.ts';
import { byCodeUnit } from '../../../../shared/kernel/canonical.ts';
import { compactUtc, utcDay } from '../../../../shared/kernel/time.ts';
import { HEAD, ledgerPartition } from '../../../../shared/ledger/keys.ts';
import { headSchema } from '../../../../shared/ledger/records.ts';
import { closeOf } from '../layouts.ts';
import { check } from '../jobs.ts';
import { pick, plainJob, type Fault, type Script } from '../script.ts';
import type { World } from '../world.ts';
import { again, placed, strike } from './placing.ts';

/** What a step reads first of all that earlier steps and ticks wrote. */
const READ_BY: readonly (readonly [StepName, string])[] = [
  ['ingest', 'window'],
  ['ingest', 'block'],
  ['predict', 'window'],
  ['predict', 'block'],
  ['gate', 'forecast'],
  ['gate', 'data'],
  ['gate', 'state'],
  ['gate', 'block'],
  ['fill', 'decision'],
  ['fill', 'window'],
  ['fill', 'state'],
  ['ledger', 'execution'],
  ['ledger', 'decision'],
  ['ledger', 'data'],
  ['ledger', 'forecast'],
  ['signoff', 'state'],
];

/** How bytes are ruined: other, fewer, or somebody else's. */
const RUINED: Readonly<Record<string, (bytes: Uint8Array, other: Uint8Array) => Uint8Array>> = {
  corrupt_artifact: (bytes) => bytes.map((byte, k) => (k === bytes.length >> 1 ? byte ^ 1 : byte)),
  partial_artifact: (bytes) => bytes.slice(0, bytes.length - 1 - (bytes.length >> 2)),
  foreign_artifact: (_, other) => other,
};

/** Keys of a kind in the order of their ticks. */
const keysOf = ({ contents, layout }: World, kind: string): string[] =>
  [...contents.artifacts.keys()]
    .filter((key) => key.startsWith(`${layout.market}/${kind}/`))
    .sort(byCodeUnit);

/** Something that lies ruined until it is restored. */
interface Ruin {
  readonly key: string;
  readonly original: Uint8Array | undefined;
}

function ruin(world: World, key: string, bytes: Uint8Array): Ruin {
  const original = world.contents.artifacts.get(key);
  world.contents.artifacts.set(key, bytes);
  world.ailments++;
  return { key, original };
}

/** Puts back what was there, as from a backup. */
function restore(world: World, { key, original }: Ruin): void {
  if (original === undefined) world.contents.artifacts.delete(key);
  else world.contents.artifacts.set(key, original);
  world.ailments--;
}

/** Ruins what `choose` names before a step is first tried; after the run it is restored and the event comes again. */
function ruinAt(
  script: Script,
  tick: number,
  step: StepName,
  fault: string,
  choose: (world: World) => { key: string; bytes: Uint8Array } | undefined,
): void {
  const ruins = new Map<World, Ruin>();
  strike(script.ticks[tick]!, (world) => ({
    begin: (attempt, process) => {
      if (attempt.step !== step || ruins.has(world)) return;
      const chosen = choose(world);
      if (chosen === undefined) return;
      ruins.set(world, ruin(world, chosen.key, chosen.bytes));
      world.failuresMs.push(process.clock.now());
      world.fire(fault);
    },
  }));
  again(script, tick);
  script.ticks[tick]!.after.unshift((world) => {
    const ruined = ruins.get(world);
    if (ruined !== undefined) restore(world, ruined);
  });
}

/** What a health check reads of a head. */
const READ_BY_CHECK = ['record', 'decision', 'state'] as const;

/** Its key: runs at once leave a record and a state each, of which the head names the winner's. */
function readByCheck(world: World, kind: (typeof READ_BY_CHECK)[number]): string | undefined {
  if (kind === 'decision') return keysOf(world, kind).at(-1);
  const { contents, layout } = world;
  const item = [...contents.items.values()].find(
    ({ partition, sort }) => partition === ledgerPartition(layout.market) && sort === HEAD,
  );
  if (item === undefined) return undefined;
  const head = headSchema.parse(JSON.parse(item.body));
  return kind === 'record' ? head.key : head.state.key;
}

/** Artifacts that are not what they were, and a packet that somebody else left under the tick's name. */
export const ARTIFACT_FAULTS: readonly Fault[] = [
  ...Object.entries(RUINED).map(([name, change]): Fault => ({
    name,
    place: ({ random, tick }) => {
      const [step, kind] = pick(random, READ_BY);
      const drawn = { step, kind, other: random.below(1_000) };
      return placed(name, tick, 'failing', drawn, (script) =>
        ruinAt(script, tick, step, name, (world) => {
          const keys = keysOf(world, kind);
          const key = keys.at(-1);
          if (key === undefined) return undefined;
          const others = keys.slice(0, -1);
          const other = others[drawn.other % others.length] ?? `${world.layout.market}/window`;
          const bytes = change(
            world.contents.artifacts.get(key)!,
            world.contents.artifacts.get(other) ?? new Uint8Array(),
          );
          return { key, bytes };
        }),
      );
    },
  })),
  {
    // What a health check reads lies ruined while it is held, and halts the market; it is held again when all is well.
    name: 'check_finds_ruin',
    place: ({ random, tick }) => {
      const kind = pick(random, READ_BY_CHECK);
      return placed('check_finds_ruin', tick, 'trading', { kind }, ({ ticks }) => {
        const at = ticks[tick]!;
        if (at.checks.length === 0) at.checks = [plainJob(check)];
        strike(
          at,
          (world) => {
            let ruined: Ruin | undefined;
            const key = readByCheck(world, kind);
            const change = RUINED['corrupt_artifact']!;
            return {
              begin: () => {
                if (key === undefined) return;
                ruined = ruin(world, key, change(world.contents.artifacts.get(key)!, new Uint8Array()));
                world.fire('check_finds_ruin');
              },
              // The first thing that is noted ends what lay ruined: as from a backup.
              write: ({ kind: written, phase }) => {
                if (ruined === undefined || written !== 'item failure failing' || phase !== 'after') return;
                restore(world, ruined);
                ruined = undefined;
              },
            };
          },
          'checks',
        );
        at.checks.push(plainJob(check));
      });
    },
  },
  {
    name: 'foreign_packet',
    place: ({ random, layout, tick }) => {
      if (tick === 0) return [];
      const drawn = { whose: pick(random, ['other_tick', 'other_release', 'half'] as const) };
      const closeMs = closeOf(layout, tick);
      const key = `${layout.market}/decision/${utcDay(closeMs)}/${compactUtc(closeMs)}.jsonl`;
      return placed('foreign_packet', tick, 'failing', drawn, (script) =>
        ruinAt(script, tick, 'gate', 'foreign_packet', (world) => {
          const before = keysOf(world, 'decision').at(-1);
          if (before === undefined) return undefined;
          return { key, bytes: foreign(world.contents.artifacts.get(before)!, drawn.whose) };
        }),
      );
    },
  },
];

function foreign(packet: Uint8Array, whose: 'other_tick' | 'other_release' | 'half'): Uint8Array {
  if (whose === 'other_tick') return packet;
  if (whose === 'half') return packet.slice(0, packet.length >> 1);
  const text = Buffer.from(packet).toString();
  return Buffer.from(
    text.replace(/"release_sha256":"sha256:[0-9a-f]{8}/, '"release_sha256":"sha256:00000000'),
  );
}
