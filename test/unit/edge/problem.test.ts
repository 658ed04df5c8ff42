import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode, IntegrationError } from '../../../src/core/errors.ts';
import { isJsonObject, type JsonObject } from '../../../src/core/json.ts';
import { problemResponse } from '../../../src/edge/problem.ts';

const REQUEST_ID = '0b7e1d5c-9a4f-4c1e-8f57-3a2b1c0d9e8f';
const NOW_MS = Date.UTC(2026, 0, 5, 9);

async function answerTo(error: unknown) {
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const response = problemResponse(error, REQUEST_ID, NOW_MS, log);
  const body: unknown = await response.json();
  if (!isJsonObject(body)) throw new Error('a problem is an object');
  return { response, body: body as JsonObject, lines: lines.join('') };
}

describe('a problem', () => {
  it('says nothing about an error that nobody foresaw but an id, which is in the log', async () => {
    const { response, body, lines } = await answerTo(new TypeError('secret of the inside'));
    expect(response.status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('inside');
    expect(body['detail']).toBe(`internal error ${String(body['requestId'])}`);
    expect(lines).toContain(String(body['requestId']));
    expect(lines).toContain('secret of the inside');
  });

  it.each(['text', undefined, null, 7])('answers a thrown %j too', async (thrown) => {
    expect((await answerTo(thrown)).response.status).toBe(500);
  });

  it('says what an error made public, not its message', async () => {
    const error = new IntegrationError('provider_5xx', 'host 10.0.0.1 is down', {
      publicDetail: 'the provider is down',
    });
    const { body, lines } = await answerTo(error);
    expect(JSON.stringify(body)).not.toContain('10.0.0.1');
    expect(body['detail']).toBe('the provider is down');
    expect(lines).toContain('10.0.0.1');
  });

  it.each(Object.keys(ERROR_CODES) as ErrorCode[])('of code %s has its status, a title and a detail', async (code) => {
    const { response, body } = await answerTo(new IntegrationError(code, 'words'));
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.status).toBe(ERROR_CODES[code].status);
    expect(body).toEqual({
      type: `https://httpstatuses.com/${response.status}`,
      title: expect.not.stringMatching(/^Error$/),
      status: response.status,
      detail: 'words',
      instance: `urn:uuid:${String(body['requestId'])}`,
      subsystem: 'api',
      time: '2026-01-05T09:00:00.000Z',
      requestId: expect.any(String),
      retryable: ERROR_CODES[code].isRetryable,
      code,
    });
  });

  it('says when to come back, in both published forms, rounded up', async () => {
    const { response, body } = await answerTo(
      new IntegrationError('rate_limited', 'slow', { retryAtMs: NOW_MS + 1500 }),
    );
    expect(response.headers.get('retry-after')).toBe('2');
    expect(body['retryAfter']).toBe('2026-01-05T09:00:01.500Z');
    const late = await answerTo(new IntegrationError('rate_limited', 'slow', { retryAtMs: NOW_MS - 5000 }));
    expect(late.response.headers.get('retry-after')).toBe('0');
  });

  it('lists issues with their places, and the same as causes for clients that show those', async () => {
    const issues = [
      { in: 'body', name: 'a[0]', detail: 'is required' },
      { in: 'body', name: 'x', detail: 'amp.yaml:3:5: x: is wrong' },
    ] as const;
    const { body } = await answerTo(new IntegrationError('bad_request', 'wrong', { issues, remedy: 'Mend it.' }));
    expect(body['issues']).toEqual(issues);
    expect(body['causes']).toEqual(['a[0] is required', 'amp.yaml:3:5: x: is wrong']);
    expect(body['remedy']).toBe('Mend it.');
  });
});
