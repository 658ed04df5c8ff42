import { describe, expect, it } from 'vitest';
import { stateNameOf } from '../../actors/replay.ts';
import { Stepper } from '../../actors/stepper.ts';
import { type SchemaWatchContext, schemaWatch } from '../../machines/schemaWatch.ts';
import { SCHEMA_LOOK_ATTEMPTS_MAX } from '../../src/core/limits.ts';
import { edgesOf, listOf, type Model, missedTransitions, NOW_MS, namesOf, randomWalk } from '../support/model.ts';

const SOON_MS = NOW_MS + 60_000;
const LATER_MS = NOW_MS + 3_600_000;

const model: Model<SchemaWatchContext> = {
  definition: schemaWatch,
  events: ({ turn, wakeAtMs }) => [
    ...[null, NOW_MS, LATER_MS].map((nextLookAtMs) => ({
      type: 'watch.configured',
      installationId: 'i1',
      nextLookAtMs,
    })),
    ...[turn, turn - 1].flatMap((answered) => [
      { type: 'object.looked', turn: answered, objectName: 'contacts' },
      ...[null, SOON_MS].map((retryAtMs) => ({
        type: 'object.failed',
        turn: answered,
        objectName: 'contacts',
        message: 'no',
        retryAtMs,
      })),
      { type: 'look.deferred', turn: answered, message: 'full', retryAtMs: SOON_MS },
      { type: 'look.ended', turn: answered, message: null, nextLookAtMs: LATER_MS },
      { type: 'look.ended', turn: answered, message: 'nobody to tell', nextLookAtMs: LATER_MS },
      { type: 'fields.forgotten', turn: answered },
    ]),
    { type: 'watch.blocked' },
    { type: 'watch.unblocked' },
    { type: 'watch.removed' },
    ...[wakeAtMs ?? NOW_MS, (wakeAtMs ?? NOW_MS) - 1, (wakeAtMs ?? NOW_MS) + 86_400_000].map((nowMs) => ({
      type: 'alarm.fired',
      nowMs,
    })),
    { type: 'something.else' },
  ],
  isFarEnough: ({ turn }) => turn >= 4,
};

const edges = edgesOf(model);
const accepted = edges.filter(({ isAccepted }) => isAccepted);
const ANSWERS = ['object.looked', 'object.failed', 'look.deferred', 'look.ended', 'fields.forgotten'];

describe('the machine that watches fields', () => {
  it('reaches every state and takes every transition', () => {
    const names = [...new Set(edges.flatMap(({ from, to }) => [from.name, to.name]))];
    expect(names.toSorted()).toEqual(namesOf(schemaWatch));
    expect(missedTransitions(schemaWatch, edges)).toEqual([]);
  });

  it('has these edges, asking for these effects', () => {
    expect(listOf(edges)).toEqual([
      'absent + watch.configured → idle',
      'blocked + watch.configured → blocked',
      'blocked + watch.removed → ending: forgetFields',
      'blocked + watch.unblocked → idle',
      'blocked + watch.unblocked → looking: watchSchema',
      'ending + fields.forgotten → removed',
      'ending + watch.configured → idle',
      'idle + alarm.fired → looking: watchSchema',
      'idle + watch.blocked → blocked',
      'idle + watch.configured → idle',
      'idle + watch.removed → ending: forgetFields',
      'looking + look.deferred → waiting',
      'looking + look.ended → idle',
      'looking + object.failed → looking: watchSchema',
      'looking + object.failed → waiting',
      'looking + object.looked → looking: watchSchema',
      'looking + watch.blocked → blocked',
      'looking + watch.configured → looking',
      'looking + watch.removed → ending: forgetFields',
      'waiting + alarm.fired → looking: watchSchema',
      'waiting + watch.blocked → blocked',
      'waiting + watch.configured → waiting',
      'waiting + watch.removed → ending: forgetFields',
    ]);
  });

  it('has one request outstanding while it looks or ends, always a new one', () => {
    for (const { from, to, effects } of accepted) {
      const { turn, after, attempt, deferrals } = to.context;
      const isAsking = effects.length > 0;
      expect(turn).toBe(from.context.turn + (isAsking ? 1 : 0));
      if (!isAsking) continue;
      const of = { installationId: 'i1', turn };
      const look = { type: 'effect.watchSchema', ...of, after, attempt, deferrals };
      expect(effects).toEqual([to.name === 'looking' ? look : { type: 'effect.forgetFields', ...of }]);
    }
  });

  it('ignores answers to another request, and any answer that it does not wait for', () => {
    for (const { from, event, isAccepted } of edges) {
      if (!ANSWERS.includes(event.type)) continue;
      const state = event.type === 'fields.forgotten' ? 'ending' : 'looking';
      expect(isAccepted).toBe(from.name === state && event['turn'] === from.context.turn);
    }
  });

  it('waits for an alarm when it should, and takes none that comes early', () => {
    for (const { from, event, isAccepted, to } of edges) {
      const { wakeAtMs, nextLookAtMs } = to.context;
      if (to.name === 'idle') expect(wakeAtMs).toBe(nextLookAtMs);
      else expect(wakeAtMs === null).toBe(to.name !== 'waiting');
      if (event.type !== 'alarm.fired') continue;
      const isDue = from.context.wakeAtMs !== null && event.nowMs >= from.context.wakeAtMs;
      expect(isAccepted).toBe(isDue && (from.name === 'idle' || from.name === 'waiting'));
    }
  });

  it('goes on with an open look where it stopped, and has none open where it rests', () => {
    for (const { from, event, to } of accepted) {
      if (to.name === 'looking' || to.name === 'waiting') expect(to.context.isLookOpen).toBe(true);
      if (to.name === 'idle' || to.name === 'ending') expect(to.context.isLookOpen).toBe(false);
      if (event.type === 'watch.unblocked') {
        expect(to.name).toBe(from.context.isLookOpen ? 'looking' : 'idle');
        expect(to.context.after).toBe(from.context.after);
      }
    }
  });

  it('puts off no look that is due, and forgets none that was asked for during another', () => {
    for (const { from, event, to } of accepted) {
      const { nextLookAtMs } = from.context;
      if (event.type === 'watch.configured') {
        const isDue = nextLookAtMs !== null && nextLookAtMs <= event.nowMs;
        expect(to.context.nextLookAtMs).toBe(isDue ? nextLookAtMs : event['nextLookAtMs']);
      }
      if (event.type === 'look.ended') expect(to.context.nextLookAtMs).toBe(nextLookAtMs ?? LATER_MS);
    }
  });

  it('remembers what a look could not see until the next one begins', () => {
    for (const { from, event, to } of accepted) {
      const { unseen } = to.context;
      if (event.type === 'alarm.fired' && from.name === 'idle') expect(unseen).toBeNull();
      else if (event.type === 'look.ended') expect(unseen).toBe(event['message'] ?? from.context.unseen);
      else if (event.type === 'object.failed' && to.name === 'looking') expect(unseen).toBe('contacts: no');
      else expect(unseen).toBe(from.context.unseen);
    }
  });

  it('passes over an object that fails too often', () => {
    const stepper = new Stepper(schemaWatch);
    let snapshot = stepper.initial('i1');
    const send = (event: { readonly type: string; readonly [key: string]: string | number | null }) => {
      const step = stepper.step(snapshot, { nowMs: NOW_MS, ...event });
      snapshot = step.snapshot;
      return step.effects;
    };
    send({ type: 'watch.configured', installationId: 'i1', nextLookAtMs: NOW_MS });
    send({ type: 'alarm.fired' });
    for (let attempt = 1; attempt < SCHEMA_LOOK_ATTEMPTS_MAX; attempt++) {
      const { turn } = snapshot.context as SchemaWatchContext;
      send({ type: 'object.failed', turn, objectName: 'contacts', message: 'no', retryAtMs: NOW_MS });
      expect(stateNameOf(snapshot.value)).toBe('waiting');
      expect(send({ type: 'alarm.fired' })).toMatchObject([{ after: '', attempt }]);
    }
    const { turn } = snapshot.context as SchemaWatchContext;
    expect(
      send({ type: 'object.failed', turn, objectName: 'contacts', message: 'no', retryAtMs: NOW_MS }),
    ).toMatchObject([{ after: 'contacts', attempt: 0 }]);
    expect(snapshot.context).toMatchObject({ unseen: 'contacts: no', attempt: 0 });
  });

  it('is the same after each step whether it was stored or not', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { seen, seenRestored } = randomWalk(model, seed, 40);
      expect(seenRestored).toEqual(seen);
    }
  });
});
