// The span of one call to a provider or a webhook, by the conventions for HTTP clients, without the path and the query:
// either may hold a secret. Whoever is called gets it as the parent of what it does.

import type { Span, SpanFacts, Tracer } from '../../core/spans.ts';
import type { Trace } from '../../core/trace.ts';
import type { ForwardOutcome } from '../../egress/forward.ts';

/** Replaced where a span goes out. */
export const TRACE_HEADERS: readonly string[] = ['traceparent', 'tracestate'];

/** `parent` null: the span under way. */
export function beginClientSpan(
  tracer: Tracer,
  parent: Span | null,
  method: string,
  url: string,
  provider: string | undefined,
): Span {
  return tracer.begin(provider === undefined ? method : `${method} ${provider}`, 'client', parent, {
    'http.request.method': method,
    ...addressOf(url),
    'tenon.provider': provider,
  });
}

/** Nothing of what is no address; whoever calls it will say so. */
function addressOf(text: string): SpanFacts {
  const url = URL.parse(text);
  if (url === null) return {};
  const usualPort = url.protocol === 'http:' ? 80 : 443;
  return { 'server.address': url.hostname, 'server.port': url.port === '' ? usualPort : Number(url.port) };
}

/** Into a raw list; what other vendors said of the trace goes on. */
export function pushTrace(headers: string[], { traceparent }: Span, { state }: Trace): void {
  headers.push('traceparent', traceparent);
  if (state !== null) headers.push('tracestate', state);
}

/** What a forwarded call ends its span with; `resends` before it. */
export function spanEndOf(outcome: ForwardOutcome, resends: number): [SpanFacts, string | null] {
  const status = 'status' in outcome ? outcome.status : undefined;
  const facts = {
    'http.response.status_code': status,
    'http.request.resend_count': resends === 0 ? undefined : resends,
  };
  if (outcome.kind === 'failed') return [facts, outcome.error.code];
  return [facts, status === undefined ? outcome.kind : errorTypeOf(status)];
}

/** To a client 4xx is an error too. */
export function errorTypeOf(status: number): string | null {
  return status >= 400 ? String(status) : null;
}
