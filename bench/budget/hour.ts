// An hour of one pattern under one policy: thousands of installations ask for ten times of what their provider allows,
// and every answer is counted. The policy decides when a call is sent; everything else is the same for all.

import type { Ms } from '../../src/core/time.ts';
import { SECOND_MS } from '../../src/core/time.ts';
import type { CallPriority } from '../../src/limits/fairQueue.ts';
import { DrivenClock } from './clock.ts';
import { Account, type Head, type ProviderFacts } from './provider.ts';
import { type Refusals, refusalsOf } from './refused.ts';

/** What is asked of whom. */
export interface Pattern {
  readonly name: string;
  readonly provider: ProviderFacts;
  readonly installations: number;
  readonly accounts: number;
  /** Whose the limit is: `externalAccount` if absent. */
  readonly scope?: 'providerApp';
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
  readonly answered: number;
  readonly sent: number;
  /** Refused by the provider, by window. */
  readonly refusedAt: readonly number[];
  readonly refused: Refusals;
  /** Answered calls over what others left. */
  readonly goodput: number;
  readonly othersRefusedShare: number;
  /** Most and least that one of several equal installations got; of the kind with the worst ratio. */
  readonly share: { readonly most: number; readonly least: number };
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

class Count {
  readonly served: Uint32Array;
  readonly refusedAtMs: Ms[] = [];
  sent = 0;
  peopleAsked = 0;
  readonly waitsMs: Record<'people' | 'background', number[]> = { people: [], background: [] };

  constructor(installations: number) {
    this.served = new Uint32Array(installations);
  }
}

export async function hourOf(
  pattern: Pattern,
  policyOf: PolicyOf,
  random: () => number,
  lengthMs: Ms,
): Promise<HourOutcome> {
  const clock = new DrivenClock(START_MS);
  const policy = policyOf(pattern, clock, random);
  const { provider, installations } = pattern;
  const accounts = Array.from({ length: pattern.accounts }, () => new Account(provider, clock, random));
  const count = new Count(installations);
  const oneWay = () =>
    new Promise<void>((resolve) => clock.timerAt(clock.nowMs() + ONE_WAY_MS * (0.5 + random()), resolve));
  // Each wants as many as all others, so that together they want ten times of what is allowed.
  const everyMs = (installations / pattern.accounts / (DEMAND * provider.limitAt(0))) * provider.windowMs;
  const firstOfPeople = firstOfPeopleIn(pattern);

  // One call at a time: what falls due while another waits is not asked for.
  const next = (installation: number) => {
    const atMs = clock.nowMs() + everyMs * (0.5 + random());
    if (atMs - START_MS < lengthMs) clock.timerAt(atMs, () => ask(installation));
  };
  const ask = (installation: number) => {
    const nowMs = clock.nowMs();
    const account = installation % pattern.accounts;
    const isPeople = installation >= firstOfPeople;
    let waitedMs: Ms | null = null;
    if (isPeople) count.peopleAsked += 1;
    const send = async () => {
      waitedMs ??= clock.nowMs() - nowMs;
      count.sent += 1;
      await oneWay();
      const head = (accounts[account] as Account).call();
      if (head.status === 429) count.refusedAtMs.push(clock.nowMs() - START_MS);
      await oneWay();
      return head;
    };
    const priority: CallPriority = isPeople ? 'interactive' : 'read';
    void policy({ installation, account, priority, deadlineMs: nowMs + PATIENCE_MS, send }).then((isAnswered) => {
      if (waitedMs !== null) count.waitsMs[isPeople ? 'people' : 'background'].push(waitedMs);
      if (isAnswered) count.served[installation] = (count.served[installation] ?? 0) + 1;
      next(installation);
    });
  };
  for (let installation = 0; installation < installations; installation++) {
    clock.timerAt(START_MS + random() * everyMs, () => ask(installation));
  }
  let allowed = 0;
  for (let atMs = 0; atMs < lengthMs; atMs += provider.windowMs) {
    for (const account of accounts) allowed += account.limitNow;
    await clock.advanceTo(START_MS + atMs + provider.windowMs);
  }
  return outcomeOf(pattern, count, accounts, allowed, lengthMs);
}

function outcomeOf(
  pattern: Pattern,
  count: Count,
  accounts: readonly Account[],
  allowed: number,
  lengthMs: Ms,
): HourOutcome {
  const { windowMs } = pattern.provider;
  const othersTaken = accounts.reduce((sum, account) => sum + account.othersTaken, 0);
  const othersRefused = accounts.reduce((sum, account) => sum + account.othersRefused, 0);
  const answered = count.served.reduce((sum, calls) => sum + calls, 0);
  const peopleAnswered = count.served.slice(firstOfPeopleIn(pattern)).reduce((sum, calls) => sum + calls, 0);
  const refusedAt = new Array<number>(Math.ceil(lengthMs / windowMs)).fill(0);
  for (const atMs of count.refusedAtMs) {
    const window = Math.floor(atMs / windowMs);
    refusedAt[window] = (refusedAt[window] ?? 0) + 1;
  }
  return {
    answered,
    sent: count.sent,
    refusedAt,
    refused: refusalsOf(pattern, count.refusedAtMs),
    goodput: answered / (allowed - othersTaken),
    othersRefusedShare: othersRefused / Math.max(1, othersTaken + othersRefused),
    share: shareOf(pattern, count.served),
    peopleWaitMs: waitOf(count.waitsMs.people),
    backgroundWaitMs: waitOf(count.waitsMs.background),
    peopleAnsweredShare: peopleAnswered / Math.max(1, count.peopleAsked),
  };
}

function firstOfPeopleIn({ installations, backgroundShare }: Pattern): number {
  return Math.ceil(installations * backgroundShare);
}

/** Equal are installations of one kind; their accounts have equal limits and others who take equally much. */
function shareOf(pattern: Pattern, served: Uint32Array): HourOutcome['share'] {
  const first = firstOfPeopleIn(pattern);
  const shares = [served.slice(0, first), served.slice(first)]
    .filter((kind) => kind.length > 0)
    .map((kind) => kind.toSorted())
    .map((kind) => ({ most: kind.at(-1) ?? 0, least: kind[0] ?? 0 }));
  return shares.reduce((worst, share) => (shareRatio(share) > shareRatio(worst) ? share : worst));
}

/** Of one that got nothing: as if it had got one call. */
export function shareRatio({ most, least }: HourOutcome['share']): number {
  return most / Math.max(1, least);
}

function waitOf(waitsMs: number[]): readonly [number, number] {
  if (waitsMs.length === 0) return [0, 0];
  const sorted = Float64Array.from(waitsMs).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return [at(0.5), at(0.99)];
}
