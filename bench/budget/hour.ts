// An hour of one pattern under one policy: five thousand installations ask for ten times of what their provider allows,
// and every answer is counted. The policy decides when a call is sent; everything else is the same for all.

import type { Ms } from '../../src/core/time.ts';
import { HOUR_MS, SECOND_MS } from '../../src/core/time.ts';
import type { CallPriority } from '../../src/limits/fairQueue.ts';
import { DrivenClock } from './clock.ts';
import { Account, type Head, type ProviderFacts } from './provider.ts';

/** What is asked of whom. */
export interface Pattern {
  readonly name: string;
  readonly provider: ProviderFacts;
  readonly installations: number;
  readonly accounts: number;
  /** What the declaration says, which is wrong; null: nothing. */
  readonly declaredLimit: number | null;
  /** Of the installations, those of which nobody waits for the calls. */
  readonly backgroundShare: number;
  /** How much the others and the limit itself change, and when: what is learned anew. */
  readonly changesAtMs: readonly Ms[];
}

/** A call that somebody wants made. */
export interface Wish {
  readonly installation: number;
  readonly account: number;
  readonly priority: CallPriority;
  readonly deadlineMs: Ms;
  /** Sends it once; takes as long as the network and the provider do. */
  send(): Promise<Head>;
}

/** Decides when a call is sent. Resolves with whether it was answered with 200 in the end. */
export type Policy = (wish: Wish) => Promise<boolean>;

export type PolicyOf = (pattern: Pattern, clock: DrivenClock, random: () => number) => Policy;

export interface HourOutcome {
  readonly asked: number;
  readonly answered: number;
  readonly sent: number;
  /** Refused by the provider, by window. */
  readonly refusedAt: readonly number[];
  readonly refusedLearning: number;
  readonly refusedLater: number;
  /** Answered calls over what others left. */
  readonly goodput: number;
  readonly othersRefusedShare: number;
  /** Most over least that equal installations got, the worst pair of an account and kind. */
  readonly shareRatio: number;
  /** Of calls that were sent, until they were: medians and 99th percentile. */
  readonly peopleWaitMs: readonly [number, number];
  readonly backgroundWaitMs: readonly [number, number];
  readonly peopleAnsweredShare: number;
}

/** The demand over what the limit allows. */
export const DEMAND = 10;
const START_MS = Date.UTC(2026, 0, 5, 9);
const PATIENCE_MS = 15 * SECOND_MS;
/** One way of a call takes between half of it and half more. */
const ONE_WAY_MS = 50;
/** After the start, and after each change, so long is learning: two windows, and never less than 20 seconds. */
export const LEARNING_WINDOWS = 2;
export const LEARNING_MS_MIN = 20 * SECOND_MS;

class Count {
  readonly served: Uint32Array;
  readonly refusedAt: number[];
  asked = 0;
  sent = 0;
  refusedLearning = 0;
  refusedLater = 0;
  peopleAsked = 0;
  readonly waitsMs: Record<'people' | 'background', number[]> = { people: [], background: [] };

  constructor(installations: number, windows: number) {
    this.served = new Uint32Array(installations);
    this.refusedAt = new Array<number>(windows).fill(0);
  }
}

export async function hourOf(
  pattern: Pattern,
  policyOf: PolicyOf,
  random: () => number,
  lengthMs = HOUR_MS,
): Promise<HourOutcome> {
  const clock = new DrivenClock(START_MS);
  const policy = policyOf(pattern, clock, random);
  const { provider, installations } = pattern;
  const accounts = Array.from({ length: pattern.accounts }, () => new Account(provider, clock, random));
  const count = new Count(installations, Math.ceil(lengthMs / provider.windowMs));
  const isLearning = (sinceMs: Ms) => {
    const learningMs = Math.max(LEARNING_WINDOWS * provider.windowMs, LEARNING_MS_MIN);
    return [0, ...pattern.changesAtMs].some((atMs) => sinceMs >= atMs && sinceMs < atMs + learningMs);
  };
  const oneWay = () =>
    new Promise<void>((resolve) => clock.timerAt(clock.nowMs() + ONE_WAY_MS * (0.5 + random()), resolve));
  const limit = provider.limitAt(0);
  // Each asks as often as all others, so that together they ask for ten times of what is allowed.
  const everyMs = (installations / pattern.accounts / (DEMAND * limit)) * provider.windowMs;
  const ask = (installation: number) => {
    const nowMs = clock.nowMs();
    if (nowMs - START_MS >= lengthMs) return;
    clock.timerAt(nowMs + everyMs * (0.5 + random()), () => ask(installation));
    const account = installation % pattern.accounts;
    const isPeople = installation / installations >= pattern.backgroundShare;
    const kind = isPeople ? 'people' : 'background';
    let waitedMs: Ms | null = null;
    count.asked += 1;
    if (isPeople) count.peopleAsked += 1;
    const send = async () => {
      waitedMs ??= clock.nowMs() - nowMs;
      count.sent += 1;
      await oneWay();
      const head = (accounts[account] as Account).call();
      const sinceMs = clock.nowMs() - START_MS;
      if (head.status === 429) {
        const window = Math.floor(sinceMs / provider.windowMs);
        count.refusedAt[window] = (count.refusedAt[window] ?? 0) + 1;
        if (isLearning(sinceMs)) count.refusedLearning += 1;
        else count.refusedLater += 1;
      }
      await oneWay();
      return head;
    };
    const priority: CallPriority = isPeople ? 'interactive' : 'read';
    void policy({ installation, account, priority, deadlineMs: nowMs + PATIENCE_MS, send }).then((isAnswered) => {
      if (waitedMs !== null) count.waitsMs[kind].push(waitedMs);
      if (isAnswered) count.served[installation] = (count.served[installation] ?? 0) + 1;
    });
  };
  for (let installation = 0; installation < installations; installation++) {
    clock.timerAt(START_MS + random() * everyMs, () => ask(installation));
  }
  let allowed = 0;
  const stepMs = provider.windowMs;
  for (let atMs = 0; atMs < lengthMs; atMs += stepMs) {
    for (const account of accounts) allowed += account.limitNow;
    await clock.advanceTo(START_MS + atMs + stepMs);
  }
  return outcomeOf(pattern, count, accounts, allowed);
}

function outcomeOf(pattern: Pattern, count: Count, accounts: readonly Account[], allowed: number): HourOutcome {
  const othersTaken = accounts.reduce((sum, account) => sum + account.othersTaken, 0);
  const othersRefused = accounts.reduce((sum, account) => sum + account.othersRefused, 0);
  const answered = count.served.reduce((sum, calls) => sum + calls, 0);
  const firstOfPeople = Math.ceil(pattern.installations * pattern.backgroundShare);
  const peopleAnswered = count.served.slice(firstOfPeople).reduce((sum, calls) => sum + calls, 0);
  return {
    asked: count.asked,
    answered,
    sent: count.sent,
    refusedAt: count.refusedAt,
    refusedLearning: count.refusedLearning,
    refusedLater: count.refusedLater,
    goodput: answered / (allowed - othersTaken),
    othersRefusedShare: othersRefused / Math.max(1, othersTaken + othersRefused),
    shareRatio: shareRatio(pattern, count.served, firstOfPeople),
    peopleWaitMs: waitOf(count.waitsMs.people),
    backgroundWaitMs: waitOf(count.waitsMs.background),
    peopleAnsweredShare: peopleAnswered / Math.max(1, count.peopleAsked),
  };
}

function shareRatio({ accounts }: Pattern, served: Uint32Array, firstOfPeople: number): number {
  const ends = new Map<string, { most: number; least: number }>();
  for (const [installation, calls] of served.entries()) {
    const key = `${installation % accounts}/${installation >= firstOfPeople}`;
    const end = ends.get(key) ?? { most: calls, least: calls };
    ends.set(key, { most: Math.max(end.most, calls), least: Math.min(end.least, calls) });
  }
  return Math.max(...[...ends.values()].map(({ most, least }) => most / Math.max(1, least)));
}

function waitOf(waitsMs: number[]): readonly [number, number] {
  if (waitsMs.length === 0) return [0, 0];
  waitsMs.sort((a, b) => a - b);
  const at = (share: number) => waitsMs[Math.min(waitsMs.length - 1, Math.floor(waitsMs.length * share))] ?? 0;
  return [at(0.5), at(0.99)];
}
