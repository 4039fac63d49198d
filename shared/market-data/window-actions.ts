import * as z from 'zod';
import { canonicalJson } from '../kernel/canonical.ts';
import { IntegrityError } from '../kernel/errors.ts';
import { ACTION_KINDS, byPlace, type CorporateAction } from './actions.ts';

const storedSchema = z.array(
  z.strictObject({
    amount: z.number().nonnegative(),
    ex_day: z.int(),
    instrument: z.int().nonnegative(),
    kind: z.enum(ACTION_KINDS),
    ordinal: z.int().nonnegative(),
    pay_day: z.int().nullable(),
    ratio: z.number().positive(),
    source: z.string(),
  }),
);
type Stored = z.infer<typeof storedSchema>;

/** The actions of a block as canonical JSON in UTF-8; no bytes where there are none. */
export function encodeActions(actions: readonly CorporateAction[]): Uint8Array {
  if (actions.length === 0) return new Uint8Array(0);
  const stored: Stored = actions.map(({ exDay, payDay, ...rest }) => ({
    ...rest,
    ex_day: exDay,
    pay_day: payDay,
  }));
  return new TextEncoder().encode(canonicalJson(stored));
}

/**
 * The actions that a block's bytes hold.
 * @param fromOrdinal,toOrdinal the rows of the block, the last excluded.
 * @throws IntegrityError where they are not what encodeActions writes, or none of these instruments and rows.
 */
export function decodeActions(
  bytes: Uint8Array,
  instruments: number,
  fromOrdinal: number,
  toOrdinal: number,
): readonly CorporateAction[] {
  if (bytes.byteLength === 0) return [];
  const actions = parse(bytes).map(({ ex_day, pay_day, ...rest }) => ({
    ...rest,
    exDay: ex_day,
    payDay: pay_day,
  }));
  const problem =
    actions.find((a) => a.instrument >= instruments || a.ordinal < fromOrdinal || a.ordinal >= toOrdinal) ??
    actions.find((action, k) => k > 0 && byPlace(actions[k - 1]!, action) >= 0);
  if (problem !== undefined) {
    throw new IntegrityError(
      `a bar block of rows ${fromOrdinal} to ${toOrdinal - 1} holds an action of instrument ${problem.instrument} at ` +
        `row ${problem.ordinal} that is none of them, or out of order`,
    );
  }
  // Only one text of an action is stored, so that equal bars give equal bytes.
  const written = encodeActions(actions);
  if (written.length !== bytes.length || written.some((byte, k) => byte !== bytes[k])) {
    throw new IntegrityError('the actions of a bar block are no canonical JSON');
  }
  return actions;
}

function parse(bytes: Uint8Array): Stored {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return storedSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new IntegrityError('the actions of a bar block cannot be read', {}, { cause });
  }
}
