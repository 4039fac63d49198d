import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import canonicalize from 'canonicalize';
import { main } from '../../cli/main.ts';

const { DatabaseSync } = process.getBuiltinModule('node:sqlite');

type Stored = Record<string, unknown>;
/** What a record's field names. */
export interface Named {
  key: string;
  sha256: string;
}

/** What a chain's record holds, as far as a forger needs it. */
export interface StoredRecord extends Stored {
  kind: string;
  n: number;
  prev: string | null;
}

export const sha256Of = (bytes: Uint8Array | string): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A ledger's folder in the hands of someone who may change every byte of it, and knows how it is built. */
export class TamperedLedger {
  readonly folder: string;
  readonly market: string;

  /** A copy of the ledger in a folder of its own. */
  constructor(original: string, market: string) {
    this.folder = mkdtempSync(join(tmpdir(), 'papergate-tampered-'));
    this.market = market;
    cpSync(original, this.folder, { recursive: true });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  fileOf(key: string): string {
    return join(this.folder, 'ledger', 'artifacts', key);
  }

  read(key: string): Buffer {
    return readFileSync(this.fileOf(key));
  }

  /** Puts bytes in place of an artifact's; artifacts are read-only files, so the file is made anew. */
  write(key: string, bytes: Uint8Array | string): void {
    mkdirSync(dirname(this.fileOf(key)), { recursive: true });
    rmSync(this.fileOf(key), { force: true });
    writeFileSync(this.fileOf(key), bytes);
  }

  /** Runs statements on the state file. */
  sql<T>(work: (database: InstanceType<typeof DatabaseSync>) => T): T {
    const database = new DatabaseSync(join(this.folder, 'ledger', 'state.sqlite'));
    try {
      return work(database);
    } finally {
      database.close();
    }
  }

  item(sort: string): string {
    const row = this.sql((database) =>
      database
        .prepare('SELECT body FROM items WHERE partition = ? AND sort = ?')
        .get(`ledger/${this.market}`, sort),
    );
    return String(row!['body']);
  }

  setItem(sort: string, body: string): void {
    const sql =
      'INSERT INTO items (partition, sort, body) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body';
    this.sql((database) => database.prepare(sql).run(`ledger/${this.market}`, sort, body));
  }

  deleteItem(sort: string): void {
    this.sql((database) =>
      database
        .prepare('DELETE FROM items WHERE partition = ? AND sort = ?')
        .run(`ledger/${this.market}`, sort),
    );
  }

  get head(): Stored & { n: number; sha256: string; key: string } {
    return JSON.parse(this.item('head')) as Stored & { n: number; sha256: string; key: string };
  }

  named(n: number): Named {
    return JSON.parse(this.item(recordItem(n))) as Named;
  }

  record(n: number): StoredRecord {
    return this.json(this.named(n)) as StoredRecord;
  }

  json({ key }: Named): Stored {
    return JSON.parse(this.read(key).toString()) as Stored;
  }

  /** Stores a value under the key that its content gives it. */
  put(oldKey: string, value: unknown): Named {
    const bytes = canonicalize(value)!;
    const sha256 = sha256Of(bytes);
    const key = oldKey.replace(/[0-9a-f]{24}(?=\.json$)/, sha256.slice(7, 31));
    this.write(key, bytes);
    return { key, sha256 };
  }

  /**
   * Changes one record and signs everything after it anew, as someone would who has the whole program: records,
   * packets that name the head, items and head.
   */
  forge(from: number, change: (record: StoredRecord) => void): void {
    let renamed = { was: '', is: '' };
    for (let n = from; n <= this.head.n; n++) {
      const old = this.named(n);
      const record = this.json(old) as StoredRecord;
      if (n === from) change(record);
      else {
        record.prev = renamed.is;
        if (record.kind === 'tick')
          record['decision'] = this.renamePrev(record['decision'] as Named, renamed);
      }
      const named = this.put(old.key, record);
      if (named.key !== old.key) rmSync(this.fileOf(old.key));
      renamed = { was: old.sha256, is: named.sha256 };
      this.setItem(recordItem(n), canonicalize(named)!);
      if (n === this.head.n)
        this.setItem('head', canonicalize({ ...this.head, ...named, state: this.stateAt(n) })!);
    }
  }

  private renamePrev(decision: Named, { was, is }: { was: string; is: string }): Named {
    const text = this.read(decision.key).toString().replace(`"prev":"${was}"`, `"prev":"${is}"`);
    this.write(decision.key, text);
    return { key: decision.key, sha256: sha256Of(text) };
  }

  private stateAt(n: number): unknown {
    const record = this.record(n);
    return record['state'] ?? this.stateAt(n - 1);
  }

  /** Takes the last records off and moves the head back, as if they had never been. */
  cutTail(count: number, { artifacts }: { artifacts: 'removed' | 'left' }): void {
    const last = this.head.n - count;
    for (let n = last + 1; n <= last + count; n++) {
      if (artifacts === 'removed') rmSync(this.fileOf(this.named(n).key));
      this.deleteItem(recordItem(n));
    }
    const { tick_utc, ordinal, window, state } = this.record(last);
    this.setItem(
      'head',
      canonicalize({
        ...this.head,
        ...this.named(last),
        ...{ n: last, tick_utc, ordinal, window, state, settled_ordinal: ordinal },
      })!,
    );
  }

  /** Number of the first record whose execution passes the test. */
  tickWith(passes: (execution: Stored & { fills: Stored[] }) => boolean): number {
    for (let n = 2; n <= this.head.n; n++) {
      const record = this.record(n);
      if (record.kind !== 'tick') continue;
      if (passes(this.json(record['execution'] as Named) as Stored & { fills: Stored[] })) return n;
    }
    throw new Error('no such tick');
  }
}

export const recordItem = (n: number): string => `record/${String(n).padStart(10, '0')}`;

/** What a command line gave. */
export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `papergate verify` on a folder. */
export async function verify(folder: string, ...more: string[]): Promise<Answer> {
  const written = { out: '', err: '' };
  const io = {
    out: (text: string) => void (written.out += text),
    err: (text: string) => void (written.err += text),
    ...{ outIsTty: false, errIsTty: false, env: {} },
  };
  const status = await main(['verify', '--ledger', folder, ...more], io);
  return { status, stdout: written.out, stderr: written.err };
}

/** Paths and hashes of everything in a folder. */
export const contentsOf = (folder: string): [string, string][] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => [file.slice(folder.length), sha256Of(readFileSync(file))]);
