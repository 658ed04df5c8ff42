import { afterEach, describe, expect, it } from 'vitest';
import { fullJitterMs, jitter } from '../../../src/core/backoff.ts';
import { type Chance, chance, drawFrom } from '../../../src/core/chance.ts';
import { newId, newShortId, randomToken } from '../../../src/core/ids.ts';

const fixed: Chance = {
  uuid: () => '00000000-0000-4000-a000-000000000000',
  bytes: (count) => new Uint8Array(count),
  below: (sides) => sides - 1,
};

afterEach(() => drawFrom(null));

describe('chance', () => {
  it('comes from the system unless it is replaced', () => {
    const drawn = Array.from({ length: 100 }, () => [chance.uuid(), newShortId(18)]).flat();
    expect(new Set(drawn).size).toBe(200);
    expect(Array.from({ length: 100 }, () => chance.below(3)).every((side) => side >= 0 && side < 3)).toBe(true);
  });

  it('is replaced for ids and pauses, and can be given back', () => {
    drawFrom(fixed);
    expect([newId(), newShortId(3)]).toEqual([fixed.uuid(), 'AAAA']);
    expect([fullJitterMs(2, 1000, 60_000), jitter(1000, 0.1)]).toEqual([4000, 1099]);
    drawFrom(null);
    expect(newId()).not.toBe(fixed.uuid());
  });

  it('is never what a secret is made of', () => {
    drawFrom(fixed);
    expect(randomToken(32)).not.toBe(randomToken(32));
  });
});
