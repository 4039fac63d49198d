import { ConfigError } from '../../shared/kernel/errors.ts';

/** Passes the name of a stage on. @throws ConfigError where it could not be part of a resource's name. */
export function checkedStage(stage: string): string {
  if (/^[a-z][a-z0-9-]{0,15}$/.test(stage)) return stage;
  throw new ConfigError(
    `stage ${JSON.stringify(stage)}: expected 1 to 16 of a-z, 0-9 and -, a letter first`,
    { stage },
  );
}

/** Name of a stage's stack. */
export const stackName = (stage: string): string => `Papergate-${stage}`;

/** Name of a stage's state machine. */
export const machineName = (stage: string): string => `papergate-${stage}-tick`;

/** Name of the group of a stage's schedules. */
export const scheduleGroupName = (stage: string): string => `papergate-${stage}`;
