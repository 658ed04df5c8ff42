// Every error that leaves the edge, as problem+json (RFC 9457) with the published extra members. Only what an error
// declares public is written; anything unexpected becomes an id that is also in the log.

import { errorFacts, type InputIssue, IntegrationError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import { type Ms, SECOND_MS, toRfc3339 } from '../core/time.ts';

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Payload Too Large',
  417: 'Expectation Failed',
  422: 'Unprocessable Entity',
  424: 'Failed Dependency',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * How the published description has the problems of an operation, `jsonFaults` only those of 400 and 500, `textFaults`
 * those of 400 in one line of text; `proxied` is for a vendor's own client, which looks for words of the vendor.
 */
type ProblemStyle = 'problem' | 'json' | 'jsonFaults' | 'textFaults' | 'proxied';

/** Media type of problems whose client may be a vendor's own. */
export const PROBLEM_OF_PROXY = 'application/problem+json; charset=utf-8';

/** Some clients read only what is `application/json` or says that it is text. */
const MEDIA_TYPES: Readonly<Record<Exclude<ProblemStyle, 'jsonFaults' | 'textFaults'>, string>> = {
  problem: 'application/problem+json',
  json: 'application/json',
  proxied: PROBLEM_OF_PROXY,
};

/** The answer to a failed request, which is found in the log by its id. */
export function problemResponse(
  error: unknown,
  requestId: string,
  nowMs: Ms,
  log: Log,
  style?: ProblemStyle,
): Response {
  const known = error instanceof IntegrationError ? error : unexpected(error, requestId, log);
  const { status, code } = known;
  if (status >= 500) log.warn({ requestId, code, err: known.message }, 'request failed');
  return problemOf(known, nowMs, requestId, style);
}

/** The same for what nobody needs to look up in the log. */
export function problemOf(
  error: IntegrationError,
  nowMs: Ms,
  requestId = newId<string>(),
  style: ProblemStyle = 'problem',
): Response {
  const { status, retryAtMs } = error;
  if (style === 'textFaults' && status === 400) return textOf(error, requestId);
  const body = problemBody(error, nowMs, requestId, style);
  const headers: Record<string, string> = { 'content-type': mediaTypeOf(style, status), 'x-request-id': requestId };
  if (retryAtMs !== undefined) headers['retry-after'] = String(Math.max(0, Math.ceil((retryAtMs - nowMs) / SECOND_MS)));
  return new Response(JSON.stringify(body), { status, headers });
}

/** What such an answer says. */
export function problemBody(error: IntegrationError, nowMs: Ms, requestId: string, style: ProblemStyle) {
  const { status, isRetryable, publicDetail, remedy, retryAtMs, issues, code } = error;
  return {
    type: `https://httpstatuses.com/${status}`,
    title: TITLES[status] ?? 'Error',
    status,
    detail: publicDetail,
    // An absolute URI, as published; an id that the caller chose may be no UUID.
    instance: `urn:uuid:${UUID.test(requestId) ? requestId : newId<string>()}`,
    subsystem: 'api',
    time: toRfc3339(nowMs),
    requestId,
    retryable: isRetryable,
    code,
    ...(remedy === undefined ? {} : { remedy }),
    ...(retryAtMs === undefined ? {} : { retryAfter: toRfc3339(retryAtMs) }),
    ...(issues.length === 0 ? {} : { issues, causes: issues.map(({ detail, name }) => causeText(name, detail)) }),
    ...(style === 'json' && issues.length > 0 ? { validationIssues: issues.map(validationIssue) } : {}),
    ...(style === 'proxied' ? wordsForClients(error) : {}),
  };
}

function textOf({ publicDetail, issues, remedy }: IntegrationError, requestId: string): Response {
  const causes = issues.map(({ detail, name }) => causeText(name, detail)).filter((cause) => cause !== publicDetail);
  const text = [publicDetail, ...causes, ...(remedy === undefined ? [] : [remedy])].join('; ');
  return new Response(text, {
    status: 400,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-request-id': requestId },
  });
}

function mediaTypeOf(style: ProblemStyle, status: number): string {
  if (style === 'textFaults') return MEDIA_TYPES.problem;
  if (style !== 'jsonFaults') return MEDIA_TYPES[style];
  return MEDIA_TYPES[status === 400 || status === 500 ? 'json' : 'problem'];
}

/** The older form of an issue, which a few operations publish. */
function validationIssue({ name, detail }: InputIssue) {
  return { field: name, detail, remedy: `Correct ${name}.` };
}

/** Where vendors' clients look for what went wrong. Stripe's takes an answer of any status without it for a success. */
function wordsForClients({ publicDetail, code }: IntegrationError) {
  return { error: { type: code, code, message: publicDetail } };
}

/** A detail that already says where it is (a manifest's `file:line:column`) needs no name in front. */
function causeText(name: string, detail: string): string {
  return detail.includes(name) ? detail : `${name} ${detail}`;
}

function unexpected(error: unknown, requestId: string, log: Log): IntegrationError {
  const stack = error instanceof Error ? error.stack : undefined;
  log.error({ requestId, err: errorFacts(error).message, stack }, 'unexpected error');
  return new IntegrationError('invariant', errorFacts(error).message, { publicDetail: `internal error ${requestId}` });
}
