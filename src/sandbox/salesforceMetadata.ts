// Salesforce's Metadata API over SOAP for custom fields and one kind of permission set, and the two REST resources that
// assign it. Mounted by `salesforce.ts`. Invariant: a field that is not required is seen once a permission set that is
// assigned grants it, and not before.
// Source: https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_upsertMetadata.htm

import type { MiddlewareHandler } from 'hono';
import { createMiddleware } from 'hono/factory';
import { isJsonObject, type JsonObject, jsonOrNull } from '../core/json.ts';
import { childrenOf, elementAt, escapeXml, parseXml, textOf, type XmlElement } from '../core/xml.ts';
import { jsonAnswer, salesforceError } from './answers.ts';
import {
  type Account,
  accountLabelsOf,
  type RequestContext,
  type SandboxApp,
  type SandboxContext,
  type SandboxEnv,
} from './context.ts';
import { describedField, fieldProblem, specOf } from './salesforceFields.ts';
import { salesforceIdOf } from './salesforceObjects.ts';
import type { Objects, QueryAnswer } from './salesforceQuery.ts';

const SOAP = '/services/Soap/m/60.0';
const ASSIGNMENT = '/services/data/v60.0/sobjects/PermissionSetAssignment';
const COMPONENTS_MAX = 10;
const METADATA = 'http://soap.sforce.com/2006/04/metadata';

interface PermissionSet {
  readonly id: string;
  readonly component: XmlElement;
  readonly isAssigned: boolean;
}

/** By name. */
const PERMISSION_SETS = new WeakMap<Account, Map<string, PermissionSet>>();

interface Result {
  readonly fullName: string;
  readonly isCreated: boolean;
  readonly problem: readonly [statusCode: string, message: string] | null;
  readonly perform: () => void;
}

export function mountSalesforceMetadata(
  app: SandboxApp,
  context: SandboxContext,
  objects: Objects,
  limited: MiddlewareHandler<SandboxEnv>,
): void {
  app.use(SOAP, soapAuthentication(context), refusalsAsFaults(), limited);
  app.post(SOAP, async (c) => {
    const body = elementAt(parseXml(await c.req.text(), 'the envelope'), 'Body');
    const account = c.get('account');
    const upsert = elementAt(body, 'upsertMetadata');
    if (upsert !== undefined) return upsertComponents(c, account, objects, childrenOf(upsert, 'metadata'));
    const read = elementAt(body, 'readMetadata');
    if (read === undefined) return fault(c, 'soapenv:Client', 'No such operation');
    const names = childrenOf(read, 'fullNames').map(({ text }) => text);
    return readComponents(c, account, objects, textOf(read, 'type'), names);
  });
  app.post(ASSIGNMENT, async (c) => assign(c, objects, jsonOrNull(await c.req.text())));
}

/** The query for the id of a permission set by its name; null for any other query. */
export function permissionSetQuery(account: Account, soql: string): QueryAnswer | null {
  const name = /^SELECT Id,\s*Name FROM PermissionSet WHERE Name\s*=\s*'(\w+)'$/i.exec(soql)?.[1];
  if (name === undefined) return null;
  const set = PERMISSION_SETS.get(account)?.get(name);
  const records = set === undefined ? [] : [{ attributes: { type: 'PermissionSet' }, Id: set.id, Name: name }];
  return { kind: 'page', records: 0, body: { totalSize: records.length, done: true, records } };
}

/** The token is in the envelope. */
function soapAuthentication(context: SandboxContext) {
  return createMiddleware<SandboxEnv>(async (c, next) => {
    const envelope = parseXml(await c.req.text(), 'the envelope');
    const session = textOf(elementAt(envelope, 'Header', 'SessionHeader'), 'sessionId');
    const check = context.grants.check(session);
    const org = accountLabelsOf(c.req.header('host'));
    if (check.kind !== 'valid' || check.grant.provider !== 'salesforce' || check.grant.account !== org) {
      return fault(c, 'sf:INVALID_SESSION_ID', 'INVALID_SESSION_ID: Invalid Session ID found in SessionHeader');
    }
    c.set('account', context.accounts.of('salesforce', org));
    return next();
  });
}

function refusalsAsFaults() {
  return createMiddleware<SandboxEnv>(async (c, next) => {
    await next();
    if (c.res.status !== 403) return;
    const errors = jsonOrNull(await c.res.text());
    const first = Array.isArray(errors) ? errors[0] : null;
    const { errorCode = '', message = '' } = isJsonObject(first) ? first : {};
    c.res = fault(c, `sf:${String(errorCode)}`, `${String(errorCode)}: ${String(message)}`);
  });
}

function upsertComponents(
  c: RequestContext,
  account: Account,
  objects: Objects,
  components: readonly XmlElement[],
): Response {
  if (components.length > COMPONENTS_MAX) {
    const message = `record limit reached. cannot submit more than ${COMPONENTS_MAX} records in this operation`;
    return fault(c, 'sf:EXCEEDED_ID_LIMIT', `EXCEEDED_ID_LIMIT: ${message}`);
  }
  const results = components.map((component) =>
    component.attributes.includes('"PermissionSet"')
      ? planPermissionSet(account, objects, component)
      : planField(account, objects, component),
  );
  const isHalted = results.some(({ problem }) => problem !== null);
  if (!isHalted) for (const { perform } of results) perform();
  showGranted(account, objects);
  const rolledBack = ['ALL_OR_NONE_OPERATION_ROLLED_BACK', 'Record rolled back'] as const;
  const parts = results.map(({ fullName, isCreated, problem }) => {
    const said = problem ?? (isHalted ? rolledBack : null);
    const errors =
      said === null
        ? ''
        : `<errors><message>${escapeXml(said[1])}</message><statusCode>${said[0]}</statusCode></errors>`;
    const name = `<fullName>${escapeXml(fullName)}</fullName>`;
    const created = said === null && isCreated;
    return `<result><created>${created}</created>${errors}${name}<success>${said === null}</success></result>`;
  });
  return soapAnswer(c, 200, `<upsertMetadataResponse>${parts.join('')}</upsertMetadataResponse>`);
}

function planField(account: Account, objects: Objects, component: XmlElement): Result {
  const fullName = textOf(component, 'fullName');
  const [objectName = '', name = ''] = fullName.split('.');
  const object = objects.get(objectName.toLowerCase());
  const before = object === undefined ? undefined : account.customFields.get(object.name, name);
  const words = object === undefined ? null : fieldProblem(component, name, before?.component);
  const unknown = [
    'INVALID_CROSS_REFERENCE_KEY',
    `In field: fullName - no CustomObject named ${objectName} found`,
  ] as const;
  const problem =
    object === undefined ? unknown : words === null ? null : (['FIELD_INTEGRITY_EXCEPTION', words] as const);
  return {
    fullName,
    isCreated: before === undefined,
    problem,
    perform() {
      const field = { spec: specOf(component, name), described: describedField(component), component };
      account.customFields.put(object?.name ?? '', { ...field, isSeen: isRequired(component) });
    },
  };
}

function planPermissionSet(account: Account, objects: Objects, component: XmlElement): Result {
  const fullName = textOf(component, 'fullName');
  const sets = PERMISSION_SETS.get(account) ?? new Map<string, PermissionSet>();
  const before = sets.get(fullName);
  const problems = childrenOf(component, 'fieldPermissions').flatMap((permission) => {
    const name = textOf(permission, 'field');
    const field = fieldAt(account, objects, name);
    if (field === undefined) return [`In field: field - no CustomField named ${name} found`];
    return isRequired(field.component) ? [`You cannot deploy to a required field: ${name}`] : [];
  });
  const [first] = problems;
  return {
    fullName,
    isCreated: before === undefined,
    problem: first === undefined ? null : ['FIELD_INTEGRITY_EXCEPTION', first],
    perform() {
      const id = before?.id ?? salesforceIdOf('0PS', sets.size + 1);
      sets.set(fullName, { id, component, isAssigned: before?.isAssigned ?? false });
      PERMISSION_SETS.set(account, sets);
    },
  };
}

function isRequired(component: XmlElement | undefined): boolean {
  return textOf(component, 'required') === 'true';
}

function fieldAt(account: Account, objects: Objects, fullName: string) {
  const [objectName = '', name = ''] = fullName.split('.');
  const object = objects.get(objectName.toLowerCase());
  return object === undefined ? undefined : account.customFields.get(object.name, name);
}

/** Makes seen what an assigned permission set grants. */
function showGranted(account: Account, objects: Objects): void {
  for (const { component, isAssigned } of PERMISSION_SETS.get(account)?.values() ?? []) {
    if (!isAssigned) continue;
    for (const permission of childrenOf(component, 'fieldPermissions')) {
      const [objectName = ''] = textOf(permission, 'field').split('.');
      const field = fieldAt(account, objects, textOf(permission, 'field'));
      const object = objects.get(objectName.toLowerCase());
      if (field !== undefined && object !== undefined && textOf(permission, 'readable') === 'true') {
        account.customFields.put(object.name, { ...field, isSeen: true });
      }
    }
  }
}

function readComponents(
  c: RequestContext,
  account: Account,
  objects: Objects,
  type: string,
  names: readonly string[],
): Response {
  const records = names.map((name) => {
    const component =
      type === 'PermissionSet'
        ? PERMISSION_SETS.get(account)?.get(name)?.component
        : fieldAt(account, objects, name)?.component;
    if (component === undefined) return '<records xsi:nil="true"/>';
    return `<records xsi:type="${type}">${component.children.map(serialized).join('')}</records>`;
  });
  const result = `<result>${records.join('')}</result>`;
  return soapAnswer(c, 200, `<readMetadataResponse>${result}</readMetadataResponse>`);
}

function serialized({ name, text, children }: XmlElement): string {
  // Unlike all else it is taken and never told.
  if (name === 'indexed') return '';
  return `<${name}>${escapeXml(text)}${children.map(serialized).join('')}</${name}>`;
}

function assign(c: RequestContext, objects: Objects, body: unknown): Response {
  const { PermissionSetId = '', AssigneeId = '' }: JsonObject = isJsonObject(body) ? body : {};
  const sets = PERMISSION_SETS.get(c.get('account')) ?? new Map<string, PermissionSet>();
  const found = [...sets].find(([, { id }]) => id === PermissionSetId);
  if (found === undefined || AssigneeId === '') {
    return salesforceError(c, 400, 'INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id');
  }
  const [name, set] = found;
  if (set.isAssigned) {
    const words = `Assignee: ${String(AssigneeId)}; Permission Set: ${set.id}`;
    return salesforceError(c, 400, 'DUPLICATE_VALUE', `Duplicate PermissionSetAssignment. ${words}`);
  }
  sets.set(name, { ...set, isAssigned: true });
  showGranted(c.get('account'), objects);
  return jsonAnswer(c, 201, { id: salesforceIdOf('0Pa', 1), success: true, errors: [] });
}

function fault(c: RequestContext, code: string, words: string): Response {
  const parts = `<faultcode>${code}</faultcode><faultstring>${escapeXml(words)}</faultstring>`;
  return soapAnswer(c, 500, `<soapenv:Fault>${parts}</soapenv:Fault>`);
}

function soapAnswer(c: RequestContext, status: 200 | 500, content: string): Response {
  const spaces =
    'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="http://soap.sforce.com/2006/04/metadata" ' +
    `xmlns="${METADATA}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`;
  const envelope = `<soapenv:Envelope ${spaces}><soapenv:Body>${content}</soapenv:Body></soapenv:Envelope>`;
  const body = `<?xml version="1.0" encoding="UTF-8"?>${envelope}`;
  return c.newResponse(body, status, { 'content-type': 'text/xml; charset=utf-8' });
}
