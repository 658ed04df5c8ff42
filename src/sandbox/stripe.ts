// Stripe's customers: list by cursor, create, update and remove by form; a repeated idempotency key is answered as
// before. Mounted by `sandbox.ts`. Invariant: an account is named by a digest of its key, so that the key is stored
// nowhere. Source: https://docs.stripe.com/api/customers

import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { newId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import { SANDBOX_IDEMPOTENCY_KEYS_MAX } from '../core/limits.ts';
import { recentlyUsed } from '../core/recent.ts';
import { SECOND_MS } from '../core/time.ts';
import { jsonAnswer, stripeError } from './answers.ts';
import type { RequestContext, SandboxApp, SandboxContext, SandboxEnv } from './context.ts';
import { buildObjectSpec, checkWrite, comparableNumber, field, fieldValue } from './fields.ts';
import * as make from './generate.ts';
import { bearerOf } from './hubspot.ts';
import type { ObjectRows, RecordRow } from './records.ts';
import { EVERY_ROW, filtered, narrowed, type RowQuery, select } from './selection.ts';

const PAGE_MAX = 100;
const PAGE_DEFAULT = 10;
const ID_DIGITS = 14;

const CUSTOMERS = buildObjectSpec('customers', [
  field('email', 'string', 'Email', make.email),
  field('name', 'string', 'Name', (row) => `${make.firstName(row)} ${make.lastName(row)}`),
  field('phone', 'string', 'Phone', make.phone),
  field('description', 'string', 'Description', () => null),
  field('metadata', 'string', 'Metadata', () => ({})),
]);

export function stripeIdOf(index: number): string {
  return `cus_${index.toString(36).padStart(ID_DIGITS, '0')}`;
}

function stripeIndexOf(id: string): number {
  return /^cus_[0-9a-z]{14}$/.test(id) ? Number.parseInt(id.slice('cus_'.length), 36) : Number.NaN;
}

export function buildStripe(context: SandboxContext): SandboxApp {
  const app: SandboxApp = new Hono();
  app.use('/v1/*', stripeAuthentication(context), onceByKey());
  app.get('/v1/customers', (c) => list(context, c));
  app.post('/v1/customers', (c) => write(c, (rows, values) => rows.create(context.clock.nowMs(), values)));
  app.get('/v1/customers/:id', (c) => {
    const row = customersOf(c)?.at(stripeIndexOf(c.req.param('id'))) ?? null;
    return row === null || row.isRemoved ? noSuchCustomer(c) : jsonAnswer(c, 200, customer(row));
  });
  app.post('/v1/customers/:id', (c) =>
    write(c, (rows, values) => rows.modify(stripeIndexOf(c.req.param('id')), context.clock.nowMs(), values)),
  );
  app.delete('/v1/customers/:id', (c) => {
    const id = c.req.param('id');
    const isRemoved = customersOf(c)?.remove(stripeIndexOf(id), context.clock.nowMs()) ?? false;
    return isRemoved ? jsonAnswer(c, 200, { id, object: 'customer', deleted: true }) : noSuchCustomer(c);
  });
  return app;
}

/** Answers 401 unless the key is one of test mode; sets `account`. */
export function stripeAuthentication(context: SandboxContext) {
  return createMiddleware<SandboxEnv>(async (c, next) => {
    const key = bearerOf(c);
    if (!key.startsWith('sk_test_')) return stripeError(c, 401, 'invalid_request_error', 'Invalid API Key provided.');
    const name = createHash('sha256').update(key).digest('hex').slice(0, 12);
    c.set('account', context.accounts.of('stripe', name));
    return next();
  });
}

/**
 * A POST whose key came before gets the answer of the first.
 * Source: https://docs.stripe.com/api/idempotent_requests
 */
function onceByKey() {
  const answers = recentlyUsed<string, Response>(SANDBOX_IDEMPOTENCY_KEYS_MAX);
  return createMiddleware<SandboxEnv>(async (c, next) => {
    c.header('request-id', `req_${String(newId()).replaceAll('-', '').slice(0, 14)}`);
    const key = c.req.header('idempotency-key');
    if (key === undefined || c.req.method !== 'POST') return next();
    const place = `${c.get('account').name}/${c.req.path}/${key}`;
    const before = answers.get(place);
    if (before === undefined) {
      await next();
      answers.set(place, c.res.clone());
      return undefined;
    }
    c.header('idempotent-replayed', 'true');
    return c.newResponse(await before.clone().text(), before.status as 200, { 'content-type': 'application/json' });
  });
}

function customersOf(c: RequestContext): ObjectRows | null {
  return c.get('account').rows(CUSTOMERS.name);
}

/** Newest first; `starting_after` names the last customer of the page before. */
function list(context: SandboxContext, c: RequestContext): Response {
  const limit = Number(c.req.query('limit') ?? PAGE_DEFAULT);
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > PAGE_MAX) {
    return stripeError(c, 400, 'invalid_request_error', `limit must be between 1 and ${PAGE_MAX}`);
  }
  let query: RowQuery = { ...EVERY_ROW, order: { by: 'index', isDescending: true } };
  const after = c.req.query('starting_after');
  if (after !== undefined) {
    const index = stripeIndexOf(after);
    if (Number.isNaN(index)) return noSuchCustomer(c);
    query = narrowed(query, 'index', 'LT', index);
  }
  const since = comparableNumber(c.req.query('created[gte]') ?? null);
  if (!Number.isNaN(since)) query = filtered(query, (row) => row.createdMs >= since * SECOND_MS);
  const rows = customersOf(c);
  const selection = rows === null ? null : select(rows, query);
  const data = (selection?.indexes(0, limit) ?? []).flatMap((index) => {
    const row = rows?.at(index) ?? null;
    return row === null ? [] : [customer(row)];
  });
  context.counts.recordsServed += data.length;
  const hasMore = (selection?.total ?? 0) > limit;
  return jsonAnswer(c, 200, { object: 'list', url: '/v1/customers', has_more: hasMore, data });
}

async function write(
  c: RequestContext,
  apply: (rows: ObjectRows, values: JsonObject) => RecordRow | null,
): Promise<Response> {
  const check = checkWrite(CUSTOMERS, valuesOf(new URLSearchParams(await c.req.text())));
  if (check.kind !== 'accepted') {
    const more = { code: 'parameter_unknown', param: check.name };
    return stripeError(c, 400, 'invalid_request_error', `Received unknown parameter: ${check.name}`, more);
  }
  const rows = customersOf(c);
  const row = rows === null ? null : apply(rows, check.values);
  return row === null ? noSuchCustomer(c) : jsonAnswer(c, 200, customer(row));
}

/** `metadata[plan]=pro` is a member of an object; an empty text clears a value. */
function valuesOf(form: URLSearchParams): JsonObject {
  const metadata: Record<string, string> = {};
  const values: Record<string, JsonObject | string | null> = {};
  for (const [name, value] of form) {
    const [, key] = /^metadata\[([^\]]+)\]$/.exec(name) ?? [];
    if (key !== undefined) metadata[key] = value;
    else values[name] = value === '' ? null : value;
  }
  return Object.keys(metadata).length === 0 ? values : { ...values, metadata };
}

function customer(row: RecordRow): JsonObject {
  const values = [...CUSTOMERS.fields.values()].map((spec) => [spec.name, fieldValue(spec, row)] as const);
  return {
    id: stripeIdOf(row.index),
    object: 'customer',
    created: Math.floor(row.createdMs / SECOND_MS),
    livemode: false,
    ...Object.fromEntries(values),
  };
}

function noSuchCustomer(c: RequestContext): Response {
  const id = c.req.param('id') ?? c.req.query('starting_after') ?? '';
  const more = { code: 'resource_missing', param: 'id' };
  return stripeError(c, 404, 'invalid_request_error', `No such customer: '${id}'`, more);
}
