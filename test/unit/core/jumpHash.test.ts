import { describe, expect, it } from 'vitest';
import { jumpHash } from '../../../src/core/jumpHash.ts';

const keys = Array.from({ length: 256 }, (_, key) => key);

describe('jumpHash', () => {
  it('knows one owner for everything', () => {
    expect(keys.every((key) => jumpHash(key, 1) === 0)).toBe(true);
  });

  it('is the same for ever: shards are found again by it', () => {
    expect([0, 1, 2, 100, 255].map((key) => jumpHash(key, 10))).toMatchInlineSnapshot(`
      [
        0,
        6,
        6,
        4,
        7,
      ]
    `);
  });

  it.each([2, 3, 4, 7, 16])('spreads 256 shards over %i owners', (owners) => {
    const counts = new Array<number>(owners).fill(0);
    for (const key of keys) counts[jumpHash(key, owners)] = (counts[jumpHash(key, owners)] ?? 0) + 1;
    for (const count of counts) {
      expect(count).toBeGreaterThan((256 / owners) * 0.4);
      expect(count).toBeLessThan((256 / owners) * 1.8);
    }
  });

  it.each([1, 2, 3, 8, 31])(
    'moves shards only to the owner that joins %i others, and about their fair share',
    (owners) => {
      const moved = keys.filter((key) => jumpHash(key, owners) !== jumpHash(key, owners + 1));
      for (const key of moved) expect(jumpHash(key, owners + 1)).toBe(owners);
      expect(moved.length).toBeLessThan((256 / (owners + 1)) * 1.8);
      expect(moved.length).toBeGreaterThan(0);
    },
  );
});
