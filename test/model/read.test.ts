import { describe, expect, it } from 'vitest';
import { read } from '../../machines/read.ts';
import type { ReadContext } from '../../machines/readEvents.ts';
import { READ_ATTEMPTS_MAX, READ_TRIGGERS_MAX } from '../../src/core/limits.ts';
import { edgesOf, listOf, type Model, missedTransitions, NOW_MS, namesOf, randomWalk } from '../support/model.ts';

const configured = (hasBackfill: boolean, nextRunAtMs: number | null) => ({
  type: 'read.configured',
  installationId: 'i1',
  objectName: 'account',
  hasBackfill,
  nextRunAtMs,
});

const triggered = (operationId: string) => ({
  type: 'read.triggered',
  installationId: 'i1',
  objectName: 'account',
  trigger: { operationId, sinceMs: null, untilMs: NOW_MS },
});

const model: Model<ReadContext> = {
  definition: read,
  events: ({ turn, wakeAtMs, triggers }) => [
    configured(true, NOW_MS + 1000),
    configured(false, NOW_MS - 1),
    configured(false, null),
    ...(triggers.length < 2 ? [triggered(`o${triggers.length}`)] : []),
    ...[turn, turn - 1, turn + 1].flatMap((answered) => [
      { type: 'page.committed', turn: answered, isLast: false, nextRunAtMs: null },
      { type: 'page.committed', turn: answered, isLast: true, nextRunAtMs: NOW_MS + 5000 },
      { type: 'page.committed', turn: answered, isLast: true, nextRunAtMs: null },
      { type: 'page.failed', turn: answered, message: 'down', retryAtMs: NOW_MS + 100 },
      { type: 'page.failed', turn: answered, message: 'no such object', retryAtMs: null },
      { type: 'page.deferred', turn: answered, message: 'no budget', retryAtMs: NOW_MS + 50 },
      { type: 'page.abandoned', turn: answered, message: 'no longer read' },
    ]),
    ...['read.blocked', 'read.unblocked', 'read.paused', 'read.resumed', 'read.removed'].map((type) => ({ type })),
    { type: 'alarm.fired' },
    { type: 'alarm.fired', nowMs: (wakeAtMs ?? NOW_MS) - 1 },
    { type: 'alarm.fired', nowMs: wakeAtMs ?? NOW_MS },
    { type: 'alarm.fired', nowMs: (wakeAtMs ?? NOW_MS) + 86_400_000 },
  ],
  isFarEnough: ({ turn }) => turn >= 2,
};

const edges = edgesOf(model);
const accepted = edges.filter(({ isAccepted }) => isAccepted);

describe('the read machine', () => {
  it('reaches every state', () => {
    expect([...new Set(edges.flatMap(({ from, to }) => [from.name, to.name]))].toSorted()).toEqual(namesOf(read));
  });

  it('takes every transition', () => {
    expect(missedTransitions(read, edges)).toEqual([]);
  });

  it('has these edges, asking for these effects', () => {
    expect(listOf(edges)).toEqual([
      'absent + read.configured → idle',
      'absent + read.configured → reading: readPage',
      'absent + read.removed → removed: closeRun',
      'absent + read.triggered → absent',
      'blocked + read.configured → blocked',
      'blocked + read.paused → paused',
      'blocked + read.removed → removed: closeRun',
      'blocked + read.triggered → blocked',
      'blocked + read.unblocked → idle',
      'blocked + read.unblocked → reading: readPage',
      'idle + alarm.fired → reading: readPage',
      'idle + read.blocked → blocked',
      'idle + read.configured → idle',
      'idle + read.configured → reading: readPage',
      'idle + read.paused → paused',
      'idle + read.removed → removed: closeRun',
      'idle + read.triggered → reading: readPage',
      'paused + read.configured → paused',
      'paused + read.removed → removed: closeRun',
      'paused + read.resumed → idle',
      'paused + read.resumed → reading: readPage',
      'reading + page.abandoned → idle: closeRun',
      'reading + page.committed → idle',
      'reading + page.committed → reading: readPage',
      'reading + page.deferred → waiting',
      'reading + page.failed → idle: closeRun',
      'reading + page.failed → paused: closeRun',
      'reading + page.failed → reading: closeRun, readPage',
      'reading + page.failed → waiting',
      'reading + read.blocked → blocked',
      'reading + read.configured → reading',
      'reading + read.paused → paused',
      'reading + read.removed → removed: closeRun',
      'reading + read.triggered → reading',
      'waiting + alarm.fired → reading: readPage',
      'waiting + read.blocked → blocked',
      'waiting + read.configured → waiting',
      'waiting + read.paused → paused',
      'waiting + read.removed → removed: closeRun',
      'waiting + read.triggered → waiting',
    ]);
  });

  it('asks for one page per turn, and for it as its context says', () => {
    for (const { from, to, effects } of accepted) {
      const { installationId, objectName, run, readType, page, turn, attempt, deferrals, trigger } = to.context;
      const isTurn = turn === from.context.turn + 1;
      const expected = [
        { type: 'effect.readPage', installationId, objectName, run, readType, page, turn, attempt, deferrals, trigger },
      ];
      expect(effects.filter(({ type }) => type === 'effect.readPage')).toEqual(isTurn ? expected : []);
      if (isTurn) expect([to.name, readType !== null]).toEqual(['reading', true]);
    }
  });

  it('has no alarm while a page is outstanding, or where only somebody else can make it go on', () => {
    for (const { to } of edges) {
      if (['absent', 'reading', 'blocked', 'paused'].includes(to.name)) expect(to.context.wakeAtMs).toBeNull();
    }
  });

  it('always has an alarm while it waits, and the one of its schedule while it is idle', () => {
    for (const { to } of edges) {
      if (to.name === 'waiting') expect(to.context.wakeAtMs).not.toBeNull();
      if (to.name === 'idle') expect(to.context.wakeAtMs).toBe(to.context.nextRunAtMs);
    }
  });

  it('ignores an alarm that comes early, and takes one that comes late', () => {
    for (const { from, event, isAccepted } of edges) {
      if (event.type !== 'alarm.fired') continue;
      const { wakeAtMs } = from.context;
      expect(isAccepted).toBe(wakeAtMs !== null && event.nowMs >= wakeAtMs);
    }
  });

  it('ignores answers to any request but the last, and any answer it does not wait for', () => {
    for (const { from, event, isAccepted } of edges) {
      if (!event.type.startsWith('page.')) continue;
      expect(isAccepted).toBe(from.name === 'reading' && event['turn'] === from.context.turn);
    }
  });

  it('opens a run only when none is open, and goes on with the page it stopped at', () => {
    for (const { from, to, event } of accepted) {
      const isNewRun = to.context.run === from.context.run + 1;
      expect(to.context.run - from.context.run).toBeOneOf([0, 1]);
      const isEnd = event['isLast'] === true || (event.type === 'page.failed' && from.context.readType === 'triggered');
      if (isNewRun) expect([from.context.readType === null || isEnd, to.context.page]).toEqual([true, 0]);
      else if (event.type !== 'page.committed') expect(to.context.page).toBe(from.context.page);
    }
  });

  it('backfills once, before any other run, or anew after a backfill that was cut off', () => {
    const backfills = accepted.filter(
      ({ from, to }) => from.context.readType === null && to.context.readType === 'backfill',
    );
    expect(backfills.length).toBeGreaterThan(0);
    for (const { from, event } of backfills) {
      expect([from.context.run === 0 || from.context.isBackfillOwed, event['hasBackfill']]).toEqual([true, true]);
    }
  });

  it('keeps a backfill that was configured while it could not run', () => {
    const held = accepted.filter(({ from, to }) => from.context.run === 0 && to.context.readType === 'backfill');
    expect(held.map(({ to }) => to.name)).toEqual(expect.arrayContaining(['blocked', 'paused', 'reading']));
  });

  it('reads each trigger once, in their order, or closes its operation', () => {
    for (const { from, to, event, effects } of accepted) {
      const before = [from.context.trigger, ...from.context.triggers].flatMap((one) => one?.operationId ?? []);
      const after = [to.context.trigger, ...to.context.triggers].flatMap((one) => one?.operationId ?? []);
      const added = event.type === 'read.triggered' ? [(event['trigger'] as { operationId: string }).operationId] : [];
      const closed = effects.flatMap((effect) =>
        effect.type === 'effect.closeRun' ? [effect.operationId ?? [], effect.waiting ?? []].flat() : [],
      );
      const read =
        event.type === 'page.committed' && event['isLast'] ? before.slice(0, before.length - after.length) : [];
      // What has ended keeps its context: nobody reads it.
      const left = to.name === 'removed' ? [] : after;
      expect([...read, ...closed, ...left]).toEqual([...before, ...added]);
    }
  });

  it('says that it pauses only where it pauses by itself, and that it is removed only where it is', () => {
    const closing = accepted.flatMap(({ from, event, to, effects }) =>
      effects.flatMap((effect) => (effect.type === 'effect.closeRun' ? [{ from, event, to, effect }] : [])),
    );
    for (const { event, to, effect } of closing) {
      expect(effect.isPaused).toBe(event.type === 'page.failed' && to.name === 'paused');
      expect(effect.isRemoved).toBe(to.name === 'removed');
    }
    const paused = accepted.filter(({ to, event }) => to.name === 'paused' && event.type === 'read.paused');
    expect(paused.length).toBeGreaterThan(0);
    for (const { effects } of paused) expect(effects).toEqual([]);
  });

  it('leaves the time of the schedule to the schedule while it reads what it was asked for', () => {
    const open = accepted.filter(({ from }) => from.context.readType === 'triggered' && from.name === 'reading');
    const ended = open.filter(({ event }) => event['isLast'] === true || event['retryAtMs'] === null);
    expect(ended.length).toBeGreaterThan(0);
    for (const { from, to } of ended) {
      expect(to.context.nextRunAtMs).toBe(from.context.nextRunAtMs);
      const isLate = from.context.nextRunAtMs !== null && from.context.nextRunAtMs <= NOW_MS;
      if (isLate) expect(to.context.readType).toBeOneOf(['scheduled', 'backfill']);
    }
  });

  it('never pauses because of what it was asked for', () => {
    const failed = accepted.filter(({ from, event }) => from.name === 'reading' && event.type === 'page.failed');
    const ofTriggers = failed.filter(({ from }) => from.context.readType === 'triggered');
    expect(ofTriggers.length).toBeGreaterThan(0);
    for (const { to } of ofTriggers) expect(to.name).not.toBe('paused');
  });

  it('takes no more triggers than it has room for, and none while it is paused', () => {
    for (const { from, event, isAccepted } of edges) {
      if (event.type === 'read.triggered') expect(isAccepted).toBe(from.name !== 'paused');
    }
    const asking: Model<ReadContext> = {
      definition: read,
      events: ({ triggers }) => [configured(true, null), triggered(`o${triggers.length}`)],
      isFarEnough: ({ triggers }) => triggers.length > READ_TRIGGERS_MAX,
    };
    const counts = edgesOf(asking).map(({ to }) => to.context.triggers.length);
    expect(Math.max(...counts)).toBe(READ_TRIGGERS_MAX);
  });

  it('gives up on a page that keeps failing, and starts to count anew when it is resumed', () => {
    const failing: Model<ReadContext> = {
      definition: read,
      events: ({ turn, wakeAtMs }, name) => {
        if (name === 'absent') return [configured(true, null)];
        if (name === 'paused') return [{ type: 'read.resumed' }];
        if (name === 'waiting') return [{ type: 'alarm.fired', nowMs: wakeAtMs ?? 0 }];
        return [{ type: 'page.failed', turn, message: 'down', retryAtMs: NOW_MS + 100 }];
      },
      isFarEnough: ({ turn }) => turn > READ_ATTEMPTS_MAX + 1,
    };
    const path = edgesOf(failing);
    const [gaveUp] = path.filter(({ to }) => to.name === 'paused');
    expect(gaveUp?.to.context.attempt).toBe(READ_ATTEMPTS_MAX);
    expect(gaveUp?.effects).toMatchObject([{ type: 'effect.closeRun', message: 'down', isRemoved: false }]);
    expect(path.find(({ from }) => from.name === 'paused')?.to.context.attempt).toBe(0);
  });

  it('walks the same way when it is stored and restored after each step', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { seen, seenRestored } = randomWalk(model, seed, 80);
      expect(seenRestored, `seed ${seed}`).toEqual(seen);
    }
  });
});
