// One error class with a closed set of codes. A code answers "who acts next and may it be tried again?";
// the message is for the operator and may name internals; only `publicDetail` leaves the process.

import { ERROR_MESSAGE_CHARS_MAX } from './limits.ts';
import { scrubbed } from './scrub.ts';
import type { Ms } from './time.ts';

interface CodeFacts {
  /** HTTP status at the edge. */
  readonly status: number;
  /** Whether the same call may succeed later without anyone changing anything. */
  readonly isRetryable: boolean;
}

/** Every code with its edge status, by who acts next: customer, caller, builder, scheduler, sender, operator. */
export const ERROR_CODES = {
  auth_invalidated: { status: 424, isRetryable: false },
  forbidden: { status: 403, isRetryable: false },
  api_disabled: { status: 403, isRetryable: false },
  bad_request: { status: 400, isRetryable: false },
  invalid_input: { status: 422, isRetryable: false },
  not_found: { status: 404, isRetryable: false },
  method_not_allowed: { status: 405, isRetryable: false },
  unauthenticated: { status: 401, isRetryable: false },
  conflict: { status: 409, isRetryable: true },
  conflict_upstream: { status: 409, isRetryable: false },
  app_fault: { status: 424, isRetryable: false },
  egress_refused: { status: 403, isRetryable: false },
  rate_limited: { status: 429, isRetryable: true },
  budget_exhausted: { status: 429, isRetryable: true },
  overloaded: { status: 503, isRetryable: true },
  provider_5xx: { status: 502, isRetryable: true },
  provider_malformed: { status: 502, isRetryable: true },
  network: { status: 502, isRetryable: true },
  timeout: { status: 504, isRetryable: true },
  circuit_open: { status: 503, isRetryable: true },
  outcome_unknown: { status: 504, isRetryable: false },
  cursor_gone: { status: 502, isRetryable: true },
  schema_drift_missing_field: { status: 422, isRetryable: false },
  schema_drift_missing_object: { status: 422, isRetryable: false },
  signature_invalid: { status: 401, isRetryable: false },
  expectation_failed: { status: 417, isRetryable: false },
  head_too_large: { status: 431, isRetryable: false },
  payload_too_large: { status: 413, isRetryable: false },
  body_timeout: { status: 408, isRetryable: true },
  malformed: { status: 400, isRetryable: false },
  destination_rejected: { status: 502, isRetryable: true },
  destination_unreachable: { status: 502, isRetryable: true },
  snapshot_unreadable: { status: 503, isRetryable: false },
  actor_paused: { status: 503, isRetryable: false },
  storage_unavailable: { status: 503, isRetryable: true },
  invariant: { status: 500, isRetryable: false },
} as const satisfies Record<string, CodeFacts>;

/** See ERROR_CODES. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What an error may carry besides code and message. */
export interface ErrorOptionsOf {
  /** What the caller may read. Defaults to the message, so pass it wherever the message names internals. */
  readonly publicDetail?: string;
  readonly retryAtMs?: Ms;
  /** Where this instance knows better than its code. */
  readonly isRetryable?: boolean;
  /** The status a provider or destination answered with. */
  readonly upstreamStatus?: number;
  /** What the reader can do about it, one sentence. */
  readonly remedy?: string;
  readonly issues?: readonly InputIssue[];
  readonly cause?: unknown;
}

/** One wrong piece of input, as `issues` of the published InputValidationProblem. */
export interface InputIssue {
  readonly in: 'body' | 'header' | 'path' | 'query';
  /** Path of the value, e.g. `items[0].name`. */
  readonly name: string;
  readonly detail: string;
}

/** The one error class: a closed code says who acts next, `publicDetail` is all that leaves the process. */
export class IntegrationError extends Error {
  override readonly name = 'IntegrationError';
  readonly code: ErrorCode;
  readonly publicDetail: string;
  readonly retryAtMs: Ms | undefined;
  readonly upstreamStatus: number | undefined;
  readonly remedy: string | undefined;
  readonly issues: readonly InputIssue[];
  readonly isRetryable: boolean;

  constructor(code: ErrorCode, message: string, options: ErrorOptionsOf = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.publicDetail = options.publicDetail ?? message;
    this.retryAtMs = options.retryAtMs;
    this.upstreamStatus = options.upstreamStatus;
    this.remedy = options.remedy;
    this.issues = options.issues ?? [];
    this.isRetryable = options.isRetryable ?? ERROR_CODES[code].isRetryable;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }
}

/** What is kept of any thrown value: the only form in which an error enters an event, a snapshot or a row. */
export interface ErrorFacts {
  readonly code: ErrorCode;
  readonly message: string;
  /** Where the error says so. */
  readonly retryAtMs?: Ms;
}

/**
 * The facts of any thrown value; what is not ours counts as a bug of ours (`invariant`). The message is cut and
 * scrubbed: it goes into snapshots and histories, which are bounded, and a provider may say anything.
 */
export function errorFacts(thrown: unknown): ErrorFacts {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const code = thrown instanceof IntegrationError ? thrown.code : 'invariant';
  const start = cutAtWord(message, 4 * ERROR_MESSAGE_CHARS_MAX);
  const retryAtMs = thrown instanceof IntegrationError ? thrown.retryAtMs : undefined;
  const facts = { code, message: scrubbed(start).slice(0, ERROR_MESSAGE_CHARS_MAX) };
  return retryAtMs === undefined ? facts : { ...facts, retryAtMs };
}

/** Half a credential would not look like one any more. */
function cutAtWord(text: string, charsMax: number): string {
  return text.length > charsMax ? text.slice(0, charsMax).replace(/\S+$/, '') : text;
}

/**
 * Stops on a broken invariant, i.e. a bug of ours. `id` is permanent and unique (`T-…`), so that a user's
 * report leads to one line of code.
 */
export function invariant(condition: unknown, id: `T-${string}`, message: string): asserts condition {
  if (!condition)
    throw new IntegrationError('invariant', `${id}: ${message}`, { publicDetail: `internal error ${id}` });
}
