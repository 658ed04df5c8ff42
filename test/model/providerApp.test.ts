import { describe, expect, it } from 'vitest';
import { type ProviderAppContext, providerApp } from '../../machines/providerApp.ts';
import {
  FLEET_CANDIDATES_MAX,
  FLEET_PROBE_BASE_MS,
  FLEET_PROBE_MS_MAX,
  FLEET_SUSPECT_MS_MAX,
  GRANT_STORM_WINDOW_MS,
} from '../../src/core/limits.ts';
import { edgesOf, listOf, type Model, missedTransitions, NOW_MS, namesOf, randomWalk } from '../support/model.ts';

const REFUSED = Array.from({ length: FLEET_CANDIDATES_MAX + 2 }, (_, index) => `c${index}`);

const model: Model<ProviderAppContext> = {
  definition: providerApp,
  events: ({ wakeAtMs, sinceMs }) => [
    { type: 'grants.failedTogether', connectionIds: REFUSED, message: 'invalid_grant' },
    { type: 'app.refused', connectionId: 'c1', message: 'invalid_client' },
    { type: 'grant.worked' },
    { type: 'app.accepted' },
    { type: 'app.changed' },
    { type: 'grants.released' },
    { type: 'grants.confirmed' },
    { type: 'fleet.pageSettled', verdict: 'released', sinceMs: 0, after: 'c9' },
    { type: 'fleet.pageSettled', verdict: 'suspected', sinceMs: 5, after: 'c9' },
    { type: 'alarm.fired' },
    { type: 'alarm.fired', nowMs: (wakeAtMs ?? NOW_MS) - 1 },
    { type: 'alarm.fired', nowMs: wakeAtMs ?? NOW_MS },
    { type: 'alarm.fired', nowMs: Math.max(wakeAtMs ?? 0, (sinceMs ?? NOW_MS) + FLEET_SUSPECT_MS_MAX) },
    { type: 'something.else' },
  ],
  isFarEnough: ({ probes }) => probes >= 3,
};

const edges = edgesOf(model);
const accepted = edges.filter(({ isAccepted }) => isAccepted);

describe('the machine of a provider app', () => {
  it('reaches every state', () => {
    const names = new Set(edges.flatMap(({ from, to }) => [from.name, to.name]));
    expect([...names].toSorted()).toEqual(namesOf(providerApp));
  });

  it('takes every transition', () => {
    expect(missedTransitions(providerApp, edges)).toEqual([]);
  });

  it('has these edges', () => {
    expect([...new Set(listOf(edges).map((line) => line.replace(/:.*/, '')))]).toEqual([
      'faulty + alarm.fired → faulty',
      'faulty + app.accepted → trusted',
      'faulty + app.changed → trusted',
      'faulty + fleet.pageSettled → faulty',
      'faulty + grant.worked → trusted',
      'faulty + grants.failedTogether → suspect',
      'faulty + grants.released → trusted',
      'suspect + alarm.fired → suspect',
      'suspect + alarm.fired → trusted',
      'suspect + app.changed → trusted',
      'suspect + app.refused → faulty',
      'suspect + fleet.pageSettled → suspect',
      'suspect + grant.worked → trusted',
      'suspect + grants.confirmed → trusted',
      'suspect + grants.released → trusted',
      'trusted + app.refused → faulty',
      'trusted + fleet.pageSettled → trusted',
      'trusted + grants.failedTogether → suspect',
    ]);
  });

  it('has an alarm exactly while it holds something', () => {
    for (const { to } of edges)
      expect([to.name, to.context.wakeAtMs !== null]).toEqual([to.name, to.name !== 'trusted']);
  });

  it('ignores an alarm that comes early, and takes one that comes late', () => {
    for (const { from, event, isAccepted } of edges) {
      if (event.type !== 'alarm.fired') continue;
      const { wakeAtMs } = from.context;
      expect(isAccepted).toBe(wakeAtMs !== null && event.nowMs >= wakeAtMs);
    }
  });

  it('takes back what was believed of those before, and remembers no more of them than it may', () => {
    const begun = accepted.filter(({ event }) => event.type === 'grants.failedTogether');
    expect(begun.length).toBeGreaterThan(0);
    for (const { to, event, effects } of begun) {
      expect(to.context.candidates).toEqual(REFUSED.slice(0, FLEET_CANDIDATES_MAX));
      const sinceMs = event.nowMs - GRANT_STORM_WINDOW_MS;
      expect(effects).toMatchObject([{ type: 'effect.settleFleet', verdict: 'suspected', sinceMs, after: '' }]);
    }
  });

  it('tries one after the other, ever more rarely, and settles after a day', () => {
    const probes = accepted.filter(({ event, to }) => event.type === 'alarm.fired' && to.name !== 'trusted');
    expect(probes.length).toBeGreaterThan(0);
    for (const { from, to, event, effects } of probes) {
      const { candidates, probes: count } = from.context;
      const connectionId = candidates[count % candidates.length];
      const probed = { type: 'effect.probeFleet', providerAppId: 'k1', connectionId };
      // Refusals that were still on their way to the disk are taken back as well.
      const again = { type: 'effect.settleFleet', verdict: 'suspected' };
      expect(effects).toMatchObject(from.name === 'suspect' ? [again, probed] : [probed]);
      const pauseMs = Math.min(FLEET_PROBE_BASE_MS * 2 ** (count + 1), FLEET_PROBE_MS_MAX);
      expect(to.context.wakeAtMs).toBe(event.nowMs + pauseMs);
    }
    const ended = accepted.filter(({ event, to }) => event.type === 'alarm.fired' && to.name === 'trusted');
    for (const { from, effects } of ended) {
      expect(from.name).toBe('suspect');
      expect(effects).toMatchObject([{ type: 'effect.settleFleet', verdict: 'confirmed', after: '' }]);
    }
    expect(ended.length).toBeGreaterThan(0);
  });

  it('lets everybody go when it is over, and only an operator or a day of refusals gives them up', () => {
    for (const { from, to, event, effects } of accepted) {
      if (to.name !== 'trusted' || from.name === 'trusted') continue;
      const isGivenUp = event.type === 'grants.confirmed' || event.type === 'alarm.fired';
      expect(effects).toMatchObject([{ type: 'effect.settleFleet', verdict: isGivenUp ? 'confirmed' : 'released' }]);
    }
  });

  it('goes on with the next page of those who are told, and pulls nobody back unless it suspects', () => {
    const paged = edges.filter(({ event }) => event.type === 'fleet.pageSettled');
    for (const { from, event, effects } of paged) {
      const { verdict, sinceMs, after } = event;
      const isOver = verdict === 'suspected' && from.name !== 'suspect';
      const next = { type: 'effect.settleFleet', providerAppId: 'k1', verdict, sinceMs, after };
      expect(effects).toEqual(isOver ? [] : [next]);
    }
  });

  it('walks the same way when it is stored and restored after each step', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { seen, seenRestored } = randomWalk(model, seed, 60);
      expect(seenRestored, `seed ${seed}`).toEqual(seen);
    }
  });
});
