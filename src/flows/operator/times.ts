// Times and durations as operators read them: UTC to the second, and how long that is from now.

import { DAY_MS, HOUR_MS, MINUTE_MS, type Ms, SECOND_MS, toRfc3339 } from '../../core/time.ts';

/** `2026-01-05 09:12:41 UTC`: operators compare it with logs, which are in UTC too. */
export function stampOf(atMs: Ms): string {
  return `${toRfc3339(atMs).slice(0, 19).replace('T', ' ')} UTC`;
}

/** `12 minutes`, `5 hours`; rounded down, in the unit that leaves one or two digits. */
function durationText(ms: Ms): string {
  if (ms < 2 * MINUTE_MS) return counted(Math.floor(ms / SECOND_MS), 'second');
  if (ms < 2 * HOUR_MS) return counted(Math.floor(ms / MINUTE_MS), 'minute');
  if (ms < 2 * DAY_MS) return counted(Math.floor(ms / HOUR_MS), 'hour');
  return counted(Math.floor(ms / DAY_MS), 'day');
}

/** `3 hours ago`, `in 8 minutes`, `just now`. */
export function relativeText(atMs: Ms, nowMs: Ms): string {
  if (Math.abs(atMs - nowMs) < SECOND_MS) return atMs <= nowMs ? 'just now' : 'in a moment';
  return atMs < nowMs ? `${durationText(nowMs - atMs)} ago` : `in ${durationText(atMs - nowMs)}`;
}

/** `2026-01-05 09:12:41 UTC (3 hours ago)` */
export function timeText(atMs: Ms, nowMs: Ms): string {
  return `${stampOf(atMs)} (${relativeText(atMs, nowMs)})`;
}

/** `1 message`, `1,200 messages` */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
