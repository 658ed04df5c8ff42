import { describe, expect, it } from 'vitest';
import { type ProviderContext, provider } from '../../machines/provider.ts';
import { CIRCUIT_OPEN_MS } from '../../src/core/limits.ts';
import { edgesOf, listOf, type Model, missedTransitions, NOW_MS, namesOf, randomWalk } from '../support/model.ts';

const model: Model<ProviderContext> = {
  definition: provider,
  events: ({ wakeAtMs }) => [
    { type: 'circuit.tripped', message: 'half of all calls fail' },
    { type: 'probe.succeeded' },
    { type: 'probe.failed' },
    { type: 'alarm.fired' },
    { type: 'alarm.fired', nowMs: (wakeAtMs ?? NOW_MS) - 1 },
    { type: 'alarm.fired', nowMs: (wakeAtMs ?? NOW_MS) - CIRCUIT_OPEN_MS - 1 },
    { type: 'alarm.fired', nowMs: wakeAtMs ?? NOW_MS },
    { type: 'alarm.fired', nowMs: (wakeAtMs ?? NOW_MS) + 86_400_000 },
    { type: 'something.else' },
  ],
  isFarEnough: ({ trips }) => trips >= 4,
};

const edges = edgesOf(model);

describe('the provider machine', () => {
  it('reaches every state', () => {
    expect([...new Set(edges.flatMap(({ from, to }) => [from.name, to.name]))].toSorted()).toEqual(namesOf(provider));
  });

  it('takes every transition', () => {
    expect(missedTransitions(provider, edges)).toEqual([]);
  });

  it('has these edges and asks for nothing', () => {
    expect(listOf(edges)).toEqual([
      'closed + circuit.tripped → open',
      'halfOpen + probe.failed → open',
      'halfOpen + probe.succeeded → closed',
      'open + alarm.fired → halfOpen',
    ]);
  });

  it('has an alarm exactly while it is open, from the moment it opened', () => {
    for (const { to, event, isAccepted } of edges) {
      expect([to.name, to.context.wakeAtMs !== null]).toEqual([to.name, to.name === 'open']);
      if (to.name === 'open' && isAccepted) expect(to.context.wakeAtMs).toBe(event.nowMs + CIRCUIT_OPEN_MS);
    }
  });

  it('ignores an alarm that comes early, and takes one that comes late, or of a clock that was put back', () => {
    for (const { from, event, isAccepted } of edges) {
      if (event.type !== 'alarm.fired') continue;
      const { wakeAtMs } = from.context;
      const aheadMs = (wakeAtMs ?? event.nowMs) - event.nowMs;
      expect(isAccepted).toBe(wakeAtMs !== null && (aheadMs <= 0 || aheadMs > CIRCUIT_OPEN_MS));
    }
  });

  it('counts how often it opened until it closes, and forgets the error then', () => {
    for (const { from, to, isAccepted } of edges) {
      if (!isAccepted) continue;
      if (to.name === 'open') expect(to.context.trips).toBe(from.context.trips + 1);
      if (to.name === 'closed') expect(to.context).toMatchObject({ trips: 0, lastError: null });
    }
  });

  it('refuses calls only while it is open, and probes only when half open', () => {
    const tags = Object.entries(provider.machine.states).map(([name, state]) => [name, state.tags]);
    expect(Object.fromEntries(tags)).toEqual({ closed: [], open: ['refusing'], halfOpen: ['probing'] });
  });

  it('walks the same way when it is stored and restored after each step', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { seen, seenRestored } = randomWalk(model, seed, 60);
      expect(seenRestored, `seed ${seed}`).toEqual(seen);
    }
  });
});
