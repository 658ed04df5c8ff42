// Spans as a collector gets them: whose children they are, what the provider is told, and what is in none of them.

import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../src/core/time.ts';
import { readTracingConfig } from '../../src/flows/tracing/config.ts';
import { type CollectedSpan, startCollector } from '../support/collector.ts';
import { installed, integration, manifest, pass, readObject, startDriven } from '../support/drive.ts';
import { answerWith, startProxied } from '../support/proxied.ts';
import { startTenon } from '../support/tenon.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const SERVER = 2;
const CLIENT = 3;
const ERROR = 2;

const config = (env: Record<string, string>) => readTracingConfig((name) => env[name]);

describe('the variables', () => {
  it.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318', 'must be an address'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://me@collector:4318', 'must be an address'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'no pair', 'must be a list'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=%zz', 'must be a list'],
    ['OTEL_TRACES_SAMPLER', 'sometimes', 'must be one of always_on'],
    ['OTEL_TRACES_SAMPLER_ARG', '2', 'must be a number from 0 to 1'],
  ])('%s=%s is refused by name', (name, value, reason) => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_TRACES_SAMPLER: 'traceidratio' };
    expect(() => config({ ...env, [name]: value })).toThrow(`${name} ${reason}`);
  });

  it('mean nothing without an endpoint, so that nothing is loaded', async () => {
    expect(config({ OTEL_TRACES_SAMPLER: 'sometimes' })).toBeNull();
    await using tenon = await startTenon();
    expect(tenon.running.services.tracer).toBeNull();
  });

  it('are read as the standard has them', () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example/otlp/',
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20x, x-team=crm',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    };
    expect(config(env)).toEqual({
      url: 'https://collector.example/otlp/v1/traces',
      headers: { authorization: 'Bearer x', 'x-team': 'crm' },
      serviceName: 'tenon',
      sampler: { isParentBased: true, ratio: 0.25 },
    });
  });
});

describe('spans', () => {
  it('of a proxied call: one for it, one within for each try, which the provider gets as its parent', async () => {
    await using collector = await startCollector();
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-key=k3y',
      OTEL_SERVICE_NAME: 'crm',
    };
    const proxied = await startProxied({}, { env });
    const { answer, call, arrivals, passing, tenon } = proxied;
    const headers = { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'rojo=1', 'x-request-id': 'mine' };
    answer(answerWith(503, { 'retry-after': '1' }), answerWith(200));
    await (await passing(call('node:http', '/c4n4ry?c4n4ry=1', { headers }))).text();
    const told = arrivals.map(({ headers: sent }) => [sent['traceparent'], sent['tracestate']]);
    await (await tenon.proxy('none', '/c4n4ry', { headers })).text();
    await tenon.api('GET', '/projects/c4n4ry?c4n4ry', undefined, headers);
    await proxied[Symbol.asyncDispose]();

    const spans = collector.spans.filter(({ traceId }) => traceId === TRACE);
    const [server, refused] = spans.filter(({ kind, name }) => kind === SERVER && name === 'GET proxy');
    const tries = spans.filter(({ kind }) => kind === CLIENT);
    expect(server).toMatchObject({ parentSpanId: PARENT, attributes: { 'tenon.request_id': 'mine' } });
    expect(server?.attributes).toMatchObject({ 'http.response.status_code': 200, 'tenon.provider': 'stripe' });
    expect(tries.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([
      ['GET stripe', server?.spanId],
      ['GET stripe', server?.spanId],
    ]);
    expect(tries.map(({ attributes, status }) => [attributes['http.response.status_code'], status.code])).toEqual([
      [503, ERROR],
      [200, 0],
    ]);
    expect(tries[1]?.attributes['http.request.resend_count']).toBe(1);
    expect(told).toEqual(tries.map(({ spanId }) => [`00-${TRACE}-${spanId}-01`, 'rojo=1']));
    expect(refused?.attributes['http.response.status_code']).toBe(404);
    expect(JSON.stringify(collector.spans)).not.toContain('c4n4ry');
    expect(collector.posts[0]).toMatchObject({ url: '/v1/traces', service: 'crm' });
    expect(collector.posts[0]?.headers['x-collector-key']).toBe('k3y');
    const platform = spans.find(({ attributes }) => attributes['tenon.plane'] === 'platform');
    expect(platform?.attributes['http.route']).toBe('/v1/projects/{projectIdOrName}');
  });

  it('of a trace that its caller does not record are not made, and the provider is told so', async () => {
    await using collector = await startCollector();
    const proxied = await startProxied({}, { env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint } });
    proxied.answer(answerWith(200));
    const headers = { traceparent: `00-${TRACE}-${PARENT}-00` };
    await (await proxied.call('node:http', '/x', { headers })).text();
    const sent = proxied.arrivals[0]?.headers['traceparent'];
    await proxied[Symbol.asyncDispose]();
    expect(sent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
    expect(collector.spans.filter(({ traceId }) => traceId === TRACE)).toEqual([]);
  });

  it('of what happens by itself: pages of reads and deliveries with their calls, token renewals', async () => {
    await using collector = await startCollector();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
    const driven = await startDriven({ env, sandbox: { hubspotContacts: 30 } });
    await driven.tenon.addWebhook('hook');
    await driven.tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
    const { id } = await installed(driven, 'hubspot', { contacts: {} });
    // Tokens of HubSpot live for half of it.
    await pass(driven, HOUR_MS);
    await driven[Symbol.asyncDispose]();
    const named = (name: string) => collector.spans.filter((span) => span.name === name);
    const within = (span: CollectedSpan | undefined) =>
      collector.spans.filter(({ parentSpanId }) => parentSpanId === span?.spanId).map(({ name }) => name);
    const [page] = named('tenon.read.page');
    expect(page?.attributes).toMatchObject({ 'tenon.installation_id': id, 'tenon.object': 'contacts' });
    expect(within(page)[0]).toMatch(/^(GET|POST) hubspot$/);
    expect(within(named('tenon.delivery.round')[0])).toContain('POST');
    expect(named('tenon.token.refresh')[0]?.status.code).toBe(0);
  });

  it('are lost when the collector is down, and calls are not', async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
    const proxied = await startProxied({}, { env });
    proxied.answer(answerWith(200));
    expect((await proxied.call('node:http')).status).toBe(200);
    await proxied[Symbol.asyncDispose]();
  });
});
