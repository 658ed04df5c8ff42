// The file that holds the master keys where the environment gives none: one key a line, the first seals. Whoever has it
// can open every credential, so only its owner may read it. Invariants: it is replaced whole or not at all, and it is
// on disk before the first row that is sealed with a key in it; what cannot be read is refused and never made anew.

import {
  closeSync,
  existsSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { IntegrationError } from '../core/errors.ts';
import { diskError, syncFile } from '../store/backup.ts';
import { type MasterKey, parseMasterKey } from './vault.ts';

const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

export interface KeyFile {
  readonly keys: readonly MasterKey[];
  /** What whoever starts the process should know. */
  readonly warnings: readonly string[];
}

/**
 * The keys in the file; null if there is none. A file that others may read is closed to them if it is ours: refusing it
 * would keep a server down for what one `chmod` mends, and that it was open is told. If it is somebody else's, others
 * may decide what is in it, and it is refused, as is one that cannot be read or has a line that is no key
 * (`invalid_input`).
 */
export function readKeyFile(path: string): KeyFile | null {
  let text: string;
  let wasOpen: boolean;
  try {
    const file = openSync(path, 'r');
    try {
      wasOpen = closeToOthers(file, path);
      text = readFileSync(file, 'utf8');
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof IntegrationError) throw error;
    if (/^(ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw refused(path, `cannot be read: ${messageOf(error)}`, error);
  }
  const warning = `${path} could be read by other users and no longer can. Whoever read it can open the credentials.`;
  return {
    keys: parseLines(path, text),
    warnings: wasOpen ? [`${warning} \`tenon master-keys rotate\` makes a new key.`] : [],
  };
}

/** Puts `keys` in the place of what the file held. Rejects with `storage_unavailable`; then it holds what it held. */
export function writeKeyFile(path: string, keys: readonly MasterKey[]): void {
  const target = targetOf(path);
  const next = `${target}.next`;
  try {
    rmSync(next, { force: true });
    const file = openSync(next, 'wx', OWNER_ONLY);
    try {
      writeFileSync(file, keys.map(({ bytes }) => `${bytes.toString('base64')}\n`).join(''));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(next, target);
    syncFile(dirname(target));
  } catch (error) {
    throw diskError(error, `${path} could not be written`);
  }
}

/** Removes what a crash left of a file that was being written: keys that nothing was sealed with. */
export function removeUnfinishedKeyFile(path: string): void {
  rmSync(`${targetOf(path)}.next`, { force: true });
}

/** The file itself where the path is a link: a rename would otherwise put a file in the place of the link. */
function targetOf(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/** Whether others could read it until now. On Windows these bits say nothing. */
function closeToOthers(file: number, path: string): boolean {
  const { mode, uid } = fstatSync(file);
  const ownUid = process.getuid?.();
  if (ownUid === undefined || (mode & OTHERS) === 0) return false;
  if (uid !== ownUid) throw refused(path, 'can be read by other users and belongs to one');
  fchmodSync(file, OWNER_ONLY);
  return true;
}

function parseLines(path: string, text: string): readonly MasterKey[] {
  const lines = text.split('\n').map((line, index) => ({ line: line.trim(), number: index + 1 }));
  const keys = lines
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => {
      try {
        return parseMasterKey(line);
      } catch (cause) {
        throw refused(path, `is damaged: line ${number} is not a master key (32 bytes as base64 or hex)`, cause);
      }
    });
  if (keys.length === 0) throw refused(path, 'is damaged: there is no master key in it');
  return keys;
}

function refused(path: string, why: string, cause?: unknown): IntegrationError {
  return new IntegrationError('invalid_input', `the master key file ${path} ${why}`, {
    remedy: 'Bring back your copy of it, with mode 0600 and owned by the user that Tenon runs as.',
    cause,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
