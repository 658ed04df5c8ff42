import { describe, expect, it } from 'vitest';
import { type SubscriptionContext, subscription } from '../../machines/subscription.ts';
import {
  SUBSCRIBE_ATTEMPTS_MAX,
  SUBSCRIBE_SLOW_RETRY_MS,
  SUBSCRIPTION_REMOVAL_ATTEMPTS_MAX,
} from '../../src/core/limits.ts';
import { edgesOf, listOf, type Model, missedTransitions, NOW_MS, namesOf, randomWalk } from '../support/model.ts';

const TURNS_MAX = 9;
const OUTSTANDING: readonly string[] = ['applying', 'removing'];
const ANSWERS: readonly string[] = ['subscription.applied', 'subscription.failed', 'subscription.denied'];

const model: Model<SubscriptionContext> = {
  definition: subscription,
  events: ({ turn, wakeAtMs }) => [
    { type: 'subscription.configured' },
    { type: 'subscription.blocked' },
    { type: 'subscription.unblocked' },
    { type: 'subscription.removed' },
    { type: 'connection.renewed' },
    ...[turn, turn - 1].flatMap((answered) => [
      { type: 'subscription.applied', turn: answered, renewAtMs: null },
      { type: 'subscription.applied', turn: answered, renewAtMs: NOW_MS + 86_400_000 },
      { type: 'subscription.failed', turn: answered, message: 'no', retryAtMs: null },
      { type: 'subscription.failed', turn: answered, message: 'later', retryAtMs: NOW_MS + 5000 },
      { type: 'subscription.denied', turn: answered, message: 'connect again' },
    ]),
    ...[wakeAtMs ?? NOW_MS, (wakeAtMs ?? NOW_MS) - 1].map((nowMs) => ({ type: 'alarm.fired', nowMs })),
    { type: 'something.else' },
  ],
  isFarEnough: ({ turn }) => turn >= TURNS_MAX,
};

const edges = edgesOf(model);
const accepted = edges.filter(({ isAccepted }) => isAccepted);

describe('the subscription machine', () => {
  it('reaches every state and takes every transition', () => {
    expect([...new Set(edges.flatMap(({ from, to }) => [from.name, to.name]))].toSorted()).toEqual(
      namesOf(subscription),
    );
    expect(missedTransitions(subscription, edges)).toEqual([]);
  });

  it('has these edges, asking for these effects', () => {
    expect(listOf(edges)).toMatchInlineSnapshot(`
      [
        "absent + connection.renewed → absent",
        "absent + subscription.configured → applying: subscribe",
        "absent + subscription.removed → removed: closeSubscription",
        "active + alarm.fired → applying: subscribe",
        "active + connection.renewed → active",
        "active + subscription.blocked → blocked",
        "active + subscription.configured → applying: subscribe",
        "active + subscription.removed → removing: subscribe",
        "applying + connection.renewed → applying",
        "applying + subscription.applied → active",
        "applying + subscription.applied → applying: subscribe",
        "applying + subscription.applied → blocked",
        "applying + subscription.applied → removing: subscribe",
        "applying + subscription.blocked → applying",
        "applying + subscription.configured → applying",
        "applying + subscription.denied → applying: subscribe",
        "applying + subscription.denied → blocked",
        "applying + subscription.denied → removing: subscribe",
        "applying + subscription.failed → applying: subscribe",
        "applying + subscription.failed → blocked",
        "applying + subscription.failed → failed",
        "applying + subscription.failed → removing: subscribe",
        "applying + subscription.failed → waiting",
        "applying + subscription.removed → applying",
        "applying + subscription.unblocked → applying",
        "blocked + connection.renewed → blocked",
        "blocked + subscription.removed → removing: subscribe",
        "blocked + subscription.unblocked → applying: subscribe",
        "failed + alarm.fired → applying: subscribe",
        "failed + connection.renewed → failed",
        "failed + subscription.blocked → blocked",
        "failed + subscription.configured → applying: subscribe",
        "failed + subscription.removed → removing: subscribe",
        "failed + subscription.unblocked → applying: subscribe",
        "leaving + alarm.fired → removing: subscribe",
        "leaving + connection.renewed → removing: subscribe",
        "removing + connection.renewed → removing",
        "removing + subscription.applied → removed: closeSubscription",
        "removing + subscription.denied → removed: closeSubscription",
        "removing + subscription.failed → leaving",
        "removing + subscription.failed → removed: closeSubscription",
        "waiting + alarm.fired → applying: subscribe",
        "waiting + connection.renewed → waiting",
        "waiting + subscription.blocked → blocked",
        "waiting + subscription.configured → applying: subscribe",
        "waiting + subscription.removed → removing: subscribe",
        "waiting + subscription.unblocked → applying: subscribe",
      ]
    `);
  });

  it('never begins a turn while one is outstanding, and each has a number of its own', () => {
    for (const { from, event, to, effects } of edges) {
      const turns = effects.filter(({ type }) => type === 'effect.subscribe');
      const { turn, attempt, isTold, isRemoved } = to.context;
      expect(turn).toBe(from.context.turn + turns.length);
      if (turns.length === 0) continue;
      expect(turns).toEqual([{ type: 'effect.subscribe', installationId: 'k1', turn, attempt, isRemoved, isTold }]);
      expect(isRemoved).toBe(to.name === 'removing');
      if (OUTSTANDING.includes(from.name))
        expect([ANSWERS.includes(event.type), event['turn']]).toEqual([true, turn - 1]);
    }
  });

  it('ignores answers to another turn, and any answer while none is outstanding', () => {
    for (const { from, event, isAccepted } of edges) {
      if (!ANSWERS.includes(event.type)) continue;
      expect(isAccepted).toBe(OUTSTANDING.includes(from.name) && event['turn'] === from.context.turn);
    }
  });

  it('does what was heard during a turn once that is answered, a removal first', () => {
    for (const { from, event, to, isAccepted } of edges) {
      if (from.name !== 'applying' || !ANSWERS.includes(event.type) || !isAccepted) continue;
      const { isRemoved, isBlocked, isStale } = from.context;
      if (isRemoved) expect(to.name).toBe('removing');
      else if (isBlocked) expect(to.name).toBe('blocked');
      else if (isStale) expect(to).toMatchObject({ name: 'applying', context: { attempt: 0, isTold: false } });
    }
  });

  it('waits only where it was told until when, and looks at what has failed from time to time', () => {
    for (const { event, to } of accepted) {
      const { wakeAtMs } = to.context;
      if (to.name === 'waiting' || to.name === 'leaving') expect(wakeAtMs).not.toBeNull();
      if (to.name === 'failed' && event.type === 'subscription.failed')
        expect(wakeAtMs).toBe(event.nowMs + SUBSCRIBE_SLOW_RETRY_MS);
      if (OUTSTANDING.includes(to.name) || to.name === 'blocked') expect(wakeAtMs).toBeNull();
    }
  });

  it('ignores an alarm that comes early or where nothing is due', () => {
    for (const { from, event, isAccepted } of edges) {
      if (event.type !== 'alarm.fired') continue;
      const { wakeAtMs } = from.context;
      expect(isAccepted).toBe(wakeAtMs !== null && event.nowMs >= wakeAtMs);
    }
  });

  it('keeps a failure that was told until something is new or all is well', () => {
    for (const { from, event, to } of accepted) {
      if (!from.context.isTold || to.context.isTold) continue;
      const isNew = ['subscription.configured', 'subscription.unblocked', 'subscription.applied'].includes(event.type);
      expect(isNew || from.context.isStale).toBe(true);
    }
  });

  it('gives up within bounds', () => {
    for (const { to } of edges) {
      const { attempt } = to.context;
      expect(attempt).toBeLessThanOrEqual(SUBSCRIBE_ATTEMPTS_MAX);
      if (to.name === 'waiting') expect(attempt).toBeLessThan(SUBSCRIBE_ATTEMPTS_MAX);
      if (to.name === 'leaving') expect(attempt).toBeLessThan(SUBSCRIPTION_REMOVAL_ATTEMPTS_MAX);
    }
  });

  it('ends with its books closed, and says whether the connection is wanted again', () => {
    for (const { to, effects, isAccepted } of edges) {
      if (to.name !== 'removed' || !isAccepted) continue;
      const { isConnectionKept } = to.context;
      expect(effects).toEqual([{ type: 'effect.closeSubscription', installationId: 'k1', isConnectionKept }]);
    }
  });

  it('is the same after each step whether it was stored or not', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { seen, seenRestored } = randomWalk(model, seed, 40);
      expect(seenRestored).toEqual(seen);
    }
  });
});
