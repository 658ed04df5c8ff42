// What is known of a proxied call beside what it carries: who asked under which id, in which trace, and what it came
// to. The edge makes it and writes the log line from it; the run fills it in (`proxyRun.ts`).

import type { Span } from '../core/spans.ts';
import type { Trace } from '../core/trace.ts';

export interface CallFacts {
  /** The caller's, or made here; answered with. */
  readonly requestId: string;
  readonly trace: Trace;
  /** Null where no spans are made. */
  readonly span: Span | null;
  /** Monotonic, when its head had come. */
  readonly startedMs: number;
  /** Tries at the provider. */
  attempts: number;
  /** For a token and for room in limits, over all tries. */
  leaseWaitMs: number;
  /** Until the head of the last answer; null if there was none. */
  upstreamMs: number | null;
  /** Bodies: to the provider with the last try, and back to the caller. */
  bytesIn: number;
  bytesOut: number;
}

/** Of a call that has just come. */
export function newCallFacts(requestId: string, trace: Trace, span: Span | null, startedMs: number): CallFacts {
  return { requestId, trace, span, startedMs, attempts: 0, leaseWaitMs: 0, upstreamMs: null, bytesIn: 0, bytesOut: 0 };
}
