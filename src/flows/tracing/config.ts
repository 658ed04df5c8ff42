// The standard variables of OpenTelemetry that concern traces, as far as they are obeyed. Read by `src/config.ts`.

import { IntegrationError } from '../../core/errors.ts';

export interface TracingConfig {
  /** Where spans are posted. */
  readonly url: string;
  /** Sent with each post; they hold secrets. */
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly sampler: SamplerConfig;
}

export interface SamplerConfig {
  /** Whoever began the trace decides. */
  readonly isParentBased: boolean;
  /** Of the traces that begin here, from 0 to 1. */
  readonly ratio: number;
}

const SAMPLERS: ReadonlyMap<string, 0 | 1 | null> = new Map([
  ['always_on', 1],
  ['always_off', 0],
  ['traceidratio', null],
]);
const PARENT_BASED = 'parentbased_';

/** Null without an endpoint. Rejects with `invalid_input` naming the variable. */
export function readTracingConfig(value: (name: string) => string | undefined): TracingConfig | null {
  const endpoint = value('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (endpoint === undefined) return null;
  const url = URL.parse(endpoint);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.username !== '') {
    throw wrong('OTEL_EXPORTER_OTLP_ENDPOINT', 'must be an address such as http://localhost:4318');
  }
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`;
  return {
    url: url.href,
    headers: parseHeaders(value('OTEL_EXPORTER_OTLP_HEADERS') ?? ''),
    serviceName: value('OTEL_SERVICE_NAME') ?? 'tenon',
    sampler: parseSampler(value('OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on', value('OTEL_TRACES_SAMPLER_ARG')),
  };
}

/** `name=value,…`, values percent-encoded. What is wrong is not repeated: it may be a secret. */
function parseHeaders(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, encoded] = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
      const decoded = encoded === undefined ? null : decodedOf(encoded);
      if (name !== undefined && decoded !== null && /^[\x20-\x7e]*$/.test(decoded))
        return [name.toLowerCase(), decoded];
      throw wrong('OTEL_EXPORTER_OTLP_HEADERS', 'must be a list like name=value,name=value');
    }),
  );
}

function decodedOf(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function parseSampler(name: string, argument: string | undefined): SamplerConfig {
  const isParentBased = name.startsWith(PARENT_BASED);
  const ratio = SAMPLERS.get(isParentBased ? name.slice(PARENT_BASED.length) : name);
  if (ratio === undefined) {
    const names = [...SAMPLERS.keys()].flatMap((known) => [known, `${PARENT_BASED}${known}`]);
    throw wrong('OTEL_TRACES_SAMPLER', `must be one of ${names.join(', ')}`);
  }
  return { isParentBased, ratio: ratio ?? parseRatio(argument ?? '1') };
}

function parseRatio(text: string): number {
  const ratio = Number(text);
  if (text.trim() !== '' && ratio >= 0 && ratio <= 1) return ratio;
  throw wrong('OTEL_TRACES_SAMPLER_ARG', 'must be a number from 0 to 1');
}

function wrong(name: string, reason: string): IntegrationError {
  return new IntegrationError('invalid_input', `${name} ${reason}`);
}
