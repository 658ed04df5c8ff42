// Freshdesk's tickets and contacts: numbered pages with a Link header. Mounted by `sandbox.ts`. Invariant: an account
// is the labels of its host, and any API key opens it. Source: https://developers.freshdesk.com/api/

import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { JsonObject } from '../core/json.ts';
import { MINUTE_MS, parseTimestamp, SECOND_MS, toRfc3339 } from '../core/time.ts';
import { freshdeskError, jsonAnswer } from './answers.ts';
import {
  accountLabelsOf,
  type RequestContext,
  type SandboxApp,
  type SandboxContext,
  type SandboxEnv,
} from './context.ts';
import * as make from './generate.ts';
import type { RecordRow } from './records.ts';
import { EVERY_ROW, select } from './selection.ts';

const PAGE_MAX = 100;
const PAGE_DEFAULT = 30;
/** The vendor stops here. */
const PAGES_MAX = 300;
const ID_FIRST = 1;

const VALUES = {
  tickets: (row: RecordRow) => ({
    subject: make.subject(row),
    status: make.numberBetween(2, 5, row, make.SALT.stage),
    priority: make.numberBetween(1, 4, row, make.SALT.amount),
    requester_id: make.numberBetween(1, 300, row, make.SALT.owner),
  }),
  contacts: (row: RecordRow) => ({
    name: `${make.firstName(row)} ${make.lastName(row)}`,
    email: make.email(row),
    phone: make.phone(row),
    job_title: make.jobTitle(row),
  }),
} as const satisfies Readonly<Record<string, (row: RecordRow) => JsonObject>>;

export function freshdeskIdOf(index: number): string {
  return String(ID_FIRST + index);
}

export function buildFreshdesk(context: SandboxContext): SandboxApp {
  const app: SandboxApp = new Hono();
  app.use('/api/v2/*', freshdeskAuthentication(context), minuteLimit(context));
  app.get('/api/v2/tickets', (c) => list(context, c, 'tickets', c.req.query('updated_since')));
  app.get('/api/v2/contacts', (c) => list(context, c, 'contacts', c.req.query('_updated_since')));
  return app;
}

/** Answers 401 without an API key as the basic user name; sets `account` by the host. */
export function freshdeskAuthentication(context: SandboxContext) {
  return createMiddleware<SandboxEnv>(async (c, next) => {
    const authorization = c.req.header('authorization') ?? '';
    const pair = authorization.startsWith('Basic ')
      ? Buffer.from(authorization.slice('Basic '.length), 'base64').toString('utf8')
      : '';
    if (pair.indexOf(':') < 1) {
      return freshdeskError(c, 401, 'invalid_credentials', 'You have to be logged in to perform this action.');
    }
    c.set('account', context.accounts.of('freshdesk', accountLabelsOf(c.req.header('host'))));
    return next();
  });
}

function minuteLimit(context: SandboxContext) {
  const limit = context.limits.freshdeskRequestsPerMinute;
  return createMiddleware<SandboxEnv>(async (c, next) => {
    if (limit === null) return next();
    const window = c.get('account').window('requests', { limit, windowMs: MINUTE_MS });
    const isTaken = window.take();
    c.header('x-ratelimit-total', String(limit));
    c.header('x-ratelimit-remaining', String(limit - window.used()));
    c.header('x-ratelimit-used-currentrequest', '1');
    if (isTaken) return next();
    context.counts.rateLimited += 1;
    const waitMs = window.freeAtMs() - context.clock.nowMs();
    c.header('retry-after', String(Math.max(1, Math.ceil(waitMs / SECOND_MS))));
    return freshdeskError(c, 429, 'rate_limit_exceeded', 'You have exceeded the limit of requests per minute.');
  });
}

function list(
  context: SandboxContext,
  c: RequestContext,
  object: keyof typeof VALUES,
  updatedSince: string | undefined,
): Response {
  const page = Number(c.req.query('page') ?? 1);
  const perPage = Number(c.req.query('per_page') ?? PAGE_DEFAULT);
  const sinceMs = updatedSince === undefined ? Number.NEGATIVE_INFINITY : parseTimestamp(updatedSince);
  const isPage = Number.isSafeInteger(page) && page >= 1 && page <= PAGES_MAX;
  if (!isPage || !Number.isSafeInteger(perPage) || perPage < 1 || perPage > PAGE_MAX || sinceMs === null) {
    return freshdeskError(c, 400, 'invalid_value', 'Validation failed: page, per_page or updated_since');
  }
  const rows = c.get('account').rows(object);
  const selection = rows === null ? null : select(rows, { ...EVERY_ROW, modifiedFromMs: sinceMs });
  const records = (selection?.indexes((page - 1) * perPage, perPage) ?? []).flatMap((index) => {
    const row = rows?.at(index) ?? null;
    return row === null ? [] : [recordOf(object, row)];
  });
  context.counts.recordsServed += records.length;
  if ((selection?.total ?? 0) <= page * perPage) return jsonAnswer(c, 200, records);
  const next = new URL(c.req.url);
  next.searchParams.set('page', String(page + 1));
  return jsonAnswer(c, 200, records, { link: `<${next.href}>; rel="next"` });
}

function recordOf(object: keyof typeof VALUES, row: RecordRow): JsonObject {
  return {
    id: ID_FIRST + row.index,
    ...VALUES[object](row),
    created_at: toRfc3339(row.createdMs),
    updated_at: toRfc3339(row.modifiedMs),
    ...Object.fromEntries(row.written),
  };
}
