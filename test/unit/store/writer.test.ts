import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Step } from '../../../src/store/port.ts';
import { openForWriting } from '../../../src/store/sqlite.ts';
import { SqliteWriter } from '../../../src/store/sqliteWriter.ts';
import { putMeta } from '../../../src/store/tables/accounts.ts';
import { startThreadWriter } from '../../../src/store/threadWriter.ts';
import { testWriter } from '../../contract/writer.ts';
import { tempFolder } from '../../support/store.ts';

testWriter('the writer on this thread', async (path) => new SqliteWriter(path));
testWriter('the writer on its own thread', startThreadWriter);

// The page limit belongs to the connection, so only the writer on this thread can be given one.
describe('a full disk', () => {
  const big = (name: string): Step => ({ actorId: null, writes: [putMeta(name, 'x'.repeat(100_000))] });

  it('fails the whole batch, and later batches succeed when there is room again', async () => {
    const writer = new SqliteWriter(join(tempFolder(), 'tenon.db'));
    onTestFinished(() => writer.close());
    const pages = writer.database.pragma('page_count', { simple: true }) as number;
    writer.database.pragma(`max_page_count = ${pages + 4}`);
    const small: Step = { actorId: null, writes: [putMeta('small', '1')] };
    expect(await writer.write([small, big('big')])).toMatchObject({ failure: { kind: 'full' } });
    expect(writer.database.prepare('SELECT count(*) AS n FROM meta').get()).toEqual({ n: 0 });
    writer.database.pragma('max_page_count = 100000');
    expect(await writer.write([small, big('big')])).toEqual({ steps: [{ kind: 'committed' }, { kind: 'committed' }] });
  });
});

describe('a disk that fails in the middle of a batch', () => {
  const put = (name: string): Step => ({ actorId: null, writes: [putMeta(name, '1')] });

  it.each([
    ['SQLITE_FULL', 'full'],
    ['SQLITE_BUSY', 'busy'],
    ['SQLITE_BUSY_SNAPSHOT', 'busy'],
    ['SQLITE_READONLY', 'io'],
    ['SQLITE_IOERR_WRITE', 'io'],
    ['SQLITE_CORRUPT', 'io'],
    ['SQLITE_NOTADB', 'io'],
    ['SQLITE_CANTOPEN', 'io'],
    ['SQLITE_NOMEM', 'io'],
    ['SQLITE_PROTOCOL', 'io'],
  ])('with %s fails all of it as %s, and stands in the way of nothing after it', async (code, kind) => {
    const writer = new SqliteWriter(join(tempFolder(), 'tenon.db'));
    onTestFinished(() => writer.close());
    writer.database.function('fail', () => {
      throw Object.assign(new Error('said the disk'), { code });
    });
    writer.database.exec(
      "CREATE TEMP TRIGGER broken BEFORE INSERT ON meta WHEN new.name = 'bad' BEGIN SELECT fail(); END",
    );
    const failure = { kind, message: `${code} said the disk` };
    expect(await writer.write([put('before'), put('bad'), put('after')])).toEqual({ failure });
    expect(writer.database.prepare('SELECT count(*) AS n FROM meta').get()).toEqual({ n: 0 });
    expect(await writer.write([put('later')])).toEqual({ steps: [{ kind: 'committed' }] });
  });

  it('because it may only be read fails as one that cannot be trusted', async () => {
    const writer = new SqliteWriter(join(tempFolder(), 'tenon.db'));
    onTestFinished(() => writer.close());
    writer.database.pragma('query_only = ON');
    expect(await writer.write([put('a')])).toMatchObject({ failure: { kind: 'io' } });
  });

  it('because somebody holds its lock fails as one that may pass', async () => {
    const path = join(tempFolder(), 'tenon.db');
    const writer = new SqliteWriter(path);
    const shell = openForWriting(path);
    onTestFinished(() => {
      shell.close();
      return writer.close();
    });
    writer.database.pragma('busy_timeout = 0');
    shell.exec('BEGIN IMMEDIATE');
    expect(await writer.write([put('a')])).toMatchObject({ failure: { kind: 'busy' } });
    shell.exec('ROLLBACK');
    expect(await writer.write([put('a')])).toEqual({ steps: [{ kind: 'committed' }] });
  });
});

describe('a writer thread that ends by itself', () => {
  const step: Step = { actorId: null, writes: [putMeta('a', '1')] };
  const gone = { failure: { kind: 'io', message: 'the writer thread has ended' } };

  /** Starts one; answers its thread as well. */
  async function startThread() {
    const started = once(process, 'worker') as Promise<[Worker]>;
    const writer = await startThreadWriter(join(tempFolder(), 'tenon.db'));
    const [thread] = await started;
    return { writer, thread };
  }

  it.each<[string, (thread: Worker) => unknown]>([
    ['is killed', (thread) => thread.terminate()],
    ['fails', (thread) => thread.emit('error', new Error('out of memory'))],
  ])('because it %s answers what waits and what comes with a failure, and hangs nobody', async (_name, end) => {
    const { writer, thread } = await startThread();
    onTestFinished(async () => {
      await thread.terminate();
    });
    const waiting = writer.write([step]);
    const vacuum = writer.vacuum(1);
    void end(thread);
    expect(await waiting).toEqual(gone);
    await expect(vacuum).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(await writer.write([step])).toEqual(gone);
    await writer.close();
  });

  it('while it is being closed is closed', async () => {
    const { writer, thread } = await startThread();
    const closed = writer.close();
    void thread.terminate();
    await closed;
  });

  it('before its database is open cannot be started', async () => {
    const started = once(process, 'worker') as Promise<[Worker]>;
    const writer = startThreadWriter(join(tempFolder(), 'tenon.db'));
    const [thread] = await started;
    void thread.terminate();
    await expect(writer).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
});
