// What one customer may take of a window that others share who know nothing of it, where the window is too long to
// queue for: there turns (`fairQueue.ts`) make nobody equal, since whoever comes first has taken all when another asks.
// So calls are counted by owner (`parts.ts`), and an owner may take
//  - its equal part, at once: what the window has for us, over those who asked of late;
//  - more than that at once, as long as everybody gets what they ask for, less what they are likely to need;
//  - else more than that slowly: all of the window in the time that it lasts, and those first who had less. So calls
//    leave the window all the time, and whoever is refused has some soon;
//  - of the last twentieth no more than it leaves: a newcomer's first call finds some.
// Equal parts for those who want more than they get are max-min fair (D. Bertsekas, R. Gallager, "Data Networks",
// 6.5.2). What people ask for and what schedules ask for is shared apart, as a schedule must not keep people waiting.
// Pure over plain numbers. A restart forgets who has had what, as the window itself does in time.

import {
  BURST_DEVIATIONS,
  BURSTS_SHARE_MAX,
  CALLER_WAIT_MS_MAX,
  METER_SLICES,
  NEWCOMERS_MAX,
  NEWCOMERS_SHARE,
  OPENED_SLICES,
  OWNERS_ASKED_MAX,
  PACE_GROWTH,
  PACE_WEIGHT,
  SHARING_WINDOWS,
  UNSEEN_LAST_SHARE,
  WANTED_MS_MAX,
} from '../core/limits.ts';
import type { Ms } from '../core/time.ts';
import type { CallPriority } from './fairQueue.ts';
import { earliestAtMs, limitOf, roomAt, wholeRoomAt } from './meter.ts';
import {
  hadOf,
  lackingOf,
  leftAtMs,
  type Part,
  partOf,
  rest,
  type Sharers,
  type Shares,
  sharersOf,
  slicefulOf,
  turnParts,
} from './parts.ts';
import { type Meter, sliceMsOf } from './slices.ts';

/** Who asks, and what for. */
export interface Asker {
  readonly owner: string;
  readonly priority: CallPriority;
  /** Of the limit, what calls of this priority leave to others. */
  readonly reserved: number;
}

/** A window as an owner finds it. */
interface Found {
  /** Calls that are left. */
  readonly room: number;
  /** Of them, those that are not kept for newcomers. */
  readonly spare: number;
  readonly had: number;
  readonly part: Part;
  readonly sharers: Sharers;
}

/** Of the calls that are left of the window, those that the owner may take. */
export function callsOpen(shares: Shares, meter: Meter, asker: Asker, nowMs: Ms): number {
  const { room, spare, had, part, sharers } = look(shares, meter, asker, nowMs);
  const { equal, level, promised, bursts, extra, contestedUntilMs } = sharers;
  // One may go ahead of all to see what is left.
  if (room < 1) return roomAt(meter, nowMs, asker.reserved) >= 1 ? 1 : 0;
  if (had < equal && spare >= 1) return Math.min(spare, equal - had);
  if (had < equal) return had < room - unseenOf(meter) ? 1 : 0;
  const free = spare - bursts - (promised - lackingOf(part));
  const atOnce = nowMs < contestedUntilMs ? 0 : Math.min(free, level + 1 - had);
  if (atOnce >= 1) return atOnce;
  const slowly = Math.min(free, Math.floor(extra));
  return slowly >= 1 && !areOthersFirst(sharers, part, nowMs) ? slowly : 0;
}

/** Of the last of a window, what those may take meanwhile who use it unseen. */
function unseenOf(meter: Meter): number {
  return meter.careful === null ? 0 : Math.ceil(limitOf(meter) * UNSEEN_LAST_SHARE);
}

/** The owner got no call, as there are none left for it; it is told to ask again at `atMs`. */
export function want(shares: Shares, meter: Meter, asker: Asker, atMs: Ms, nowMs: Ms): void {
  const sharers = sharersOf(shares, meter, asker.priority);
  const part = partOf(sharers, asker.owner, nowMs);
  const lateMs = Math.max(sliceMsOf(meter), CALLER_WAIT_MS_MAX);
  sharers.wanting.set(part, Math.min(atMs + lateMs, nowMs + waitedForMsOf(meter)));
  part.isShort = true;
  // It wants more than it had, and nobody knows how much more.
  part.burst = Math.max(part.burst, 2 * part.made + 1);
  if (hadOf(part) < sharers.equal) sharers.contestedUntilMs = nowMs + meter.windowMs * SHARING_WINDOWS;
}

/** One that does not come again must not hold back others for long. */
function waitedForMsOf(meter: Meter): Ms {
  const sliceMs = sliceMsOf(meter);
  return Math.max(2 * sliceMs, WANTED_MS_MAX) + Math.max(sliceMs, CALLER_WAIT_MS_MAX);
}

/** When an owner that gets none may have a call, as far as is known. */
export function opensAtMs(shares: Shares, meter: Meter, asker: Asker, nowMs: Ms): Ms {
  const { room, spare, had, part, sharers } = look(shares, meter, asker, nowMs);
  const nextMs = changesAtMs(meter);
  const roomAtMs = (kept: number) => (room > kept ? nextMs : earliestAtMs(meter, nowMs, asker.reserved + kept));
  const newcomers = room - spare;
  const forOthers = newcomers + sharers.bursts + sharers.promised;
  const atMs =
    had < sharers.equal
      ? roomAtMs(newcomers)
      : Math.min(roomAtMs(forOthers), leftAtMs(shares, part, had - sharers.equal));
  return Math.min(nowMs + meter.windowMs + sliceMsOf(meter), Math.max(nextMs, atMs));
}

/** When this may answer otherwise for somebody who waits, though nobody makes a call. */
export function changesAtMs(meter: Meter): Ms {
  return (meter.head + 1) * sliceMsOf(meter);
}

/** As of now, and with the owner among those who ask. */
function look(shares: Shares, meter: Meter, { owner, priority, reserved }: Asker, nowMs: Ms): Found {
  const room = Math.floor(wholeRoomAt(meter, nowMs, reserved));
  const sharers = sharersOf(shares, meter, priority);
  const part = partOf(sharers, owner, nowMs);
  sharers.all = room + sharers.had;
  if (sharers.slice !== meter.head) reckon(sharers, meter, room, nowMs);
  sharers.room = room;
  const newcomers = newcomersOf(sharers);
  sharers.equal = equalOf(sharers, sharers.all - newcomers);
  return { room, spare: Math.max(0, room - newcomers), had: hadOf(part), part, sharers };
}

/** What is left to those who come new: a twentieth, or less where a few of their parts are less. */
function newcomersOf({ all, activeCount }: Sharers): number {
  return Math.floor(all * Math.min(NEWCOMERS_SHARE, NEWCOMERS_MAX / Math.max(1, activeCount)));
}

function equalOf({ activeCount }: Sharers, calls: number): number {
  return Math.max(1, Math.floor(calls / Math.max(1, activeCount)));
}

/** Once per slice: who still asks, what is kept for whom, and what may be had slowly. */
function reckon(sharers: Sharers, meter: Meter, room: number, nowMs: Ms): void {
  const { parts, wanting, all } = sharers;
  const isFirst = sharers.slice === null;
  const passed = Math.max(1, meter.head - (sharers.slice ?? meter.head));
  sharers.slice = meter.head;
  // Where much leaves the window at once, those come first who wait for their part.
  const isOpened = !isFirst && room > sharers.room + OPENED_SLICES * slicefulOf(sharers);
  sharers.extra = isOpened ? 0 : slicefulOf(sharers);
  const stretch = Math.floor(nowMs / meter.windowMs);
  turnParts(sharers, passed, isFirst ? 0 : Math.abs(stretch - sharers.stretch), PACE_WEIGHT);
  sharers.stretch = stretch;
  // What lies further ahead was before the clock was put back.
  sharers.contestedUntilMs = Math.min(sharers.contestedUntilMs, nowMs + meter.windowMs * SHARING_WINDOWS);
  for (const [part, untilMs] of wanting) {
    if (untilMs <= nowMs || untilMs > nowMs + waitedForMsOf(meter)) wanting.delete(part);
  }
  for (const part of parts.values()) {
    part.askedAtMs = Math.min(part.askedAtMs, nowMs);
    if (part.askedAtMs <= nowMs - meter.windowMs * SHARING_WINDOWS && !wanting.has(part)) rest(part);
  }
  const ours = all - newcomersOf(sharers);
  sharers.level = levelOf([...parts.values()].filter(({ isActive }) => isActive).map(demandOf), ours);
  sharers.promised = 0;
  let bursts = 0;
  let squares = 0;
  for (const part of parts.values()) {
    const likely = Math.ceil(part.pace * METER_SLICES * PACE_GROWTH);
    part.promised = part.isActive ? Math.min(sharers.level, demandOf(part), likely) : 0;
    const lacking = lackingOf(part);
    sharers.promised += lacking;
    if (!part.isActive) continue;
    const most = Math.min(Math.max(part.burst, part.burstBefore), equalOf(sharers, ours) - hadOf(part));
    const burst = Math.max(0, most - lacking);
    bursts += burst;
    squares += burst ** 2;
  }
  // Not all of many come in the same slice.
  const atOnce = Math.ceil(BURST_DEVIATIONS * Math.sqrt(squares));
  sharers.bursts = Math.min(bursts, atOnce, Math.floor(all * BURSTS_SHARE_MAX));
}

/** Of one that gets what it asks for, what it had at most. */
function demandOf({ peak, peakBefore, isShort, wasShort }: Part): number {
  return isShort || wasShort ? Number.POSITIVE_INFINITY : Math.max(peak, peakBefore);
}

/** As much as each may have who wants so much, if together they have at most `calls`; Infinity if all want less. */
function levelOf(demands: readonly number[], calls: number): number {
  const rising = demands.toSorted((one, other) => one - other);
  let left = calls;
  for (const [index, demand] of rising.entries()) {
    const level = left / (rising.length - index);
    if (demand >= level) return Math.max(1, Math.floor(level));
    left -= demand;
  }
  return Number.POSITIVE_INFINITY;
}

/** Whether somebody waits for more who has had less; by a few calls, so that they need not take turns one by one. */
function areOthersFirst(sharers: Sharers, part: Part, nowMs: Ms): boolean {
  const { wanting } = sharers;
  const less = hadOf(part) - Math.max(1, slicefulOf(sharers) / (wanting.size + 1));
  let asked = 0;
  for (const [other, untilMs] of wanting) {
    if (other !== part && untilMs > nowMs && hadOf(other) < less) return true;
    asked += 1;
    if (asked >= OWNERS_ASKED_MAX) return false;
  }
  return false;
}
