import { describe, expect, it } from 'vitest';
import { recentlyUsed } from '../../../src/core/recent.ts';

describe('recentlyUsed', () => {
  it('forgets what was used longest ago, and tells whoever wants to hear', () => {
    const left: unknown[] = [];
    const cache = recentlyUsed<string, number>(2, { dispose: (value, key, reason) => left.push([key, value, reason]) });
    cache.set('a', 1).set('b', 2);
    cache.get('a');
    cache.set('c', 3);
    expect([...cache.keys()].toSorted()).toEqual(['a', 'c']);
    cache.set('a', 4);
    cache.delete('c');
    expect(left).toEqual([
      ['b', 2, 'evict'],
      ['a', 1, 'set'],
      ['c', 3, 'delete'],
    ]);
  });

  it('weighs entries where they are not alike, and keeps none that is too heavy', () => {
    const cache = recentlyUsed<string, string>(10, { weightOf: ({ length }) => length });
    cache.set('a', 'xxxx').set('b', 'xxxx').set('c', 'xxxx');
    expect([...cache.keys()].toSorted()).toEqual(['b', 'c']);
    cache.set('d', 'x'.repeat(11));
    expect([...cache.keys()].toSorted()).toEqual(['b', 'c']);
  });

  it('stays at its limit however many come', () => {
    const cache = recentlyUsed<string, number>(100);
    for (let index = 0; index < 1000; index++) cache.set(`key ${index}`, index);
    expect(cache.size).toBe(100);
    expect(cache.get('key 900')).toBe(900);
    expect(cache.get('key 899')).toBeUndefined();
  });
});
