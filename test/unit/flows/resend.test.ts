import { describe, expect, it } from 'vitest';
import { IntegrationError } from '../../../src/core/errors.ts';
import { RECONNECT_PAUSE_MS, RESENDS_MAX } from '../../../src/core/limits.ts';
import { reconnectAtMs, resendAtMs, type Sendable } from '../../../src/flows/resend.ts';

const NOW_MS = 1_000_000;
const call = (more: Partial<Sendable> = {}): Sendable => ({
  method: 'GET',
  isReplayable: true,
  resends: 0,
  deadlineMs: NOW_MS + 15_000,
  ...more,
});

function failure(code: string | undefined, as: 'network' | 'outcome_unknown' | 'timeout' = 'network') {
  const cause = code === undefined ? undefined : Object.assign(new Error(code), { code });
  return new IntegrationError(as, 'failed', { cause });
}

describe('an answer is passed on', () => {
  it.each(['POST', 'PATCH', 'PROPFIND', 'LOCK', 'get'])('to %s, which may have been done', (method) => {
    expect(resendAtMs(call({ method }), 503, NOW_MS, NOW_MS)).toBeNull();
  });

  it.each([200, 301, 400, 401, 403, 408, 425, 500, 502, 504])('with the status %i', (status) => {
    expect(resendAtMs(call(), status, NOW_MS, NOW_MS)).toBeNull();
  });

  it.each<[string, Partial<Sendable>, number | null]>([
    ['if its body is gone', { isReplayable: false }, NOW_MS],
    ['after too many times', { resends: RESENDS_MAX }, NOW_MS],
    ['that does not say until when', {}, null],
    ['that asks for more patience than callers have', {}, NOW_MS + 15_001],
  ])('%s', (_what, more, retryAtMs) => {
    for (const status of [429, 503]) expect(resendAtMs(call(more), status, retryAtMs, NOW_MS)).toBeNull();
  });
});

describe('a call is sent again', () => {
  it.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])('%s, when the provider said', (method) => {
    for (const status of [429, 503]) {
      expect(resendAtMs(call({ method }), status, NOW_MS + 15_000, NOW_MS)).toBe(NOW_MS + 15_000);
      expect(resendAtMs(call({ method, resends: 1 }), status, NOW_MS + 1, NOW_MS)).toBe(NOW_MS + 1);
    }
  });

  it('at once, when that time is over', () => {
    expect(resendAtMs(call(), 503, NOW_MS - 60_000, NOW_MS)).toBe(NOW_MS);
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])(
    'of any method, when the connection was not there (%s)',
    (code) => {
      for (const method of ['GET', 'POST', 'PATCH']) {
        expect(reconnectAtMs(call({ method }), failure(code), NOW_MS)).toBe(NOW_MS + RECONNECT_PAUSE_MS);
      }
    },
  );
});

describe('a failure is passed on', () => {
  it.each<[string, IntegrationError, Partial<Sendable>]>([
    ['when a byte was sent', failure('ECONNRESET', 'outcome_unknown'), {}],
    ['when time ran out', failure('UND_ERR_CONNECT_TIMEOUT', 'timeout'), {}],
    ['when the name is wrong', failure('ENOTFOUND'), {}],
    ['when the certificate is wrong', failure('CERT_HAS_EXPIRED'), {}],
    ['of ours', failure(undefined), {}],
    ['if the body is gone', failure('ECONNREFUSED'), { isReplayable: false }],
    ['if the caller waited long enough', failure('ECONNREFUSED'), { deadlineMs: NOW_MS }],
  ])('%s', (_what, error, more) => {
    expect(reconnectAtMs(call(more), error, NOW_MS)).toBeNull();
  });
});
