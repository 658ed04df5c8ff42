// Stripe's customers: list by cursor, create and update by form. Mounted by `sandbox.ts`. Invariant: an account is
// named by a digest of its key, so that the key is stored nowhere. Source: https://docs.stripe.com/api/customers

import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { JsonObject } from '../core/json.ts';
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
]);

export function stripeIdOf(index: number): string {
  return `cus_${index.toString(36).padStart(ID_DIGITS, '0')}`;
}

function stripeIndexOf(id: string): number {
  return /^cus_[0-9a-z]{14}$/.test(id) ? Number.parseInt(id.slice('cus_'.length), 36) : Number.NaN;
}

export function buildStripe(context: SandboxContext): SandboxApp {
  const app: SandboxApp = new Hono();
  app.use('/v1/*', stripeAuthentication(context));
  app.get('/v1/customers', (c) => list(context, c));
  app.post('/v1/customers', (c) => write(c, (rows, values) => rows.create(context.clock.nowMs(), values)));
  app.get('/v1/customers/:id', (c) => {
    const row = customersOf(c)?.at(stripeIndexOf(c.req.param('id'))) ?? null;
    return row === null || row.isRemoved ? noSuchCustomer(c) : jsonAnswer(c, 200, customer(row));
  });
  app.post('/v1/customers/:id', (c) =>
    write(c, (rows, values) => rows.modify(stripeIndexOf(c.req.param('id')), context.clock.nowMs(), values)),
  );
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
  const check = checkWrite(CUSTOMERS, Object.fromEntries(new URLSearchParams(await c.req.text())));
  if (check.kind !== 'accepted') {
    return stripeError(c, 400, 'invalid_request_error', `Received unknown parameter: ${check.name}`);
  }
  const rows = customersOf(c);
  const row = rows === null ? null : apply(rows, check.values);
  return row === null ? noSuchCustomer(c) : jsonAnswer(c, 200, customer(row));
}

function customer(row: RecordRow): JsonObject {
  const values = [...CUSTOMERS.fields.values()].map((spec) => [spec.name, fieldValue(spec, row)] as const);
  return {
    id: stripeIdOf(row.index),
    object: 'customer',
    created: Math.floor(row.createdMs / SECOND_MS),
    livemode: false,
    metadata: {},
    ...Object.fromEntries(values),
  };
}

function noSuchCustomer(c: RequestContext): Response {
  return stripeError(c, 404, 'invalid_request_error', 'No such customer');
}
