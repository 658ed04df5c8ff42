import { describe, expect, it } from 'vitest';
import { Alarms } from '../../../actors/alarms.ts';
import type { ActorId } from '../../../src/core/ids.ts';
import { ALARM_BATCH, ALARM_SCAN_INTERVAL_MS, ALARMS_IN_FLIGHT_MAX } from '../../../src/core/limits.ts';
import { SECOND_MS } from '../../../src/core/time.ts';
import { insertSnapshot, updateSnapshot } from '../../../src/store/tables/snapshots.ts';
import { fakeClock } from '../../support/clock.ts';
import { id, startRuntime } from '../../support/runtime.ts';
import { withStore } from '../../support/store.ts';

const insert = (actorId: ActorId, wakeAtMs: number, schemaVersion = 1) =>
  insertSnapshot({ actorId, schemaVersion, revision: 1, wakeAtMs, state: '{}', event: '{}' });

describe('an alarm', () => {
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
});

describe('the alarm clock', () => {
  it('waits for the earliest alarm with one timer', async () => {
    const { runtime, clock } = await startRuntime();
    const nowMs = clock.nowMs();
    for (const atMs of [nowMs + 9000, nowMs + 1000, nowMs + 5000]) {
      await runtime.send(id(`${atMs}`), { type: 'arm', atMs });
    }
    expect([clock.pendingCount, clock.nextAtMs]).toEqual([1, nowMs + 1000]);
  });

  it('waits for nobody who is paused', async () => {
    const { runtime, clock } = await startRuntime({ isStarted: false });
    await runtime.send(id('a'), { type: 'arm', atMs: clock.nowMs() + 1000 });
    await expect(runtime.send(id('a'), { type: 'boom' })).rejects.toMatchObject({ code: 'actor_paused' });
    runtime.start();
    expect(clock.pendingCount).toBe(0);
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
    const { store, clock, alarms, ids } = await rung(3 * ALARM_BATCH + 30, async (actorId) => {
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
    expect(clock.pendingCount).toBe(0);
    for (const open of gates.splice(0, 20)) open();
    await clock.advance(SECOND_MS);
    expect(woken).toEqual(ids.slice(0, ALARMS_IN_FLIGHT_MAX + 20));
    while (gates.length > 0) {
      for (const open of gates.splice(0)) open();
      await clock.advance(SECOND_MS);
    }
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
    alarms.note(clock.nowMs() + 1);
    expect(clock.pendingCount).toBe(0);
    await clock.advance(10 * SECOND_MS);
    expect(asked).toBe(3 * 11);
  });
});
