// One possible reason why an installation stands where it stands. A diagnosis is a function of the facts alone; the
// words here are shared by all of them.

import type { Ms } from '../../../core/time.ts';
import type { Facts } from '../facts.ts';
import type { Since } from '../past.ts';

/** Who would have to do something differently, or do something now. */
export type Fault = 'nobody' | 'tenon' | 'provider' | 'customer' | 'builder' | 'operator' | 'destination';

/** `what` is a sentence that lacks its time: "It is tried again". */
export interface Next {
  readonly what: string;
  readonly atMs: Ms;
}

export interface Diagnosis {
  readonly name: string;
  /** Follows "waits for". */
  readonly waitsFor: string;
  readonly since: Since;
  /** What happens next by itself; null where nothing does. */
  readonly next: Next | null;
  /** This is how things should be. */
  readonly isWell: boolean;
  /** What is the matter, in whole sentences that stand alone. */
  readonly says: string;
  readonly fault: Fault;
  /** What to do, in whole sentences; may be empty. */
  readonly remedy: string;
}

/** Null if it does not apply. */
export type Diagnose = (facts: Facts) => Diagnosis | null;

export function nextAt(what: string, atMs: Ms | null): Next | null {
  return atMs === null ? null : { what, atMs };
}

/** The words of somebody else, or that there were none. */
export function quoted(text: string | null): string {
  return text === null || text === '' ? 'without a word' : `"${text.replace(/\.$/, '')}"`;
}

export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** `once`, `twice`, `12 times` */
export function times(count: number): string {
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`;
}
