// What is known of a proxied call beside what it carries: who asked under which id, in which trace, and what it came
// to. The edge makes it and writes the log line from it; the run fills it in (`proxyRun.ts`).

import type { Span } from '../core/spans.ts';
import type { Trace } from '../core/trace.ts';

/**
 * Of a call that has just come. A class, since its numbers are small integers first and may become others: a fraction
 * of a wait, or more bytes than 31 bits hold. What a literal made kept the first kind for good, and from the first such
 * call on each object was converted on its way, which cost 4 µs a call.
 */
export class CallFacts {
  /** The caller's, or made here; answered with. */
  readonly requestId: string;
  /** The caller's was none, and must not go on beside this one. */
  readonly isIdReplaced: boolean;
  readonly trace: Trace;
  /** Null where no spans are made. */
  readonly span: Span | null;
  /** Monotonic, when its head had come. */
  readonly startedMs: number;
  /** Tries at the provider. */
  attempts = 0;
  /** For a token and for room in limits, over all tries. */
  leaseWaitMs = 0;
  /** Until the head of the last answer; null if there was none. */
  upstreamMs: number | null = null;
  /** Bodies: to the provider with the last try, and back to the caller. */
  bytesIn = 0;
  bytesOut = 0;

  constructor(requestId: string, isIdReplaced: boolean, trace: Trace, span: Span | null, startedMs: number) {
    this.requestId = requestId;
    this.isIdReplaced = isIdReplaced;
    this.trace = trace;
    this.span = span;
    this.startedMs = startedMs;
  }
}
