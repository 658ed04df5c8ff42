import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { replay } from '../../../actors/replay.ts';
import { MACHINES, Runtime } from '../../../actors/runtime.ts';
import { actorsOf } from '../../../bench/actors/members.ts';
import { Population } from '../../../bench/actors/population.ts';
import { type ActorId, machineOf } from '../../../src/core/ids.ts';
import { silentLog } from '../../../src/core/log.ts';
import { systemClock } from '../../../src/core/time.ts';
import { readHistory, readSnapshot } from '../../../src/store/tables/snapshots.ts';
import { tempFolder, withStore } from '../../support/store.ts';

const SIZE = 30;
/** The one that the others are copied from is there too. */
const CUSTOMERS = SIZE + 1;

async function grown() {
  const population = await Population.begin(tempFolder());
  population.grow(SIZE / 3);
  population.grow(SIZE);
  return population;
}

describe('a population', () => {
  it('has each customer once, with the rows of one', async () => {
    const population = await grown();
    const { store } = await withStore({ folder: population.folder });
    const count = (from: string) => store.reads.get<{ n: number }>(`SELECT count(*) AS n FROM ${from}`)?.n;
    const tables = ['installations', 'connections', 'credentials', 'checkpoints'];
    expect(tables.map(count)).toEqual(tables.map(() => CUSTOMERS));
    expect(count('snapshots')).toBe(3 * CUSTOMERS);
    expect(count('effects')).toBe(0);
    expect(count('installations JOIN connections USING (connectionId)')).toBe(CUSTOMERS);
    expect(population.sample(100).length).toBe(SIZE);
  });

  it('has alarms that differ, none of them due', async () => {
    const population = await grown();
    const { store } = await withStore({ folder: population.folder });
    const alarms = store.reads.all<{ wakeAtMs: number; state: string }>(
      'SELECT wakeAtMs, state FROM snapshots WHERE wakeAtMs IS NOT NULL',
    );
    expect(new Set(alarms.map(({ wakeAtMs }) => wakeAtMs)).size).toBe(CUSTOMERS);
    expect(Math.min(...alarms.map(({ wakeAtMs }) => wakeAtMs))).toBeGreaterThan(systemClock.nowMs());
    for (const { wakeAtMs, state } of alarms) expect(JSON.parse(state).context.wakeAtMs).toBe(wakeAtMs);
  });

  it('has histories that lead to what is stored', async () => {
    const population = await grown();
    const { store } = await withStore({ folder: population.folder });
    const ids = store.reads.all<{ actorId: ActorId }>('SELECT actorId FROM snapshots');
    for (const { actorId } of ids) {
      const definition = MACHINES.find(({ name }) => name === machineOf(actorId));
      const [history, stored] = [readHistory(store.reads, actorId), readSnapshot(store.reads, actorId)];
      if (definition === undefined || history === undefined || stored === undefined) throw new Error(actorId);
      expect([actorId, replay(definition, history, stored).kind]).toEqual([actorId, 'same']);
    }
  });

  it('takes the events of the bench, as often as it is asked', async () => {
    const population = await grown();
    const { store } = await withStore({ folder: population.folder });
    const runtime = new Runtime({ store, clock: systemClock, log: silentLog() });
    for (const actor of actorsOf(population.sample(2), population.generation, 6)) {
      for (const turn of [0, 1, 2]) {
        const { event, extras } = actor.event(turn);
        expect(await runtime.send(actor.actorId, event, extras)).toBe(true);
      }
    }
    expect(runtime.dispatcher.inFlightCount).toBe(0);
    expect(runtime.liveCount).toBe(6);
  });

  it('leaves a database of its own and nothing else in the data folder', async () => {
    const population = await grown();
    expect(population.path).toBe(join(population.folder, 'tenon.db'));
    expect(population.bytes).toBeGreaterThan(SIZE * 1000);
  });
});
