import * as z from 'zod';

/** What an operator may do: look, halt, or halt and start again. */
export const ROLES = ['ops_viewer', 'ops_operator', 'ops_admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who may operate a ledger on one machine. Sealed into the release, so that nobody becomes an admin while it runs. */
export const operatorsSchema = z
  .strictObject({
    operators: z
      .array(z.strictObject({ name: z.string().regex(/^[A-Za-z0-9._@-]{1,64}$/), role: z.enum(ROLES) }))
      .max(1_000),
  })
  .superRefine(({ operators }, context) => {
    const names = operators.map(({ name }) => name);
    names.forEach((name, index) => {
      if (names.indexOf(name) === index) return;
      context.addIssue({
        code: 'custom',
        path: ['operators', index, 'name'],
        message: `${name} is listed twice`,
      });
    });
  });

export type Operators = z.infer<typeof operatorsSchema>;

/** The role of a name; undefined where the list does not have it. */
export const roleOf = ({ operators }: Operators, name: string): Role | undefined =>
  operators.find((operator) => operator.name === name)?.role;
