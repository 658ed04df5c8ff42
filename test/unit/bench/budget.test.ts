// What the bench of budgets believes of the provider that it plays must be exact, or its figures are of another world.

import { describe, expect, it } from 'vitest';
import { DrivenClock } from '../../../bench/budget/clock.ts';
import type { Pattern } from '../../../bench/budget/hour.ts';
import { Account, type Head, type ProviderFacts } from '../../../bench/budget/provider.ts';
import { randomOf } from '../../../bench/budget/random.ts';
import { LEARNING_WINDOWS, PROBE_WINDOWS, refusalsOf } from '../../../bench/budget/refused.ts';
import { MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';

const WINDOW_MS = 10 * SECOND_MS;
const ALONE: ProviderFacts = {
  windowMs: WINDOW_MS,
  limitAt: () => 3,
  counting: 'fixed',
  tells: 'numbers',
  lagMs: 0,
  othersAt: () => 0,
};

/** Windows begin at multiples of ten seconds. */
function accountOf(facts: Partial<ProviderFacts>, random = () => 0) {
  const clock = new DrivenClock(0);
  return { clock, account: new Account({ ...ALONE, ...facts }, clock, random) };
}

/** Calls at these times, and what came of each. */
async function callsAt(facts: Partial<ProviderFacts>, timesMs: readonly number[]): Promise<readonly Head[]> {
  const { clock, account } = accountOf(facts);
  const heads: Head[] = [];
  for (const atMs of timesMs) {
    await clock.advanceTo(atMs);
    heads.push(account.call());
  }
  return heads;
}

const statusesOf = (heads: readonly Head[]) => heads.map(({ status }) => status);
const remainingOf = (heads: readonly Head[]) => heads.map(({ headers }) => Number(headers['x-ratelimit-remaining']));

describe('the provider that is played', () => {
  it('refuses what is beyond its limit until a fixed window ends, to the millisecond', async () => {
    const heads = await callsAt({}, [9998, 9999, 9999, 9999, 10_000, 10_000, 10_000, 19_999, 20_000]);
    expect(statusesOf(heads)).toEqual([200, 200, 200, 429, 200, 200, 200, 429, 200]);
  });

  it('lets one more in when the oldest leaves a window that slides, and refused calls do not count', async () => {
    const heads = await callsAt({ counting: 'sliding' }, [1000, 5000, 9000, 10_999, 11_000, 11_001, 15_000, 15_000]);
    expect(statusesOf(heads)).toEqual([200, 200, 200, 429, 200, 429, 200, 429]);
  });

  it('tells limit, what is left after the call, and the end of the window in whole seconds', async () => {
    const [first, second, , refused] = await callsAt({}, [1500, 1600, 1700, 8500]);
    expect(first?.headers).toEqual({
      'x-ratelimit-limit': '3, 3;w=10',
      'x-ratelimit-remaining': '2',
      'x-ratelimit-reset': '9',
    });
    expect(second?.headers['x-ratelimit-remaining']).toBe('1');
    expect(refused?.headers).toMatchObject({ 'x-ratelimit-remaining': '0', 'retry-after': '2' });
  });

  it('tells nothing but Retry-After where that is its way', async () => {
    const heads = await callsAt({ tells: 'retryAfter', limitAt: () => 1 }, [4000, 4000]);
    expect(heads.map(({ headers }) => headers)).toEqual([{}, { 'retry-after': '6' }]);
  });

  it('tells numbers that are as old as they are said to be', async () => {
    const heads = await callsAt({ lagMs: 2000, limitAt: () => 100 }, [1000, 2000, 2999, 3000, 4000, 9000]);
    expect(remainingOf(heads)).toEqual([100, 100, 100, 99, 98, 95]);
  });

  it('counts others as it counts us, and refuses them as well', async () => {
    const { account } = accountOf({});
    expect([account.callOfOthers(), account.call().status, account.callOfOthers()]).toEqual([true, 200, true]);
    expect([account.callOfOthers(), account.call().status]).toEqual([false, 429]);
    expect([account.othersTaken, account.othersRefused]).toEqual([2, 1]);
  });

  it('has others who come as often as is said, in every window a little more or less', async () => {
    const { clock, account } = accountOf({ limitAt: () => 1000, othersAt: () => 0.3 }, randomOf(7));
    await clock.advanceTo(100 * WINDOW_MS);
    expect(account.othersTaken / (100 * 300)).toBeCloseTo(1, 1);
    expect(account.othersRefused).toBe(0);
  });

  it('changes its limit when it is said to', async () => {
    const heads = await callsAt({ limitAt: (sinceMs) => (sinceMs < 5000 ? 2 : 3) }, [0, 0, 0, 5000, 5000]);
    expect(statusesOf(heads)).toEqual([200, 200, 429, 200, 429]);
  });
});

describe('a driven clock', () => {
  it('lets everything that an event has set off happen before the next one', async () => {
    const clock = new DrivenClock(0);
    const seen: string[] = [];
    clock.timerAt(1, async () => {
      for (let tick = 0; tick < 50; tick++) await Promise.resolve();
      seen.push(`first done at ${clock.nowMs()}`);
    });
    clock.timerAt(2, () => seen.push('second'));
    clock.timerAt(2, () => seen.push('third')).cancel();
    await clock.advanceTo(3);
    expect(seen).toEqual(['first done at 1', 'second']);
  });

  it('rejects with what a timer throws', async () => {
    const clock = new DrivenClock(0);
    clock.timerAt(1, () => {
      throw new Error('a policy failed');
    });
    await expect(clock.advanceTo(2)).rejects.toThrow('a policy failed');
  });
});

describe('a refusal', () => {
  const CHANGE_MS = 10 * MINUTE_MS;
  const patternOf = (tells: ProviderFacts['tells']) =>
    ({ provider: { ...ALONE, tells }, changesAtMs: [0, CHANGE_MS] }) as unknown as Pattern;
  const LEARNING_MS = LEARNING_WINDOWS * WINDOW_MS;
  const PROBE_MS = PROBE_WINDOWS * WINDOW_MS;

  it('is learning only in the first windows after the start and each change', () => {
    const atMs = [0, LEARNING_MS - 1, LEARNING_MS, CHANGE_MS - 1, CHANGE_MS, CHANGE_MS + LEARNING_MS];
    expect(refusalsOf(patternOf('numbers'), atMs)).toEqual({ learning: 3, probes: 0, later: 3 });
  });

  it('is a probe once in so many windows, with what was under way, where nothing else tells of a limit', () => {
    const first = LEARNING_MS + 5000;
    const atMs = [first, first + 400, first + 1000, first + PROBE_MS - 1, first + PROBE_MS];
    expect(refusalsOf(patternOf('retryAfter'), atMs)).toEqual({ learning: 0, probes: 3, later: 2 });
  });
});
