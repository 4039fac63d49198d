import { ConfigError } from '../../shared/kernel/errors.ts';
import { checkedStage } from '../machine/stage-name.ts';

/** How operators come to their roles: as users of the account, or through IAM Identity Center. */
export const IDENTITIES = ['iam_users', 'identity_center'] as const;

/** What a deployment is told by `-c name=value`. */
export interface StageSettings {
  /** Part of every name: `dev`, `prod`. */
  readonly stage: string;
  /** Whether it is the stage that nobody may tear down. */
  readonly isProd: boolean;
  /** Where alarms and the daily head are mailed; none where it is left out. */
  readonly ownerEmail: string | undefined;
  readonly lockMode: 'governance' | 'compliance';
  /** Days for which nobody can change or delete an artifact. */
  readonly lockDays: number;
  readonly identities: (typeof IDENTITIES)[number];
  /** Whether the role that may start again asks for a second factor. */
  readonly adminMfa: boolean;
  /** USD a month beyond which the owner is told. */
  readonly budgetUsd: number;
}

/** Days of the lock: long enough for an audit of a release, and in a stage for trials short enough to tear it down. */
const LOCK_DAYS = { prod: 730, dev: 1 } as const;
const LOCK_DAYS_MAX = 3_650;

/** Reads the settings of a stage. @throws ConfigError naming the setting, what it was and what was expected. */
export function parseStage(context: (name: string) => unknown): StageSettings {
  const text = (name: string): string | undefined => {
    const value = context(name);
    return value === undefined || value === null ? undefined : String(value);
  };
  const refuse = (name: string, found: string | undefined, expected: string): never => {
    throw new ConfigError(`-c ${name}=${found ?? ''}: expected ${expected}`, { name, found });
  };
  const oneOf = <T extends string>(name: string, known: readonly T[], fallback: T): T => {
    const found = text(name) ?? fallback;
    return known.find((one) => one === found) ?? refuse(name, found, known.join(' or '));
  };
  const whole = (name: string, fallback: number, most: number): number => {
    const found = text(name);
    if (found === undefined) return fallback;
    const value = Number(found);
    return /^\d+$/.test(found) && value >= 1 && value <= most
      ? value
      : refuse(name, found, `a whole number from 1 to ${most}`);
  };
  const stage = checkedStage(text('stage') ?? 'dev');
  const isProd = stage === 'prod';
  const ownerEmail = text('owner_email');
  if (ownerEmail !== undefined && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(ownerEmail))
    refuse('owner_email', ownerEmail, 'an address such as owner@example.com');
  const identities = oneOf('identities', IDENTITIES, 'iam_users');
  const ofUsers = identities === 'iam_users';
  const adminMfa = oneOf('admin_mfa', ['true', 'false'], ofUsers ? 'true' : 'false') === 'true';
  if (adminMfa && !ofUsers)
    refuse(
      'admin_mfa',
      'true',
      'false with identities=identity_center: its sessions tell no role of a second factor, so nobody could start again',
    );
  return {
    ...{ stage, isProd, ownerEmail, identities },
    lockMode: oneOf('object_lock', ['governance', 'compliance'], 'governance'),
    lockDays: whole('lock_days', isProd ? LOCK_DAYS.prod : LOCK_DAYS.dev, LOCK_DAYS_MAX),
    adminMfa,
    budgetUsd: whole('budget_usd', 20, 100_000),
  };
}
