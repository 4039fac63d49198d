import { ROLES, type Role } from '../config/operators-schema.ts';

/** The name of the role of an account that stands for an operator's role of a stage. */
export const roleName = (stage: string, role: Role): string =>
  `papergate-${stage}-${role.replaceAll('_', '-')}`;

/**
 * The operator's role of an identity as Parameter Store records it: a session of one of a stage's own roles in its own
 * account, `arn:aws:sts::123456789012:assumed-role/papergate-prod-ops-admin/alice`. Anything else has none.
 */
export const roleOfSession =
  (account: string, stage: string) =>
  (actor: string): Role | undefined => {
    const found = /^arn:aws(?:-cn|-us-gov)?:sts::(\d{12}):assumed-role\/([\w+=,.@-]+)\/[\w+=,.@-]+$/.exec(
      actor,
    );
    if (found === null || found[1] !== account) return undefined;
    return ROLES.find((role) => roleName(stage, role) === found[2]);
  };
