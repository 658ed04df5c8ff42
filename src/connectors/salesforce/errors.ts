// Salesforce's error answers: a list of `{message, errorCode, fields?}`.
// Source: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm

import { fullJitterMs } from '../../core/backoff.ts';
import { type ErrorCode, IntegrationError } from '../../core/errors.ts';
import { type JsonValue, jsonAt, jsonOrNull } from '../../core/json.ts';
import { MINUTE_MS, type Ms, SECOND_MS } from '../../core/time.ts';
import type { BufferedResponse } from '../../egress/buffered.ts';
import { limitsSaid } from '../../limits/headers/limitsSaid.ts';
import { providerFailure } from '../contract.ts';

const CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['INVALID_SESSION_ID', 'auth_invalidated'],
  ['INSUFFICIENT_ACCESS_OR_READONLY', 'forbidden'],
  ['API_DISABLED_FOR_ORG', 'api_disabled'],
  ['INVALID_QUERY_LOCATOR', 'cursor_gone'],
  ['INVALID_TYPE', 'schema_drift_missing_object'],
]);

/** The daily quota rolls; the count of long-running requests passes. Neither comes with a Retry-After. */
const DAILY_WAIT_MS = 15 * MINUTE_MS;
const CONCURRENCY_WAIT_MS_MIN = SECOND_MS;
/** Those that were refused together come back apart. */
const CONCURRENCY_WAIT_MS_MAX = 30 * SECOND_MS;

export function salesforceFailure(response: BufferedResponse, objectName: string, nowMs: Ms): IntegrationError {
  const first = firstError(response);
  const errorCode = String(jsonAt(first, 'errorCode') ?? '');
  const words = String(jsonAt(first, 'message') ?? '').slice(0, 300);
  const failure = providerFailure(
    'Salesforce',
    response,
    nowMs,
    errorCode === '' ? undefined : `${errorCode} ${words}`,
  );
  const upstreamStatus = response.status;
  if (errorCode === 'INVALID_FIELD' || words.includes('No such column')) {
    const column = /No such column '([^']{1,80})'/.exec(words)?.[1];
    const detail = column === undefined ? words : `${objectName} has no field ${column}`;
    return new IntegrationError('schema_drift_missing_field', failure.message, {
      upstreamStatus,
      publicDetail: detail,
    });
  }
  // Another transaction holds the record or its parent for a moment; nothing was changed.
  if (errorCode === 'UNABLE_TO_LOCK_ROW') {
    return new IntegrationError('conflict_upstream', failure.message, { upstreamStatus, isRetryable: true });
  }
  const code = CODES.get(errorCode);
  if (code !== undefined) return new IntegrationError(code, failure.message, { upstreamStatus });
  const bodyText = response.body.toString();
  const said = limitsSaid('salesforce', { status: upstreamStatus, headers: response.headers, bodyText }, nowMs);
  if (!said.isLimited) return failure;
  const isConcurrency = said.readings.some(({ name, remaining }) => name === 'concurrent' && remaining === 0);
  const spreadMs = CONCURRENCY_WAIT_MS_MAX - CONCURRENCY_WAIT_MS_MIN;
  const waitMs = isConcurrency ? CONCURRENCY_WAIT_MS_MIN + fullJitterMs(0, spreadMs, spreadMs) : DAILY_WAIT_MS;
  const retryAtMs = said.retryAtMs ?? nowMs + waitMs;
  return new IntegrationError('rate_limited', failure.message, { upstreamStatus, retryAtMs });
}

function firstError(response: BufferedResponse): JsonValue | undefined {
  const body = jsonOrNull(response.body.toString());
  return Array.isArray(body) ? body[0] : body;
}
