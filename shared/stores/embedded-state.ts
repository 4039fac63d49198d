import type { StatementSync } from 'node:sqlite';
import { byCodeUnit } from '../kernel/canonical.ts';
import { checkChange, checkedName, checkedText, checkWrites } from './keys.ts';
import { conflict, StorageError } from './outcomes.ts';
import {
  HISTORY_MAX,
  type Item,
  type Parameter,
  type Parameters,
  type StateStore,
  type Write,
} from './ports.ts';

type Prepare = (sql: string) => StatementSync;

/** The part of a state file that these stores use; a snapshot has no transactions. */
export interface StateSource {
  run<T>(work: (prepare: Prepare) => T): T;
  transaction?<T>(work: (prepare: Prepare) => T): T;
}

const GET = 'SELECT body FROM items WHERE partition = ? AND sort = ?';
const FROM = 'SELECT sort, body FROM items WHERE partition = ? AND sort >= ? ORDER BY sort';
const INSERT = 'INSERT INTO items (partition, sort, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING';
const UPSERT =
  'INSERT INTO items (partition, sort, body) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body';
const UPDATE = 'UPDATE items SET body = ? WHERE partition = ? AND sort = ? AND body = ?';

/** Items as rows of one table; a transaction is one synchronous function under the file's only write lock. */
export function sqliteState(source: StateSource): StateStore {
  return {
    async get(partition, sort) {
      checkedName(partition, 'partition');
      checkedName(sort, 'sort key');
      const row = source.run((prepare) => prepare(GET).get(partition, sort)) as { body: string } | undefined;
      return row && { partition, sort, body: row.body };
    },
    async query(partition, sortPrefix) {
      checkedName(partition, 'partition');
      checkedText(sortPrefix, 'prefix');
      return source.run((prepare) => withPrefix(prepare(FROM), partition, sortPrefix));
    },
    async transact(writes) {
      checkWrites(writes);
      writable(source)((prepare) => {
        for (const write of writes) {
          if (apply(prepare, write) !== 1) throw conflict(write);
        }
      });
    },
  };
}

function withPrefix(from: StatementSync, partition: string, prefix: string): Item[] {
  const items: Item[] = [];
  // Rows come in order of UTF-8 bytes, where all that begin with the prefix stand together, first.
  for (const row of from.iterate(partition, prefix) as Iterable<{ sort: string; body: string }>) {
    if (!row.sort.startsWith(prefix)) break;
    items.push({ partition, sort: row.sort, body: row.body });
  }
  return items.sort((a, b) => byCodeUnit(a.sort, b.sort));
}

function apply(prepare: Prepare, write: Write): number | bigint {
  const { partition, sort, body } = write.item;
  if (write.expect === 'equals') return prepare(UPDATE).run(body, partition, sort, write.body).changes;
  return prepare(write.expect === 'absent' ? INSERT : UPSERT).run(partition, sort, body).changes;
}

const NEWEST = `SELECT value, version, changed_at_ms, changed_by, description FROM parameters
  WHERE name = ? ORDER BY version DESC LIMIT ?`;
const ADD = `INSERT INTO parameters (name, version, value, changed_at_ms, changed_by, description)
  VALUES (?, ?, ?, ?, ?, ?)`;

/** Parameters as rows, one a version: who changed what stays on file. */
export function sqliteParameters(source: StateSource): Parameters {
  return {
    async get(name) {
      checkedName(name, 'parameter name');
      return source.run((prepare) => latest(prepare, name));
    },
    async history(name) {
      checkedName(name, 'parameter name');
      return source.run((prepare) => newest(prepare, name, HISTORY_MAX)).reverse();
    },
    async put(name, change) {
      checkChange(name, change);
      const { value, changedAtMs, changedBy, description } = change;
      return writable(source)((prepare) => {
        const version = (latest(prepare, name)?.version ?? 0) + 1;
        prepare(ADD).run(name, version, value, changedAtMs, changedBy, description);
        return { value, version, changedAtMs, changedBy, description };
      });
    },
  };
}

const latest = (prepare: Prepare, name: string): Parameter | undefined => newest(prepare, name, 1)[0];

/** The newest versions of a parameter, newest first. */
const newest = (prepare: Prepare, name: string, count: number): Parameter[] =>
  prepare(NEWEST)
    .all(name, count)
    .map((row) => ({
      value: String(row['value']),
      version: Number(row['version']),
      changedAtMs: Number(row['changed_at_ms']),
      changedBy: String(row['changed_by']),
      description: String(row['description']),
    }));

/** The source's transactions. @throws StorageError where it was opened read-only. */
function writable(source: StateSource): <T>(work: (prepare: Prepare) => T) => T {
  if (!source.transaction) throw new StorageError('cannot write state: the folder was opened read-only');
  return source.transaction.bind(source);
}
