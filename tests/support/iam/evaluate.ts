/**
 * AWS's decision on a request within one account: an explicit deny wins; else an allow of the identity's policies or of
 * the resource's is enough; else it is denied. Of a KMS key and of a role to assume the resource's policy governs: what
 * it does not allow, to the asking one or to the account as a whole, no policy of an identity can.
 *
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
 *
 * Not known here, and refused where a template is read: permissions boundaries, session policies, service control
 * policies, grants.
 */
import {
  applies,
  principalMatch,
  statementsOf,
  type PolicyDocument,
  type Request,
  type Statement,
} from './policy.ts';

export type Decision = 'allowed' | 'denied' | 'explicitly denied';

/** A document with a name for messages. */
export interface NamedPolicy {
  readonly name: string;
  readonly document: PolicyDocument;
}

/** Everything that bears on a request. */
export interface Policies {
  readonly account: string;
  /** Of the identity that asks. */
  readonly identity: readonly NamedPolicy[];
  /** Of the resource that is asked for. */
  readonly resource: readonly NamedPolicy[];
  /** Whether the resource's policies govern. */
  readonly governed: boolean;
}

export function decide(request: Request, policies: Policies): Decision {
  checkRequest(request);
  const byIdentity = policies.identity.flatMap((policy) => effectsOfIdentity(policy, request));
  const byResource = policies.resource.flatMap((policy) =>
    effectsOfResource(policy, request, policies.account),
  );
  if (byIdentity.includes('Deny') || byResource.some(({ effect }) => effect === 'Deny')) {
    return 'explicitly denied';
  }
  const identityAllows = byIdentity.includes('Allow');
  const direct = byResource.some(({ match }) => match === 'direct');
  const account = byResource.some(({ match }) => match === 'account');
  const allowed = policies.governed ? direct || (account && identityAllows) : direct || identityAllows;
  return allowed ? 'allowed' : 'denied';
}

function checkRequest({ action, resource }: Request): void {
  if (!/^[a-z0-9-]+:[A-Za-z0-9]+$/.test(action))
    throw new TypeError(`action ${action}: expected one, service:Name`);
  if (resource !== '*' && !/^arn:(?:[^:*?]*:){4}[^*?]+$/.test(resource)) {
    throw new TypeError(
      `resource ${resource}: expected the ARN of one resource, or * where the action knows none`,
    );
  }
}

function effectsOfIdentity({ name, document }: NamedPolicy, request: Request): Statement['Effect'][] {
  return statementsOf(document, name)
    .filter((statement) => {
      if (statement.Principal !== undefined)
        throw new TypeError(`${name}: an identity's policy names a principal`);
      if (statement.Resource === undefined && statement.NotResource === undefined) {
        throw new TypeError(`${name}: an identity's policy names no resource`);
      }
      return applies(document, statement, request);
    })
    .map(({ Effect }) => Effect);
}

interface ResourceEffect {
  readonly effect: Statement['Effect'];
  readonly match: 'direct' | 'account';
}

function effectsOfResource(
  { name, document }: NamedPolicy,
  request: Request,
  account: string,
): ResourceEffect[] {
  return statementsOf(document, name).flatMap((statement) => {
    const hasResource = statement.Resource !== undefined || statement.NotResource !== undefined;
    if (!hasResource && !/^sts:/i.test(request.action)) throw new TypeError(`${name}: names no resource`);
    const match = principalMatch(statement, request.principal, account);
    const holds = applies(document, statement, request);
    return match !== undefined && holds ? [{ effect: statement.Effect, match }] : [];
  });
}
