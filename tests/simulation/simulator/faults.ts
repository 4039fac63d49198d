import { ARTIFACT_FAULTS } from './faults/artifacts.ts';
import { CLOCK_FAULTS } from './faults/clock.ts';
import { CRASH_FAULTS } from './faults/crashes.ts';
import { DEPLOY_FAULTS } from './faults/deploy.ts';
import { EVENT_FAULTS } from './faults/events.ts';
import { PROVIDER_FAULTS } from './faults/provider.ts';
import { RECOVERY_FAULTS } from './faults/recovery.ts';
import { STORE_FAULTS } from './faults/stores.ts';
import { SWITCH_FAULTS } from './faults/switch.ts';
import type { Fault } from './script.ts';

/** Everything that may go wrong, and nothing else. */
export const FAULTS: readonly Fault[] = [
  ...EVENT_FAULTS,
  ...CRASH_FAULTS,
  ...STORE_FAULTS,
  ...ARTIFACT_FAULTS,
  ...PROVIDER_FAULTS,
  ...CLOCK_FAULTS,
  ...SWITCH_FAULTS,
  ...RECOVERY_FAULTS,
  ...DEPLOY_FAULTS,
];
