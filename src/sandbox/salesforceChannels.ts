// The part of Salesforce's Tooling API that has an org send its changes: channels, their members, credentials and
// relays. Mounted by `salesforce.ts`. Invariant: what another entity refers to cannot be deleted, and names are taken
// once, in whatever case.
// Source: https://developer.salesforce.com/docs/platform/event-relay/guide/create-event-relay-config.html

import { isJsonObject, type JsonObject, jsonOrNull } from '../core/json.ts';
import { SANDBOX_CHANNELS_MAX } from '../core/limits.ts';
import { jsonAnswer, salesforceError } from './answers.ts';
import type { Account, RequestContext, SandboxApp } from './context.ts';
import { salesforceIdOf } from './salesforceObjects.ts';
import type { Objects } from './salesforceQuery.ts';

const PREFIXES = {
  PlatformEventChannel: '0YL',
  NamedCredential: '0XA',
  EventRelayConfig: '7k2',
  PlatformEventChannelMember: '0v8',
} as const;

type EntityType = keyof typeof PREFIXES;

interface Entity {
  readonly id: string;
  readonly type: EntityType;
  readonly fullName: string;
  readonly metadata: JsonObject;
}

/** Why an org takes something not. */
type Refusal = readonly [errorCode: string, message: string];

interface Kept {
  count: number;
  readonly entities: Map<string, Entity>;
}

const KEPT = new WeakMap<Account, Kept>();

export function mountSalesforceChannels(app: SandboxApp, path: string, objects: Objects): void {
  const one = `${path}/sobjects/:type/:id` as const;
  app.post(`${path}/sobjects/:type`, async (c) => create(c, objects, jsonOrNull(await c.req.text())));
  app.get(one, (c) =>
    withEntity(c, ({ id, type, fullName, metadata }) => {
      const attributes = { type, url: `${path}/sobjects/${type}/${id}` };
      return jsonAnswer(c, 200, { attributes, Id: id, FullName: fullName, Metadata: metadata });
    }),
  );
  app.patch(one, (c) => withEntity(c, async (entity) => change(c, entity, jsonOrNull(await c.req.text()))));
  app.delete(one, (c) => withEntity(c, (entity) => remove(c, entity)));
  app.get(`${path}/query`, (c) => find(c));
}

/** What an org has, e.g. `EventRelayConfig acme RUN`, in the order it was made. */
export function channelEntitiesOf(account: Account): readonly string[] {
  return all(account).map(({ type, fullName, metadata }) => {
    const state = metadata['state'];
    return `${type} ${fullName}${typeof state === 'string' ? ` ${state}` : ''}`;
  });
}

function keptOf(account: Account): Kept {
  const kept = KEPT.get(account) ?? { count: 0, entities: new Map<string, Entity>() };
  KEPT.set(account, kept);
  return kept;
}

function all(account: Account): readonly Entity[] {
  return [...keptOf(account).entities.values()];
}

function isType(type: string): type is EntityType {
  return Object.hasOwn(PREFIXES, type);
}

function withEntity(
  c: RequestContext,
  handler: (entity: Entity) => Response | Promise<Response>,
): Response | Promise<Response> {
  const entity = keptOf(c.get('account')).entities.get(c.req.param('id') ?? '');
  if (entity === undefined || entity.type !== c.req.param('type')) {
    return salesforceError(c, 404, 'NOT_FOUND', 'The requested resource does not exist');
  }
  return handler(entity);
}

function create(c: RequestContext, objects: Objects, body: unknown): Response {
  const type = c.req.param('type') ?? '';
  const account = c.get('account');
  if (!isType(type)) return salesforceError(c, 404, 'NOT_FOUND', 'The requested resource does not exist');
  const given = isJsonObject(body) ? body : {};
  const { FullName: fullName, Metadata: metadata } = given;
  if (typeof fullName !== 'string' || !isJsonObject(metadata)) {
    return salesforceError(c, 400, 'JSON_PARSER_ERROR', 'FullName and Metadata are required');
  }
  const refusal = nameProblem(account, type, fullName) ?? problemOf(account, objects, type, metadata);
  if (refusal !== null) return salesforceError(c, 400, ...refusal);
  const kept = keptOf(account);
  if (kept.entities.size >= SANDBOX_CHANNELS_MAX) {
    return salesforceError(c, 400, 'LIMIT_EXCEEDED', 'The org has reached its limit of event channels');
  }
  kept.count += 1;
  const id = salesforceIdOf(PREFIXES[type], kept.count);
  const state = type === 'EventRelayConfig' ? { state: 'STOP' } : {};
  const object = objects.get(objectIn(metadata));
  const normalised = object === undefined ? {} : { selectedEntity: `${object.name}ChangeEvent` };
  kept.entities.set(id, { id, type, fullName, metadata: { ...metadata, ...state, ...normalised } });
  return jsonAnswer(c, 201, { id, success: true, errors: [], warnings: [], infos: [] });
}

function nameProblem(account: Account, type: EntityType, fullName: string): Refusal | null {
  const name = developerNameOf(fullName);
  if (!/^[A-Za-z](?!.*__)\w*$/.test(name) || name.endsWith('_')) {
    return ['INVALID_FULL_NAME', `The full name ${fullName} is not valid: it has a namespace that is not the org's`];
  }
  const isTaken = all(account).some(
    (entity) => entity.type === type && developerNameOf(entity.fullName).toLowerCase() === name.toLowerCase(),
  );
  if (!isTaken) return null;
  return ['DUPLICATE_DEVELOPER_NAME', `This Developer Name already exists or has been previously used: ${name}`];
}

function developerNameOf(fullName: string): string {
  return fullName.replace(/__chn$/, '');
}

function problemOf(account: Account, objects: Objects, type: EntityType, metadata: JsonObject): Refusal | null {
  const { eventChannel, selectedEntity, destinationResourceName, endpoint, state } = metadata;
  const has = (of: EntityType, name: unknown) =>
    all(account).some((entity) => entity.type === of && entity.fullName === name);
  switch (type) {
    case 'PlatformEventChannel':
      return metadata['channelType'] === 'data' ? null : ['FIELD_INTEGRITY_EXCEPTION', 'channelType must be data'];
    case 'NamedCredential':
      if (/^arn:aws:[A-Z0-9-]+:\d{12}$/.test(String(endpoint))) return null;
      return ['FIELD_INTEGRITY_EXCEPTION', 'The endpoint is not valid'];
    case 'PlatformEventChannelMember': {
      if (!has('PlatformEventChannel', eventChannel)) return noChannel(eventChannel);
      if (objects.has(objectIn(metadata))) return null;
      return ['INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', `bad value for restricted picklist field: ${selectedEntity}`];
    }
    case 'EventRelayConfig': {
      if (!has('PlatformEventChannel', eventChannel)) return noChannel(eventChannel);
      const credential = String(destinationResourceName).replace(/^callout:/, '');
      if (!has('NamedCredential', credential))
        return ['FIELD_INTEGRITY_EXCEPTION', 'The named credential is not there'];
      if (state !== undefined && state !== 'STOP') return ['FIELD_INTEGRITY_EXCEPTION', 'The state must be STOP'];
      const isUsed = all(account).some(
        (entity) => entity.type === type && entity.metadata['eventChannel'] === eventChannel,
      );
      if (!isUsed) return null;
      return ['FIELD_INTEGRITY_EXCEPTION', `The channel ${eventChannel} is referenced by an existing event relay`];
    }
  }
}

/** Of a member, in lower case. */
function objectIn({ selectedEntity }: JsonObject): string {
  return /^(\w+)ChangeEvent$/i.exec(String(selectedEntity))?.[1]?.toLowerCase() ?? '';
}

function noChannel(name: unknown): Refusal {
  return ['FIELD_INTEGRITY_EXCEPTION', `The event channel ${name} does not exist`];
}

/** What cannot be changed has to be named as it is, also in its case. */
const FIXED: Readonly<Record<EntityType, readonly string[]>> = {
  PlatformEventChannel: ['channelType'],
  NamedCredential: [],
  EventRelayConfig: ['eventChannel', 'destinationResourceName'],
  PlatformEventChannelMember: ['eventChannel', 'selectedEntity'],
};

function change(c: RequestContext, entity: Entity, body: unknown): Response {
  const { FullName: fullName, Metadata: metadata } = isJsonObject(body) ? body : {};
  if (fullName !== entity.fullName || !isJsonObject(metadata)) {
    const message = `The full name ${fullName} does not match ${entity.fullName}`;
    return salesforceError(c, 400, 'FIELD_INTEGRITY_EXCEPTION', message);
  }
  const wrong = FIXED[entity.type].find((name) => metadata[name] !== entity.metadata[name]);
  if (wrong !== undefined) return salesforceError(c, 400, 'FIELD_INTEGRITY_EXCEPTION', `${wrong} cannot be changed`);
  keptOf(c.get('account')).entities.set(entity.id, { ...entity, metadata });
  return c.body(null, 204);
}

function remove(c: RequestContext, entity: Entity): Response {
  const account = c.get('account');
  const isReferred = all(account).some(
    ({ metadata }) =>
      (entity.type === 'PlatformEventChannel' && metadata['eventChannel'] === entity.fullName) ||
      (entity.type === 'NamedCredential' && metadata['destinationResourceName'] === `callout:${entity.fullName}`),
  );
  if (isReferred) return salesforceError(c, 400, 'DEPENDENCY_EXISTS', 'This component is in use elsewhere.');
  keptOf(account).entities.delete(entity.id);
  return c.body(null, 204);
}

function find(c: RequestContext): Response {
  const soql = c.req.query('q') ?? '';
  const [, type = '', name = '', like] =
    /^SELECT Id FROM (\w+) WHERE DeveloperName (?:=|LIKE) '(\w+)(%?)'$/.exec(soql) ?? [];
  if (!isType(type)) return salesforceError(c, 400, 'MALFORMED_QUERY', 'The sandbox finds entities by DeveloperName');
  const found = all(c.get('account')).filter((entity) => {
    const given = developerNameOf(entity.fullName).toLowerCase();
    const wanted = name.toLowerCase();
    return entity.type === type && (like === '%' ? given.startsWith(wanted) : given === wanted);
  });
  const records = found.map(({ id }) => ({ attributes: { type }, Id: id }));
  return jsonAnswer(c, 200, { size: records.length, totalSize: records.length, done: true, records });
}
