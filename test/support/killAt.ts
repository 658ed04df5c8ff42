// Loaded before `tenon serve` (NODE_OPTIONS=--import), in each of its threads: kills the process at one write of the
// store, like a power cut at that instant. TENON_TEST_KILL_AT says which: `before`, `within` or `after` the commit of
// the first batch that carries a statement; `within` is with its rows written and the transaction open.

import process from 'node:process';
import type { RowWrite, Step } from '../../src/store/port.ts';
import { SqliteWriter } from '../../src/store/sqliteWriter.ts';

const [moment, statement] = (process.env['TENON_TEST_KILL_AT'] ?? '').split(' ');

/** A connection that is stored for the first time is no refresh. */
function isMeant(write: RowWrite): boolean {
  return write.statement === statement && (statement !== 'credentials.put' || Number(write.params[1]) > 1);
}

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal is on its way; nothing more may happen until it is here.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  throw new Error('killed');
}

if (moment !== undefined && statement !== undefined) {
  const { writeNow } = SqliteWriter.prototype;
  SqliteWriter.prototype.writeNow = function writeOrDie(this: SqliteWriter, steps: readonly Step[]) {
    if (!steps.some(({ writes }) => writes.some(isMeant))) return writeNow.call(this, steps);
    if (moment === 'before') die();
    const { database } = this;
    const exec = database.exec.bind(database);
    if (moment === 'within') {
      database.exec = (sql: string) => (sql === 'COMMIT' ? die() : exec(sql));
    }
    writeNow.call(this, steps);
    return die();
  };
}
