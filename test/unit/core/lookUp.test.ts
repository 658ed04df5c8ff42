import { LRUCache } from 'lru-cache';
import { describe, expect, it } from 'vitest';
import { USES_PER_MOVE } from '../../../src/core/limits.ts';
import { lookUp } from '../../../src/core/lookUp.ts';

describe('a look-up', () => {
  it('finds nothing under a key that is not there', () => {
    expect(lookUp(new LRUCache<string, object>({ max: 1 }), 'a')).toBeUndefined();
  });

  it('keeps what is used often, however many others come', () => {
    const cache = new LRUCache<string, object>({ max: 10 });
    const often = {};
    cache.set('often', often);
    for (let index = 0; index < 1000; index++) {
      cache.set(`once ${index}`, {});
      for (let use = 0; use < USES_PER_MOVE; use++) expect(lookUp(cache, 'often')).toBe(often);
    }
  });
});
