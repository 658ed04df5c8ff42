// Requests that no plane gets to see, because node's server refuses them: each has an answer that can be told from
// others, a line in the log and a count, as every other call.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { createLog } from '../../src/core/log.ts';
import { scrapeOf, totalOf } from '../support/metrics.ts';
import { exchange, fieldNames } from '../support/rawHttp.ts';
import { startTenon, type Tenon } from '../support/tenon.ts';

const TOKEN = 'a-token-for-scrapers';
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** An edge thread tells once a second. */
const SOON = { timeout: 10_000, interval: 20 };
const head = (line: string, ...fields: string[]) => [line, 'Host: a', ...fields, '', ''].join('\r\n');
const MAGIC = ['content-length: 5', 'expect: magic'];

describe.each([
  ['one thread', '0'],
  ['edge threads', '2'],
])('with %s', (_front, workers) => {
  let tenon: Tenon;
  const lines: string[] = [];
  const proxied = 'x-amp-proxy-version: 1';

  beforeAll(async () => {
    const log = createLog({ level: 'info', stream: { write: (line: string) => void lines.push(line) } });
    tenon = await startTenon({ log, env: { TENON_WORKERS: workers, TENON_METRICS_TOKEN: TOKEN } });
  });
  afterAll(() => tenon.stop());

  const lineOf = (requestId: string) =>
    vi.waitFor(() => {
      const found = lines.filter((line) => line.includes(requestId)).map((line) => JSON.parse(line) as JsonObject);
      expect(found).toHaveLength(1);
      return found[0];
    }, SOON);

  it.each([
    ['a field name that is none', head('GET / HTTP/1.1', 'x y: sk_secret'), 400, 'bad_request', 'other'],
    ['no HTTP at all', 'sk_secret\r\n\r\n', 400, 'bad_request', 'other'],
    [
      'a length with chunks',
      head('POST / HTTP/1.1', 'content-length: 5', 'transfer-encoding: chunked'),
      400,
      'bad_request',
      'other',
    ],
    ['a head of 17 KB', head('GET / HTTP/1.1', `x: ${'z'.repeat(17_000)}`), 431, 'head_too_large', 'other'],
    ['an expectation', head('POST / HTTP/1.1', ...MAGIC), 417, 'expectation_failed', 'other'],
    ['one of a proxied call', head('POST / HTTP/1.1', ...MAGIC, proxied), 417, 'expectation_failed', 'proxy'],
  ])('%s has an answer, a line and a count', async (_what, request, status, code, plane) => {
    const count = async () => totalOf(await scrapeOf(tenon, TOKEN), 'tenon_requests_total', { plane, status: '4xx' });
    const before = await count();
    const text = await exchange(tenon.running.port, request);
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text).toMatch(/\r\ncontent-type: application\/problem\+json; charset=utf-8\r\n/i);
    expect(text).toMatch(/\r\nconnection: close\r\n/i);
    expect(fieldNames(text)).not.toContain('transfer-encoding');
    const problem = JSON.parse(text.slice(text.indexOf('\r\n\r\n')));
    expect(problem).toMatchObject({ status, code, error: { code }, requestId: expect.stringMatching(UUID) });
    expect(text).toContain(`x-request-id: ${problem.requestId}\r\n`);
    expect(await lineOf(problem.requestId)).toMatchObject({ plane, outcome: 'refused', code, status });
    expect(`${text}${lines.join('')}`).not.toContain('secret');
    await vi.waitFor(async () => expect(await count()).toBe(before + 1), SOON);
  });

  it('the id of the caller is kept where it can be read', async () => {
    const text = await exchange(tenon.running.port, head('GET / HTTP/1.1', 'expect: magic', 'x-request-id: mine'));
    expect(text).toMatch(/^HTTP\/1\.1 417 [\s\S]*\r\nx-request-id: mine\r\n/);
    expect(await lineOf('"mine"')).toMatchObject({ status: 417, method: 'GET' });
  });
});
