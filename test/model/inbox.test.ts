import { describe, expect, it } from 'vitest';
import { type InboxContext, inbox } from '../../machines/inbox.ts';
import { edgesOf, listOf, type Model, missedTransitions, NOW_MS, namesOf, randomWalk } from '../support/model.ts';

const RETRY_AT_MS = NOW_MS + 5000;

const model: Model<InboxContext> = {
  definition: inbox,
  events: ({ turn, wakeAtMs }) => [
    { type: 'inbox.received' },
    { type: 'inbox.unblocked' },
    { type: 'inbox.removed' },
    ...[turn, turn - 1, turn + 1].flatMap((answered) => [
      { type: 'batch.settled', turn: answered, isMoreWaiting: true },
      { type: 'batch.settled', turn: answered, isMoreWaiting: false },
      ...['batch.failed', 'batch.deferred', 'batch.held', 'batch.blocked'].map((type) => ({
        type,
        turn: answered,
        message: 'no',
        retryAtMs: RETRY_AT_MS,
      })),
      { type: 'batch.gone', turn: answered },
    ]),
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

describe('the inbox machine', () => {
  it('reaches every state and takes every transition', () => {
    expect([...new Set(edges.flatMap(({ from, to }) => [from.name, to.name]))].toSorted()).toEqual(namesOf(inbox));
    expect(missedTransitions(inbox, edges)).toEqual([]);
  });

  it('has these edges, asking for these effects', () => {
    expect(listOf(edges)).toEqual([
      'blocked + alarm.fired → working: processInbox',
      'blocked + inbox.removed → removed',
      'blocked + inbox.unblocked → working: processInbox',
      'held + alarm.fired → working: processInbox',
      'held + inbox.received → working: processInbox',
      'held + inbox.removed → removed',
      'idle + inbox.received → working: processInbox',
      'idle + inbox.removed → removed',
      'waiting + alarm.fired → working: processInbox',
      'waiting + inbox.removed → removed',
      'working + batch.blocked → blocked',
      'working + batch.blocked → working: processInbox',
      'working + batch.deferred → waiting',
      'working + batch.failed → waiting',
      'working + batch.gone → removed',
      'working + batch.held → held',
      'working + batch.held → working: processInbox',
      'working + batch.settled → idle',
      'working + batch.settled → working: processInbox',
      'working + inbox.received → working',
      'working + inbox.removed → removed',
      'working + inbox.unblocked → working',
    ]);
  });

  it('has one batch outstanding while it works, always a new one', () => {
    for (const { from, event, to, effects } of accepted) {
      const { installationId, turn, attempt, deferrals } = to.context;
      const isOnlyNoted = from.name === 'working' && event.type.startsWith('inbox.') && to.name === 'working';
      if (to.name === 'working' && !isOnlyNoted) {
        expect(turn).toBe(from.context.turn + 1);
        expect(effects).toEqual([{ type: 'effect.processInbox', installationId, turn, attempt, deferrals }]);
      } else {
        expect([turn, effects]).toEqual([from.context.turn, []]);
      }
    }
  });

  it('ignores answers to another batch, and any answer while none is outstanding', () => {
    for (const { from, event, isAccepted } of edges) {
      if (!event.type.startsWith('batch.')) continue;
      expect(isAccepted).toBe(from.name === 'working' && event['turn'] === from.context.turn);
    }
  });

  it('looks again when events came while a batch was under way, whatever that saw', () => {
    for (const { from, event, to } of accepted) {
      if (from.name === 'working' && event.type === 'inbox.received') expect(to.context.hasMore).toBe(true);
      if (event.type !== 'batch.settled') continue;
      expect(to.name).toBe(event['isMoreWaiting'] || from.context.hasMore ? 'working' : 'idle');
    }
  });

  it('holds nothing that came while a batch was under way for a destination that is behind', () => {
    for (const { from, event, to } of accepted) {
      if (event.type === 'batch.held') expect(to.name).toBe(from.context.hasMore ? 'working' : 'held');
    }
  });

  it('tries again at once when the customer connected while a batch was under way that met the old grant', () => {
    for (const { from, event, to } of accepted) {
      if (event.type === 'batch.blocked') expect(to.name).toBe(from.context.isUnblocked ? 'working' : 'blocked');
    }
  });

  it('is woken whenever it waits, and never while it does not', () => {
    for (const { to } of accepted) {
      if (to.name === 'removed') continue;
      expect(to.context.wakeAtMs).toBe(['waiting', 'held', 'blocked'].includes(to.name) ? RETRY_AT_MS : null);
    }
  });

  it('ignores an alarm that comes early, and takes one that comes late', () => {
    for (const { from, event, isAccepted } of edges) {
      if (event.type !== 'alarm.fired') continue;
      const { wakeAtMs } = from.context;
      expect(isAccepted).toBe(wakeAtMs !== null && event.nowMs >= wakeAtMs);
    }
  });

  it('counts failures and waits until something went well', () => {
    for (const { from, event, to } of accepted) {
      const { attempt, deferrals } = from.context;
      const counted = [to.context.attempt, to.context.deferrals];
      const isWait = event.type === 'batch.deferred' || (event.type === 'batch.blocked' && to.name === 'blocked');
      const waits = to.name === 'held' ? deferrals + 1 : deferrals;
      if (event.type === 'batch.held') expect(counted).toEqual([0, waits]);
      else if (event.type === 'batch.failed') expect(counted).toEqual([attempt + 1, deferrals]);
      else if (isWait) expect(counted).toEqual([attempt, deferrals + 1]);
      else if (event.type === 'batch.settled') expect(counted).toEqual([0, 0]);
      else expect(counted).toEqual([attempt, deferrals]);
    }
  });

  it('is the same after each step whether it was stored or not', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { seen, seenRestored } = randomWalk(model, seed, 30);
      expect(seenRestored).toEqual(seen);
    }
  });
});
