import { expect } from 'vitest';
import type { ContextValue } from './context.ts';
import type { Decision } from './evaluate.ts';
import type { Iam } from './template-policies.ts';

/** One line of a table of who may do what. */
export interface Row {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly expected: Decision;
  readonly context?: Readonly<Record<string, ContextValue>>;
}

/** A table as its rows: each principal, the actions on each resource, and what is expected of them. */
export const rows = (
  expected: Decision,
  principals: readonly string[],
  actions: readonly string[],
  resources: readonly string[],
  context?: Row['context'],
): Row[] =>
  principals.flatMap((principal) =>
    actions.flatMap((action) =>
      resources.map((resource) => ({
        ...{ principal, action, resource, expected },
        ...(context === undefined ? {} : { context }),
      })),
    ),
  );

/** Holds every row against the template; what is wrong is all in the message, a line each. */
export function expectDecisions(iam: Iam, table: readonly Row[]): void {
  expect(table.length, 'a table without rows holds nothing').toBeGreaterThan(0);
  const wrong = table.flatMap((row) => {
    const { principal, action, resource, expected, context } = row;
    const decided = iam.decide(principal, action, resource, context);
    return decided === expected ? [] : [describeRow(row, decided)];
  });
  expect(wrong, `${wrong.length} of ${table.length} are decided otherwise:\n${wrong.join('\n')}`).toEqual([]);
}

function describeRow({ principal, action, resource, expected, context }: Row, decided: Decision): string {
  const where = context === undefined ? '' : ` where ${JSON.stringify(context)}`;
  return `${principal} x ${action} x ${resource}${where}: expected ${expected}, is ${decided}`;
}
