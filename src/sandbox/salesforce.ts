// Salesforce's REST API of one org, told by the Host header: versions, query, describe, records, limits, user info.
// Mounted by `sandbox.ts`. Invariant: a token works only on the host of the org it was issued for.
// Source: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/

import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { isJsonObject, parseJson } from '../core/json.ts';
import { jsonAnswer, salesforceError } from './answers.ts';
import {
  type Account,
  accountLabelsOf,
  type RequestContext,
  type SandboxApp,
  type SandboxContext,
  type SandboxEnv,
} from './context.ts';
import { withCustomFields } from './customFields.ts';
import { checkWrite, type FieldSpec } from './fields.ts';
import { bearerOf } from './hubspot.ts';
import type { ObjectRows } from './records.ts';
import { mountSalesforceBulk } from './salesforceBulk.ts';
import { mountSalesforceChannels } from './salesforceChannels.ts';
import { mountSalesforceCollections } from './salesforceCollections.ts';
import { orgLimits, requestLimits } from './salesforceLimits.ts';
import { mountSalesforceMetadata, permissionSetQuery } from './salesforceMetadata.ts';
import {
  buildSalesforceObjects,
  type SalesforceObject,
  salesforceIdOf,
  salesforceIndexOf,
} from './salesforceObjects.ts';
import {
  batchSizeOf,
  nextPage,
  type Objects,
  type QueryAnswer,
  runQuery,
  salesforceRecord,
} from './salesforceQuery.ts';

const DATA = '/services/data/v60.0';

interface Target {
  readonly object: SalesforceObject;
  readonly rows: ObjectRows;
}

export function buildSalesforce(context: SandboxContext): SandboxApp {
  const app: SandboxApp = new Hono();
  const objects = buildSalesforceObjects(context.recordCounts.salesforce['Account'] ?? 0);
  // The versions are public and, alone among the resources, neither counted nor limited.
  app.get('/services/data', (c) => jsonAnswer(c, 200, [{ label: 'Spring ’24', url: DATA, version: '60.0' }]));
  const authenticated = salesforceAuthentication(context);
  const limited = requestLimits(context);
  app.use(`${DATA}/*`, authenticated, limited);
  app.use('/services/oauth2/userinfo', authenticated);
  app.get(`${DATA}/query`, (c) => query(context, objects, c, false));
  app.get(`${DATA}/queryAll`, (c) => query(context, objects, c, true));
  app.get(`${DATA}/query/:locator`, (c) => {
    const pageSize = batchSizeOf(c.req.header('sforce-query-options'));
    const seen = seenBy(c.get('account'), objects);
    return queryAnswer(context, c, nextPage(c.get('account'), seen, c.req.param('locator'), pageSize));
  });
  app.get(`${DATA}/limits`, (c) => jsonAnswer(c, 200, orgLimits(context, c.get('account'))));
  app.get(`${DATA}/sobjects/:name/describe`, (c) => withTarget(objects, c, ({ object }) => describe(c, object)));
  app.get(`${DATA}/sobjects`, (c) => jsonAnswer(c, 200, describeGlobal(objects)));
  mountSalesforceMetadata(app, context, objects, limited);
  mountRecords(app, context, objects);
  mountSalesforceCollections(app, `${DATA}/composite/sobjects`, context, objects);
  mountSalesforceChannels(app, `${DATA}/tooling`, objects);
  mountSalesforceBulk(app, `${DATA}/jobs/ingest`, context, objects);
  app.get('/services/oauth2/userinfo', (c) => userInfo(c));
  return app;
}

function mountRecords(app: SandboxApp, context: SandboxContext, objects: Objects): void {
  const one = `${DATA}/sobjects/:name/:id` as const;
  app.post(`${DATA}/sobjects/:name`, (c) => withTarget(objects, c, (target) => create(context, c, target)));
  app.get(one, (c) => withTarget(objects, c, (target) => readOne(context, c, target)));
  app.patch(one, (c) => withTarget(objects, c, (target) => modify(context, c, target)));
  // Clients that cannot send PATCH override the method in the query.
  app.post(one, (c) => {
    if (c.req.query('_HttpMethod') !== 'PATCH') return salesforceError(c, 405, 'METHOD_NOT_ALLOWED', 'Use PATCH');
    return withTarget(objects, c, (target) => modify(context, c, target));
  });
  app.delete(one, (c) => withTarget(objects, c, (target) => remove(context, c, target)));
}

/** Answers 401 unless the bearer token belongs to the org of this host; sets `account` to the org. */
export function salesforceAuthentication(context: SandboxContext) {
  return createMiddleware<SandboxEnv>(async (c, next) => {
    const check = context.grants.check(bearerOf(c));
    const org = accountLabelsOf(c.req.header('host'));
    if (check.kind !== 'valid' || check.grant.provider !== 'salesforce' || check.grant.account !== org) {
      return salesforceError(c, 401, 'INVALID_SESSION_ID', 'Session expired or invalid');
    }
    c.set('account', context.accounts.of('salesforce', org));
    return next();
  });
}

function withTarget(
  objects: Objects,
  c: RequestContext,
  handler: (target: Target) => Response | Promise<Response>,
): Response | Promise<Response> {
  const account = c.get('account');
  const found = objects.get((c.req.param('name') ?? '').toLowerCase());
  const rows = found === undefined ? null : account.rows(found.name);
  if (found === undefined || rows === null) return noSuchResource(c);
  return handler({ object: withCustomFields(found, account.customFields), rows });
}

function query(context: SandboxContext, objects: Objects, c: RequestContext, isAll: boolean): Response {
  const pageSize = batchSizeOf(c.req.header('sforce-query-options'));
  const account = c.get('account');
  const soql = c.req.query('q') ?? '';
  const answer =
    permissionSetQuery(account, soql) ?? runQuery(account, seenBy(account, objects), soql, pageSize, isAll);
  return queryAnswer(context, c, answer);
}

/** The objects with the fields that the org has added and its user may see. */
function seenBy({ customFields }: Account, objects: Objects): Objects {
  if (customFields.isEmpty) return objects;
  return new Map([...objects].map(([key, object]) => [key, withCustomFields(object, customFields)]));
}

function queryAnswer(context: SandboxContext, c: RequestContext, answer: QueryAnswer): Response {
  if (answer.kind === 'refused') return salesforceError(c, 400, answer.errorCode, answer.message);
  context.counts.recordsServed += answer.records;
  return jsonAnswer(c, 200, answer.body);
}

function readOne(context: SandboxContext, c: RequestContext, { object, rows }: Target): Response {
  const row = rows.at(indexOf(c, object));
  if (row === null || row.isRemoved) return noSuchResource(c);
  context.counts.recordsServed += 1;
  return jsonAnswer(c, 200, salesforceRecord(object, row, object.fields.values()));
}

async function create(context: SandboxContext, c: RequestContext, { object, rows }: Target): Promise<Response> {
  const write = checkWrite(object, await bodyOf(c));
  if (write.kind !== 'accepted') return refusedField(c, object, write);
  const missing = object.requiredFields.filter((name) => (write.values[name] ?? '') === '');
  if (missing.length > 0) {
    const message = `Required fields are missing: [${missing.join(', ')}]`;
    return jsonAnswer(c, 400, [{ message, errorCode: 'REQUIRED_FIELD_MISSING', fields: missing }]);
  }
  const row = rows.create(context.clock.nowMs(), write.values);
  return jsonAnswer(c, 201, { id: salesforceIdOf(object.keyPrefix, row.index), success: true, errors: [] });
}

async function modify(context: SandboxContext, c: RequestContext, { object, rows }: Target): Promise<Response> {
  const write = checkWrite(object, await bodyOf(c));
  if (write.kind !== 'accepted') return refusedField(c, object, write);
  const row = rows.modify(indexOf(c, object), context.clock.nowMs(), write.values);
  return row === null ? noSuchResource(c) : c.body(null, 204);
}

function remove(context: SandboxContext, c: RequestContext, { object, rows }: Target): Response {
  const isRemoved = rows.remove(indexOf(c, object), context.clock.nowMs());
  return isRemoved ? c.body(null, 204) : salesforceError(c, 404, 'ENTITY_IS_DELETED', 'entity is deleted');
}

function indexOf(c: RequestContext, object: SalesforceObject): number {
  return salesforceIndexOf(object.keyPrefix, c.req.param('id') ?? '');
}

async function bodyOf(c: RequestContext) {
  const body = parseJson(await c.req.text(), 'the body');
  return isJsonObject(body) ? body : {};
}

function refusedField(
  c: RequestContext,
  object: SalesforceObject,
  write: { readonly kind: 'unknownField' | 'readOnlyField'; readonly name: string },
): Response {
  if (write.kind === 'unknownField') {
    return salesforceError(c, 400, 'INVALID_FIELD', `No such column '${write.name}' on sobject of type ${object.name}`);
  }
  const message = `Unable to create/update fields: ${write.name}. Please check the security settings of this field.`;
  return salesforceError(c, 400, 'INVALID_FIELD_FOR_INSERT_UPDATE', message);
}

function noSuchResource(c: RequestContext): Response {
  return salesforceError(c, 404, 'NOT_FOUND', 'The requested resource does not exist');
}

const DESCRIBED_TYPES: Readonly<Partial<Record<FieldSpec['type'], string>>> = {
  number: 'double',
  enumeration: 'picklist',
};

function describeGlobal(objects: Objects) {
  const sobjects = [...objects.values()].map(({ name, keyPrefix }) => ({
    name,
    label: name,
    keyPrefix,
    custom: false,
    queryable: true,
    createable: true,
    urls: { describe: `${DATA}/sobjects/${name}/describe` },
  }));
  return { encoding: 'UTF-8', maxBatchSize: 200, sobjects };
}

function describe(c: RequestContext, object: SalesforceObject): Response {
  const fields = [...object.fields.values()].map((spec) => ({
    name: spec.name,
    label: spec.label,
    type: DESCRIBED_TYPES[spec.type] ?? spec.type,
    custom: false,
    createable: !spec.isReadOnly,
    updateable: !spec.isReadOnly,
    nillable: !object.requiredFields.includes(spec.name),
    defaultedOnCreate: spec.isReadOnly,
    filterable: true,
    sortable: true,
    picklistValues: (spec.options ?? []).map((value) => ({ label: value, value, active: true, defaultValue: false })),
    referenceTo: spec.type === 'reference' ? [spec.name === 'AccountId' ? 'Account' : 'User'] : [],
    ...c.get('account').customFields.get(object.name, spec.name)?.described,
  }));
  return jsonAnswer(c, 200, {
    name: object.name,
    label: object.name,
    keyPrefix: object.keyPrefix,
    custom: false,
    fields,
  });
}

function userInfo(c: RequestContext): Response {
  const org = c.get('account');
  const origin = new URL(c.req.url).origin;
  return jsonAnswer(c, 200, {
    sub: identityUrlOf(origin, org),
    user_id: USER_ID,
    organization_id: orgIdOf(org),
    preferred_username: `admin@${org.name}.example`,
    name: 'Sandbox Admin',
    email: `admin@${org.name}.example`,
    active: true,
    user_type: 'STANDARD',
  });
}

const USER_ID = salesforceIdOf('005', 1);

/** The 18-character id of an org. */
function orgIdOf(org: Account): string {
  return salesforceIdOf('00D', org.number);
}

/** The identity URL that a token response names its user by. */
export function identityUrlOf(origin: string, org: Account): string {
  return `${origin}/id/${orgIdOf(org)}/${USER_ID}`;
}
