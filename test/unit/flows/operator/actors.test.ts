// Actors as they are shown: from rows, with the machine's own names for states.

import { describe, expect, it } from 'vitest';
import { createCatalog } from '../../../../src/catalog/catalog.ts';
import { type ActorId, actorIdOf } from '../../../../src/core/ids.ts';
import { MINUTE_MS } from '../../../../src/core/time.ts';
import { replayActor, showActor, unknownActor } from '../../../../src/flows/operator/actors.ts';
import type { Look } from '../../../../src/flows/operator/look.ts';
import { listQuarantine } from '../../../../src/flows/operator/quarantine.ts';
import { whyOf } from '../../../../src/flows/operator/why.ts';
import type { RowWrite } from '../../../../src/store/port.ts';
import type { Store } from '../../../../src/store/store.ts';
import { insertEffect, setEffectResult } from '../../../../src/store/tables/effects.ts';
import { insertQuarantined } from '../../../../src/store/tables/quarantine.ts';
import { insertSnapshot, pauseSnapshot } from '../../../../src/store/tables/snapshots.ts';
import { fakeClock } from '../../../support/clock.ts';
import { withStore } from '../../../support/store.ts';

const T0 = Date.UTC(2026, 0, 5, 9);
const LANE = actorIdOf('delivery', 'd1');

async function looking(...writes: readonly RowWrite[]): Promise<{ readonly look: Look; readonly store: Store }> {
  const { store } = await withStore();
  await store.commit(writes);
  return { look: { store, catalog: createCatalog(), clock: fakeClock(T0), isServing: true }, store };
}

/** The first step of a lane: it was told of a message. */
function firstStep(actorId: ActorId, state: object = { laneId: 'd1', round: 1, hasMore: false, wakeAtMs: null }) {
  return insertSnapshot({
    actorId,
    schemaVersion: 1,
    revision: 1,
    wakeAtMs: null,
    state: JSON.stringify({ value: 'sending', context: state }),
    event: JSON.stringify({ type: 'outbox.appended', nowMs: T0 - MINUTE_MS }),
  });
}

describe('an id that no actor has', () => {
  const ids = ['installation:0b7e11aa-0000', 'installation:0b7e22bb-0000', 'read:0b7e11aa-0000/contacts'];
  const known = ids.map((id) => id as ActorId);

  it.each([
    ['instalation:0b7e11aa-0000', 'Did you mean installation:0b7e11aa-0000?'],
    ['installation:0b7e', 'Did you mean installation:0b7e11aa-0000 or installation:0b7e22bb-0000?'],
    ['installation:0b7e11ab-0000', 'Did you mean installation:0b7e11aa-0000 or installation:0b7e22bb-0000?'],
    ['installation:0c7e11aa-0000', 'Did you mean installation:0b7e11aa-0000 or installation:0b7e22bb-0000?'],
    ['0b7e22', 'Did you mean installation:0b7e22bb-0000?'],
    ['read:0b7e11aa-0000/contact', 'Did you mean read:0b7e11aa-0000/contacts?'],
    ['read:0b7e11aa-0000/kontacts', 'Did you mean read:0b7e11aa-0000/contacts?'],
    ['credential:zzz', undefined],
    ['', 'Did you mean installation:0b7e11aa-0000 or installation:0b7e22bb-0000?'],
    ["x:'; DROP TABLE snapshots; --", undefined],
  ])('%j is answered with the ids near to it', async (id, remedy) => {
    const { look } = await looking(...known.map((actorId) => firstStep(actorId)));
    expect(unknownActor(look, id).remedy).toBe(remedy);
    expect(() => showActor(look, id)).toThrow(expect.objectContaining({ code: 'not_found' }));
    expect(() => replayActor(look, id)).toThrow(expect.objectContaining({ code: 'not_found' }));
  });
});

describe('an actor', () => {
  it('that was paused before its first event is shown as such, with what was set aside', async () => {
    const { look } = await looking(
      pauseSnapshot(LANE, 'T-2001: it broke', T0),
      insertQuarantined({ actorId: LANE, effectId: null, event: '{"type":"x","n":1}', error: 'T-2001', atMs: T0 }),
    );
    expect(showActor(look, LANE)).toMatchObject({
      state: null,
      since: null,
      revision: 0,
      context: {},
      pausedReason: 'T-2001: it broke',
      pausedAt: '2026-01-05T09:00:00.000Z',
      setAside: [{ type: 'x', details: { n: 1 }, effectId: null, error: 'T-2001' }],
      events: [],
    });
  });

  it('of a machine that this version has not is shown, and its replay refused', async () => {
    const stranger = actorIdOf('robot', 'r1');
    const { look } = await looking(firstStep(stranger));
    expect(showActor(look, stranger)).toMatchObject({ machine: 'robot', state: 'sending', events: [] });
    expect(() => replayActor(look, stranger)).toThrow(expect.objectContaining({ code: 'snapshot_unreadable' }));
  });

  it.each<[string, string]>([
    ['not JSON', 'unreadable'],
    ['null', 'unreadable'],
    ['[]', 'unreadable'],
    ['{"context":{}}', 'unreadable'],
    ['{"value":"sending","context":null}', 'sending'],
    ['{"value":{"of":"another version"},"context":{"laneId":"d1"}}', 'of.another version'],
  ])('whose state is %s is shown as it is, and is said to be paused', async (state, name) => {
    const installation = actorIdOf('installation', 'i1');
    const step = { schemaVersion: 1, revision: 1, wakeAtMs: null, state, event: null };
    const { look } = await looking(insertSnapshot({ ...step, actorId: installation }));
    expect(showActor(look, installation).state).toBe(name);
    expect(whyOf(look, 'i1')).toMatchObject({ name: 'actorPaused', fault: 'tenon', isWell: false });
  });

  it('whose row was changed by another hand differs from its replay there', async () => {
    const { look } = await looking(firstStep(LANE, { laneId: 'd1', round: 9, hasMore: false, wakeAtMs: null }));
    expect(replayActor(look, LANE)).toMatchObject({
      kind: 'diverged',
      differences: [{ path: 'context.round', replayed: 1, stored: 9 }],
    });
  });

  it('is shown by its bare key with its state, since when, its events and what it waits for', async () => {
    const other = actorIdOf('read', 'i1/contacts');
    const { look, store } = await looking(
      firstStep(LANE),
      insertEffect(`${LANE}:1:0`, LANE, LANE, '{"type":"effect.deliver","laneId":"d1","round":1}'),
      insertEffect(`${other}:4:0`, other, LANE, '{"type":"effect.send","event":{"type":"outbox.appended"}}'),
    );
    await store.commit([setEffectResult(`${LANE}:1:0`, Buffer.from('sealed'))]);
    expect(showActor(look, 'd1')).toMatchObject({
      actorId: LANE,
      state: 'sending',
      since: '2026-01-05T08:59:00.000Z',
      isSinceAtLeast: false,
      events: [{ revision: 1, type: 'outbox.appended', state: 'sending', effects: ['effect.deliver'] }],
      pending: [
        { effectId: `${LANE}:1:0`, type: 'effect.deliver', from: null, hasAnswer: true, details: { round: 1 } },
        { type: 'effect.send', from: other, hasAnswer: false },
      ],
    });
    expect(JSON.stringify(showActor(look, 'd1'))).not.toContain('sealed');
    expect(replayActor(look, 'd1')).toMatchObject({ kind: 'same', revision: 1 });
  });
});

describe('the list of what is in quarantine', () => {
  it('comes in pages that name each paused actor once', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e'].map((key) => actorIdOf('delivery', key));
    const { look } = await looking(...ids.map((actorId) => pauseSnapshot(actorId, 'broken', T0)), firstStep(LANE));
    const first = listQuarantine(look, 2, '');
    const second = listQuarantine(look, 2, first.cursor ?? '');
    const third = listQuarantine(look, 2, second.cursor ?? '');
    expect([first, second, third].flatMap(({ actors }) => actors.map(({ actorId }) => actorId))).toEqual(ids);
    expect(third.cursor).toBeNull();
  });
});
