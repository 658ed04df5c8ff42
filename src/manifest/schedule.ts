// Cron schedules: five fields, UTC. Called by the manifest and config schemas to refuse a bad one and by the reads
// to find the next run. Invariant: a schedule that `scheduleProblem` accepts has a next run.

import { Cron } from 'croner';
import { type Ms, toRfc3339 } from '../core/time.ts';

const DAYS_OF_MONTH_MAX = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const HOUR_MINUTES = 60;

/** What is wrong with a schedule, as the end of a sentence, or null. `minIntervalMinutes` is at most an hour. */
export function scheduleProblem(schedule: string, minIntervalMinutes: number): string | null {
  const fields = schedule.trim().split(/\s+/);
  const [minuteField = '', hourField = '', dayField = '', monthField = '', weekdayField = ''] = fields;
  if (fields.length !== 5) return `must have 5 cron fields (minute hour day month weekday), not ${fields.length}`;
  try {
    new Cron(schedule, { mode: '5-part', timezone: 'UTC', paused: true });
  } catch (thrown) {
    return `is not a cron schedule: ${thrown instanceof Error ? thrown.message.replace(/^CronPattern: /, '') : thrown}`;
  }
  const minutes = expandField(minuteField, 0, 59);
  const hours = expandField(hourField, 0, 23);
  if (minutes === null || hours === null) return 'may use only numbers, *, ranges, lists and steps for minute and hour';
  if (weekdayField === '*' && neverHappens(dayField, monthField)) return 'names a day that its months never have';
  const isDaily = dayField === '*' && weekdayField === '*';
  const gapMinutes = smallestGapMinutes(minutes, hours, isDaily);
  if (gapMinutes >= minIntervalMinutes) return null;
  return `runs ${gapMinutes} min apart; the shortest allowed interval is ${minIntervalMinutes} min`;
}

/** The first run strictly after `afterMs`. Pass only a schedule that `scheduleProblem` accepted. */
export function nextRunAtMs(schedule: string, afterMs: Ms): Ms | null {
  const cron = new Cron(schedule, { mode: '5-part', timezone: 'UTC', paused: true });
  return cron.nextRun(toRfc3339(afterMs))?.getTime() ?? null;
}

/** The sorted values of a numeric cron field that croner accepted, or null for forms beyond `*`, `a`, `a-b`, `/n`. */
function expandField(field: string, min: number, max: number): readonly number[] | null {
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
    if (match === null) return null;
    const [, first, last, step] = match;
    const from = first === undefined ? min : Number(first);
    const to = first === undefined ? max : Number(last ?? first);
    for (let value = from; value <= to; value += Number(step ?? 1)) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

/** 23:59 and 0:00 count as neighbours only where the schedule runs every day. */
function smallestGapMinutes(minutes: readonly number[], hours: readonly number[], isDaily: boolean): number {
  const first = minutes[0] ?? 0;
  const last = minutes.at(-1) ?? 0;
  let gap = Number.POSITIVE_INFINITY;
  for (const [index, minute] of minutes.entries()) {
    if (index > 0) gap = Math.min(gap, minute - (minutes[index - 1] ?? 0));
  }
  const hasNeighbours = hours.some((hour) => hours.includes(hour + 1) || (isDaily && hour === 23 && hours[0] === 0));
  return hasNeighbours ? Math.min(gap, first + HOUR_MINUTES - last) : gap;
}

/** Whether a numeric day such as 30 exists in none of the numeric months; anything else is left to croner. */
function neverHappens(dayField: string, monthField: string): boolean {
  const days = expandField(dayField, 1, 31);
  const months = expandField(monthField, 1, 12);
  if (days === null || months === null) return false;
  const longest = Math.max(...months.map((month) => DAYS_OF_MONTH_MAX[month - 1] ?? 0));
  return (days[0] ?? 1) > longest;
}
