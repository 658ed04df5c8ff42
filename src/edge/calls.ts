// What every call has in common: an id that the caller may choose and is answered with, a trace that it may belong to,
// one line in the log and one count when it has ended. Invariant: nothing of a call's path, query, headers or bodies is
// logged or counted, but the pattern of the route that answered it and ids of ours.

import type { Context, MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { type CallEnd, countCall, countsOf, type Plane } from '../core/counts.ts';
import { errorFacts, IntegrationError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { REQUEST_ID_CHARS_MAX } from '../core/limits.ts';
import { logCall, logMembers } from '../core/log.ts';
import { monotonicMs } from '../core/time.ts';
import { traceOf } from '../core/trace.ts';
import { CallFacts } from '../flows/callFacts.ts';
import type { ProxyOutcome } from '../flows/proxy.ts';
import type { ProxyTarget } from '../flows/targets.ts';
import { type EdgeEnv, type EdgeServices, outgoingOf } from './context.ts';
import type { ProxyField } from './incoming.ts';
import type { TellUnread } from './unread.ts';

/** The value of a header by its lower-case name; of a proxied call no others are kept. */
export type Header = (name: ProxyField) => string | undefined;

const REQUEST_ID_HEADER = 'x-request-id';

/** What needs no escape in a log line, a header or a shell. */
const REQUEST_ID = new RegExp(`^[A-Za-z0-9._:/+=@#~-]{1,${REQUEST_ID_CHARS_MAX}}$`);

/** The caller's id of a call if it is one, else a new one. */
export function requestIdOf(given: string | undefined): string {
  return given !== undefined && REQUEST_ID.test(given) ? given : newId<string>();
}

/** Of a proxied call whose head has come. */
export function callFactsOf({ tracer }: Pick<EdgeServices, 'tracer'>, header: Header, method = 'GET'): CallFacts {
  const trace = traceOf(header('traceparent'), header('tracestate'));
  const span = tracer === null ? null : tracer.begin(`${method} proxy`, 'server', trace, {});
  const given = header(REQUEST_ID_HEADER);
  const requestId = requestIdOf(given);
  return new CallFacts(requestId, given !== undefined && given !== requestId, trace, span, monotonicMs());
}

/** Logs and counts a proxied call that went to its provider, whatever came of it. */
export function proxiedCallEnded(
  { log, counts }: Pick<EdgeServices, 'log' | 'counts'>,
  target: ProxyTarget,
  method: string | undefined,
  outcome: ProxyOutcome,
  facts: CallFacts,
): void {
  const { declaration, logMembers: whose } = target;
  const ms = monotonicMs() - facts.startedMs;
  const { bytesIn, bytesOut, attempts, leaseWaitMs, upstreamMs } = facts;
  const end = endOf(outcome);
  const code = outcome.kind === 'failed' ? outcome.error.code : null;
  endSpan(facts, target, method, end, code);
  countCall(countsOf(counts, declaration.name).calls, method, end, ms, bytesIn, bytesOut);
  // Not `logCall`: an object of sixteen fields and its JSON cost as much as all the other counting together. And in few
  // pieces: each that is added is an object of its own.
  const { requestId } = facts;
  const { kind } = outcome;
  const what = kind === 'forwarded' ? forwardedWith(method, outcome.status) : endedWith(method, kind, code, end);
  const trace = word('traceId', traceIdOf(facts));
  const upstream = upstreamMs === null ? '' : upstreamText(upstreamMs);
  const waited = leaseWaitMs === 0 ? '' : `,"leaseWaitMs":${tenthsText(leaseWaitMs)}`;
  const tries = attempts === 1 && bytesIn === 0 ? TRIED_ONCE : triesText(attempts, bytesIn);
  const took = `${tenthsText(ms)}${upstream}${waited}`;
  const line = `"plane":"proxy","requestId":"${requestId}",${whose}${trace}${what}${took}${tries}${bytesOut}`;
  logMembers(log, 'info', line);
}

/** Of a call without a body, nearly always; up to the number of bytes of its answer. */
const TRIED_ONCE = triesText(1, 0);

function triesText(attempts: number, bytesIn: number): string {
  return `,"attempts":${attempts},"bytesIn":${bytesIn},"bytesOut":`;
}

/** How calls with a usual method end, by method and status: nearly all of them in one of few ways. */
const forwarded = new Map<string | undefined, string[]>(
  ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method) => [method, []]),
);

function forwardedWith(method: string | undefined, status: number): string {
  const byStatus = forwarded.get(method);
  const known = byStatus?.[status];
  if (known !== undefined) return known;
  const text = endedWith(method, 'forwarded', null, status);
  if (byStatus !== undefined) byStatus[status] = text;
  return text;
}

/** Up to the time that it took, which follows. */
function endedWith(method: string | undefined, kind: string, code: string | null, end: CallEnd): string {
  const status = typeof end === 'number' ? `,"status":${end}` : '';
  return `${word('method', method)},"outcome":"${kind}"${word('code', code ?? undefined)}${status},"ms":`;
}

/** A member with a value that JSON escapes nothing in: an id, or a word of ours or of HTTP. */
function word(name: string, value: string | undefined): string {
  return value === undefined ? '' : `,"${name}":"${value}"`;
}

/** The same of one that is answered with a problem. `target` is null where it is not known whom it was for. */
export function proxiedCallRefused(
  { log, counts }: Pick<EdgeServices, 'log' | 'counts'>,
  target: ProxyTarget | null,
  method: string | undefined,
  error: unknown,
  facts: CallFacts,
): void {
  const ms = monotonicMs() - facts.startedMs;
  const { code } = errorFacts(error);
  const status = error instanceof IntegrationError ? error.status : 500;
  endSpan(facts, target, method, status, code);
  const counted = target === null ? counts.planes.proxy : countsOf(counts, target.declaration.name).calls;
  countCall(counted, method, status, ms, facts.bytesIn, 0);
  logCall(log, 'info', {
    plane: 'proxy',
    requestId: facts.requestId,
    traceId: traceIdOf(facts),
    projectId: target?.projectId,
    installationId: target?.installationId,
    provider: target?.declaration.name,
    method,
    outcome: facts.attempts > 0 ? 'failed' : 'refused',
    code,
    status,
    ms: rounded(ms),
    leaseWaitMs: facts.leaseWaitMs === 0 ? undefined : rounded(facts.leaseWaitMs),
    attempts: facts.attempts,
    bytesIn: facts.bytesIn,
  });
}

/** The same of what no plane gets to see. */
export function tellUnreadTo({ log, counts }: Pick<EdgeServices, 'log' | 'counts'>): TellUnread {
  return ({ plane, requestId, method, error: { code, status }, reason, isOfCall }) => {
    if (!isOfCall) countCall(counts.planes[plane], method, status, 0, 0, 0);
    logCall(log, 'info', { plane, requestId, method, outcome: 'refused', code, status, reason });
  };
}

function traceIdOf({ span, trace }: CallFacts): string | undefined {
  return span?.traceId ?? trace.parent?.traceId;
}

/** Without the path, which the conventions want: it may hold a secret. */
function endSpan(
  { span, requestId, attempts }: CallFacts,
  target: ProxyTarget | null,
  method: string | undefined,
  end: CallEnd,
  code: string | null,
): void {
  if (span === null) return;
  const facts = {
    'http.request.method': method,
    'http.response.status_code': typeof end === 'number' ? end : undefined,
    'tenon.plane': 'proxy',
    'tenon.request_id': requestId,
    'tenon.project_id': target?.projectId,
    'tenon.installation_id': target?.installationId,
    'tenon.provider': target?.declaration.name,
    'tenon.attempts': attempts,
  };
  span.end(facts, errorTypeOf(end, code));
}

/** Of a server's span: what went wrong on this side, not what the caller did wrong. */
function errorTypeOf(end: CallEnd, code: string | null): string | null {
  if (typeof end !== 'number') return code ?? end;
  return end >= 500 ? (code ?? String(end)) : null;
}

/** Of the other planes. `quiet`: what is asked every few seconds is logged at level `debug` only. */
export function observeCalls(services: EdgeServices, plane: Plane, quiet = false): MiddlewareHandler<EdgeEnv> {
  return async function observeCall(context, next) {
    const startedMs = monotonicMs();
    const requestId = requestIdOf(context.req.header(REQUEST_ID_HEADER));
    context.set('requestId', requestId);
    const trace = traceOf(context.req.header('traceparent'), context.req.header('tracestate'));
    const { method } = context.req;
    const span = quiet ? undefined : services.tracer?.begin(method, 'server', trace, { 'http.request.method': method });
    const socket = outgoingOf(context)?.socket ?? null;
    const bytesBefore = socket?.bytesWritten ?? 0;
    await next();
    context.header(REQUEST_ID_HEADER, requestId);
    const { status } = context.res;
    whenSent(context, (isWhole) => {
      const bytesOut = socket === null ? 0 : socket.bytesWritten - bytesBefore;
      const ms = monotonicMs() - startedMs;
      const end = isWhole ? status : context.get('isBroken') === true ? 'broken' : 'clientGone';
      const bytesIn = Number(context.req.header('content-length') ?? 0);
      countCall(services.counts.planes[plane], context.req.method, end, ms, bytesIn, bytesOut);
      const about = lineOf(context, plane, requestId);
      span?.end(spanFactsOf(about, status), errorTypeOf(end, null));
      const line = {
        ...about,
        traceId: span?.traceId ?? trace.parent?.traceId,
        outcome: typeof end === 'number' ? 'answered' : end,
      };
      logCall(services.log, quiet ? 'debug' : 'info', { ...line, status, ms: rounded(ms), bytesIn, bytesOut });
    });
  };
}

/** Whose call it was. Of the path only the route's pattern: what stands in it may be a secret. */
function lineOf(context: Context<EdgeEnv>, plane: Plane, requestId: string) {
  const operation = context.get('operation');
  return {
    plane,
    requestId,
    projectId: context.get('projectId'),
    installationId: knownIdOf(context.req.param('installation') ?? context.req.param('installationId')),
    method: context.req.method,
    route: operation === undefined ? routePath(context) : `${baseOf(context)}${operation.path}`,
  };
}

function spanFactsOf(
  { plane, requestId, projectId, installationId, route }: ReturnType<typeof lineOf>,
  status: number,
) {
  return {
    'http.route': route,
    'http.response.status_code': status,
    'tenon.plane': plane,
    'tenon.request_id': requestId,
    'tenon.project_id': projectId,
    'tenon.installation_id': installationId,
  };
}

/** Operations are named by their paths below it. */
function baseOf({ req }: Context<EdgeEnv>): string {
  return req.path.startsWith('/tenon/') ? '/tenon/v1' : '/v1';
}

/** An id of ours has the form of one; what else a caller wrote there is not repeated. */
function knownIdOf(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9a-f-]{36}$/.test(text) ? text : undefined;
}

/** Calls back when the answer has been handed to the system, or its client has left. */
function whenSent(context: Context<EdgeEnv>, sent: (isWhole: boolean) => void): void {
  const outgoing = outgoingOf(context);
  if (outgoing === undefined) sent(true);
  else if (outgoing.closed || outgoing.destroyed) sent(false);
  else outgoing.once('close', () => sent(outgoing.writableFinished));
}

function endOf(outcome: ProxyOutcome): CallEnd {
  if (outcome.kind === 'clientGone') return 'clientGone';
  return outcome.kind === 'failed' ? 'broken' : outcome.status;
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** Most calls take less than that; numbers with a fraction are slow to write. */
const TENTHS_KEPT = 1000;
const plainTenths = newTenths();
const upstreamTenths = newTenths();

function newTenths(): (string | undefined)[] {
  return new Array<undefined>(TENTHS_KEPT).fill(undefined);
}

/** `rounded`, as JSON has it. */
function tenthsText(ms: number): string {
  return textOfTenths(plainTenths, '', ms);
}

function upstreamText(ms: number): string {
  return textOfTenths(upstreamTenths, ',"upstreamMs":', ms);
}

function textOfTenths(known: (string | undefined)[], before: string, ms: number): string {
  const tenths = Math.round(ms * 10);
  if (tenths >= TENTHS_KEPT || tenths < 0) return `${before}${tenths / 10}`;
  const text = known[tenths] ?? `${before}${tenths / 10}`;
  known[tenths] = text;
  return text;
}
