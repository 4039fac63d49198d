import { TRIGGERS } from '../../../shared/risk/triggers.ts';
import { turnsOf, type Remains } from './remains.ts';

const MISSING = ['role', 'reason', 'checks', 'check_age'] as const;

/** What must happen to the switch in any thorough set of seeds, by name. */
export const SWITCH_COUNTS: readonly string[] = [
  ...TRIGGERS.map((trigger) => `halts by ${trigger}`),
  ...MISSING.map((condition) => `refusals for want of ${condition}`),
  'acknowledgements',
  'recoveries',
  'trials passed',
  'trials failed',
  'orders placed in TRIAL',
  'orders placed ACTIVE after a trial',
];

/** How often each of them happened in one chain. */
export function switchCounts(remains: Remains): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const count = (name: string, by = 1): void => void counts.set(name, (counts.get(name) ?? 0) + by);
  const turns = turnsOf(remains);
  for (const { cause, trigger, missing } of turns) {
    if (trigger !== null) count(`halts by ${trigger}`);
    if (cause === 'acknowledged') count('acknowledgements');
    if (cause === 'recovery') count('recoveries');
    if (cause === 'trial_passed') count('trials passed');
    if (cause === 'trial_failed') count('trials failed');
    for (const condition of new Set(missing.map((one) => one.condition)))
      count(`refusals for want of ${condition}`);
  }
  const passed = new Set(turns.filter(({ cause }) => cause === 'trial_passed').map(({ n }) => n));
  for (const { execution } of remains.ticks) {
    const { enabled, state, turned } = execution.switch;
    if (!enabled) continue;
    if (state === 'TRIAL') count('orders placed in TRIAL', execution.placed.length);
    if (passed.has(turned)) count('orders placed ACTIVE after a trial', execution.placed.length);
  }
  return counts;
}
