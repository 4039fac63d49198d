import type { SwitchRecord } from '../../../shared/ledger/records.ts';
import { remainsOf } from './remains.ts';
import type { World } from './world.ts';

/** What happened in a world, line by line: how each run ended, then the chain. */
export function storyOf({ runs, contents, layout, complaints }: World): string {
  const ran = runs.map(({ tick, job, ending, killed }) => {
    if (job !== undefined)
      return `${job} after tick ${tick}: ${killed ? 'killed' : (ending.failure?.error.message ?? 'done')}`;
    if (killed) return `run of tick ${tick}: killed`;
    if (ending.failure === undefined) return `run of tick ${tick}: ${statusText(ending.output)}`;
    const { step, error } = ending.failure;
    return `run of tick ${tick}: failed at ${step ?? 'its input'}: ${error.name}: ${error.message}`;
  });
  const { records, ticks, head } = remainsOf(contents, layout.market);
  const chain = records.map((record) => {
    const tick = ticks.find((one) => one.record === record);
    if (record.kind === 'switch') return `record ${record.n}: ${turnText(record)}`;
    if (tick === undefined) return `record ${record.n}: ${record.kind}`;
    const { execution } = tick;
    const { tick_utc, status, gate_status: gate, switch: read } = tick.record;
    return (
      `record ${record.n}: tick ${tick_utc} ${status} ${gate}, switch ${read.enabled ? 'free' : 'halted'}, ` +
      `placed ${execution.placed.length}, filled ${execution.fills.length}, equity ${tick.record.equity}`
    );
  });
  return [...ran, ...complaints, ...chain, `head ${head}`].map((line) => `  ${line}\n`).join('');
}

const turnText = ({
  at_utc,
  from,
  to,
  cause,
  trigger,
  actor,
  reason,
  missing,
  parameter_version: all,
  market_version: own,
}: SwitchRecord): string =>
  `switch ${at_utc} ${from} to ${to}: ${cause}${trigger === null ? '' : ` by ${trigger}`}, ${actor}: ` +
  `${missing.map(({ detail }) => detail).join('; ') || reason}, answers ${all} and ${own}`;

const statusText = (output: unknown): string => {
  const { status, verdict } = output as { status?: string; verdict?: string };
  return `${status}${verdict === undefined ? '' : `, ${verdict}`}`;
};
