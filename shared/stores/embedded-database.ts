import type { DatabaseSync as Database, StatementSync } from 'node:sqlite';
import { existsSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { IntegrityError } from '../kernel/errors.ts';
import { errorCode } from './embedded-files.ts';
import { StorageError } from './outcomes.ts';

const DatabaseSync = loadSqlite();
const BUSY_TIMEOUT_MS = 5_000;
/** `PGAT`: marks the file as ours, so that another program's database is never written. */
const APPLICATION_ID = 0x50474154;
const SCHEMA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE items (
    partition TEXT NOT NULL, sort TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (partition, sort)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE parameters (
    name TEXT NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL, changed_at_ms INTEGER NOT NULL,
    changed_by TEXT NOT NULL, description TEXT NOT NULL, PRIMARY KEY (name, version)
  ) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};`;

/** Early releases of Node 24 warn that SQLite is experimental; every other warning goes through. */
function loadSqlite() {
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: []) => {
    if (!String(warning).includes('SQLite is an experimental feature'))
      emitWarning.call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    return process.getBuiltinModule('node:sqlite').DatabaseSync;
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** An open state file with its statements prepared once. */
export class StateFile {
  readonly #sqlite: Database;
  readonly #file: string;
  readonly #prepared = new Map<string, StatementSync>();

  /** @throws IntegrityError where the file is no state file of this schema version. */
  constructor(file: string, mode: 'write' | 'read' | 'immutable') {
    this.#file = file;
    this.#sqlite = this.#named(() => {
      const readOnly = mode !== 'write';
      // SQLite takes an option such as `immutable` only in a URI.
      const target = mode === 'immutable' ? `${pathToFileURL(file).href}?immutable=1` : file;
      return new DatabaseSync(target, { timeout: BUSY_TIMEOUT_MS, readOnly });
    });
    try {
      this.#check();
      if (mode === 'write') this.#named(() => this.#sqlite.exec('PRAGMA synchronous = FULL'));
    } catch (error) {
      this.#sqlite.close();
      throw error;
    }
  }

  #check(): void {
    const id = this.run((prepare) => prepare('PRAGMA application_id').get()!['application_id']);
    const version = this.run((prepare) => prepare('PRAGMA user_version').get()!['user_version']);
    if (id === APPLICATION_ID && version === SCHEMA_VERSION) return;
    const what = id === APPLICATION_ID ? `is of schema version ${version}` : 'is no papergate state file';
    throw new IntegrityError(
      `${this.#file} ${what}, expected version ${SCHEMA_VERSION}: use the release that wrote it, or another folder`,
      { file: this.#file, application_id: id, version },
    );
  }

  /** One synchronous piece of work on prepared statements. */
  run<T>(work: (prepare: (sql: string) => StatementSync) => T): T {
    return this.#named(() => work((sql) => this.#prepare(sql)));
  }

  /** The same in one transaction that no other writer overlaps; undone where it throws. */
  transaction<T>(work: (prepare: (sql: string) => StatementSync) => T): T {
    return this.#named(() => {
      this.#prepare('BEGIN IMMEDIATE').run();
      try {
        const result = work((sql) => this.#prepare(sql));
        this.#prepare('COMMIT').run();
        return result;
      } catch (error) {
        if (this.#sqlite.isTransaction) this.#prepare('ROLLBACK').run();
        throw error;
      }
    });
  }

  #prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known) return known;
    const statement = this.#sqlite.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }

  #named<T>(operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      throw named(this.#file, error);
    }
  }

  close(): void {
    this.#sqlite.close();
  }
}

const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** SQLite's errors name no file and come as plain ones; other errors pass unchanged. */
function named(file: string, error: unknown): unknown {
  if (errorCode(error) !== 'ERR_SQLITE_ERROR') return error;
  const { errcode, message } = error as Error & { errcode: number };
  // The low byte is the kind of an extended code.
  const damaged = (errcode & 0xff) === SQLITE_CORRUPT || (errcode & 0xff) === SQLITE_NOTADB;
  if (!damaged)
    return new StorageError(`cannot use ${file}: ${message}`, { file, errcode }, { cause: error });
  return new IntegrityError(
    `${file} is damaged (${message}): restore it from a copy`,
    { file },
    { cause: error },
  );
}

/** Writes a complete, empty state file. It is at rest afterwards: no log beside it. */
export function createStateFile(file: string): void {
  try {
    const sqlite = new DatabaseSync(file);
    sqlite.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    sqlite.exec(`BEGIN; ${SCHEMA} COMMIT`);
    sqlite.close();
  } catch (error) {
    throw named(file, error);
  }
}

/**
 * Reads a state file and leaves the folder as it is. Where no write-ahead log lies beside it SQLite would create
 * one; then the file is read as immutable, and read again should a writer have come in between.
 */
export class StateSnapshot {
  readonly #file: string;
  #open: { as: string; state: StateFile } | undefined;

  constructor(file: string) {
    this.#file = file;
    this.run(() => undefined);
  }

  run<T>(work: (prepare: (sql: string) => StatementSync) => T): T {
    for (let attempt = 0; attempt < 5; attempt++) {
      const before = this.#version();
      if (this.#open?.as !== before) {
        this.close();
        this.#open = {
          as: before,
          state: new StateFile(this.#file, before === 'log' ? 'read' : 'immutable'),
        };
      }
      const result = this.#open.state.run(work);
      if (this.#version() === before) return result;
    }
    throw new StorageError(`cannot read ${this.#file}: it keeps changing`, { file: this.#file });
  }

  /** What an immutable read rests on; with a log SQLite itself gives consistent reads. */
  #version(): string {
    if (existsSync(`${this.#file}-wal`)) return 'log';
    const { ino, size, mtimeNs } = statSync(this.#file, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  }

  close(): void {
    this.#open?.state.close();
    this.#open = undefined;
  }
}
