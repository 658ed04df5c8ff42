import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Step } from '../../../src/store/port.ts';
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
