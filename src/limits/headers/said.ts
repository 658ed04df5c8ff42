// What is read of an answer's limits, and what a family of headers has to know to read it. Invariant: a reading holds
// finite, non-negative numbers only; what makes no sense is left out, never thrown.

import { LIMIT_AHEAD_MS_MAX, LIMIT_NAME_CHARS_MAX } from '../../core/limits.ts';
import type { Ms } from '../../core/time.ts';
import type { PeekedPart } from '../../egress/peek.ts';

/** What one answer says of one limit of the provider. */
export interface LimitReading {
  /** The provider's name for it where it has several (`burst`, `daily`, a policy name), else ''. */
  readonly name: string;
  /** Calls (or cost points) per window. */
  readonly limit?: number;
  /** 0 also where the answer names this limit as the one that refused. */
  readonly remaining?: number;
  readonly windowMs?: Ms;
  /** When `remaining` is whole again, on our clock. */
  readonly resetAtMs?: Ms;
}

export interface LimitsSaid {
  readonly readings: readonly LimitReading[];
  /** The call was refused for a limit: 429, or what this provider says instead. */
  readonly isLimited: boolean;
  /** Not before this, on our clock; null where nothing is said. A busy or broken provider (503) may say it too. */
  readonly retryAtMs: Ms | null;
  /** The provider locks the credential (or our address) out for abuse: retrying makes it worse. */
  readonly isLockedOut: boolean;
}

export interface Answer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of an error, of a short answer, or the end of one: see `toldInBody`. */
  readonly bodyText?: string;
}

export interface Refusal {
  readonly isLimited: boolean;
  readonly isLockedOut?: boolean;
  /** The limit that refused, as the name of a reading. */
  readonly name?: string;
  /** A wait that the body or the vendor's page states; Retry-After is better. */
  readonly waitMs?: Ms | undefined;
}

/** How one provider, or many of them, tell of their limits. */
export interface Reader {
  /** What `readings` looks at: names, and beginnings of names that end with `-`. */
  readonly names: readonly string[];
  /**
   * `NO_READINGS` where nothing is said, as of an accepted answer that has none of `names`: the proxy does not ask
   * then.
   */
  readings(answer: Answer, receivedAtMs: Ms): readonly LimitReading[];
  /** Called for errors, and see `hidesRefusals`; undefined leaves it to the status. */
  refusal?(answer: Answer): Refusal | undefined;
  /** Whether `refusal` is to be asked about a 2xx answer too, if its body is at hand. */
  readonly hidesRefusals?: boolean;
  /** What of a body with status 200 says more than its head; absent: nothing. */
  readonly told?: ToldInBody;
  /** Of errors whose headers leave open whether they are refusals. */
  readonly statusesToldInBody?: readonly number[];
}

export interface ToldInBody {
  readonly part: PeekedPart;
  /** Only where the call counts for one of these limits, by the names of readings; absent: always. */
  readonly names?: readonly string[];
}

export const NO_READINGS: readonly LimitReading[] = Object.freeze([]);

type ReadingFacts = { readonly [K in keyof LimitReading]-?: LimitReading[K] | undefined };

/** A reading of what was found; undefined where neither a limit nor a remaining count was. */
export function readingOf(facts: Partial<ReadingFacts> & { readonly name: string }): LimitReading | undefined {
  const { limit, remaining, windowMs, resetAtMs } = facts;
  // Some say 0 for "no limit".
  const isLimitKnown = limit !== undefined && limit > 0;
  if (!isLimitKnown && remaining === undefined) return undefined;
  const reading: { -readonly [K in keyof LimitReading]: LimitReading[K] } = { name: nameOf(facts.name) };
  if (isLimitKnown) reading.limit = limit;
  if (remaining !== undefined) reading.remaining = remaining;
  if (windowMs !== undefined && windowMs > 0 && windowMs <= LIMIT_AHEAD_MS_MAX) reading.windowMs = windowMs;
  if (resetAtMs !== undefined) reading.resetAtMs = resetAtMs;
  return reading;
}

/** The one reading of an answer, if there is one. */
export function listOf(reading: LimitReading | undefined): readonly LimitReading[] {
  return reading === undefined ? NO_READINGS : [reading];
}

/** Names of policies and reasons come from outside and become keys. */
export function nameOf(text: string): string {
  return text.length <= LIMIT_NAME_CHARS_MAX ? text : text.slice(0, LIMIT_NAME_CHARS_MAX);
}
