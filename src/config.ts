// The environment, read once and checked: nothing else looks at it. A wrong value is told with its name, and the
// process does not start.

import { join } from 'node:path';
import { type CatalogSource, parseCatalogSource } from './catalog/source.ts';
import { IntegrationError } from './core/errors.ts';
import { METRICS_TOKEN_CHARS_MIN, PROVIDER_SILENCE_MS_MAX, SILENCE_MS, WORKERS_MAX } from './core/limits.ts';
import { type Ms, SECOND_MS } from './core/time.ts';
import { type AllowList, parseAllowList } from './egress/address.ts';
import { readTracingConfig, type TracingConfig } from './flows/tracing/config.ts';

export interface Config {
  readonly dataFolder: string;
  readonly hostname: string;
  readonly port: number;
  /** Null: the address that is listened on. */
  readonly publicUrl: string | null;
  /** Where links in proxied answers lead; `none`: they stay as they are. Null: to the proxy at the public address. */
  readonly proxyUrl: string | null;
  readonly masterKeys: readonly string[];
  readonly egressAllow: AllowList;
  /** After so long without a word from a provider a proxied call is ended. */
  readonly providerSilenceMs: Ms;
  readonly catalogFile: string | null;
  /** Null: only what is built in. */
  readonly catalogSource: CatalogSource | null;
  readonly logLevel: string;
  /** Where Salesforce relays its events to; null: nothing is subscribed to there. */
  readonly salesforceEventRelay: string | null;
  /** Null: no spans are made. */
  readonly tracing: TracingConfig | null;
  /** Opens `/metrics`, beside what opens the operator plane; null: only that. */
  readonly metricsToken: string | null;
  /** Edge threads; 0: the owner thread serves alone. */
  readonly workers: number;
}

/** Says of TENON_PROXY_URL that links stay as they are. */
export const NO_PROXY_URL = 'none';
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Rejects with `invalid_input` naming the variable. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const value = (name: string): string | undefined =>
    env[name] === undefined || env[name] === '' ? undefined : env[name];
  const catalogUrl = value('TENON_CATALOG_URL');
  return {
    dataFolder: value('TENON_DATA_DIR') ?? join('.', '.tenon'),
    hostname: value('TENON_HOST') ?? '127.0.0.1',
    port: parsePort(value('TENON_PORT') ?? '8080'),
    publicUrl: parsePublicUrl(value('TENON_PUBLIC_URL')),
    proxyUrl: parseProxyUrl(value('TENON_PROXY_URL')),
    masterKeys: (value('TENON_MASTER_KEY') ?? '')
      .split(',')
      .map((key) => key.trim())
      .filter((key) => key !== ''),
    egressAllow: parseAllowList(value('TENON_EGRESS_ALLOW') ?? ''),
    providerSilenceMs: parseSilence(value('TENON_PROXY_SILENCE_SECONDS')),
    catalogFile: value('TENON_CATALOG_FILE') ?? null,
    catalogSource: catalogUrl === undefined ? null : parseCatalogSource(catalogUrl),
    logLevel: parseLogLevel(value('TENON_LOG_LEVEL') ?? 'info'),
    salesforceEventRelay: parseEventRelay(value('TENON_SALESFORCE_EVENT_RELAY')),
    tracing: readTracingConfig(value),
    metricsToken: parseMetricsToken(value('TENON_METRICS_TOKEN')),
    workers: parseWorkers(value('TENON_WORKERS') ?? '0'),
  };
}

/** Others may reach it, but what it tells them of itself is the address that it listens on, which is not theirs. */
export function addressWarnings({ hostname, publicUrl }: Pick<Config, 'hostname' | 'publicUrl'>): readonly string[] {
  const isLoopback = hostname === 'localhost' || hostname === '::1' || hostname.startsWith('127.');
  if (publicUrl !== null || isLoopback) return [];
  const told = 'consent pages, callbacks, download links and links in proxied answers name the address listened on';
  return [
    `TENON_HOST is ${hostname} and TENON_PUBLIC_URL is not set: ${told}, which browsers and providers cannot open`,
  ];
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw wrong('TENON_PORT', 'must be a port number, 0 to 65535');
}

function parseWorkers(text: string): number {
  const workers = Number(text);
  if (/^\d{1,3}$/.test(text) && workers <= WORKERS_MAX) return workers;
  throw wrong('TENON_WORKERS', `must be a number of threads, 0 to ${WORKERS_MAX}`);
}

/** Longer than without it: whoever wants less ends the call. */
function parseSilence(text: string | undefined): Ms {
  if (text === undefined) return SILENCE_MS;
  const silenceMs = Number(text) * SECOND_MS;
  if (/^\d{1,5}$/.test(text) && silenceMs >= SILENCE_MS && silenceMs <= PROVIDER_SILENCE_MS_MAX) return silenceMs;
  const [least, most] = [SILENCE_MS / SECOND_MS, PROVIDER_SILENCE_MS_MAX / SECOND_MS];
  throw wrong('TENON_PROXY_SILENCE_SECONDS', `must be a number of seconds, ${least} to ${most}`);
}

/** An origin without a path: pages and callbacks compare it literally. */
function parsePublicUrl(text: string | undefined): string | null {
  if (text === undefined) return null;
  const origin = originOf(text);
  if (origin !== null) return origin;
  throw wrong('TENON_PUBLIC_URL', 'must be an origin such as https://tenon.example.com, without a path');
}

/** An address that paths are appended to. */
function parseProxyUrl(text: string | undefined): string | null {
  if (text === undefined || text === NO_PROXY_URL) return text ?? null;
  const url = URL.parse(text);
  const isPlain = url !== null && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (isPlain && /^https?:$/.test(url.protocol)) return url.href.replace(/\/+$/, '');
  throw wrong('TENON_PROXY_URL', 'must be an address such as https://tenon.example.com/proxy, or none');
}

/** The origin that `text` is, null if it is something else or more than that. */
export function originOf(text: string): string | null {
  const url = URL.parse(text);
  const isOrigin = url !== null && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  return isOrigin && /^https?:$/.test(url.protocol) ? url.origin : null;
}

function parseLogLevel(text: string): string {
  if (LOG_LEVELS.some((level) => level === text)) return text;
  throw wrong('TENON_LOG_LEVEL', `must be one of ${LOG_LEVELS.join(', ')}`);
}

/** As Salesforce wants it: it compares the case of the letters, and the region is in capitals. */
function parseEventRelay(text: string | undefined): string | null {
  if (text === undefined) return null;
  const [, region, account] = /^arn:aws:([a-z]{2}(?:-[a-z]+)+-\d):(\d{12})$/i.exec(text) ?? [];
  if (region !== undefined && account !== undefined) return `arn:aws:${region.toUpperCase()}:${account}`;
  throw wrong('TENON_SALESFORCE_EVENT_RELAY', 'must be a region and an account such as arn:aws:US-EAST-1:123456789012');
}

/** As it stands in a header; a short one could be guessed. */
function parseMetricsToken(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (text.length >= METRICS_TOKEN_CHARS_MIN && /^[\x21-\x7e]+$/.test(text)) return text;
  throw wrong('TENON_METRICS_TOKEN', `must have at least ${METRICS_TOKEN_CHARS_MIN} characters and no spaces`);
}

function wrong(name: string, reason: string): IntegrationError {
  return new IntegrationError('invalid_input', `${name} ${reason}`);
}
