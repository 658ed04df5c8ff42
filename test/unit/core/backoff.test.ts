import { describe, expect, it } from 'vitest';
import { fullJitterMs } from '../../../src/core/backoff.ts';

describe('full jitter', () => {
  it.each([
    [0, 1000, 60_000, 1000],
    [3, 1000, 60_000, 8000],
    [20, 1000, 60_000, 60_000],
    [5000, 1000, 60_000, 60_000],
  ])('of attempt %i stays between 1 ms and its bound', (attempt, baseMs, maxMs, boundMs) => {
    const delays = Array.from({ length: 200 }, () => fullJitterMs(attempt, baseMs, maxMs));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...delays)).toBeLessThanOrEqual(boundMs);
    expect(new Set(delays).size).toBeGreaterThan(20);
  });
});
