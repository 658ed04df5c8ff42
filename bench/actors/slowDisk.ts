// Loaded into a process with `--import`, hence into its worker threads too: makes every COMMIT that better-sqlite3 runs
// take BENCH_FSYNC_MS longer, on the thread that runs it, as a disk does that synchronises slowly. The product's own
// writer runs unchanged.

import { env } from 'node:process';
import Database from 'better-sqlite3';

const delayMs = Number(env['BENCH_FSYNC_MS'] ?? 0);
const asleep = new Int32Array(new SharedArrayBuffer(4));
const { exec, prepare } = Database.prototype;

function isCommit(sql: string): boolean {
  return /^\s*COMMIT\b/i.test(sql);
}

function synchronise(): void {
  if (delayMs > 0) Atomics.wait(asleep, 0, 0, delayMs);
}

Database.prototype.exec = function slowExec(sql) {
  const result = exec.call(this, sql);
  if (isCommit(sql)) synchronise();
  return result;
};

Database.prototype.prepare = function slowPrepare(this: Database.Database, sql: string) {
  const statement = prepare.call(this, sql);
  if (!isCommit(sql)) return statement;
  const run: () => Database.RunResult = statement.run.bind(statement, []);
  statement.run = () => {
    const result = run();
    synchronise();
    return result;
  };
  return statement;
} as typeof prepare;
