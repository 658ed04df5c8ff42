// Cron rules beyond what the manifest tables show, and the next run.

import { expect, test } from 'vitest';
import { nextRunAtMs, scheduleProblem } from '../../../src/manifest/schedule.ts';

test.each([
  ['', 'must have 5 cron fields'],
  ['* * * * *', 'runs 1 min apart'],
  ['0-9 * * * *', 'runs 1 min apart'],
  ['0,55 * * * *', 'runs 5 min apart'],
  ['0,55 8,9 * * *', 'runs 5 min apart'],
  ['55,0 23,0 * * *', 'runs 5 min apart'],
  ['? * * * *', 'may use only numbers'],
  ['*/0 * * * *', 'is not a cron schedule'],
  ['0 24 * * *', 'is not a cron schedule'],
  ['0 0 31 4,6 *', 'names a day that its months never have'],
])('"%s" %s', (schedule, problem) => {
  expect(scheduleProblem(schedule, 10)).toContain(problem);
});

test.each(['*/10 * * * *', '0 0 29 2 *', '0,55 8,10 * * *', '0 0 L * *', '30 6 * JAN-MAR SUN', ' 0 */24 * * * '])(
  '"%s" is a schedule that has a next run',
  (schedule) => {
    expect(scheduleProblem(schedule, 10)).toBeNull();
    expect(nextRunAtMs(schedule, Date.UTC(2030, 0, 1))).toBeGreaterThan(Date.UTC(2030, 0, 1));
  },
);

test('the next run is strictly later and in UTC', () => {
  expect(nextRunAtMs('0 */6 * * *', Date.UTC(2030, 0, 1, 6))).toBe(Date.UTC(2030, 0, 1, 12));
  expect(nextRunAtMs('0 */6 * * *', Date.UTC(2030, 0, 1, 6) - 1)).toBe(Date.UTC(2030, 0, 1, 6));
});
