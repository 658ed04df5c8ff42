// What the owner thread and an edge thread say to each other about leases. Plain data; opened credentials cross memory
// of this process only.

import type { Attachment } from '../../src/auth/attach.ts';
import type { ConnectionId } from '../../src/core/ids.ts';
import type { Ms } from '../../src/core/time.ts';
import type { CallPriority } from '../../src/limits/fairQueue.ts';
import type { Said } from '../../src/limits/told.ts';
import type { BudgetKey, Held } from '../budgetState.ts';
import type { LeaseTarget } from '../lease.ts';

/** Topics of the channel. */
export const LEASE = 'lease';
export const NEXT_TOKEN = 'nextToken';
export const REPORT = 'report';
export const RECALL = 'recall';
export const REFILL = 'refill';

/** Asked under LEASE: one call, and as many ahead as may be. */
export interface LeaseQuestion {
  readonly target: LeaseTarget;
  readonly priority: CallPriority;
  /** Calls that the thread would use soon; 0: none but this one. */
  readonly want: number;
}

/** What an edge thread has to know of a credential besides its attachment, as of then. */
export interface TokenFacts {
  readonly issuedAtMs: Ms;
  readonly usableUntilMs: Ms | null;
  readonly refreshAtMs: Ms | null;
  readonly canRefresh: boolean;
  readonly isProven: boolean;
  readonly futileAtMs: Ms;
  /** Whether another token may be waited for. */
  readonly isNextSoon: boolean;
}

/** Permission for calls without asking, until one of the two counters moves. */
export interface Grant {
  readonly tokenPlace: number;
  readonly tokenEpoch: number;
  readonly circuitPlace: number;
  readonly circuitEpoch: number;
}

/** The answer to LEASE. */
export interface Leased {
  /** Of a probe, whose end the circuit waits for; else null. */
  readonly probeId: number | null;
  readonly attachment: Attachment;
  readonly generation: number;
  /** See `Lease.marks`; for all of what is held, whose later calls have more before them. */
  readonly marks: readonly number[];
  /** Null if the credential has changed meanwhile. */
  readonly token: TokenFacts | null;
  /** The call that was asked for and those ahead; null where nothing is declared that could be spent. */
  readonly held: (Held & { readonly id: number }) | null;
  /** Null: this call alone. */
  readonly grant: Grant | null;
}

/** Asked under NEXT_TOKEN after a 401: resolves when there is another token, or when it is known that none comes. */
export interface NextTokenQuestion {
  readonly connectionId: ConnectionId;
  readonly generation: number;
  readonly deadlineMs: Ms;
}

/**
 * What became of a chunk since the last report, as numbers one after the other: id, calls made, calls that ended, calls
 * and seats that go back, 1 where nothing more will be used of it (then what is left goes back as well), and the calls
 * and the seats that the thread would have more. Those are answered under REFILL, always.
 */
export const CHUNK_FIELDS = 8;

/**
 * More for chunks, told under REFILL as numbers one after the other: id, calls, seats, how many marks follow, and the
 * marks of calls that begin from then on (`Leased.marks`).
 */
export type Refills = Float64Array;

/** Told under REPORT, in this order. */
export interface Report {
  /** CHUNK_FIELDS numbers for each: objects would cost more to copy than to fill. */
  readonly chunks: Float64Array;
  readonly probes: readonly ProbeReport[];
  readonly outcomes: readonly CircuitReport[];
  readonly said: readonly SaidReport[];
  /** Limits that an answer did not refuse for. */
  readonly answered: readonly BudgetKey[];
  readonly blocked: readonly BlockReport[];
  readonly credentials: readonly CredentialReport[];
}

/** What came of a probe; undefined: nobody knows. */
export interface ProbeReport {
  readonly probeId: number;
  readonly failure: string | null | undefined;
}

/** Calls of one circuit. */
export interface CircuitReport {
  readonly providerKey: string;
  readonly calls: number;
  /** What went wrong, one by one; few, because many end the grants. */
  readonly failures: readonly string[];
}

/** What an answer said of a limit. */
export interface SaidReport {
  readonly key: BudgetKey;
  readonly mark: number;
  readonly said: Said;
}

/** A limit that wants no calls. */
export interface BlockReport {
  readonly keys: readonly BudgetKey[];
  /** Null: a refusal that does not say for which limit, with the marks of its call. */
  readonly name: string | null;
  readonly marks?: readonly number[];
  readonly untilMs: Ms | null;
}

/** What calls showed of a credential. */
export interface CredentialReport {
  readonly kind: 'worked' | 'refused' | 'refusedAgain' | 'doubted' | 'due';
  readonly connectionId: ConnectionId;
  readonly generation: number;
}
