// The part of OpenTelemetry's packages that `otel.ts` uses, so that types can be checked where they are not installed.

declare module '@opentelemetry/otlp-transformer' {
  import type { ReadableSpan } from '@opentelemetry/sdk-trace';

  export const JsonTraceSerializer: { serializeRequest(spans: ReadableSpan[]): Uint8Array | undefined };
}

declare module '@opentelemetry/resources' {
  export interface Resource {
    readonly attributes: object;
  }
  export function resourceFromAttributes(attributes: Readonly<Record<string, string>>): Resource;
}

declare module '@opentelemetry/sdk-trace' {
  import type { Tracer } from '@opentelemetry/api';
  import type { Resource } from '@opentelemetry/resources';

  export interface ReadableSpan {
    readonly name: string;
  }
  export interface SpanExporter {
    export(spans: ReadableSpan[], done: (result: { readonly code: 0 | 1 }) => void): void;
    shutdown(): Promise<void>;
  }
  export interface Sampler {
    toString(): string;
  }
  export class TraceIdRatioBasedSampler implements Sampler {
    constructor(ratio: number);
  }
  export class ParentBasedSampler implements Sampler {
    constructor(options: { readonly root: Sampler });
  }
  export interface SpanProcessor {
    shutdown(): Promise<void>;
  }
  export class BatchSpanProcessor implements SpanProcessor {
    constructor(options: {
      readonly exporter: SpanExporter;
      readonly maxQueueSize: number;
      readonly maxExportBatchSize: number;
      readonly exportTimeoutMillis: number;
    });
    shutdown(): Promise<void>;
  }
  export class TracerProvider {
    constructor(options: {
      readonly sampler: Sampler;
      readonly resource: Resource;
      readonly spanProcessors: SpanProcessor[];
    });
    getTracer(name: string): Tracer;
    forceFlush(): Promise<void>;
    shutdown(): Promise<void>;
  }
}
