import { describe, expect, it } from 'vitest';
import { type DeliveryContext, delivery } from '../../machines/delivery.ts';
import { edgesOf, listOf, type Model, missedTransitions, NOW_MS, namesOf, randomWalk } from '../support/model.ts';

const model: Model<DeliveryContext> = {
  definition: delivery,
  events: ({ round, wakeAtMs }) => [
    { type: 'outbox.appended' },
    ...[round, round - 1, round + 1].flatMap((answered) =>
      [null, NOW_MS - 1, NOW_MS, NOW_MS + 5000].map((nextAttemptAtMs) => ({
        type: 'round.finished',
        round: answered,
        nextAttemptAtMs,
      })),
    ),
    { type: 'alarm.fired' },
    { type: 'alarm.fired', nowMs: (wakeAtMs ?? NOW_MS) - 1 },
    { type: 'alarm.fired', nowMs: wakeAtMs ?? NOW_MS },
    { type: 'alarm.fired', nowMs: (wakeAtMs ?? NOW_MS) + 86_400_000 },
    { type: 'something.else' },
  ],
  isFarEnough: ({ round }) => round >= 4,
};

const edges = edgesOf(model);
const accepted = edges.filter(({ isAccepted }) => isAccepted);

describe('the delivery machine', () => {
  it('reaches every state', () => {
    expect([...new Set(edges.flatMap(({ from, to }) => [from.name, to.name]))].toSorted()).toEqual(namesOf(delivery));
  });

  it('takes every transition', () => {
    expect(missedTransitions(delivery, edges)).toEqual([]);
  });

  it('has these edges, asking for these effects', () => {
    expect(listOf(edges)).toEqual([
      'idle + alarm.fired → sending: deliver',
      'idle + outbox.appended → sending: deliver',
      'sending + outbox.appended → sending',
      'sending + round.finished → idle',
      'sending + round.finished → sending: deliver',
    ]);
  });

  it('asks for one round at a time, always the current one', () => {
    for (const { from, to, effects } of accepted) {
      const { laneId, round } = to.context;
      const isNext = round === from.context.round + 1;
      expect(effects).toEqual(isNext ? [{ type: 'effect.deliver', laneId, round }] : []);
      expect(isNext).toBe(to.name === 'sending' && round !== from.context.round);
    }
  });

  it('never rests with a message that may be sent now', () => {
    for (const { from, event, to, isAccepted } of edges) {
      if (event.type === 'outbox.appended') expect([isAccepted, to.name]).toEqual([true, 'sending']);
      if (event.type === 'outbox.appended' && from.name === 'sending') expect(to.context.hasMore).toBe(true);
      if (to.name !== 'idle') continue;
      expect(to.context.hasMore).toBe(false);
      if (event.type !== 'round.finished' || !isAccepted) continue;
      expect(to.context.wakeAtMs).toBe(event['nextAttemptAtMs']);
      expect(to.context.wakeAtMs === null || to.context.wakeAtMs > event.nowMs).toBe(true);
    }
  });

  it('has no alarm while a round is outstanding', () => {
    for (const { to } of edges) if (to.name === 'sending') expect(to.context.wakeAtMs).toBeNull();
  });

  it('ignores answers to another round, and any answer while it rests', () => {
    for (const { from, event, isAccepted } of edges) {
      if (event.type !== 'round.finished') continue;
      expect(isAccepted).toBe(from.name === 'sending' && event['round'] === from.context.round);
    }
  });

  it('ignores an alarm that comes early, and takes one that comes late', () => {
    for (const { from, event, isAccepted } of edges) {
      if (event.type !== 'alarm.fired') continue;
      const { wakeAtMs } = from.context;
      expect(isAccepted).toBe(wakeAtMs !== null && event.nowMs >= wakeAtMs);
    }
  });

  it('walks the same way when it is stored and restored after each step', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { seen, seenRestored } = randomWalk(model, seed, 60);
      expect(seenRestored, `seed ${seed}`).toEqual(seen);
    }
  });
});
