// What a provider allows, and how it is spent: facts and choices of a declaration. `src/limits` and `actors/budgets.ts`
// keep to them.

import type { Ms } from '../core/time.ts';

/**
 * Who shares a limit: two installations on one external account share its quota. `appInAccount` is what one provider
 * app may do in one account, whatever other apps do there.
 */
export type QuotaScope = 'providerApp' | 'externalAccount' | 'appInAccount' | 'user' | 'sourceAddress';

/** At most `limit` calls within any `windowMs`. */
export interface Quota extends QuotaPolicy {
  /** Those of one name and scope are one limit that counts calls of several kinds. */
  readonly name: string;
  readonly scope: QuotaScope;
  readonly limit: number;
  readonly windowMs: Ms;
  /** The calls that it counts; absent: all. */
  readonly only?: CallKind;
}

/** Calls of a kind. A call is of the first kind that it fits: names come before a `*` in their place. */
export interface CallKind {
  /** Absent: any. */
  readonly method?: string;
  /** Whole paths below the base address; `*` stands for a part without a slash. */
  readonly paths: readonly string[];
  /** They spend nothing of the quotas that count all calls. */
  readonly isApart?: boolean;
  /** Each of the paths is counted for itself, with all that it stands for. */
  readonly isEach?: boolean;
}

/** How a quota is spent, where counting alone would not do; `src/limits/quota.ts` keeps to it. */
export interface QuotaPolicy {
  readonly caps?: QuotaCaps;
  /** Background calls are spread over what is left of the window, instead of going until nothing is left. */
  readonly isSpread?: boolean;
  /** The provider's own count is late by so much: for so long the highest told count is believed. */
  readonly lagMs?: Ms;
  /**
   * The provider may let calls pass beyond the limit: people are stopped by its refusals, not by the count. Only with
   * `pause`.
   */
  readonly isSoft?: boolean;
  /** Only some accounts have it: until an answer tells it, there is none, and `limit` is what it cannot exceed. */
  readonly isOptional?: boolean;
  /** Nothing is sent for so long after a refusal that says no time. */
  readonly pause?: QuotaPause;
}

/** Shares of a limit, 0 to 1, up to which calls go that are not made for a person who waits. */
export interface QuotaCaps {
  /** Reads and backfills. */
  readonly background: number;
  /** Writes that nobody waits for. */
  readonly write: number;
}

/** The first pause, and the longest: each refusal in a row doubles it. */
export interface QuotaPause {
  readonly firstMs: Ms;
  readonly longestMs: Ms;
}

/** At most `limit` calls at the same time. */
export interface ConcurrencyLimit {
  readonly name: string;
  readonly scope: QuotaScope;
  readonly limit: number;
  /**
   * Others take places too, or it is not known how many there are: begins with so many, a refusal halves them, answers
   * that come while all are taken add some, up to `limit`.
   */
  readonly startsAt?: number;
}

/** A call that asks for the quotas; it counts like any other. */
export interface QuotaProbe {
  /** Path and query below the base address; asked with GET. */
  readonly path: string;
  /** Asked again after so long, while background calls are made. */
  readonly everyMs: Ms;
  /** Where the answer has a quota declared here; paths are those of `jsonAt`. */
  readonly quotas: readonly { readonly name: string; readonly limitPath: string; readonly remainingPath: string }[];
}
