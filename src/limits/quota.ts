// A window with the rules by which it is spent: who may go up to which share of it, background calls spread over time,
// a provider's count that is late, and pauses after refusals. Pure over plain numbers; `actors/budgets.ts` owns the
// state and its clock. Invariant: calls in the background never pass their share, whatever others do.

import type { QuotaCaps, QuotaPolicy } from '../catalog/quotas.ts';
import { BUDGET_RESERVED_SHARE, PACE_BURST_SHARE } from '../core/limits.ts';
import { HOUR_MS, type Ms } from '../core/time.ts';
import { type CallPriority, isBackground } from './fairQueue.ts';
import { block, earliestAtMs, limitOf, oldestLeavesAtMs, restsUntilMs, roomAt, spend } from './meter.ts';
import { restore, type StoredMeter, stored } from './meterRow.ts';
import { foresee, learn } from './meterTold.ts';
import { type Meter, newMeter } from './slices.ts';
import type { Said, Uncounted } from './told.ts';

export interface QuotaState {
  readonly meter: Meter;
  readonly policy: QuotaPolicy;
  /** Background calls that may go at once, and when that was true; before the first: all of an hour. */
  paced: number;
  pacedAtMs: Ms;
  /** Refusals in a row. */
  refusals: number;
  /** When the provider told what is left for the first time, or was last asked. */
  probedAtMs: Ms;
  /** Of the present stretch of `lagMs` and of the one before. */
  readonly recent: Recent;
}

interface Recent {
  stretch: number;
  told: number;
  toldBefore: number;
  calls: number;
  callsBefore: number;
}

/** As a row; what is absent was never so, or is of an older version. */
export interface StoredQuota extends StoredMeter {
  readonly paced?: readonly [calls: number, atMs: Ms];
  readonly refusals?: number;
  readonly probedAtMs?: Ms;
}

const NEVER = Number.NEGATIVE_INFINITY;
const DEFAULT_CAPS: QuotaCaps = { background: 1 - BUDGET_RESERVED_SHARE, write: 1 };
/** Fractions of a call add up to a whole one. */
const ROUNDING = 1e-6;

export function newQuota(limit: number, windowMs: Ms, policy: QuotaPolicy): QuotaState {
  return {
    meter: newMeter(limit, windowMs),
    policy,
    paced: 0,
    pacedAtMs: NEVER,
    refusals: 0,
    probedAtMs: NEVER,
    recent: { stretch: 0, told: 0, toldBefore: 0, calls: 0, callsBefore: 0 },
  };
}

/** Of a limit, what calls of this priority leave to those above; of small limits nothing can be left. */
export function reservedOf(limit: number, priority: CallPriority, caps: QuotaCaps = DEFAULT_CAPS): number {
  if (priority === 'interactive') return 0;
  const share = isBackground(priority) ? caps.background : caps.write;
  // 0.8 is a little less than four fifths, and 1 - 0.8 a little more than one.
  return Math.floor(limit * (1 - share) + ROUNDING);
}

/** Calls of this priority that may go now. */
export function roomFor(quota: QuotaState, priority: CallPriority, nowMs: Ms): number {
  const { meter, policy } = quota;
  if (priority === 'interactive' && policy.isSoft) {
    return nowMs < restsUntilMs(meter, nowMs) ? 0 : Number.POSITIVE_INFINITY;
  }
  const room = roomAt(meter, nowMs, reservedOf(limitOf(meter), priority, policy.caps));
  if (!policy.isSpread || !isBackground(priority)) return room;
  refill(quota, nowMs);
  return Math.min(room, Math.floor(quota.paced + ROUNDING));
}

/** The earliest time, not before `nowMs`, at which `roomFor` should have a call. */
export function earliestFor(quota: QuotaState, priority: CallPriority, nowMs: Ms): Ms {
  const { meter, policy } = quota;
  if (priority === 'interactive' && policy.isSoft) return restsUntilMs(meter, nowMs);
  const atMs = earliestAtMs(meter, nowMs, reservedOf(limitOf(meter), priority, policy.caps));
  if (!policy.isSpread || !isBackground(priority)) return atMs;
  refill(quota, nowMs);
  const lacking = 1 - quota.paced;
  const rate = callsPerMs(quota, nowMs);
  return lacking <= ROUNDING || rate <= 0 ? atMs : Math.max(atMs, Math.ceil(nowMs + lacking / rate));
}

export function spendFor(quota: QuotaState, priority: CallPriority, nowMs: Ms, calls = 1): void {
  const { meter, policy } = quota;
  if (policy.isSpread && isBackground(priority)) {
    refill(quota, nowMs);
    quota.paced = Math.max(0, quota.paced - calls);
  }
  spend(meter, nowMs, calls);
  if (policy.lagMs !== undefined) roll(quota.recent, nowMs, policy.lagMs).calls += calls;
}

/**
 * What an answer said. A count that is late knows nothing of our last
 * calls either, and one that is lower than what was told a moment ago was made before it. Answers how many calls of
 * others are new.
 */
export function learnFor(quota: QuotaState, said: Said, uncounted: Uncounted, nowMs: Ms): number {
  const { meter, policy, recent } = quota;
  if (quota.probedAtMs === NEVER && said.remaining !== undefined) quota.probedAtMs = nowMs;
  if (policy.lagMs === undefined || said.remaining === undefined) {
    const foreign = learn(meter, said, uncounted, nowMs);
    if (foreign >= 1 && policy.pause === undefined && policy.isSoft !== true) foresee(meter, nowMs);
    return foreign;
  }
  const limit = said.limit ?? meter.limit;
  roll(recent, nowMs, policy.lagMs);
  recent.told = Math.max(recent.told, limit - said.remaining);
  const remaining = Math.max(0, limit - Math.max(recent.told, recent.toldBefore));
  const late = { ...said, remaining, asOfMs: nowMs - policy.lagMs };
  const calls = recent.calls + recent.callsBefore;
  return learn(
    meter,
    late,
    { most: Math.max(uncounted.most, calls), likely: Math.max(uncounted.likely, calls) },
    nowMs,
  );
}

/**
 * A refusal that said no time; answers whether a pause begins. Calls that were sent before it are refused too, and
 * prolong nothing.
 */
export function refuse(quota: QuotaState, nowMs: Ms): boolean {
  const { meter, policy } = quota;
  if (policy.pause === undefined || nowMs < restsUntilMs(meter, nowMs)) return false;
  const { firstMs, longestMs } = policy.pause;
  block(meter, nowMs + Math.min(longestMs, firstMs * 2 ** quota.refusals));
  quota.refusals += 1;
  return true;
}

/**
 * When the provider should be asked what is left, not before `nowMs`: where it never told, after `everyMs`, and when a
 * pause is over, but not in it. One that was asked in what is the future now was asked before the clock was put back.
 */
export function nextProbeAtMs({ meter, probedAtMs }: QuotaState, everyMs: Ms, nowMs: Ms): Ms {
  const openAtMs = restsUntilMs(meter, nowMs);
  const isDue = meter.blockedUntilMs > probedAtMs || probedAtMs > nowMs;
  return isDue ? openAtMs : Math.max(nowMs, probedAtMs + everyMs);
}

/** Calls an hour that background work gets of a quota that is spread; null of others. */
export function paceOf(quota: QuotaState, nowMs: Ms): number | null {
  return quota.policy.isSpread ? callsPerMs(quota, nowMs) * HOUR_MS : null;
}

/**
 * What background work may still spend, over the time until the oldest calls leave the window and make room: a whole
 * window if none counts.
 */
function callsPerMs({ meter, policy }: QuotaState, nowMs: Ms): number {
  const room = roomAt(meter, nowMs, reservedOf(limitOf(meter), 'read', policy.caps));
  const leavesAtMs = oldestLeavesAtMs(meter, nowMs) ?? nowMs + meter.windowMs;
  const spanMs = Math.min(meter.windowMs, Math.max(leavesAtMs - nowMs, meter.windowMs * PACE_BURST_SHARE));
  return room / spanMs;
}

function refill(quota: QuotaState, nowMs: Ms): void {
  const rate = callsPerMs(quota, nowMs);
  const burst = Math.max(1, rate * quota.meter.windowMs * PACE_BURST_SHARE);
  const passedMs = Math.max(0, nowMs - quota.pacedAtMs);
  quota.paced = passedMs === Number.POSITIVE_INFINITY ? burst : Math.min(burst, quota.paced + rate * passedMs);
  quota.pacedAtMs = nowMs;
}

function roll(recent: Recent, nowMs: Ms, lagMs: Ms): Recent {
  const stretch = Math.floor(nowMs / lagMs);
  if (stretch === recent.stretch) return recent;
  const isNext = stretch === recent.stretch + 1;
  recent.toldBefore = isNext ? recent.told : 0;
  recent.callsBefore = isNext ? recent.calls : 0;
  recent.told = 0;
  recent.calls = 0;
  recent.stretch = stretch;
  return recent;
}

export function storedQuota(quota: QuotaState, nowMs: Ms): StoredQuota {
  const { meter, policy, paced, pacedAtMs, refusals, probedAtMs } = quota;
  return {
    ...stored(meter, nowMs),
    ...(policy.isSpread && pacedAtMs !== NEVER ? { paced: [paced, pacedAtMs] as const } : {}),
    ...(refusals > 0 ? { refusals } : {}),
    ...(probedAtMs === NEVER ? {} : { probedAtMs }),
  };
}

export function restoreQuota(quota: QuotaState, row: StoredQuota): void {
  restore(quota.meter, row);
  if (row.paced !== undefined) [quota.paced, quota.pacedAtMs] = row.paced;
  quota.refusals = row.refusals ?? 0;
  quota.probedAtMs = row.probedAtMs ?? NEVER;
}
