// Who has had how much of a window that customers share: calls by owner, and when they leave the window. Pure over
// plain numbers; `shares.ts` decides by them who may have more. Invariant: the sums of all parts are those of their
// sharers, whatever is given, taken back, forgiven or forgotten.

import { METER_SLICES, OWNERS_COUNTED_MAX } from '../core/limits.ts';
import type { Ms } from '../core/time.ts';
import { type CallPriority, isBackground } from './fairQueue.ts';
import { spentOf } from './meter.ts';
import { LENGTH, type Meter, sliceMsOf } from './slices.ts';

/** What one owner has had, and what others leave to it. */
export interface Part {
  readonly owner: string;
  readonly sharers: Sharers;
  /** Calls in the window. */
  calls: number;
  /** Calls that an edge thread may make for it at any moment. */
  held: number;
  askedAtMs: Ms;
  /** It has asked of late: see SHARING_WINDOWS. */
  isActive: boolean;
  /** The most of both that it had at a time, in the present stretch of a window's length and in the one before. */
  peak: number;
  peakBefore: number;
  /** The most calls that it made, or wanted, in a slice of the same stretches. */
  burst: number;
  burstBefore: number;
  /** It was refused in them: nobody knows how much it wants. */
  isShort: boolean;
  wasShort: boolean;
  /** Calls that it made in the present slice, and in one on average of late. */
  made: number;
  pace: number;
  /** So many in all are kept for it, as it is likely to need them soon. */
  promised: number;
}

/** Those who share with each other. */
export interface Sharers {
  readonly parts: Map<string, Part>;
  /** Those who got nothing when they last asked, the first of them first; each until then. */
  readonly wanting: Map<Part, Ms>;
  /** So long not everybody gets what they ask for. */
  contestedUntilMs: Ms;
  /** Calls that all parts have had. */
  had: number;
  activeCount: number;
  /** When somebody last asked: what was left of the window, and with what they had of it. */
  room: number;
  all: number;
  /** Of that, the part of each of those who ask. */
  equal: number;
  /** As much as each has who wants most, if everybody asks for what they had; Infinity if there is more than that. */
  level: number;
  /** Calls that were promised and not had. */
  promised: number;
  /** Calls beside those that owners below their part may need at once. */
  bursts: number;
  /** Calls that may be had in this slice beyond an equal part. */
  extra: number;
  /** Of the meter and of stretches, when this was last reckoned; null: never. */
  slice: number | null;
  stretch: number;
}

/** Of one window. */
export interface Shares {
  /** What people ask for. */
  readonly people: Sharers;
  readonly schedules: Sharers;
  /** Who made the calls of each slice of the window, oldest first; null where nobody did. */
  readonly slices: (Map<Part, number> | null)[];
  /** All of them. */
  total: number;
  /** Of the meter, when it was last looked at. */
  head: number;
  sliceMs: Ms;
}

/** Those who are too many to be counted one by one are counted as one. */
const EVERYBODY_ELSE = '';

/** Nobody has had anything. */
export function newShares(): Shares {
  const slices = new Array<Map<Part, number> | null>(LENGTH).fill(null);
  return { people: newSharers(), schedules: newSharers(), slices, total: 0, head: 0, sliceMs: 0 };
}

function newSharers(): Sharers {
  const endless = { equal: Number.POSITIVE_INFINITY, level: Number.POSITIVE_INFINITY };
  const counts = { had: 0, activeCount: 0, room: 0, all: 0, promised: 0, bursts: 0, extra: 0 };
  const times = { contestedUntilMs: Number.NEGATIVE_INFINITY, slice: null, stretch: 0 };
  return { parts: new Map(), wanting: new Map(), ...endless, ...counts, ...times };
}

/** Calls of an owner, made now; they are counted in the meter already. */
export function spendPart(shares: Shares, meter: Meter, owner: string, priority: CallPriority, calls: number): void {
  if (calls > 0) make(shares, partOf(sharersOf(shares, meter, priority), owner, meter.seenAtMs), calls, 0);
}

/** The same of calls that were held. */
export function spendHeld(shares: Shares, meter: Meter, owner: string, calls: number): void {
  if (calls <= 0) return;
  const part = partOf(sharersOf(shares, meter, 'interactive'), owner, meter.seenAtMs);
  make(shares, part, calls, Math.min(part.held, calls));
}

function make(shares: Shares, part: Part, calls: number, wereHeld: number): void {
  give(part, calls, -wereHeld);
  shares.total += calls;
  const newest = shares.slices[LENGTH - 1] ?? new Map<Part, number>();
  shares.slices[LENGTH - 1] = newest;
  newest.set(part, (newest.get(part) ?? 0) + calls);
  part.made += calls;
  part.burst = Math.max(part.burst, part.made);
}

/** Calls of an owner that it may make at any moment; a negative number ends that. People alone have such. */
export function holdPart(shares: Shares, meter: Meter, owner: string, calls: number): void {
  const part = partOf(sharersOf(shares, meter, 'interactive'), owner, meter.seenAtMs);
  give(part, 0, Math.max(-part.held, calls));
}

/** Calls of an owner in the window or held, for people and for schedules. */
export function hadBy(shares: Shares, meter: Meter, owner: string): number {
  age(shares, meter);
  return [shares.people, shares.schedules].reduce((sum, { parts }) => {
    const part = parts.get(owner);
    return part === undefined ? sum : sum + hadOf(part);
  }, 0);
}

/** Calls in the window and held. */
export function hadOf({ calls, held }: Part): number {
  return calls + held;
}

/** Of what is kept for it, what it has not had. */
export function lackingOf(part: Part): number {
  return Math.max(0, part.promised - hadOf(part));
}

/** When the owner will have so many calls less, and one more; Infinity if it has not made so many. */
export function leftAtMs({ slices, head, sliceMs }: Shares, part: Part, calls: number): Ms {
  let left = calls;
  for (const [index, made] of slices.entries()) {
    left -= made?.get(part) ?? 0;
    if (left < 0) return (head + 1 + index) * sliceMs;
  }
  return Number.POSITIVE_INFINITY;
}

/** As of the meter's last look. Cheap where time has not reached another slice. */
export function sharersOf(shares: Shares, meter: Meter, priority: CallPriority): Sharers {
  age(shares, meter);
  return isBackground(priority) ? shares.schedules : shares.people;
}

/** The part of an owner who asks now. */
export function partOf(sharers: Sharers, owner: string, nowMs: Ms): Part {
  const part = sharers.parts.get(owner) ?? newPart(sharers, owner, nowMs);
  part.askedAtMs = nowMs;
  if (!part.isActive) sharers.activeCount += 1;
  part.isActive = true;
  return part;
}

function newPart(sharers: Sharers, owner: string, nowMs: Ms): Part {
  const { parts } = sharers;
  const name = parts.size < OWNERS_COUNTED_MAX ? owner : EVERYBODY_ELSE;
  const known = parts.get(name);
  if (known !== undefined) return known;
  const counts = { calls: 0, held: 0, peak: 0, peakBefore: 0, burst: 0, burstBefore: 0, made: 0, pace: 0, promised: 0 };
  const part = { owner: name, sharers, ...counts, askedAtMs: nowMs, isActive: false, isShort: false, wasShort: false };
  parts.set(name, part);
  return part;
}

/** Nothing is kept for who asks no more. */
export function rest(part: Part): void {
  if (part.isActive) part.sharers.activeCount -= 1;
  part.isActive = false;
  forgetIfIdle(part);
}

function forgetIfIdle(part: Part): void {
  if (!part.isActive && hadOf(part) === 0) part.sharers.parts.delete(part.owner);
}

/** Another slice, and maybe another stretch: what an owner did in the one before is what it is known by. */
export function turnParts({ parts }: Sharers, slices: number, stretches: number, weight: number): void {
  for (const part of parts.values()) {
    part.pace = (part.pace + (part.made - part.pace) * weight) * (1 - weight) ** (slices - 1);
    part.made = 0;
    if (stretches === 0) continue;
    const isNext = stretches === 1;
    part.peakBefore = isNext ? part.peak : 0;
    part.burstBefore = isNext ? part.burst : 0;
    part.wasShort = isNext && part.isShort;
    part.peak = hadOf(part);
    part.burst = 0;
    part.isShort = false;
  }
}

/** The owner has so many more, of either kind; or less, if they are negative. */
function give(part: Part, calls: number, held: number): void {
  const { sharers } = part;
  const lacked = lackingOf(part);
  const change = calls + held;
  part.calls += calls;
  part.held += held;
  sharers.had += change;
  sharers.promised += lackingOf(part) - lacked;
  if (change <= 0) return;
  const had = hadOf(part);
  part.peak = Math.max(part.peak, had);
  sharers.extra = Math.max(0, sharers.extra - Math.max(0, Math.min(change, had - sharers.equal)));
  sharers.wanting.delete(part);
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
      const oldest = slices.shift() ?? null;
      for (const [part, calls] of oldest ?? []) leave(shares, part, calls);
      slices.push(null);
    }
  }
  // What the provider forgives, or what its window began anew without, is the oldest.
  if (shares.total > spentOf(meter)) forgive(shares, Math.ceil(shares.total - spentOf(meter)));
}

function forgive(shares: Shares, calls: number): void {
  let left = calls;
  for (const slice of shares.slices) {
    for (const [part, made] of slice ?? []) {
      if (left <= 0) return;
      const gone = Math.min(left, made);
      if (gone === made) slice?.delete(part);
      else slice?.set(part, made - gone);
      leave(shares, part, gone);
      left -= gone;
    }
  }
}

function leave(shares: Shares, part: Part, calls: number): void {
  shares.total -= calls;
  give(part, -calls, 0);
  forgetIfIdle(part);
}

/** Calls that may be had in a slice if all of them are to last for the window. */
export function slicefulOf({ all }: Sharers): number {
  return all / METER_SLICES;
}
