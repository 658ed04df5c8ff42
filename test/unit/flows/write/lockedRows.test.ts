import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { notWritten, type RecordOutcome, type WriteRecord, written } from '../../../../src/connectors/contract.ts';
import { type Chance, drawFrom } from '../../../../src/core/chance.ts';
import { IntegrationError } from '../../../../src/core/errors.ts';
import { CALLER_WAIT_MS_MAX, LOCKED_BACKOFF_MS_MAX, LOCKED_TRIES_MAX } from '../../../../src/core/limits.ts';
import { sendPastLocks } from '../../../../src/flows/write/lockedRows.ts';
import { RowLanes } from '../../../../src/flows/write/rowLanes.ts';
import { fakeClock, flush } from '../../../support/clock.ts';

const ALL_PAUSES_MS = LOCKED_TRIES_MAX * LOCKED_BACKOFF_MS_MAX;
/** With it every pause is the longest of its kind. */
const LONGEST: Chance = { uuid: randomUUID, bytes: randomBytes, below: (sides) => sides - 1 };

afterEach(() => drawFrom(null));

function locked(): IntegrationError {
  return new IntegrationError('conflict_upstream', 'locked', { upstreamStatus: 400, isRetryable: true });
}

/** A child of `parent`, by a name that tells records apart. */
function child(name: string, parent = 'acme'): WriteRecord {
  return { recordId: null, fields: { name, parent }, associations: [] };
}

function nameOf({ fields }: WriteRecord): string {
  return String(fields['name']);
}

/** Answers each try in turn; `answer` says of each record what becomes of it. */
function start({ isAllOrNone = false } = {}) {
  const clock = fakeClock();
  const lanes = new RowLanes(clock);
  const rowsLockedBy = ({ fields }: WriteRecord) => [String(fields['parent'])];
  const sent: string[] = [];
  const send = (
    records: readonly WriteRecord[],
    answer: (record: WriteRecord, count: number) => RecordOutcome | Error,
  ) => {
    let count = 0;
    return sendPastLocks({ clock, lanes, rowsLockedBy, accountKey: 'org', isAllOrNone }, records, async (some) => {
      count += 1;
      sent.push(some.map(nameOf).join());
      const results = some.map((record) => answer(record, count));
      const error = results.find((result) => result instanceof Error);
      if (error !== undefined) throw error;
      return { results: results as RecordOutcome[], errors: [] };
    });
  };
  return { clock, lanes, send, sent };
}

describe('a record whose row is locked', () => {
  it('is given up with the words of the last lock', async () => {
    const { clock, lanes, send, sent } = start();
    const outcome = send([child('a')], () => locked()).catch((error: unknown) => error);
    await clock.advance(ALL_PAUSES_MS);
    expect(await outcome).toMatchObject({ code: 'conflict_upstream', isRetryable: true });
    expect([sent.length, lanes.size]).toEqual([1 + LOCKED_TRIES_MAX, 0]);
  });

  it('is not sent again after anything else', async () => {
    const { send, sent } = start();
    const conflict = new IntegrationError('conflict_upstream', 'taken', { upstreamStatus: 409 });
    await expect(send([child('a')], () => conflict)).rejects.toBe(conflict);
    const { results } = await send([child('b')], () => notWritten(['refused']));
    expect(results).toMatchObject([{ isWritten: false }]);
    expect(sent).toEqual(['a', 'b']);
  });

  it('ends with what the last try came to', async () => {
    const { clock, send } = start();
    const lost = new IntegrationError('outcome_unknown', 'the answer was lost');
    const outcome = send([child('a')], (_record, count) => (count === 1 ? locked() : lost)).catch((error) => error);
    await clock.advance(ALL_PAUSES_MS);
    expect(await outcome).toBe(lost);
  });

  it('is written once the lock is gone', async () => {
    const { clock, lanes, send, sent } = start();
    const outcome = send([child('a')], (_record, count) => (count < 3 ? locked() : written('1', null)));
    await clock.advance(ALL_PAUSES_MS);
    expect((await outcome).results).toMatchObject([{ isWritten: true, recordId: '1' }]);
    expect([sent, lanes.size]).toEqual([['a', 'a', 'a'], 0]);
  });
});

describe('a batch with locked rows', () => {
  it('sends only what was locked again, and keeps what became of the others', async () => {
    const { clock, send, sent } = start();
    const outcome = send([child('a'), child('b'), child('c')], (record, count) => {
      if (nameOf(record) === 'c') return notWritten(['refused']);
      return nameOf(record) === 'b' && count === 1 ? notWritten(['locked'], true) : written(nameOf(record), null);
    });
    await clock.advance(ALL_PAUSES_MS);
    expect(sent).toEqual(['a,b,c', 'b']);
    expect((await outcome).results).toMatchObject([
      { recordId: 'a' },
      { recordId: 'b' },
      { isWritten: false, errors: ['refused'] },
    ]);
  });

  it('tells of the records that were sent again and lost, and of those that were written before', async () => {
    const { clock, send } = start();
    const outcome = send([child('a'), child('b')], (record, count) => {
      if (count > 1) return new IntegrationError('outcome_unknown', 'the answer was lost');
      return nameOf(record) === 'b' ? notWritten(['locked'], true) : written('1', null);
    });
    await clock.advance(ALL_PAUSES_MS);
    expect((await outcome).results).toMatchObject([
      { recordId: '1' },
      { isWritten: false, errors: [{ message: 'the answer was lost' }] },
    ]);
  });

  it('keeps the warnings of each time that it was sent', async () => {
    const clock = fakeClock();
    const repeating = { clock, lanes: new RowLanes(clock), rowsLockedBy: () => ['x'], accountKey: 'org' };
    let count = 0;
    const outcome = sendPastLocks({ ...repeating, isAllOrNone: false }, [child('a'), child('b')], (some) => {
      count += 1;
      const results = some.map((record) =>
        nameOf(record) === 'b' && count === 1 ? notWritten(['locked'], true) : written('1', null),
      );
      return Promise.resolve({ results, errors: [], warnings: [`time ${count}`] });
    });
    await clock.advance(ALL_PAUSES_MS);
    expect((await outcome).warnings).toEqual(['time 1', 'time 2']);
  });

  it('does not go again where all or none are written and one is refused', async () => {
    const { send, sent } = start({ isAllOrNone: true });
    const batch = [child('a'), child('b')];
    await send(batch, (record) => notWritten(['no'], nameOf(record) === 'b'));
    expect(sent).toEqual(['a,b']);
  });

  it('goes again whole where all or none are written and the others were only rolled back', async () => {
    const { clock, send, sent } = start({ isAllOrNone: true });
    const outcome = send([child('a'), child('b')], (record, count) =>
      count === 1 ? notWritten(['locked'], true) : written(nameOf(record), null),
    );
    await clock.advance(ALL_PAUSES_MS);
    expect(sent).toEqual(['a,b', 'a,b']);
    expect((await outcome).results).toMatchObject([{ recordId: 'a' }, { recordId: 'b' }]);
  });
});

describe('writes of the same parent that were locked', () => {
  it('go again one after the other, and those of another parent beside them', async () => {
    drawFrom(LONGEST);
    const { clock, send } = start();
    const again: string[] = [];
    const lockedTwice = (record: WriteRecord, count: number) => {
      if (count > 1) again.push(`${nameOf(record)}${count}`);
      return count < 3 ? locked() : written(nameOf(record), null);
    };
    const writes = [child('a'), child('b'), child('c', 'other')].map((record) => send([record], lockedTwice));
    await clock.advance(2 * ALL_PAUSES_MS);
    await Promise.all(writes);
    expect(again.filter((one) => !one.startsWith('c'))).toEqual(['a2', 'a3', 'b2', 'b3']);
    expect(again.indexOf('c2')).toBeLessThan(again.indexOf('b2'));
  });

  it('give up when those before them take too long, and hold nobody up', async () => {
    const clock = fakeClock();
    const lanes = new RowLanes(clock);
    const gate = Promise.withResolvers<void>();
    const ran: string[] = [];
    const run = (name: string, rows: readonly string[], deadlineMs: number) =>
      lanes.alone(rows, deadlineMs, async () => {
        ran.push(name);
        if (name === 'first') await gate.promise;
        return name;
      });
    const first = run('first', ['x'], Number.POSITIVE_INFINITY);
    const second = run('second', ['y', 'x'], clock.nowMs() + CALLER_WAIT_MS_MAX);
    const third = run('third', ['x'], clock.nowMs() + 10 * CALLER_WAIT_MS_MAX);
    await clock.advance(CALLER_WAIT_MS_MAX);
    expect(await second).toBeNull();
    expect(await run('beside', ['y'], clock.nowMs())).toBe('beside');
    expect(ran).toEqual(['first', 'beside']);
    gate.resolve();
    expect([await first, await third]).toEqual(['first', 'third']);
    await flush(1);
    expect(lanes.size).toBe(0);
  });
});
