// The things that commands list, show and delete, as data: where the API has them, what names one, the columns of a
// list and what to do where there is none. Invariant: a name or an abbreviated id that could mean two things means
// none.

import { IntegrationError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, jsonAt } from '../core/json.ts';
import { CLI_ID_CHARS_MIN, CLI_MEANT_LISTED_MAX, LIST_PAGE_MAX } from '../core/limits.ts';
import { listOf, type ProjectApi } from './platform.ts';
import type { Column } from './table.ts';

export interface Resource {
  /** As it is typed: `installations`. */
  readonly name: string;
  /** One of them, with its article. */
  readonly one: string;
  readonly description: string;
  /** Below the project. */
  readonly path: string;
  /** What may be asked of a list: option, query parameter and what it is for. */
  readonly filters?: readonly (readonly [option: string, parameter: string, what: string])[];
  /** What it is called by, besides its id. */
  readonly namesOf: (item: JsonObject) => readonly string[];
  readonly idOf: (item: JsonObject) => string;
  /** The address of one, where that is not its id below the list. */
  readonly pathOf?: (item: JsonObject) => string;
  /** Only lists have it. */
  readonly isListOnly?: boolean;
  readonly isKept?: boolean;
  readonly columns: readonly Column<JsonObject>[];
  /** What to do where there is none. */
  readonly next: string;
  /** The list can be as long as there are customers, and is read a page at a time. */
  readonly isPaged?: boolean;
  /** Adds what a list leaves out. Asked for once, where the list is not empty. */
  readonly completer?: (api: ProjectApi) => Promise<(item: JsonObject) => JsonObject>;
}

const textAt = (item: JsonObject, path: string) => textOf(jsonAt(item, path) ?? null);
const column = (title: string, path: string): Column<JsonObject> => ({ title, text: (item) => textAt(item, path) });
const day = (title: string, path: string): Column<JsonObject> => ({
  title,
  text: (item) => textAt(item, path).slice(0, 10),
});
const idOf = (item: JsonObject) => textAt(item, 'id');
const named = (item: JsonObject) => [textAt(item, 'name')];

function textOf(value: JsonValue): string {
  if (value === null) return '';
  if (Array.isArray(value)) return value.map((each: JsonValue) => textOf(each)).join(' ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Names that the list has only as ids: integrations of installations, topics and destinations of routes. */
async function namesBy(api: ProjectApi, path: string): Promise<ReadonlyMap<string, string>> {
  const items = listOf(await api.call('GET', `${api.base}${path}`));
  return new Map(items.map((item) => [idOf(item), textAt(item, 'name')]));
}

const INTEGRATIONS: Resource = {
  name: 'integrations',
  one: 'an integration',
  description: 'integrations of the manifest',
  path: '/integrations',
  namesOf: named,
  idOf,
  columns: [
    column('ID', 'id'),
    column('NAME', 'name'),
    column('PROVIDER', 'provider'),
    column('REVISION', 'latestRevision.id'),
    day('DEPLOYED', 'latestRevision.createTime'),
  ],
  next: 'Deploy a manifest: tenon deploy amp.yaml.',
};

const INSTALLATIONS: Resource = {
  name: 'installations',
  one: 'an installation',
  description: 'what customers have installed',
  path: '/installations',
  filters: [['group', 'groupRef', 'of one customer']],
  namesOf: (item) => [
    textAt(item, 'group.groupRef'),
    `${textAt(item, 'integration')}/${textAt(item, 'group.groupRef')}`,
  ],
  idOf,
  pathOf: (item) => `/integrations/${textAt(item, 'integrationId')}/installations/${idOf(item)}`,
  columns: [
    column('ID', 'id'),
    column('INTEGRATION', 'integration'),
    column('GROUP', 'group.groupRef'),
    column('PROVIDER', 'connection.provider'),
    column('HEALTH', 'healthStatus'),
    day('CREATED', 'createTime'),
  ],
  next: 'Connect a customer, then: tenon installations create INTEGRATION --group GROUP.',
  isPaged: true,
  async completer(api) {
    const names = await namesBy(api, '/integrations');
    return (item) => ({ ...item, integration: names.get(textAt(item, 'integrationId')) ?? '' });
  },
};

const CONNECTIONS: Resource = {
  name: 'connections',
  one: 'a connection',
  description: "customers' accounts at providers",
  path: '/connections',
  filters: [
    ['provider', 'provider', 'to one provider'],
    ['group', 'groupRef', 'of one customer'],
  ],
  namesOf: (item) => [textAt(item, 'group.groupRef'), `${textAt(item, 'provider')}/${textAt(item, 'group.groupRef')}`],
  idOf,
  columns: [
    column('ID', 'id'),
    column('PROVIDER', 'provider'),
    column('GROUP', 'group.groupRef'),
    column('CONSUMER', 'consumer.consumerRef'),
    column('SIGNS IN WITH', 'authScheme'),
    column('STATUS', 'status'),
    day('CREATED', 'createTime'),
  ],
  next: 'Have a customer agree: tenon connections authorize PROVIDER --group GROUP --consumer CONSUMER.',
};

const DESTINATIONS: Resource = {
  name: 'destinations',
  one: 'a destination',
  description: 'where messages go',
  path: '/destinations',
  namesOf: named,
  idOf,
  columns: [
    column('ID', 'id'),
    column('NAME', 'name'),
    column('TYPE', 'type'),
    column('ADDRESS', 'metadata.url'),
    day('DISABLED', 'disabledTime'),
  ],
  next: 'Make one: tenon destinations create NAME --to https://….',
};

const PROVIDER_APPS: Resource = {
  name: 'provider-apps',
  one: 'a provider app',
  description: 'your OAuth clients at providers',
  path: '/provider-apps',
  namesOf: (item) => [textAt(item, 'provider'), textAt(item, 'clientId')],
  idOf,
  isListOnly: true,
  columns: [
    column('ID', 'id'),
    column('PROVIDER', 'provider'),
    column('CLIENT', 'clientId'),
    column('SCOPES', 'scopes'),
  ],
  next: 'Register one: tenon provider-apps create PROVIDER --client-id ID --secret-file FILE.',
};

const TOPICS: Resource = {
  name: 'topics',
  one: 'a topic',
  description: 'what notifications are about',
  path: '/topics',
  namesOf: named,
  idOf,
  isListOnly: true,
  columns: [column('ID', 'id'), column('NAME', 'name'), day('CREATED', 'createTime')],
  next: 'Make one: tenon topics create NAME.',
};

const EVENT_ROUTES: Resource = {
  name: 'event-routes',
  one: 'an event route',
  description: 'which events belong to which topic',
  path: '/notification-event-topic-routes',
  namesOf: (item) => [textAt(item, 'eventType')],
  idOf,
  isListOnly: true,
  columns: [column('ID', 'id'), column('EVENT', 'eventType'), column('TOPIC', 'topic')],
  next: 'Make one: tenon event-routes create EVENT --topic TOPIC.',
  async completer(api) {
    const topics = await namesBy(api, '/topics');
    return (item) => ({ ...item, topic: topics.get(textAt(item, 'topicId')) ?? '' });
  },
};

const DESTINATION_ROUTES: Resource = {
  name: 'destination-routes',
  one: 'a destination route',
  description: 'which topics go to which destination',
  path: '/topic-destination-routes',
  namesOf: () => [],
  idOf,
  isListOnly: true,
  columns: [column('ID', 'id'), column('TOPIC', 'topic'), column('DESTINATION', 'destination')],
  next: 'Make one: tenon destination-routes create TOPIC DESTINATION.',
  async completer(api) {
    const [topics, destinations] = await Promise.all([namesBy(api, '/topics'), namesBy(api, '/destinations')]);
    return (item) => ({
      ...item,
      topic: topics.get(textAt(item, 'topicId')) ?? '',
      destination: destinations.get(textAt(item, 'destinationId')) ?? '',
    });
  },
};

const KEYS: Resource = {
  name: 'keys',
  one: 'an API key',
  description: 'API keys (for master keys: tenon master-keys)',
  path: '/api-keys',
  namesOf: (item) => [textAt(item, 'label')],
  idOf: (item) => textAt(item, 'key'),
  columns: [
    column('KEY', 'key'),
    column('LABEL', 'label'),
    column('SCOPES', 'scopes'),
    { title: 'STATE', text: (item) => (item['active'] === true ? 'active' : 'disabled') },
  ],
  next: 'Make one: tenon keys create --label LABEL.',
};

const PROJECTS: Resource = {
  name: 'projects',
  one: 'a project',
  description: 'projects',
  path: '',
  namesOf: named,
  idOf,
  isKept: true,
  columns: [column('ID', 'id'), column('NAME', 'name'), column('APP', 'appName'), day('CREATED', 'createTime')],
  next: 'Make one: tenon projects create NAME.',
};

/** By the word that names their commands. */
export const RESOURCES = {
  projects: PROJECTS,
  integrations: INTEGRATIONS,
  installations: INSTALLATIONS,
  connections: CONNECTIONS,
  destinations: DESTINATIONS,
  'provider-apps': PROVIDER_APPS,
  topics: TOPICS,
  'event-routes': EVENT_ROUTES,
  'destination-routes': DESTINATION_ROUTES,
  keys: KEYS,
} as const satisfies Readonly<Record<string, Resource>>;

/** All of them, or those that `query` asks for; what can be long comes in several pages. */
export async function* readPages(
  api: ProjectApi,
  resource: Resource,
  query: Readonly<Record<string, string>> = {},
): AsyncGenerator<readonly JsonObject[]> {
  let complete: ((item: JsonObject) => JsonObject) | undefined;
  for await (const items of resource.isPaged === true ? pagesOf(api, resource, query) : wholeOf(api, resource, query)) {
    if (items.length > 0) complete ??= await resource.completer?.(api);
    yield complete === undefined ? items : items.map(complete);
  }
}

async function* wholeOf(api: ProjectApi, resource: Resource, query: Readonly<Record<string, string>>) {
  const search = new URLSearchParams(query).toString();
  const path = resource === PROJECTS ? '/v1/projects' : `${api.base}${resource.path}`;
  yield listOf(await api.call('GET', search === '' ? path : `${path}?${search}`));
}

async function* pagesOf(api: ProjectApi, resource: Resource, query: Readonly<Record<string, string>>) {
  let pageToken = '';
  do {
    const search = new URLSearchParams({ ...query, pageSize: String(LIST_PAGE_MAX), pageToken });
    const answer = await api.call('GET', `/tenon${api.base}${resource.path}?${search}`);
    yield listOf(answer);
    const next = jsonAt(answer, 'pagination.nextPageToken');
    pageToken = typeof next === 'string' ? next : '';
  } while (pageToken !== '');
}

/** The address of one that was listed. */
export function addressOf(api: ProjectApi, resource: Resource, item: JsonObject): string {
  if (resource === PROJECTS) return `/v1/projects/${encodeURIComponent(resource.idOf(item))}`;
  const below = resource.pathOf?.(item) ?? `${resource.path}/${encodeURIComponent(resource.idOf(item))}`;
  return `${api.base}${below}`;
}

/**
 * The one that is meant: by its id, its name, or how its id begins. Rejects with `not_found`, and with `invalid_input`
 * where several are meant, naming them.
 */
export async function findOne(api: ProjectApi, resource: Resource, meant: string): Promise<JsonObject> {
  const { name, one } = resource;
  const exact: JsonObject[] = [];
  const byName: JsonObject[] = [];
  const begun: JsonObject[] = [];
  for await (const items of readPages(api, resource)) {
    exact.push(...items.filter((item) => resource.idOf(item) === meant));
    byName.push(...items.filter((item) => meant !== '' && resource.namesOf(item).includes(meant)));
    begun.push(...items.filter((item) => isBegun(resource.idOf(item), meant)));
  }
  const [found, another] = [exact, byName, begun].find((some) => some.length > 0) ?? [];
  if (found === undefined) {
    throw new IntegrationError('not_found', `"${meant}" is not ${one}`, {
      remedy: `\`tenon ${name} list\` shows what there is.`,
    });
  }
  if (another === undefined) return found;
  const several = exact.length > 0 ? exact : byName.length > 0 ? byName : begun;
  const ids = several.slice(0, CLI_MEANT_LISTED_MAX).map((item) => resource.idOf(item));
  const more = several.length > ids.length ? ` and ${several.length - ids.length} more` : '';
  throw new IntegrationError('invalid_input', `"${meant}" could be ${ids.join(' or ')}${more}`, {
    remedy: 'Give more of the id.',
  });
}

function isBegun(id: string, meant: string): boolean {
  return meant.length >= CLI_ID_CHARS_MIN && id.replace(/^sha256:/, '').startsWith(meant);
}

/** What a person calls it. */
export function labelOf(resource: Resource, item: JsonObject): string {
  const called = resource.namesOf(item).at(-1) ?? '';
  const id = resource.idOf(item);
  return called === '' ? id : `${called} (${id})`;
}

/** A member that must be there. */
export function memberOf(answer: JsonValue, name: string): string {
  return isJsonObject(answer) ? textAt(answer, name) : '';
}
