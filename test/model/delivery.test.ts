import { describe, expect, it } from 'vitest';
import { type DeliveryContext, delivery } from '../../machines/delivery.ts';
import { DESTINATION_FAILING_GAP_MS, DESTINATION_FAILING_MS_MAX } from '../../src/core/limits.ts';
import { edgesOf, listOf, type Model, missedTransitions, NOW_MS, namesOf, randomWalk } from '../support/model.ts';

/** Failures as far apart as may be: so many make a destination one that is given up. */
const FAILURES = DESTINATION_FAILING_MS_MAX / DESTINATION_FAILING_GAP_MS + 1;

const model: Model<DeliveryContext> = {
  definition: delivery,
  events: ({ round, wakeAtMs, lastFailureAtMs }) => [
    { type: 'outbox.appended' },
    { type: 'destination.changed' },
    ...[round, round - 1].map((answered) => ({ type: 'destination.disabled', round: answered })),
    ...[round, round - 1, round + 1].flatMap((answered) =>
      [null, NOW_MS - 1, NOW_MS, NOW_MS + 5000].map((nextAttemptAtMs) => ({
        type: 'round.finished',
        round: answered,
        nextAttemptAtMs,
        isTaken: true,
      })),
    ),
    { type: 'round.finished', round, nextAttemptAtMs: null, isTaken: null },
    // As histories of earlier versions have it.
    { type: 'round.finished', round, nextAttemptAtMs: null },
    ...[0, DESTINATION_FAILING_GAP_MS, DESTINATION_FAILING_GAP_MS + 1].map((pauseMs) => {
      const nowMs = (lastFailureAtMs ?? NOW_MS) + pauseMs;
      return { type: 'round.finished', round, nextAttemptAtMs: nowMs + 5000, isTaken: false, nowMs };
    }),
    { type: 'alarm.fired' },
    { type: 'alarm.fired', nowMs: (wakeAtMs ?? NOW_MS) - 1 },
    { type: 'alarm.fired', nowMs: wakeAtMs ?? NOW_MS },
    { type: 'alarm.fired', nowMs: (wakeAtMs ?? NOW_MS) + 86_400_000 },
    { type: 'something.else' },
  ],
  isFarEnough: ({ round }) => round > FAILURES,
};

const edges = edgesOf(model);
const accepted = edges.filter(({ isAccepted }) => isAccepted);
const isDisabled = (name: string) => name === 'disabling' || name === 'disabled';

describe('the delivery machine', () => {
  it('reaches every state', () => {
    expect([...new Set(edges.flatMap(({ from, to }) => [from.name, to.name]))].toSorted()).toEqual(namesOf(delivery));
  });

  it('takes every transition', () => {
    expect(missedTransitions(delivery, edges)).toEqual([]);
  });

  it('has these edges, asking for these effects', () => {
    expect(listOf(edges)).toEqual([
      'disabled + destination.changed → sending: deliver',
      'disabling + destination.changed → sending: deliver',
      'disabling + destination.disabled → disabled',
      'idle + alarm.fired → sending: deliver',
      'idle + destination.changed → sending: deliver',
      'idle + outbox.appended → sending: deliver',
      'sending + destination.changed → sending',
      'sending + outbox.appended → sending',
      'sending + round.finished → disabling: disableDestination',
      'sending + round.finished → idle',
      'sending + round.finished → sending: deliver',
    ]);
  });

  it('asks for one round at a time, always the current one', () => {
    for (const { from, to, effects } of accepted) {
      const { laneId, round, failingSinceMs } = to.context;
      const isNext = round === from.context.round + 1;
      expect(isNext).toBe(to.name === 'sending' && round !== from.context.round);
      const disable = { type: 'effect.disableDestination', laneId, round, failingSinceMs };
      const isGivenUp = from.name === 'sending' && to.name === 'disabling';
      expect(effects).toEqual(isNext ? [{ type: 'effect.deliver', laneId, round }] : isGivenUp ? [disable] : []);
    }
  });

  it('never rests with a message that may be sent now', () => {
    for (const { from, event, to, isAccepted } of edges) {
      if (event.type === 'outbox.appended' && !isDisabled(from.name))
        expect([isAccepted, to.name]).toEqual([true, 'sending']);
      if (event.type === 'outbox.appended' && from.name === 'sending') expect(to.context.hasMore).toBe(true);
      if (to.name !== 'idle') continue;
      expect(to.context.hasMore).toBe(false);
      if (event.type !== 'round.finished' || !isAccepted) continue;
      expect(to.context.wakeAtMs).toBe(event['nextAttemptAtMs']);
      expect(to.context.wakeAtMs === null || to.context.wakeAtMs > event.nowMs).toBe(true);
    }
  });

  it('has no alarm while a round is outstanding, nor while it is disabled', () => {
    for (const { to } of edges) if (to.name !== 'idle') expect(to.context.wakeAtMs).toBeNull();
  });

  it('ignores answers to another round, and any answer while it rests', () => {
    for (const { from, event, isAccepted } of edges) {
      if (event.type !== 'round.finished' && event.type !== 'destination.disabled') continue;
      const asking = event.type === 'round.finished' ? 'sending' : 'disabling';
      expect(isAccepted).toBe(from.name === asking && event['round'] === from.context.round);
    }
  });

  it('ignores an alarm that comes early, and takes one that comes late', () => {
    for (const { from, event, isAccepted } of edges) {
      if (event.type !== 'alarm.fired') continue;
      const { wakeAtMs } = from.context;
      expect(isAccepted).toBe(wakeAtMs !== null && event.nowMs >= wakeAtMs);
    }
  });

  it('gives up what has failed for days without a long pause, and nothing that took anything meanwhile', () => {
    for (const { from, event, to, isAccepted } of edges) {
      if (event.type !== 'round.finished' || !isAccepted) continue;
      const { failingSinceMs, lastFailureAtMs } = from.context;
      const isContinued = lastFailureAtMs !== null && event.nowMs - lastFailureAtMs <= DESTINATION_FAILING_GAP_MS;
      const sinceMs = isContinued ? failingSinceMs : event.nowMs;
      if (event['isTaken'] === true)
        expect([to.name === 'disabling', to.context.failingSinceMs]).toEqual([false, null]);
      if (event['isTaken'] == null) expect(to.context.failingSinceMs).toBe(failingSinceMs);
      if (event['isTaken'] !== false) continue;
      expect(to.context).toMatchObject({ failingSinceMs: sinceMs, lastFailureAtMs: event.nowMs });
      expect(to.name === 'disabling').toBe(event.nowMs - (sinceMs ?? 0) >= DESTINATION_FAILING_MS_MAX);
    }
  });

  it('forgets that it failed when the destination is changed, whatever it does', () => {
    for (const { event, to, isAccepted } of edges) {
      if (event.type !== 'destination.changed') continue;
      expect([isAccepted, to.name]).toEqual([true, 'sending']);
      expect([to.context.failingSinceMs, to.context.lastFailureAtMs]).toEqual([null, null]);
    }
  });

  it('reads a state of before it knew of failures', () => {
    const [withFailure] = delivery.migrations;
    const context = { laneId: 'd1', round: 3, hasMore: true, wakeAtMs: null };
    expect(withFailure?.({ value: 'sending', context })).toEqual({
      value: 'sending',
      context: { ...context, failingSinceMs: null, lastFailureAtMs: null },
    });
  });

  it('walks the same way when it is stored and restored after each step', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { seen, seenRestored } = randomWalk(model, seed, 60);
      expect(seenRestored, `seed ${seed}`).toEqual(seen);
    }
  });
});
