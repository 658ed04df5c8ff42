// Effects in spans of their own: a page of a read, a round of deliveries, a token renewal. No span outlives its effect,
// so that a read of hours is many spans, which say what run they belong to.

import type { ReconcileHandler, ReplayableHandler } from '../../../actors/dispatch.ts';
import type { Effect } from '../../../machines/effects.ts';
import { errorFacts } from '../../core/errors.ts';
import type { SpanFacts, Tracer } from '../../core/spans.ts';

/** The same handler; `factsOf` are ids of ours. */
export function traced<E extends Effect>(
  tracer: Tracer | null,
  name: string,
  handler: ReplayableHandler<E>,
  factsOf: (effect: E) => SpanFacts,
): ReplayableHandler<E> {
  if (tracer === null) return handler;
  return {
    ...handler,
    perform: (effect, signal) => inSpan(tracer, name, factsOf(effect), () => handler.perform(effect, signal)),
  };
}

/** The same of a handler that must not send twice: its span is the sending. */
export function tracedSend<E extends Effect, Prepared extends { readonly effect: E }>(
  tracer: Tracer | null,
  name: string,
  handler: ReconcileHandler<E, Prepared>,
  factsOf: (effect: E) => SpanFacts,
): ReconcileHandler<E, Prepared> {
  if (tracer === null) return handler;
  return {
    ...handler,
    send: (prepared) => inSpan(tracer, name, factsOf(prepared.effect), () => handler.send(prepared)),
  };
}

async function inSpan<Outcome>(
  tracer: Tracer,
  name: string,
  facts: SpanFacts,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  const span = tracer.begin(name, 'internal', null, facts);
  try {
    const outcome = await tracer.within(span, work);
    span.end({}, null);
    return outcome;
  } catch (error) {
    span.end({}, errorFacts(error).code);
    throw error;
  }
}
