// Spans by OpenTelemetry's own SDK, posted as OTLP/HTTP in JSON. Loaded only where a collector is configured. The posts
// go out through an egress of their own, which may reach any address: the operator named it, and what providers are
// called through must not be widened for it. A collector that is down costs spans and never calls.

import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span as SdkSpan,
  SpanKind as SdkSpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { errorFacts } from '../../core/errors.ts';
import { SPANS_PER_POST_MAX, SPANS_POST_TIMEOUT_MS, SPANS_WAITING_MAX } from '../../core/limits.ts';
import type { Log } from '../../core/log.ts';
import type { Span, SpanFacts, SpanKind, Tracer } from '../../core/spans.ts';
import type { Trace } from '../../core/trace.ts';
import { parseAllowList } from '../../egress/address.ts';
import { createEgress, type Egress } from '../../egress/egress.ts';
import type { TracingConfig } from './config.ts';

const ANY_ADDRESS = '0.0.0.0/0,::/0';
/** Of an answer nothing is needed but its status; a collector may say at length what it did not like. */
const ANSWER_BYTES_MAX = 65_536;

const KINDS: Readonly<Record<SpanKind, SdkSpanKind>> = {
  server: SdkSpanKind.SERVER,
  client: SdkSpanKind.CLIENT,
  internal: SdkSpanKind.INTERNAL,
};

export function createTracer(config: TracingConfig, log: Log): Tracer {
  const { isParentBased, ratio } = config.sampler;
  const own = new TraceIdRatioBasedSampler(ratio);
  const egress = createEgress({ allowList: parseAllowList(ANY_ADDRESS) });
  const provider = new TracerProvider({
    sampler: isParentBased ? new ParentBasedSampler({ root: own }) : own,
    resource: resourceFromAttributes({ 'service.name': config.serviceName }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: exporterTo(config, egress, log),
        maxQueueSize: SPANS_WAITING_MAX,
        maxExportBatchSize: SPANS_PER_POST_MAX,
        exportTimeoutMillis: SPANS_POST_TIMEOUT_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('tenon');
  const underWay = new AsyncLocalStorage<OtelSpan>();
  return {
    begin(name, kind, parent, facts) {
      const within = contextOf(parent) ?? underWay.getStore()?.context ?? ROOT_CONTEXT;
      const options = { kind: KINDS[kind], attributes: attributesOf(facts) };
      return new OtelSpan(tracer.startSpan(name, options, within), within);
    },
    current: () => underWay.getStore() ?? null,
    within: (span, work) => (span instanceof OtelSpan ? underWay.run(span, work) : work()),
    async stop() {
      await provider.shutdown().catch(() => {});
      await egress.close();
    },
  };
}

class OtelSpan implements Span {
  readonly #span: SdkSpan;
  /** For spans within it. */
  readonly context: Context;

  constructor(span: SdkSpan, parent: Context) {
    this.#span = span;
    this.context = trace.setSpan(parent, span);
  }

  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  get traceparent(): string {
    const { traceId, spanId, traceFlags } = this.#span.spanContext();
    return `00-${traceId}-${spanId}-0${traceFlags & TraceFlags.SAMPLED}`;
  }

  end(facts: SpanFacts, errorType: string | null): void {
    this.#span.setAttributes(attributesOf(facts));
    if (errorType !== null) {
      this.#span.setAttribute('error.type', errorType);
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end();
  }
}

/** Null where nothing is said of a parent. */
function contextOf(parent: Trace | Span | null): Context | null {
  if (parent === null) return null;
  if (parent instanceof OtelSpan) return parent.context;
  if (!('parent' in parent) || parent.parent === null) return null;
  const { traceId, parentId, isSampled } = parent.parent;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId: parentId,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(parent.state === null ? {} : { traceState: createTraceState(parent.state) }),
  });
}

function attributesOf(facts: SpanFacts): Attributes {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

function exporterTo({ url, headers }: TracingConfig, egress: Egress, log: Log): SpanExporter {
  let isDown = false;
  const post = async (spans: ReadableSpan[]): Promise<void> => {
    const { status } = await egress.request({
      url,
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JsonTraceSerializer.serializeRequest(spans) ?? '',
      timeoutMs: SPANS_POST_TIMEOUT_MS,
      responseBytesMax: ANSWER_BYTES_MAX,
      isBodyUnneeded: true,
    });
    if (status < 200 || status > 299) throw new Error(`the collector answered ${status}`);
  };
  return {
    export(spans, done) {
      post(spans).then(
        () => {
          isDown = false;
          done({ code: 0 });
        },
        (error: unknown) => {
          // Once for each time that it goes down.
          if (!isDown) log.warn({ err: errorFacts(error).message }, 'spans could not be sent and are lost');
          isDown = true;
          done({ code: 1 });
        },
      );
    },
    shutdown: () => Promise.resolve(),
  };
}
