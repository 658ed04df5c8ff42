import { describe, expect, it } from 'vitest';
import { EffectQueues, type TakenUp } from '../../../actors/effectQueues.ts';
import type { IssuedEffect } from '../../../actors/host.ts';
import { ownerOf } from '../../../actors/turns.ts';
import type { Effect } from '../../../machines/effects.ts';
import { type ActorId, actorIdOf } from '../../../src/core/ids.ts';
import {
  EFFECTS_IN_FLIGHT_MAX,
  EFFECTS_WAITING_MAX,
  OWNER_EFFECTS_IN_FLIGHT_MAX,
  REDISPATCH_BATCH,
  SHARER_EFFECTS_IN_FLIGHT_MAX,
} from '../../../src/core/limits.ts';
import type { RowWrite } from '../../../src/store/port.ts';
import type { Store } from '../../../src/store/store.ts';
import { eraseEffects, insertEffect } from '../../../src/store/tables/effects.ts';
import { pauseSnapshot } from '../../../src/store/tables/snapshots.ts';
import { flush } from '../../support/clock.ts';
import { withStore } from '../../support/store.ts';

const deliver = (lane: string, round: number): IssuedEffect => {
  const actorId = actorIdOf('delivery', lane);
  return { effectId: `${actorId}:${round}:0`, actorId, effect: { type: 'effect.deliver', laneId: lane, round } };
};
const message = (n: number, to: ActorId): IssuedEffect => ({
  effectId: `read:r:${n}:0`,
  actorId: actorIdOf('read', 'r'),
  effect: { type: 'effect.send', to, event: { type: 'n', n } },
});
const page = (installation: string, object: number): IssuedEffect => {
  const actorId = actorIdOf('read', `${installation}/${object}`);
  return { effectId: `${actorId}:1:0`, actorId, effect: { type: 'effect.readPage' } as Effect };
};
const refresh = (app: string, n: number): IssuedEffect => {
  const actorId = actorIdOf('credential', `${app}-${n}`);
  return { effectId: `${actorId}:1:0`, actorId, effect: { type: 'effect.refresh', connectionId: app } as Effect };
};
const appOf = (effect: Effect) => ('connectionId' in effect ? effect.connectionId : null);
const row = ({ effectId, actorId, effect }: IssuedEffect): RowWrite =>
  insertEffect(effectId, actorId, effect.type === 'effect.send' ? effect.to : actorId, JSON.stringify(effect));

/** Performs nothing until it is told to; remembers the order. */
async function start(rows: readonly RowWrite[] = [], sharedBy?: (effect: Effect) => string | null) {
  const { store } = await withStore();
  if (rows.length > 0) await store.commit(rows);
  const performed: TakenUp[] = [];
  const open: ((isSettled: boolean) => void)[] = [];
  const queues = new EffectQueues(
    store.reads,
    (taken) => {
      performed.push(taken);
      return new Promise((resolve) => open.push(resolve));
    },
    sharedBy,
  );
  const end = async (isSettled = true) => {
    for (const resolve of open.splice(0)) resolve(isSettled);
    await flush(2);
  };
  const endAll = async () => {
    while (open.length > 0) await end();
  };
  return { store, queues, performed, open, end, endAll };
}

const namesOf = (performed: readonly TakenUp[]) => performed.map(({ issued }) => issued.effectId);
/** As the settling commit would. */
const clear = (store: Store) => store.commit([eraseEffects(actorIdOf('delivery', 'a'))]);

describe('an effect in flight', () => {
  it('is not taken up again, whoever asks', async () => {
    const { store, queues, performed, endAll } = await start([row(deliver('a', 1))]);
    queues.add(deliver('a', 1));
    queues.add(deliver('a', 1));
    queues.fetchAll(['effect.deliver']);
    expect(queues.claim('delivery:a:1:0')).toBe(false);
    await clear(store);
    await endAll();
    expect(performed).toHaveLength(1);
    expect(queues.inFlightCount).toBe(0);
  });

  it('that fails while its actor is resumed is taken up once more', async () => {
    const { store, queues, performed, end, endAll } = await start([row(deliver('a', 1))]);
    queues.add(deliver('a', 1));
    queues.addRows(store.reads.all('SELECT * FROM effects'));
    expect(performed).toHaveLength(1);
    await end(false);
    expect(performed).toHaveLength(2);
    await endAll();
    expect(performed).toHaveLength(2);
    expect(queues.inFlightCount).toBe(0);
  });

  it('that is settled while its actor is resumed is not taken up once more', async () => {
    const { store, queues, performed, endAll } = await start([row(deliver('a', 1))]);
    queues.add(deliver('a', 1));
    queues.addRows(store.reads.all('SELECT * FROM effects'));
    await endAll();
    expect(performed).toHaveLength(1);
    expect(queues.inFlightCount).toBe(0);
  });

  it('that is claimed is left to who claimed it', async () => {
    const { store, queues, performed, end } = await start([row(deliver('a', 1))]);
    expect(queues.claim('delivery:a:1:0')).toBe(true);
    queues.add(deliver('a', 1));
    queues.addRows(store.reads.all('SELECT * FROM effects'));
    expect(performed).toEqual([]);
    queues.release('delivery:a:1:0');
    queues.add(deliver('a', 1));
    expect(performed).toHaveLength(1);
    await end(false);
    expect(performed).toHaveLength(1);
  });
});

describe('places', () => {
  it('are limited for each type, so that one cannot hold up another', async () => {
    const { queues, performed, open, endAll } = await start();
    for (let lane = 0; lane < EFFECTS_IN_FLIGHT_MAX + 5; lane++) queues.add(deliver(`${lane}`, 1));
    expect(open).toHaveLength(EFFECTS_IN_FLIGHT_MAX);
    queues.add(page('i', 1));
    expect(namesOf(performed).at(-1)).toBe('read:i/1:1:0');
    await endAll();
    expect(performed).toHaveLength(EFFECTS_IN_FLIGHT_MAX + 6);
  });

  it('are limited for each owner, and owners take turns', async () => {
    const { queues, performed, open, end } = await start();
    for (let object = 0; object < 500; object++) queues.add(page('loud', object));
    expect(open).toHaveLength(OWNER_EFFECTS_IN_FLIGHT_MAX);
    queues.add(page('quiet', 1));
    expect(namesOf(performed).at(-1)).toBe('read:quiet/1:1:0');
    await end();
    expect(open).toHaveLength(OWNER_EFFECTS_IN_FLIGHT_MAX);
  });

  it('that become free go to the owner who waited longest', async () => {
    const { queues, performed, open } = await start();
    const owners = EFFECTS_IN_FLIGHT_MAX / OWNER_EFFECTS_IN_FLIGHT_MAX + 4;
    for (let owner = 0; owner < owners; owner++) {
      for (let object = 0; object < OWNER_EFFECTS_IN_FLIGHT_MAX + 4; object++) queues.add(page(`${owner}`, object));
    }
    expect(performed).toHaveLength(EFFECTS_IN_FLIGHT_MAX);
    for (let n = 0; n < 5; n++) {
      open.shift()?.(true);
      await flush(1);
    }
    const served = performed.slice(EFFECTS_IN_FLIGHT_MAX).map(({ issued }) => ownerOf(issued.actorId));
    expect(served).toEqual(['16', '17', '18', '19', '0']);
  });

  it('are limited for each provider app, so that one that hangs leaves some for the others', async () => {
    const { queues, performed, open, end, endAll } = await start([], appOf);
    for (let n = 0; n < 300; n++) queues.add(refresh('hung', n));
    expect(open).toHaveLength(SHARER_EFFECTS_IN_FLIGHT_MAX);
    queues.add(refresh('well', 1));
    expect(namesOf(performed).at(-1)).toBe('credential:well-1:1:0');
    await end();
    expect(open).toHaveLength(SHARER_EFFECTS_IN_FLIGHT_MAX);
    await endAll();
    const hung = namesOf(performed).filter((name) => name.startsWith('credential:hung'));
    expect(hung).toEqual(Array.from({ length: 300 }, (_, n) => `credential:hung-${n}:1:0`));
    expect([queues.inFlightCount, queues.depths()[0]?.waiting]).toEqual([0, 0]);
  });

  it('of a provider app go to the next of its owners where one that was let before is no more', async () => {
    const { queues, performed, open, endAll } = await start([], appOf);
    const perApp = SHARER_EFFECTS_IN_FLIGHT_MAX;
    for (let n = 0; n <= 2 * perApp; n++) queues.add(refresh('a', n));
    for (const app of ['b', 'c', 'd', 'e']) for (let n = 0; n < perApp; n++) queues.add(refresh(app, n));
    expect(open).toHaveLength(EFFECTS_IN_FLIGHT_MAX);
    // Its places go to others who waited for any, so that those of its own that are next wait for any place too.
    for (const letGo of open.splice(0, perApp)) letGo(true);
    await flush(2);
    expect(namesOf(performed).at(-1)).toBe(`credential:e-${perApp - 1}:1:0`);
    const next = Array.from({ length: perApp }, (_, n) => actorIdOf('credential', `a-${perApp + n}`));
    queues.forget(new Set(next));
    await endAll();
    expect(namesOf(performed).at(-1)).toBe(`credential:a-${2 * perApp}:1:0`);
    expect(queues.inFlightCount).toBe(0);
  });

  it('of an owner are still counted when nothing of it waits', async () => {
    const { queues, open } = await start();
    for (let object = 0; object < OWNER_EFFECTS_IN_FLIGHT_MAX; object++) queues.add(page('i', object));
    open.shift()?.(true);
    await flush(1);
    for (let object = 0; object < 3; object++) queues.add(page('i', 100 + object));
    expect(open).toHaveLength(OWNER_EFFECTS_IN_FLIGHT_MAX);
  });

  it('go one at a time to the fan-outs of one actor', async () => {
    const { queues, performed, endAll } = await start();
    for (const type of ['effect.tellReads', 'effect.tellInstallations']) {
      for (const n of [1, 2]) queues.add({ ...page('i', 1), effectId: `${type} ${n}`, effect: { type } as Effect });
    }
    expect(namesOf(performed)).toEqual(['effect.tellReads 1', 'effect.tellInstallations 1']);
    await endAll();
    expect(performed).toHaveLength(4);
  });

  it('go one at a time and in order to messages for one receiver, however many wait for another', async () => {
    const { queues, performed, end, endAll } = await start();
    const [busy, calm] = [actorIdOf('read', 'i/busy'), actorIdOf('read', 'i/calm')];
    for (let n = 0; n < 600; n++) queues.add(message(n, busy));
    queues.add(message(1000, calm));
    queues.add(message(1001, calm));
    expect(namesOf(performed)).toEqual(['read:r:0:0', 'read:r:1000:0']);
    await end();
    expect(namesOf(performed).slice(2).toSorted()).toEqual(['read:r:1001:0', 'read:r:1:0']);
    await endAll();
    const toBusy = performed.filter(({ issued }) => 'to' in issued.effect && issued.effect.to === busy);
    expect(namesOf(toBusy)).toEqual(Array.from({ length: 600 }, (_, n) => `read:r:${n}:0`));
  });
});

describe('more effects than fit into memory', () => {
  const receiver = actorIdOf('delivery', 'a');
  const messages = (count: number) => Array.from({ length: count }, (_, n) => message(n, receiver));
  const deliveries = (count: number) => Array.from({ length: count }, (_, n) => deliver('z', n));
  const commitAll = async (store: Store, effects: readonly IssuedEffect[]) => {
    for (let at = 0; at < effects.length; at += 1000) await store.commit(effects.slice(at, at + 1000).map(row));
  };
  const messagesOf = (performed: readonly TakenUp[]) =>
    namesOf(performed).filter((effectId) => effectId.startsWith('read:'));

  it('wait in their table, do not keep another type out, and all come in order in the end', async () => {
    const count = EFFECTS_WAITING_MAX + 700;
    const { store, queues, performed, open, end } = await start();
    await commitAll(store, [...messages(count), deliver('z', 1)]);
    queues.fetchAll(['effect.send', 'effect.deliver']);
    await flush(60);
    expect(queues.inFlightCount).toBe(EFFECTS_WAITING_MAX + 2);
    expect(namesOf(performed)).toEqual(['read:r:0:0', 'delivery:z:1:0']);
    // Asked for meanwhile: behind those that wait in the table.
    await store.commit([row(message(count, receiver))]);
    queues.add(message(count, receiver));
    while (open.length > 0) await end();
    expect(messagesOf(performed)).toEqual(messages(count + 1).map(({ effectId }) => effectId));
    expect(queues.inFlightCount).toBe(0);
  });

  it('wait there as well when they are asked for one by one', async () => {
    const count = EFFECTS_WAITING_MAX + 10;
    const { store, queues, performed, open, end } = await start();
    await commitAll(store, messages(count));
    for (const issued of messages(count)) queues.add(issued);
    expect(queues.inFlightCount).toBe(EFFECTS_WAITING_MAX + 1);
    while (open.length > 0) await end();
    // No row is deleted here, so that some come twice.
    const first = [...new Set(messagesOf(performed))];
    expect(first).toEqual(messages(count).map(({ effectId }) => effectId));
  });

  it('are fetched for each type from where it stands', async () => {
    const count = EFFECTS_WAITING_MAX + 700;
    const { store, queues, performed, open, end } = await start();
    await commitAll(store, [...messages(count), ...deliveries(count)]);
    queues.fetchAll(['effect.send', 'effect.deliver']);
    await flush(120);
    expect(queues.inFlightCount).toBe(2 * EFFECTS_WAITING_MAX + 1 + OWNER_EFFECTS_IN_FLIGHT_MAX);
    // Deliveries go faster; when there is room for more of them, messages are still at their first thousands.
    while (open.length > 0) await end();
    expect(new Set(namesOf(performed)).size).toBe(2 * count);
    expect(performed).toHaveLength(2 * count);
    expect(messagesOf(performed)).toEqual(messages(count).map(({ effectId }) => effectId));
  });
});

describe('rows of the table', () => {
  it('whose target is paused are passed over until it is resumed', async () => {
    const paused = actorIdOf('delivery', 'paused');
    const { store, queues, performed } = await start([
      pauseSnapshot(paused, 'why', 1),
      row(deliver('paused', 1)),
      row(message(1, paused)),
      row(deliver('fine', 1)),
    ]);
    queues.fetchAll(['effect.deliver', 'effect.send']);
    await flush(2);
    expect(namesOf(performed)).toEqual(['delivery:fine:1:0']);
    queues.addRows(store.reads.all('SELECT * FROM effects WHERE targetId = ?', paused));
    expect(namesOf(performed)).toEqual(['delivery:fine:1:0', 'delivery:paused:1:0', 'read:r:1:0']);
  });

  it('of a type that nobody performs are taken up, so that it is seen', async () => {
    const { queues, performed } = await start([row(page('i', 1))]);
    queues.fetchAll(['effect.deliver']);
    expect(namesOf(performed)).toEqual(['read:i/1:1:0']);
  });
});

describe('effects of actors that are no more', () => {
  it('are forgotten where they wait', async () => {
    const { queues, performed, endAll } = await start();
    for (let object = 0; object < 20; object++) queues.add(page('i', object));
    queues.add(message(1, actorIdOf('read', 'i/19')));
    queues.add(message(2, actorIdOf('read', 'i/19')));
    queues.forget(new Set([actorIdOf('read', 'i/19')]));
    await endAll();
    expect(namesOf(performed)).toContain('read:i/18:1:0');
    expect(namesOf(performed)).not.toContain('read:i/19:1:0');
    expect(namesOf(performed)).not.toContain('read:r:2:0');
    expect(queues.inFlightCount).toBe(0);
  });

  it('are forgotten also where they are messages to others, whose order holds', async () => {
    const { queues, performed, end, endAll } = await start();
    const receiver = actorIdOf('read', 'i/1');
    const from = (sender: string, n: number) => ({ ...message(n, receiver), actorId: actorIdOf('read', sender) });
    for (const [sender, n] of [
      ['stays', 1],
      ['goes', 2],
    ] as const)
      queues.add(from(sender, n));
    queues.forget(new Set([actorIdOf('read', 'goes')]));
    queues.add(from('stays', 3));
    expect(namesOf(performed)).toEqual(['read:r:1:0']);
    await end();
    await endAll();
    expect(namesOf(performed)).toEqual(['read:r:1:0', 'read:r:3:0']);
  });

  it('leave their places in memory to others', async () => {
    const { queues, performed } = await start();
    const [gone, other] = [actorIdOf('read', 'gone'), actorIdOf('read', 'other')];
    for (let n = 0; n <= EFFECTS_WAITING_MAX; n++) queues.add(message(n, gone));
    queues.forget(new Set([gone]));
    queues.add(message(1_000_000, other));
    expect(namesOf(performed)).toEqual(['read:r:0:0', 'read:r:1000000:0']);
  });
});

describe('a stop', () => {
  it('takes up nothing more and resolves when what runs has ended', async () => {
    const { queues, performed, end } = await start();
    for (let object = 0; object < 20; object++) queues.add(page('i', object));
    let hasStopped = false;
    const stopped = queues.stop().then(() => {
      hasStopped = true;
    });
    queues.add(page('j', 1));
    expect(queues.claim('x')).toBe(false);
    await flush(1);
    expect(hasStopped).toBe(false);
    await end();
    await stopped;
    expect(performed).toHaveLength(OWNER_EFFECTS_IN_FLIGHT_MAX);
  });

  it('does not go on with what was to be taken up or fetched later', async () => {
    const rows = Array.from({ length: REDISPATCH_BATCH + 10 }, (_, n) => row(deliver(`${n}`, 1)));
    const { store, queues, performed, end } = await start(rows);
    queues.fetchAll(['effect.deliver']);
    const taken = performed.length;
    queues.addRows(store.reads.all('SELECT * FROM effects LIMIT 1'));
    const stopped = queues.stop();
    queues.addRows(store.reads.all('SELECT * FROM effects'));
    await end(false);
    await stopped;
    await flush(2);
    expect(performed).toHaveLength(taken);
    expect(queues.inFlightCount).toBe(0);
  });
});
