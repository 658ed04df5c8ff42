import { describe, expect, it } from 'vitest';
import { budgetLines } from '../../../src/cli/budgets.ts';
import { DAY_MS, SECOND_MS } from '../../../src/core/time.ts';

const line = {
  key: 'hubspot/externalAccount/244630517/burst',
  name: 'burst',
  counts: 'calls' as const,
  windowMs: 10 * SECOND_MS,
  limit: 110,
  isLearned: false,
  spent: 12,
  held: 0,
  reservedForPeople: 22,
  pacePerHour: null,
  blockedUntil: null,
  waiting: {},
  ownWaiting: 0,
  ownSpent: null,
};

describe('budgetLines', () => {
  it('says so where nothing is known', () => {
    expect(budgetLines({ installationId: 'i', provider: 'notion', budgets: [] })).toEqual([
      'No limit of notion is known, or none of the calls that it counts were made lately.',
    ]);
  });

  it('lays budgets out in columns, with who waits and what is blocked, and renewals among them', () => {
    const daily = {
      ...line,
      name: 'daily',
      windowMs: DAY_MS,
      limit: 100_000,
      isLearned: true,
      spent: 99_999.6,
      reservedForPeople: 20_000,
      pacePerHour: 833.4,
      blockedUntil: 'later',
      waiting: { read: 3 },
      ownWaiting: 2,
    };
    const seats = { ...line, name: 'running', windowMs: 0, limit: 25, spent: 20, held: 8, reservedForPeople: 5 };
    const tokens = { ...line, key: 'hubspot/user/7/tokens', name: 'tokens', limit: 1, spent: 1, reservedForPeople: 0 };
    const renewals = { ...tokens, counts: 'renewals' as const, waiting: { refresh: 1 }, ownWaiting: 1 };
    const shared = { ...line, key: 'surveyMonkey/providerApp/1/perMinute', name: 'perMinute', held: 2, ownSpent: 9 };
    const budgets = [line, daily, seats, shared, renewals];
    expect(
      budgetLines({ installationId: 'i', provider: 'hubspot', budgets }).map((text) => text.split(/ {2,}/)),
    ).toEqual([
      ['budget', 'window', 'spent', 'limit is', 'reads get', 'waiting'],
      ['burst (externalAccount)', '10 s', '12 of 110', 'declared', 'up to 88'],
      [
        'daily (externalAccount)',
        '1 d',
        '100000 of 100000',
        'learned',
        'up to 80000, 833 an hour',
        '3 read, 2 of them its own, until later',
      ],
      ['running (externalAccount)', 'at once', '20 of 25, 8 held', 'declared', 'up to 20'],
      ['perMinute (providerApp)', '10 s', '12 of 110, 2 held, 9 its own', 'declared', 'up to 88'],
      ['tokens (user)', '10 s', '1 of 1', 'declared', 'renewals only', '1 refresh, 1 of them its own'],
    ]);
  });
});
