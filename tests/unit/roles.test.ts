import { describe, expect, it } from 'vitest';
import { roleIn } from '../../shared/ledger/roles.ts';
import { shippedConfig } from '../support/rules.ts';

const { operators } = shippedConfig();

describe('who may do what', () => {
  it.each([
    ['admin', 'ops_admin'],
    ['operator', 'ops_operator'],
    ['viewer', 'ops_viewer'],
    ['Admin', undefined],
    ['admin ', undefined],
    ['', undefined],
    ['toString', undefined],
    // Who turns the switch by itself may never start again.
    ['papergate', undefined],
  ])('%j is %s in both kinds of ledger', (name, role) => {
    expect(roleIn(operators, 'forward')(name)).toBe(role);
    expect(roleIn(operators, 'replay')(name)).toBe(role);
  });

  it('the simulated operator is an admin of a rehearsal, and nobody in a forward ledger', () => {
    expect(roleIn(operators, 'replay')('replay')).toBe('ops_admin');
    expect(roleIn(operators, 'forward')('replay')).toBeUndefined();
  });

  it('a name in the list goes by its role there, also where it is the simulated one', () => {
    const listed = { operators: [{ name: 'replay', role: 'ops_viewer' as const }] };
    expect(roleIn(listed, 'forward')('replay')).toBe('ops_viewer');
  });
});
