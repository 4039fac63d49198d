import { ROLES, type Role } from '../config/operators-schema.ts';

/** The name of the role of an account that stands for an operator's role of a stage. */
export const roleName = (stage: string, role: Role): string =>
  `papergate-${stage}-${role.replaceAll('_', '-')}`;

const SESSION =
  /^arn:aws(?:-cn|-us-gov)?:sts::(?<account>\d{12}):assumed-role\/(?<name>[\w+=,.@-]+)\/[\w+=,.@-]+$/;

/**
 * The operator's role of an identity as Parameter Store records it: a session of one of a stage's own roles in its own
 * account, `arn:aws:sts::123456789012:assumed-role/papergate-prod-ops-admin/alice`. Anything else has none.
 */
export const roleOfSession =
  (account: string, stage: string) =>
  (actor: string): Role | undefined => {
    const { account: found, name } = SESSION.exec(actor)?.groups ?? {};
    return found === account ? ROLES.find((role) => roleName(stage, role) === name) : undefined;
  };

/** The same for a stage and an account that are not known, as a ledger alone does not tell them. */
export const roleOfAnySession = (actor: string): Role | undefined => {
  const stage = /^papergate-(?<stage>[a-z][a-z0-9-]*)-ops-[a-z]+$/;
  const { account, name = '' } = SESSION.exec(actor)?.groups ?? {};
  const found = stage.exec(name)?.groups?.['stage'];
  return account === undefined || found === undefined ? undefined : roleOfSession(account, found)(actor);
};
