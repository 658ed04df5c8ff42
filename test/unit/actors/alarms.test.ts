import { describe, expect, it } from 'vitest';
import { Alarms } from '../../../actors/alarms.ts';
import type { ActorId } from '../../../src/core/ids.ts';
import { ALARM_BATCH, ALARM_SCAN_INTERVAL_MS, ALARMS_IN_FLIGHT_MAX } from '../../../src/core/limits.ts';
import { DAY_MS, SECOND_MS } from '../../../src/core/time.ts';
import { insertSnapshot, updateSnapshot } from '../../../src/store/tables/snapshots.ts';
import { fakeClock } from '../../support/clock.ts';
import { id, startRuntime } from '../../support/runtime.ts';
import { withStore } from '../../support/store.ts';

const insert = (actorId: ActorId, wakeAtMs: number, schemaVersion = 1) =>
  insertSnapshot({ actorId, schemaVersion, revision: 1, wakeAtMs, state: '{}', event: '{}' });

describe('an alarm', () => {
  it('does not ring early, and rings once when it is due', async () => {
    const { runtime, clock, stored } = await startRuntime();
    const atMs = clock.nowMs() + 5000;
    await runtime.send(id('a'), { type: 'arm', atMs });
    await clock.advance(4999);
    expect(stored('a')).toMatchObject({ count: 0, wakeAtMs: atMs });
    await clock.advance(1);
    expect(stored('a')).toMatchObject({ count: 1, wakeAtMs: null });
    await clock.advance(DAY_MS);
    expect(stored('a')).toMatchObject({ count: 1 });
    expect(clock.pendingCount).toBe(0);
  });

  it('rings at once when it is set in the past, and at the next start when it fell due meanwhile', async () => {
    const first = await startRuntime();
    await first.runtime.send(id('past'), { type: 'arm', atMs: 1 });
    await first.clock.advance(0);
    expect(first.stored('past')).toMatchObject({ count: 1 });
    await first.runtime.send(id('a'), { type: 'arm', atMs: first.clock.nowMs() + 5000 });
    await first.runtime.stop();
    await first.clock.advance(DAY_MS);
    expect(first.stored('a')).toMatchObject({ count: 0 });
    void first.writer.die();
    const second = await startRuntime({ folder: first.folder, nowMs: first.clock.nowMs() });
    await second.clock.advance(0);
    expect(second.stored('a')).toMatchObject({ count: 1 });
  });

  it('months away rings then', async () => {
    const { runtime, clock, stored } = await startRuntime();
    await runtime.send(id('a'), { type: 'arm', atMs: clock.nowMs() + 60 * DAY_MS });
    await clock.advance(60 * DAY_MS - 1);
    expect(stored('a')).toMatchObject({ count: 0 });
    await clock.advance(1);
    expect(stored('a')).toMatchObject({ count: 1 });
  });

  it('that was put off or switched off does not ring at its old time', async () => {
    const { runtime, clock, stored } = await startRuntime();
    const dueMs = clock.nowMs() + 5000;
    await runtime.send(id('later'), { type: 'arm', atMs: dueMs });
    await runtime.send(id('never'), { type: 'arm', atMs: dueMs });
    await runtime.send(id('later'), { type: 'arm', atMs: dueMs + 5000 });
    await runtime.send(id('never'), { type: 'arm', atMs: null });
    await clock.advance(6000);
    expect([stored('later')?.count, stored('never')?.count]).toEqual([0, 0]);
    await clock.advance(4000);
    expect([stored('later')?.count, stored('never')?.count]).toEqual([1, 0]);
  });

  it('keeps the order of time when an earlier one is set later', async () => {
    const { runtime, clock, stored } = await startRuntime();
    const nowMs = clock.nowMs();
    await runtime.send(id('late'), { type: 'arm', atMs: nowMs + 9000 });
    await runtime.send(id('early'), { type: 'arm', atMs: nowMs + 1000 });
    await clock.advance(1000);
    expect([stored('early')?.count, stored('late')?.count]).toEqual([1, 0]);
    await clock.advance(8000);
    expect(stored('late')?.count).toBe(1);
  });

  it('of an actor that cannot be read pauses it instead of ringing for ever', async () => {
    const { runtime, store, clock, stored } = await startRuntime({ isStarted: false });
    const unreadable = Array.from({ length: ALARM_BATCH + 10 }, (_, n) => insert(id(`broken${n}`), 1, 99));
    await store.commit(unreadable);
    await store.commit([insert('gone:1' as ActorId, 1)]);
    await runtime.send(id('fine'), { type: 'arm', atMs: 2 });
    runtime.start();
    await clock.advance(5 * SECOND_MS);
    expect(stored('fine')).toMatchObject({ count: 1 });
    expect(clock.pendingCount).toBe(0);
    expect(store.reads.get('SELECT count(*) AS n FROM snapshots WHERE pausedReason IS NOT NULL')).toEqual({
      n: unreadable.length + 1,
    });
  });

  it('that meets a full disk is tried again each second', async () => {
    const { runtime, writer, clock, stored } = await startRuntime();
    await runtime.send(id('a'), { type: 'arm', atMs: clock.nowMs() + 1000 });
    writer.failure = { kind: 'full', message: 'full' };
    await clock.advance(5000);
    writer.failure = null;
    await clock.advance(1000);
    expect(stored('a')).toMatchObject({ count: 1 });
  });
});

describe('many due alarms', () => {
  async function rung(count: number, wake: (actorId: ActorId) => Promise<boolean>) {
    const { store } = await withStore();
    const ids = Array.from({ length: count }, (_, n) => id(`a${String(n).padStart(4, '0')}`));
    await store.commit(ids.map((actorId, n) => insert(actorId, 1000 + n)));
    const clock = fakeClock();
    const alarms = new Alarms(store.reads, clock, wake);
    alarms.start();
    return { store, clock, alarms, ids };
  }

  it('ring oldest first and a bounded number at a time', async () => {
    const woken: ActorId[] = [];
    const gates: (() => void)[] = [];
    const { store, clock, alarms, ids } = await rung(2 * ALARM_BATCH + 30, async (actorId) => {
      woken.push(actorId);
      await new Promise<void>((resolve) => gates.push(resolve));
      await store.commit([
        updateSnapshot({ actorId, schemaVersion: 1, revision: 2, wakeAtMs: null, state: '{}', event: '{}' }),
      ]);
      return true;
    });
    expect(woken).toEqual(ids.slice(0, ALARM_BATCH));
    // None of these has been handled yet; the next batch waits for its time, the one after that for a free place.
    await clock.advance(ALARM_SCAN_INTERVAL_MS - 1);
    expect(woken).toHaveLength(ALARM_BATCH);
    await clock.advance(SECOND_MS);
    expect(woken).toEqual(ids.slice(0, ALARMS_IN_FLIGHT_MAX));
    for (const open of gates.splice(0)) open();
    await clock.advance(ALARM_SCAN_INTERVAL_MS);
    for (const open of gates.splice(0)) open();
    await clock.advance(SECOND_MS);
    expect(woken).toEqual(ids);
    alarms.stop();
    expect(clock.pendingCount).toBe(0);
  });

  it('that nobody can use are asked once a second, not in a loop', async () => {
    let asked = 0;
    const { clock, alarms } = await rung(3, async () => {
      asked += 1;
      return false;
    });
    await clock.advance(10 * SECOND_MS);
    expect(asked).toBe(3 * 11);
    alarms.stop();
    await clock.advance(10 * SECOND_MS);
    expect(asked).toBe(3 * 11);
    expect(clock.pendingCount).toBe(0);
  });
});

describe('a clock that jumps', () => {
  it('forward rings what fell due on the way, once', async () => {
    const { runtime, clock, stored } = await startRuntime();
    await runtime.send(id('a'), { type: 'arm', atMs: clock.nowMs() + 5000 });
    await runtime.send(id('b'), { type: 'arm', atMs: clock.nowMs() + 2 * DAY_MS });
    clock.jump(DAY_MS);
    // A timer of the system looks at the clock every half minute (src/core/time.ts).
    await clock.advance(30 * SECOND_MS);
    expect([stored('a')?.count, stored('b')?.count]).toEqual([1, 0]);
  });

  it('back rings late by as much, once, and not in a loop meanwhile', async () => {
    const { runtime, clock, stored } = await startRuntime();
    await runtime.send(id('a'), { type: 'arm', atMs: clock.nowMs() + 5000 });
    clock.jump(-DAY_MS);
    await clock.advance(6000);
    expect(stored('a')).toMatchObject({ count: 0 });
    expect(clock.pendingCount).toBe(1);
    await clock.advance(DAY_MS);
    expect(stored('a')).toMatchObject({ count: 1, wakeAtMs: null });
    expect(clock.pendingCount).toBe(0);
  });
});
