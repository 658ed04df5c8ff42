import { describe, expect, it } from 'vitest';
import { earliestAtMs, newSlidingWindow, spend } from '../../../src/limits/slidingWindow.ts';
import { dice } from '../../support/dice.ts';

describe('a sliding window', () => {
  it('never lets more than its limit through in any window, and no call wait without need', () => {
    const roll = dice(7);
    const window = newSlidingWindow(5, 1000);
    const sentAtMs: number[] = [];
    for (let nowMs = 0, call = 0; call < 2000; call++, nowMs += roll(300)) {
      const atMs = earliestAtMs(window, nowMs);
      spend(window, atMs);
      sentAtMs.push(atMs);
      const fifthBefore = sentAtMs.at(-6) ?? Number.NEGATIVE_INFINITY;
      expect(atMs).toBe(Math.max(nowMs, fifthBefore + 1000));
    }
  });

  it('lets callers that wait hold their place', () => {
    const window = newSlidingWindow(2, 100);
    const times = [0, 0, 0, 0, 0].map((nowMs) => {
      const atMs = earliestAtMs(window, nowMs);
      spend(window, atMs);
      return atMs;
    });
    expect(times).toEqual([0, 0, 100, 100, 200]);
  });

  it('is full again after its time', () => {
    const window = newSlidingWindow(1, 100);
    spend(window, 50);
    expect([earliestAtMs(window, 149), earliestAtMs(window, 150), earliestAtMs(window, 151)]).toEqual([150, 150, 151]);
  });
});
