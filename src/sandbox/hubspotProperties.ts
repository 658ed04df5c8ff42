// HubSpot's property endpoints: what an object has, and properties and groups that a portal adds. Mounted by
// `hubspot.ts` behind its authentication. Changes need a scope of their own.
// Source: https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide

import { Hono } from 'hono';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../core/json.ts';
import { toRfc3339 } from '../core/time.ts';
import { hubspotError, jsonAnswer } from './answers.ts';
import type { Account, RequestContext, SandboxApp, SandboxContext } from './context.ts';
import { type FieldSpec, type FieldType, field } from './fields.ts';
import { bearerOf } from './hubspot.ts';
import { HUBSPOT_OBJECTS, type HubspotObject } from './hubspotObjects.ts';

const BATCH_MAX = 100;
const NAME = /^(?!hs_)[a-z][a-z0-9_]{0,99}$/;
const USER_ID = '70000001';

const FIELD_TYPES: Readonly<Partial<Record<FieldSpec['type'], string>>> = {
  number: 'number',
  datetime: 'date',
  enumeration: 'select',
  reference: 'select',
};

/** What may be the type of a property, the ways to show it, and how its values are kept. */
const TYPES: Readonly<Record<string, readonly [fieldTypes: readonly string[], kept: FieldType]>> = {
  string: [['text', 'textarea'], 'string'],
  number: [['number'], 'number'],
  bool: [['booleancheckbox'], 'enumeration'],
  date: [['date'], 'date'],
  datetime: [['date'], 'datetime'],
  enumeration: [['select', 'radio', 'checkbox'], 'enumeration'],
};

type Handler = (c: RequestContext, object: HubspotObject) => Response | Promise<Response>;

/** Groups of properties that portals have added, as `contacts/name`. */
type Groups = WeakMap<Account, Map<string, JsonObject>>;

export function buildHubspotProperties(context: SandboxContext): SandboxApp {
  const app: SandboxApp = new Hono();
  const groups: Groups = new WeakMap();
  const writable = (handler: Handler) =>
    withObject((c, object) => refusedScope(context, c, object) ?? handler(c, object));
  app.get('/:object', withObject(list));
  app.get(
    '/:object/groups/:group',
    withObject((c, object) => readGroup(c, object, groups)),
  );
  app.post(
    '/:object/groups',
    writable((c, object) => createGroup(c, object, groups)),
  );
  app.post(
    '/:object/batch/create',
    writable((c, object) => createBatch(context, c, object, groups)),
  );
  app.get('/:object/:name', withObject(readOne));
  app.post(
    '/:object',
    writable((c, object) => createOne(c, object, groups)),
  );
  app.patch(
    '/:object/:name',
    writable((c, object) => change(context, c, object, groups)),
  );
  app.delete('/:object/:name', writable(archive));
  return app;
}

function withObject(handler: Handler) {
  return (c: RequestContext): Response | Promise<Response> => {
    const object = HUBSPOT_OBJECTS.get(c.req.param('object') ?? '');
    return object === undefined ? invalid(c, 'Unable to infer object type from the path') : handler(c, object);
  };
}

function refusedScope(context: SandboxContext, c: RequestContext, object: HubspotObject): Response | null {
  const check = context.grants.check(bearerOf(c));
  const scope = `crm.schemas.${object.name}.write`;
  if (check.kind === 'valid' && check.grant.scope.split(' ').includes(scope)) return null;
  const message = 'This app hasn’t been granted all required scopes to make this call.';
  const errors = [
    { message: 'One or more of the following scopes are required.', context: { requiredGranularScopes: [scope] } },
  ];
  return hubspotError(c, 403, 'MISSING_SCOPES', message, { errors });
}

function ownProperty(object: HubspotObject, spec: FieldSpec): JsonObject {
  return {
    name: spec.name,
    label: spec.label,
    type: spec.type === 'reference' || spec.type === 'id' ? 'string' : spec.type,
    fieldType: FIELD_TYPES[spec.type] ?? 'text',
    groupName: `${object.name}information`,
    options: (spec.options ?? []).map((value, at) => ({
      label: labelOf(value),
      value,
      displayOrder: at,
      hidden: false,
    })),
    hubspotDefined: true,
    modificationMetadata: { archivable: false, readOnlyDefinition: true, readOnlyValue: spec.isReadOnly },
    ...(spec.type === 'reference' ? { referencedObjectType: 'OWNER' } : {}),
  };
}

/** `IN_PROGRESS` is shown as `In progress`. */
function labelOf(option: string): string {
  const words = option.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function list(c: RequestContext, object: HubspotObject): Response {
  const own = [...object.fields.values()].map((spec) => ownProperty(object, spec));
  const added = c
    .get('account')
    .customFields.of(object.name)
    .map(({ described }) => described);
  return jsonAnswer(c, 200, { results: [...own, ...added] });
}

function readOne(c: RequestContext, object: HubspotObject): Response {
  const name = c.req.param('name') ?? '';
  const spec = object.fields.get(name);
  const added = c.get('account').customFields.get(object.name, name)?.described;
  const property = spec === undefined ? added : ownProperty(object, spec);
  if (property === undefined) return hubspotError(c, 404, 'OBJECT_NOT_FOUND', `Property ${name} does not exist.`);
  return jsonAnswer(c, 200, property);
}

function readGroup(c: RequestContext, object: HubspotObject, groups: Groups): Response {
  const name = c.req.param('group') ?? '';
  const group = groups.get(c.get('account'))?.get(`${object.name}/${name}`);
  if (group === undefined) return hubspotError(c, 404, 'OBJECT_NOT_FOUND', `Group ${name} does not exist.`);
  return jsonAnswer(c, 200, group);
}

async function createGroup(c: RequestContext, object: HubspotObject, groups: Groups): Promise<Response> {
  const { name, label } = await bodyOf(c);
  if (typeof name !== 'string' || typeof label !== 'string') return invalid(c, 'name and label are required');
  const own = groups.get(c.get('account')) ?? new Map<string, JsonObject>();
  const key = `${object.name}/${name}`;
  if (own.has(key)) return hubspotError(c, 409, 'OBJECT_ALREADY_EXISTS', `Group ${name} already exists.`);
  const group = { name, label, displayOrder: own.size + 1, archived: false };
  groups.set(c.get('account'), own.set(key, group));
  return jsonAnswer(c, 201, group);
}

async function createBatch(
  context: SandboxContext,
  c: RequestContext,
  object: HubspotObject,
  groups: Groups,
): Promise<Response> {
  const { inputs } = await bodyOf(c);
  const wanted = Array.isArray(inputs) ? inputs.filter(isJsonObject) : [];
  if (wanted.length === 0 || wanted.length > BATCH_MAX)
    return invalid(c, `inputs must hold 1 to ${BATCH_MAX} properties`);
  const results: JsonObject[] = [];
  const errors: JsonObject[] = [];
  for (const input of wanted) {
    const name = String(input['name']);
    const message = problemOf(c, object, input, groups);
    const about = { status: 'error', context: { name: [name] } };
    if (isTaken(c, object, name)) {
      const subCategory = 'Properties.PROPERTY_WITH_NAME_EXISTS';
      const exists = `A property named '${name}' already exists.`;
      errors.push({ ...about, category: 'OBJECT_ALREADY_EXISTS', subCategory, message: exists });
    } else if (message !== null) errors.push({ ...about, category: 'VALIDATION_ERROR', message });
    else results.push(put(c, object, input));
  }
  const at = toRfc3339(context.clock.nowMs());
  const answer = { status: 'COMPLETE', startedAt: at, completedAt: at, results };
  if (errors.length === 0) return jsonAnswer(c, 201, answer);
  return jsonAnswer(c, 207, { ...answer, errors, numErrors: errors.length });
}

async function createOne(c: RequestContext, object: HubspotObject, groups: Groups): Promise<Response> {
  const input = await bodyOf(c);
  const name = String(input['name']);
  if (isTaken(c, object, name)) {
    return hubspotError(c, 409, 'OBJECT_ALREADY_EXISTS', `A property named '${name}' already exists.`);
  }
  const message = problemOf(c, object, input, groups);
  return message === null ? jsonAnswer(c, 201, put(c, object, input)) : invalid(c, message);
}

async function change(
  context: SandboxContext,
  c: RequestContext,
  object: HubspotObject,
  groups: Groups,
): Promise<Response> {
  const name = c.req.param('name') ?? '';
  if (object.fields.has(name)) return invalid(c, `The definition of property ${name} is read only.`);
  const before = c.get('account').customFields.get(object.name, name)?.described;
  if (before === undefined) return hubspotError(c, 404, 'OBJECT_NOT_FOUND', `Property ${name} does not exist.`);
  const { hasUniqueValue: _fixed, name: _same, ...changed } = await bodyOf(c);
  const after = { ...before, ...changed };
  const message = problemOf(c, object, after, groups);
  if (message !== null) return invalid(c, message);
  return jsonAnswer(c, 200, put(c, object, { ...after, updatedAt: toRfc3339(context.clock.nowMs()) }));
}

function archive(c: RequestContext, object: HubspotObject): Response {
  const name = c.req.param('name') ?? '';
  if (object.fields.has(name)) return invalid(c, `The property ${name} cannot be archived.`);
  const isThere = c.get('account').customFields.remove(object.name, name);
  if (!isThere) return hubspotError(c, 404, 'OBJECT_NOT_FOUND', `Property ${name} does not exist.`);
  return c.body(null, 204);
}

function isTaken(c: RequestContext, object: HubspotObject, name: string): boolean {
  return object.fields.has(name) || c.get('account').customFields.get(object.name, name) !== undefined;
}

function problemOf(c: RequestContext, object: HubspotObject, input: JsonObject, groups: Groups): string | null {
  const { name, label, groupName, type, fieldType, options } = input;
  if (!NAME.test(String(name))) return `Property name ${String(name)} is not valid.`;
  if (typeof label !== 'string' || label === '') return 'label is required';
  if (groups.get(c.get('account'))?.has(`${object.name}/${String(groupName)}`) !== true) {
    return `Group ${String(groupName)} does not exist.`;
  }
  const [fieldTypes] = TYPES[String(type)] ?? [];
  if (fieldTypes?.includes(String(fieldType)) !== true) {
    return `A property of type ${String(type)} cannot have the field type ${String(fieldType)}.`;
  }
  const isEnumeration = type === 'enumeration' || type === 'bool';
  return isEnumeration && !(Array.isArray(options) && options.length > 0) ? 'options are required' : null;
}

function put(c: RequestContext, object: HubspotObject, input: JsonObject): JsonObject {
  const { name, label, options } = input;
  const described: JsonObject = {
    hasUniqueValue: false,
    hidden: false,
    calculated: false,
    externalOptions: false,
    archived: false,
    displayOrder: -1,
    createdUserId: USER_ID,
    hubspotDefined: false,
    ...input,
    options: (Array.isArray(options) ? options : []).map((option: JsonValue) =>
      isJsonObject(option) ? { displayOrder: -1, hidden: false, ...option } : option,
    ),
    modificationMetadata: { archivable: true, readOnlyDefinition: false, readOnlyValue: false },
  };
  const [, kept = 'string'] = TYPES[String(input['type'])] ?? [];
  const spec = field(String(name), kept, String(label), () => null);
  c.get('account').customFields.put(object.name, { spec, isSeen: true, described });
  return described;
}

async function bodyOf(c: RequestContext): Promise<JsonObject> {
  const body = parseJson(await c.req.text(), 'the body');
  return isJsonObject(body) ? body : {};
}

function invalid(c: RequestContext, message: string): Response {
  return hubspotError(c, 400, 'VALIDATION_ERROR', message);
}
