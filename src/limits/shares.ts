// What one customer may take of a window that others share who know nothing of it, where the window is too long to
// queue for: there turns (`fairQueue.ts`) make nobody equal, since whoever comes first has taken all when another asks.
// So calls are counted by owner, and as often as some leave the window what is left is dealt out: an equal part to each
// who was refused of late, and to who gets what it asks for as much as it is likely to ask for (max-min fairness:
// D. Bertsekas, R. Gallager, "Data Networks", 6.5.2). What is then left anybody may take, but for a twentieth, of which
// each leaves as much to those who come next as it has had. What people ask for and what schedules ask for is dealt out
// apart, as a schedule must not keep people waiting. Pure over plain numbers. A restart forgets who has had what, as
// the window itself does in time.

import {
  ASKING_SHARE,
  CALLER_WAIT_MS_MAX,
  DEMAND_GROWTH,
  DEMAND_SLICES,
  NEWCOMERS_SHARE,
  OWNERS_COUNTED_MAX,
  REFUSED_AGAIN_MS_MAX,
} from '../core/limits.ts';
import type { Ms } from '../core/time.ts';
import { type CallPriority, isBackground } from './fairQueue.ts';
import { earliestAtMs, limitOf, spentOf, wholeRoomAt } from './meter.ts';
import { LENGTH, type Meter, sliceMsOf } from './slices.ts';

/** What one owner has had, and may have. */
interface Part {
  readonly owner: string;
  readonly sharers: Sharers;
  /** Calls in the window. */
  calls: number;
  /** Calls that it may make at any moment. */
  held: number;
  /** Of both together, what was dealt out to it. */
  target: number;
  /** What it may ask for. */
  demand: number;
  /** The most that it had at a time, in the present stretch of a window's length and in the one before. */
  most: number;
  mostBefore: number;
  /** It was refused in one of them: it may want more than it had. */
  isShort: boolean;
  wasShort: boolean;
  askedAtMs: Ms;
  /** So long it counts as one who wants more than it gets. */
  wantsUntilMs: Ms;
}

/** Those who share with each other. */
interface Sharers {
  readonly parts: Map<string, Part>;
  /** Nothing was dealt out since calls left the window. */
  isDue: boolean;
  /** As much as any owner was dealt out to that wants more; Infinity where there is enough for all. */
  level: number;
  /** Calls that were dealt out and not made yet. */
  kept: number;
  /** Of the window, when somebody last asked. */
  room: number;
  /** The stretch in which it was last dealt out. */
  stretch: number | null;
  /** When the first of those who want more counts as one no longer. */
  wantsUntilMs: Ms;
}

export interface Shares {
  readonly people: Sharers;
  readonly schedules: Sharers;
  /** Who made the calls of each slice of the window, oldest first. */
  readonly slices: Map<Part, number>[];
  /** All of them. */
  total: number;
  /** Of the meter, when it was last looked at. */
  head: number;
  sliceMs: Ms;
}

/** Who asks, and what for. */
export interface Asker {
  readonly owner: string;
  readonly priority: CallPriority;
  /** Of the limit, what calls of this priority leave to others. */
  readonly reserved: number;
}

const NEVER = Number.NEGATIVE_INFINITY;
const FOREVER = Number.POSITIVE_INFINITY;

export function newShares(): Shares {
  const slices = Array.from({ length: LENGTH }, () => new Map<Part, number>());
  return { people: newSharers(), schedules: newSharers(), slices, total: 0, head: 0, sliceMs: 0 };
}

function newSharers(): Sharers {
  const dealt = { level: FOREVER, kept: 0, room: 0, stretch: null, wantsUntilMs: FOREVER };
  return { parts: new Map(), isDue: true, ...dealt };
}

/** Calls of an owner, made now. */
export function spendPart(
  shares: Shares,
  meter: Meter,
  { owner, priority }: Pick<Asker, 'owner' | 'priority'>,
  calls: number,
): void {
  const part = partOf(sharersOf(shares, meter, priority), owner, meter.seenAtMs);
  if (part === null || calls <= 0) return;
  part.calls += calls;
  shares.total += calls;
  changed(part, calls);
  const newest = shares.slices[LENGTH - 1] as Map<Part, number>;
  newest.set(part, (newest.get(part) ?? 0) + calls);
  // It got what it asked for; whether it wants more is seen when it asks again.
  part.wantsUntilMs = Math.min(part.wantsUntilMs, meter.seenAtMs + askingMsOf(meter));
}

/** Calls of an owner that it may make at any moment; a negative number ends that. People alone have such. */
export function holdPart(shares: Shares, meter: Meter, owner: string, calls: number): void {
  const part = partOf(sharersOf(shares, meter, 'interactive'), owner, meter.seenAtMs);
  if (part === null) return;
  const change = Math.max(-part.held, calls);
  part.held += change;
  changed(part, change);
}

/** Of the calls that are left of the window, those that the owner may take. */
export function callsOpen(shares: Shares, meter: Meter, asker: Asker, nowMs: Ms): number {
  const { room, sharers, part, newcomers } = look(shares, meter, asker, nowMs);
  const had = part === undefined ? 0 : part.calls + part.held;
  const own = part === undefined ? 0 : keptOf(part);
  const spare = Math.max(0, room - newcomers);
  const others = sharers.kept - own;
  const left = room - Math.min(spare, others);
  if (sharers.level === FOREVER) {
    const open = Math.min(spare, Math.max(own, left - newcomers));
    if (open >= 1) return open;
  } else if (own >= 1 && spare >= 1) return Math.min(spare, own);
  // What cannot be dealt out in equal parts goes one by one, and so does the last twentieth.
  const most = others > spare ? sharers.level : sharers.level + 1;
  return left >= 1 && had < Math.min(most, left > newcomers ? FOREVER : left) ? 1 : 0;
}

/** The owner got no call, as there are none left for it; it is told to ask again at `atMs`. */
export function want(shares: Shares, meter: Meter, asker: Asker, atMs: Ms, nowMs: Ms): void {
  const part = partOf(sharersOf(shares, meter, asker.priority), asker.owner, nowMs);
  if (part === null) return;
  part.askedAtMs = nowMs;
  // Not everybody comes when told to: some come as often as the window begins anew.
  const againMs = Math.min(meter.windowMs * (1 + ASKING_SHARE), REFUSED_AGAIN_MS_MAX);
  part.wantsUntilMs = Math.max(atMs + askingMsOf(meter), nowMs + againMs);
  part.isShort = true;
}

/** When an owner that gets none may have a call, as far as is known: others may stop asking before they count so. */
export function opensAtMs(shares: Shares, meter: Meter, asker: Asker, nowMs: Ms): Ms {
  const { room, sharers, part, newcomers } = look(shares, meter, asker, nowMs);
  const nextMs = (meter.head + 1) * sliceMsOf(meter);
  const roomAtMs = room > newcomers ? nextMs : earliestAtMs(meter, nowMs, asker.reserved + newcomers);
  // One that nothing was dealt out to has its part as soon as there is some.
  const excess = part === undefined || part.target === 0 ? -1 : part.calls + part.held - part.target;
  const partAtMs = excess < 0 ? nextMs : Math.min(leftAtMs(shares, part, excess), sharers.wantsUntilMs);
  return Math.min(nowMs + meter.windowMs + sliceMsOf(meter), Math.max(nextMs, roomAtMs, partAtMs));
}

/** When this may answer otherwise for somebody who waits, though nobody makes a call. */
export function changesAtMs(meter: Meter): Ms {
  return (meter.head + 1) * sliceMsOf(meter);
}

/** Calls of an owner in the window or held, for people and for schedules. */
export function hadBy(shares: Shares, meter: Meter, owner: string): number {
  age(shares, meter);
  return [shares.people, shares.schedules].reduce((sum, { parts }) => {
    const part = parts.get(owner);
    return sum + (part === undefined ? 0 : part.calls + part.held);
  }, 0);
}

interface Look {
  readonly room: number;
  readonly sharers: Sharers;
  readonly part: Part | undefined;
  /** Calls that are left to who had less. */
  readonly newcomers: number;
}

function look(shares: Shares, meter: Meter, { owner, priority, reserved }: Asker, nowMs: Ms): Look {
  const room = Math.floor(wholeRoomAt(meter, nowMs, reserved));
  const limit = limitOf(meter) - reserved;
  const newcomers = Math.floor(limit * NEWCOMERS_SHARE);
  const sharers = sharersOf(shares, meter, priority);
  // There may be more all at once, as when the provider forgives.
  if (sharers.isDue || room > sharers.room + limit / LENGTH) dealOut(shares, sharers, meter, room - newcomers, nowMs);
  sharers.room = room;
  return { room, sharers, part: sharers.parts.get(owner), newcomers };
}

/** Of what was dealt out to it, what it has not had. */
function keptOf({ target, calls, held }: Part): number {
  return Math.max(0, target - calls - held);
}

/** When the owner will have so many calls less, and one more. */
function leftAtMs({ slices, head, sliceMs }: Shares, part: Part | undefined, calls: number): Ms {
  let left = calls;
  if (part === undefined) return FOREVER;
  for (const [age, made] of slices.entries()) {
    left -= made.get(part) ?? 0;
    if (left < 0) return (head + 1 + age) * sliceMs;
  }
  return FOREVER;
}

/** So long one who asked counts as one who asks. */
function askingMsOf({ windowMs }: Meter): Ms {
  return Math.max(CALLER_WAIT_MS_MAX, windowMs * ASKING_SHARE);
}

/** Null for one too many, of whom nothing is counted: among so many nobody has much. */
function partOf(sharers: Sharers, owner: string, nowMs: Ms): Part | null {
  const known = sharers.parts.get(owner);
  if (known !== undefined) {
    known.askedAtMs = nowMs;
    return known;
  }
  if (sharers.parts.size >= OWNERS_COUNTED_MAX) return null;
  const nothing = { calls: 0, held: 0, target: 0, demand: 0, most: 0, mostBefore: 0, isShort: false, wasShort: false };
  const part = { owner, sharers, ...nothing, askedAtMs: nowMs, wantsUntilMs: NEVER };
  sharers.parts.set(owner, part);
  return part;
}

/** It has had so many more, or less. */
function changed(part: Part, calls: number): void {
  const { sharers, target } = part;
  const had = part.calls + part.held;
  part.most = Math.max(part.most, had);
  sharers.kept += Math.max(0, target - had) - Math.max(0, target - had + calls);
}

/** As of the meter's last look. Cheap where time has not reached another slice. */
function sharersOf(shares: Shares, meter: Meter, priority: CallPriority): Sharers {
  age(shares, meter);
  return isBackground(priority) ? shares.schedules : shares.people;
}

/** Calls leave with the slice of the meter that they were made in. */
function age(shares: Shares, meter: Meter): void {
  const { slices, head, sliceMs } = shares;
  if (head !== meter.head) {
    shares.head = meter.head;
    shares.sliceMs = sliceMsOf(meter);
    // Where the clock was put back, or the window has another length, all are as old as they were.
    const passed = sliceMs === shares.sliceMs ? Math.min(LENGTH, meter.head - head) : 0;
    for (let slice = 0; slice < passed; slice++) {
      const oldest = slices.shift() as Map<Part, number>;
      for (const [part, calls] of oldest) leave(shares, oldest, part, calls);
      slices.push(oldest);
    }
    shares.people.isDue = true;
    shares.schedules.isDue = true;
  }
  // What the provider forgives, or what its window began anew without, is the oldest.
  if (shares.total > spentOf(meter)) forgive(shares, shares.total - spentOf(meter));
}

function forgive(shares: Shares, calls: number): void {
  let left = Math.ceil(calls);
  for (const slice of shares.slices) {
    for (const [part, made] of slice) {
      if (left <= 0) return;
      const gone = Math.min(left, made);
      leave(shares, slice, part, gone);
      left -= gone;
    }
  }
}

function leave(shares: Shares, slice: Map<Part, number>, part: Part, calls: number): void {
  const left = (slice.get(part) ?? 0) - calls;
  if (left > 0) slice.set(part, left);
  else slice.delete(part);
  shares.total -= calls;
  part.calls -= calls;
  part.sharers.isDue = true;
  changed(part, -calls);
}

/** Says how much of the window each may have in all: `spare` and what they have had, put together. */
function dealOut({ slices }: Shares, sharers: Sharers, meter: Meter, spare: number, nowMs: Ms): void {
  const { parts } = sharers;
  const sinceMs = nowMs - askingMsOf(meter);
  turnStretch(sharers, Math.floor(nowMs / meter.windowMs));
  const asking: Part[] = [];
  let had = 0;
  sharers.wantsUntilMs = FOREVER;
  for (const part of parts.values()) {
    // What is in the future was before the clock was put back.
    part.askedAtMs = Math.min(part.askedAtMs, nowMs);
    part.wantsUntilMs = Math.min(part.wantsUntilMs, nowMs + 2 * meter.windowMs);
    if (part.wantsUntilMs > nowMs) sharers.wantsUntilMs = Math.min(sharers.wantsUntilMs, part.wantsUntilMs);
    else if (part.askedAtMs < sinceMs) {
      part.target = 0;
      if (part.calls + part.held === 0) parts.delete(part.owner);
      continue;
    }
    part.demand = part.wantsUntilMs > nowMs ? FOREVER : demandOf(part, slices);
    asking.push(part);
    had += part.calls + part.held;
  }
  sharers.level = levelOf(asking, Math.max(0, had + spare));
  sharers.kept = 0;
  for (const part of asking) {
    part.target = Math.min(sharers.level, part.demand);
    sharers.kept += keptOf(part);
  }
  sharers.isDue = false;
}

/** Of one that gets what it asks for: what it had, if it goes on as of late; more, if it was refused not long ago. */
function demandOf(part: Part, slices: Shares['slices']): number {
  const { calls, held, most, mostBefore, isShort, wasShort } = part;
  let recent = held;
  for (let slice = LENGTH - DEMAND_SLICES; slice < LENGTH; slice++) recent += slices[slice]?.get(part) ?? 0;
  const likely = Math.ceil((recent * DEMAND_GROWTH * LENGTH) / DEMAND_SLICES);
  return Math.max(calls + held, isShort || wasShort ? likely : Math.min(likely, Math.max(most, mostBefore)));
}

/** As much as each may have who wants so much, so that all together have `calls`; of too few the first have one. */
function levelOf(asking: readonly Part[], calls: number): number {
  const demands = asking.map(({ demand }) => demand).sort((one, other) => one - other);
  let left = calls;
  for (const [index, demand] of demands.entries()) {
    const level = left / (demands.length - index);
    if (demand >= level) return Math.max(1, Math.floor(level));
    left -= demand;
  }
  return FOREVER;
}

function turnStretch(sharers: Sharers, stretch: number): void {
  if (stretch === sharers.stretch) return;
  const before = sharers.stretch;
  sharers.stretch = stretch;
  if (before === null) return;
  const isNext = stretch === before + 1;
  for (const part of sharers.parts.values()) {
    part.mostBefore = isNext ? part.most : 0;
    part.most = part.calls + part.held;
    part.wasShort = isNext && part.isShort;
    part.isShort = false;
  }
}
