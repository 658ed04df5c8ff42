// Spans: what of a call or an effect took how long, told to a collector where one is configured
// (`src/flows/tracing/otel.ts`). Without one there is no tracer, and nothing is loaded. Invariant: what goes into a
// span are ids of ours, statuses, methods and names of the catalog; no path, query, header or body.

import type { Trace } from './trace.ts';

/** `server`: somebody called us; `client`: we call somebody. */
export type SpanKind = 'server' | 'client' | 'internal';

/** Names are those of the OpenTelemetry conventions where there is one, else `tenon.…`. */
export type SpanFacts = Readonly<Record<string, string | number | undefined>>;

/** A span that has begun. */
export interface Span {
  readonly traceId: string;
  /** For whoever is called in it. */
  readonly traceparent: string;
  /** Ends it, once. `errorType` is an error code or a status, null where nothing went wrong. */
  end(facts: SpanFacts, errorType: string | null): void;
}

/** Where spans come from. */
export interface Tracer {
  /** Begins a span: in that of the caller, in another of ours, or where neither is known in the one under way. */
  begin(name: string, kind: SpanKind, parent: Trace | Span | null, facts: SpanFacts): Span;
  /** The span under way, of `within`. */
  current(): Span | null;
  /** Runs `work` in a span; what it begins without naming a parent is a part of it. */
  within<Outcome>(span: Span, work: () => Promise<Outcome>): Promise<Outcome>;
  /** Sends what has not been sent; then nothing is any more. */
  stop(): Promise<void>;
}
