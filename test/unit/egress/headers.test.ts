import { describe, expect, test } from 'vitest';
import { cleanRequestHeaders, cleanResponseHeaders, headerRecord, headerValue } from '../../../src/egress/headers.ts';

const withValues = (...list: string[]): string[] => list.flatMap((name) => [name, 'v']);

describe('request headers', () => {
  test.each([
    'Connection',
    'Keep-Alive',
    'Proxy-Connection',
    'Proxy-Authorization',
    'Proxy-Authenticate',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'HTTP2-Settings',
    'Host',
    'Expect',
    'Authorization',
    'Cookie',
    'X-Api-Key',
    'X-Amp-Proxy-Version',
    'x-amp-anything-new',
    'Forwarded',
    'Via',
    'X-Forwarded-For',
    'X-Forwarded-Anything',
    'X-Real-IP',
    'True-Client-IP',
    'CF-Connecting-IP',
    'CF-Access-Jwt-Assertion',
  ])('%s does not reach the provider', (name) => {
    expect(cleanRequestHeaders([name, 'v', 'Accept', '*/*'], [])).toEqual(['Accept', '*/*']);
  });

  test('names listed in Connection are dropped, also when they come before it', () => {
    const raw = ['X-Hop', '1', 'Connection', 'keep-alive, X-Hop', 'connection', 'X-Late', 'X-Late', '2', 'X-Kept', '3'];
    expect(cleanRequestHeaders(raw, [])).toEqual(['X-Kept', '3']);
  });

  test('names that the credential sets are dropped', () => {
    expect(cleanRequestHeaders(['X-Shopify-Access-Token', 'mine', 'A', '1'], ['x-shopify-access-token'])).toEqual([
      'A',
      '1',
    ]);
  });

  test('everything else keeps its spelling, order, repetition and bytes', () => {
    const raw = [
      'aCCept',
      'a',
      'X-Dup',
      '1',
      'Content-Length',
      '3',
      'x-dup',
      '2',
      'X-Ämp',
      'ÿ',
      'CF-Access-Client-Id',
      'i',
    ];
    expect(cleanRequestHeaders(raw, [])).toEqual(raw);
  });
});

describe('response headers', () => {
  test('hop-by-hop fields and what the provider says about its own origin are dropped', () => {
    const dropped = ['Connection', 'Keep-Alive', 'Trailer', 'Upgrade', 'Proxy-Authenticate'];
    const aboutOrigin = ['Set-Cookie', 'Alt-Svc', 'Strict-Transport-Security', 'Clear-Site-Data', 'X-Amp-Retryable'];
    const framing = ['Transfer-Encoding', 'Chunked'];
    const raw = [...framing, ...withValues(...dropped, ...aboutOrigin, 'ETag')];
    expect(cleanResponseHeaders(raw)).toEqual(['ETag', 'v']);
  });

  test.each(['gzip, chunked', 'gzip', 'chunked, chunked', 'identity', ''])(
    'a body under the transfer coding "%s" cannot be passed on without the field that explains it',
    (coding) => {
      const clean = () => cleanResponseHeaders(['Transfer-Encoding', coding]);
      expect(clean).toThrow(expect.objectContaining({ code: 'provider_malformed' }));
    },
  );

  test('a 204 has no length, which somebody behind us could wait for; a 304 keeps that of what it confirms', () => {
    const raw = ['Content-Length', '5', 'ETag', 'v'];
    expect(cleanResponseHeaders(raw, 204)).toEqual(['ETag', 'v']);
    expect(cleanResponseHeaders(raw, 304)).toEqual(raw);
  });

  test('names listed in Connection are dropped, in several fields and any spelling', () => {
    const raw = ['X-A', '1', 'Connection', 'close, x-a', 'X-B', '2', 'CONNECTION', ' X-b ,keep-alive', 'X-C', '3'];
    expect(cleanResponseHeaders(raw)).toEqual(['X-C', '3']);
  });

  test('framing of the body as it is, and vendor fields, are kept', () => {
    const kept = withValues('Content-Encoding', 'Content-Length', 'Date', 'Location', 'X-RateLimit-Remaining', 'Link');
    expect(cleanResponseHeaders(kept)).toEqual(kept);
  });
});

test('headerValue finds the first value whatever the spelling', () => {
  expect(headerValue(['A', '1', 'Retry-After', '7', 'retry-after', '8'], 'retry-after')).toBe('7');
  expect(headerValue(['A', 'retry-after'], 'retry-after')).toBeUndefined();
});

test('headerRecord joins repeated fields and is safe against names of Object.prototype', () => {
  const record = headerRecord(['Link', 'a', 'LINK', 'b', '__proto__', 'x', 'constructor', 'y']);
  expect(Object.entries(record)).toEqual([
    ['link', 'a, b'],
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
});
