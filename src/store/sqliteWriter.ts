// The writer over SQLite: one transaction per batch, one savepoint per step. Runs on the writer thread in
// production (`writerThread.ts`) and in-thread in tests; both are this same code.

import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { IntegrationError } from '../core/errors.ts';
import type { ActorId } from '../core/ids.ts';
import { STORE_BUSY_TIMEOUT_MS } from '../core/limits.ts';
import { FAILURE_DETAILS } from './groupCommit.ts';
import type { BatchFailure, BatchOutcome, RowWrite, Step, StepOutcome, Writer } from './port.ts';
import { openForWriting, type SqliteDatabase } from './sqlite.ts';
import { STATEMENTS } from './statements.ts';

const COMMITTED: StepOutcome = { kind: 'committed' };

export class SqliteWriter implements Writer {
  readonly database: SqliteDatabase;
  readonly #prepared = new Map<string, Database.Statement>();
  /** Prepared, because `exec` would parse them anew for every step: 6.1 µs against 1.5. */
  readonly #savepoint: Database.Statement;
  readonly #release: Database.Statement;

  /** The files that are open, and what was at their paths then. */
  readonly #inodes: ReadonlyMap<string, number | undefined>;

  constructor(path: string) {
    this.database = openForWriting(path);
    this.#inodes = new Map([path, `${path}-wal`].map((file) => [file, inodeOf(file)]));
    this.#savepoint = this.database.prepare('SAVEPOINT step');
    this.#release = this.database.prepare('RELEASE step');
  }

  write(steps: readonly Step[]): Promise<BatchOutcome> {
    return Promise.resolve(this.writeNow(steps));
  }

  /** The same, synchronously: what the writer thread calls. */
  writeNow(steps: readonly Step[]): BatchOutcome {
    try {
      this.database.exec('BEGIN IMMEDIATE');
      const outcomes = this.#applyEach(steps);
      this.database.exec('COMMIT');
      this.#assertInPlace();
      return { steps: outcomes };
    } catch (error) {
      if (this.database.inTransaction) this.database.exec('ROLLBACK');
      return { failure: batchFailure(error) };
    }
  }

  /** A file that was removed or replaced still takes commits, and nobody will ever read them. Costs 4 µs. */
  #assertInPlace(): void {
    for (const [file, inode] of this.#inodes) {
      if (inodeOf(file) !== inode) throw new Error(`${file} was removed or replaced while it was in use`);
    }
  }

  #applyEach(steps: readonly Step[]): StepOutcome[] {
    const failedActors = new Set<ActorId>();
    return steps.map((step) => {
      // A later step of an actor was decided on memory that is now known to be ahead of the disk.
      if (step.actorId !== null && failedActors.has(step.actorId)) {
        return { kind: 'skipped' };
      }
      const outcome = this.#applyStep(step.writes);
      if (outcome.kind !== 'committed' && step.actorId !== null) failedActors.add(step.actorId);
      return outcome;
    });
  }

  #applyStep(writes: readonly RowWrite[]): StepOutcome {
    this.#savepoint.run();
    const missed = this.#applyWrites(writes);
    if (missed !== null) this.database.exec('ROLLBACK TO step');
    this.#release.run();
    return missed ?? COMMITTED;
  }

  #applyWrites(writes: readonly RowWrite[]): StepOutcome | null {
    for (const write of writes) {
      try {
        const { changes } = this.#statement(write.statement).run(...write.params);
        if (write.mustChange !== undefined && changes !== 1) {
          return { kind: write.mustChange, message: `${write.statement} changed ${changes} rows` };
        }
      } catch (error) {
        if (isDiskTrouble(error)) throw error;
        const kind = codeOf(error).startsWith('SQLITE_CONSTRAINT') ? (write.mustChange ?? 'rejected') : 'rejected';
        return { kind, message: `${write.statement}: ${messageOf(error)}` };
      }
    }
    return null;
  }

  #statement(name: string): Database.Statement {
    let statement = this.#prepared.get(name);
    if (statement === undefined) {
      const sql = STATEMENTS.get(name);
      if (sql === undefined) throw new Error(`no statement is called ${name}`);
      statement = this.database.prepare(sql);
      this.#prepared.set(name, statement);
    }
    return statement;
  }

  async vacuum(pages: number): Promise<void> {
    const failure = this.vacuumNow(pages);
    if (failure !== null) throw vacuumError(failure);
  }

  /** The same, synchronously; answers what kept it from working, or null. */
  vacuumNow(pages: number): BatchFailure | null {
    try {
      // Without a number, or with 0, the pragma would free everything at once.
      if (pages > 0) this.database.pragma(`incremental_vacuum(${pages})`);
      this.#emptyLog();
      return null;
    } catch (error) {
      return batchFailure(error);
    }
  }

  /** Waits for no reader: a backup holds its view of the database for as long as it copies. */
  #emptyLog(): void {
    this.database.pragma('busy_timeout = 0');
    try {
      this.database.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      this.database.pragma(`busy_timeout = ${STORE_BUSY_TIMEOUT_MS}`);
    }
  }

  close(): Promise<void> {
    this.database.close();
    return Promise.resolve();
  }
}

/** What `Writer.vacuum` rejects with. */
export function vacuumError({ kind, message }: BatchFailure): IntegrationError {
  return new IntegrationError('storage_unavailable', `free pages could not be given back: ${message}`, {
    publicDetail: FAILURE_DETAILS[kind],
  });
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Anything that is not the fault of one row fails the whole transaction. */
function isDiskTrouble(error: unknown): boolean {
  return /^SQLITE_(FULL|IOERR|CORRUPT|NOTADB|READONLY|CANTOPEN|NOMEM|BUSY|PROTOCOL)/.test(codeOf(error));
}

function batchFailure(error: unknown): BatchFailure {
  const code = codeOf(error);
  const message = `${code} ${messageOf(error)}`.trim();
  if (code.startsWith('SQLITE_FULL')) return { kind: 'full', message };
  return { kind: code.startsWith('SQLITE_BUSY') ? 'busy' : 'io', message };
}
