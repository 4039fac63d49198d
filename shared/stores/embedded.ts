import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError, IntegrityError } from '../kernel/errors.ts';
import { folderArtifacts, folderProjections } from './embedded-artifacts.ts';
import { createStateFile, StateFile, StateSnapshot } from './embedded-database.ts';
import { Folders, linkIfAbsent, onFile, syncFolder } from './embedded-files.ts';
import { Scratch } from './embedded-scratch.ts';
import { sqliteParameters, sqliteState } from './embedded-state.ts';
import type { Stores } from './ports.ts';

export interface EmbeddedOptions {
  /** For verify, status and export: creates and changes nothing; every write throws StorageError. */
  readonly readOnly?: boolean;
}

export interface EmbeddedStores extends Stores {
  /** Ends the use of the folder; what is written stays. */
  close(): void;
}

/**
 * Stores in one folder: `ledger/state.sqlite`, `ledger/artifacts/<key>` and `processed/<path>`. Several processes
 * may use a folder at once; a killed one leaves it consistent.
 * @throws ConfigError where a folder opened read-only holds no ledger.
 * @throws IntegrityError where its state is missing, damaged or of another schema version.
 * @throws StorageError naming the file that cannot be read or written.
 */
export function embeddedStores(folder: string, options: EmbeddedOptions = {}): EmbeddedStores {
  const root = resolve(folder);
  return options.readOnly ? openReadOnly(root) : openForWriting(root);
}

const stateFile = (root: string): string => join(root, 'ledger', 'state.sqlite');
const artifactsFolder = (root: string): string => join(root, 'ledger', 'artifacts');
const projectionsFolder = (root: string): string => join(root, 'processed');

function openReadOnly(root: string): EmbeddedStores {
  const file = stateFile(root);
  if (!existsSync(file)) {
    assertNothingLost(root);
    throw new ConfigError(
      `${root} holds no ledger (no ledger/state.sqlite): name the --out folder of a run`,
      { root },
    );
  }
  const state = new StateSnapshot(file);
  return {
    state: sqliteState(state),
    artifacts: folderArtifacts(artifactsFolder(root), undefined),
    parameters: sqliteParameters(state),
    projections: folderProjections(projectionsFolder(root), undefined),
    close: () => state.close(),
  };
}

function openForWriting(root: string): EmbeddedStores {
  const folders = new Folders();
  const scratchRoot = join(root, 'ledger', 'tmp');
  folders.ensure(artifactsFolder(root));
  folders.ensure(scratchRoot);
  const scratch = new Scratch(scratchRoot);
  try {
    const state = openState(root, scratch);
    const writer = { scratch, folders };
    return {
      state: sqliteState(state),
      artifacts: folderArtifacts(artifactsFolder(root), writer),
      parameters: sqliteParameters(state),
      projections: folderProjections(projectionsFolder(root), writer),
      close: () => {
        state.close();
        scratch.close();
      },
    };
  } catch (error) {
    scratch.close();
    throw error;
  }
}

/** Opens the state file. A new one is built complete elsewhere and linked, so that nobody ever sees half of it. */
function openState(root: string, scratch: Scratch): StateFile {
  const file = stateFile(root);
  if (!existsSync(file)) {
    assertNothingLost(root);
    const temporary = scratch.reserve();
    createStateFile(temporary);
    linkIfAbsent(temporary, file);
    syncFolder(join(root, 'ledger'));
  }
  return new StateFile(file, 'write');
}

/**
 * Artifacts or a log without the state that they belong to mean that the head of the chain is gone: starting
 * anew beside them would hide it.
 */
function assertNothingLost(root: string): void {
  const artifacts = artifactsFolder(root);
  const lost = existsSync(artifacts) && onFile(artifacts, 'list', () => readdirSync(artifacts)).length > 0;
  // Looked at last: a process that starts at the same moment creates the state before anything else.
  if ((lost || existsSync(`${stateFile(root)}-wal`)) && !existsSync(stateFile(root))) {
    throw new IntegrityError(
      `${stateFile(root)} is missing beside a ledger's artifacts: restore it from a copy, or use another folder`,
      { root },
    );
  }
}
