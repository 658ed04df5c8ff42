import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REFUSAL_BURST_MS } from '../../../src/core/limits.ts';
import { grow, halve, newPlaces, wholePlaces } from '../../../src/limits/places.ts';

describe('places that are looked for', () => {
  it('do not grow while some are free', () => {
    const places = newPlaces(5);
    for (let answer = 0; answer < 1000; answer++) grow(places, 3, 20);
    expect(wholePlaces(places)).toBe(5);
  });

  it('halve once for refusals of one moment', () => {
    const places = newPlaces(20);
    for (let refusal = 0; refusal < 5; refusal++) halve(places, 1000);
    expect(wholePlaces(places)).toBe(10);
    halve(places, 1000 + REFUSAL_BURST_MS);
    expect(wholePlaces(places)).toBe(5);
  });

  it('grow by one for every round of answers', () => {
    const places = newPlaces(5);
    for (let answer = 0; answer < 6; answer++) grow(places, 5, 20);
    expect(wholePlaces(places)).toBe(6);
  });

  it('grow to all there are while only reads run, which leave some to people', () => {
    const places = newPlaces(5);
    for (let answer = 0; answer < 1000; answer++) {
      const whole = wholePlaces(places);
      grow(places, whole - Math.floor(whole * 0.2), 20);
    }
    expect(wholePlaces(places)).toBe(20);
  });

  it('are never none and never more than there are', () => {
    const step = fc.record({ isRefused: fc.boolean(), taken: fc.integer({ min: 1, max: 40 }), waitMs: fc.nat(10_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 500 }), (steps) => {
        const places = newPlaces(5);
        let nowMs = 0;
        for (const { isRefused, taken, waitMs } of steps) {
          nowMs += waitMs;
          if (isRefused) halve(places, nowMs);
          else grow(places, taken, 20);
          expect(wholePlaces(places)).toBeGreaterThanOrEqual(1);
          expect(wholePlaces(places)).toBeLessThanOrEqual(20);
        }
      }),
    );
  });
});
