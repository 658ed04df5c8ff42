// What every simulated provider does before it looks at a request: have its bad moments, and know whose token it is.
// The two below speak as much of their vendors' API as the connectors use. The sandbox speaks more of it, but over
// real requests and in pages of real size, which takes milliseconds where these take microseconds.

import type { JsonObject } from '../../src/core/json.ts';
import { toRfc3339 } from '../../src/core/time.ts';
import type { Account, SimRecord } from './accounts.ts';
import type { Grants } from './grants.ts';
import type { Server, SimAnswer, SimRequest } from './network.ts';
import type { Rolls } from './rolls.ts';
import type { Weather } from './weather.ts';
import type { World } from './world.ts';

export interface ProviderParts {
  readonly world: World;
  readonly weather: Weather;
  readonly rolls: Rolls;
  readonly grants: Grants;
  readonly accounts: ReadonlyMap<string, Account>;
}

/** The answer to a call with a good token at a good moment. */
type Api = (request: SimRequest, account: Account) => SimAnswer;

export function hubspotServer(parts: ProviderParts): Server {
  return serverOf(parts, '/oauth/v1/token', (request, account) => hubspotAnswer(parts, request, account));
}

export function salesforceServer(parts: ProviderParts): Server {
  const locators = new Map<string, Locator>();
  return serverOf(parts, '/services/oauth2/token', (request, account) =>
    salesforceAnswer(parts, locators, request, account),
  );
}

function serverOf({ weather, grants, accounts }: ProviderParts, tokenPath: string, api: Api): Server {
  return (request) => {
    if (request.path === tokenPath) return grants.answer(new URLSearchParams(request.body));
    if (weather.strikes('limited')) return { status: 429, headers: { 'retry-after': '15' }, body: '{}' };
    if (weather.strikes('limitedWordless')) return { status: 429, body: '{}' };
    if (weather.strikes('down')) return { status: 503, body: '<html>Service Unavailable</html>' };
    if (weather.strikes('html')) return { status: 200, body: '<html>We will be back soon</html>' };
    const token = /^Bearer (.+)$/i.exec(request.headers['authorization'] ?? '')?.[1] ?? '';
    const account = accounts.get(grants.accountOf(token) ?? '');
    if (account === undefined || weather.strikes('unauthorized')) return { status: 401, body: '{}' };
    if (weather.strikes('forbidden')) return { status: 403, body: '{}' };
    return api(request, account);
  };
}

function json(value: JsonObject | readonly JsonObject[], status = 200): SimAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** A page of those records with ids above `afterId`; sometimes it begins with the last record of the page before. */
function pageAfter(
  { weather, rolls }: ProviderParts,
  records: readonly SimRecord[],
  afterId: number,
): { page: readonly SimRecord[]; isMore: boolean } {
  const ahead = records.filter(({ id }) => id > afterId);
  const page = ahead.slice(0, rolls.between(2, 6));
  const isMore = page.length < ahead.length;
  const before = records.findLast(({ id }) => id <= afterId);
  const isRepeated = before !== undefined && page.length > 0 && weather.strikes('repeated');
  return { page: isRepeated ? [before, ...page] : page, isMore };
}

function hubspotAnswer(parts: ProviderParts, { path, query, body }: SimRequest, account: Account): SimAnswer {
  if (path.startsWith('/account-info/')) return json({ portalId: account.name });
  const [, objectName, search] = /^\/crm\/v3\/objects\/(\w+)(\/search)?$/.exec(path) ?? [];
  if (objectName === undefined) return json({});
  if (search === undefined) {
    if (query.has('after') && parts.weather.strikes('cursorGone')) {
      return json({ message: 'Cannot deserialize value of type `int`' }, 400);
    }
    return hubspotPage(parts, account.visible(objectName), Number(query.get('after') ?? 0));
  }
  const { filterGroups } = JSON.parse(body) as { filterGroups: { filters: HubspotFilter[] }[] };
  const filters = filterGroups[0]?.filters ?? [];
  const bound = (operator: string, otherwise: string) =>
    filters.find((filter) => filter.operator === operator)?.value ?? otherwise;
  const [sinceMs, untilMs] = [Date.parse(bound('GTE', '2000-01-01')), Date.parse(bound('LTE', '2100-01-01'))];
  const found = account.visible(objectName).filter(({ modifiedMs }) => sinceMs <= modifiedMs && modifiedMs <= untilMs);
  return hubspotPage(parts, found, Number(bound('GT', '0')));
}

interface HubspotFilter {
  readonly operator: string;
  readonly value: string;
}

function hubspotPage(parts: ProviderParts, records: readonly SimRecord[], afterId: number): SimAnswer {
  const { page, isMore } = pageAfter(parts, records, afterId);
  const results = page.map(({ id, version, modifiedMs }) => ({
    id: String(id),
    properties: { email: `${id}@example.com`, name: `n${id}`, version, lastmodifieddate: toRfc3339(modifiedMs) },
  }));
  const after = String(page.at(-1)?.id ?? afterId);
  return json(isMore ? { results, paging: { next: { after } } } : { results });
}

/** Salesforce fixes the ids of a query with its first page. */
interface Locator {
  readonly objectName: string;
  readonly ids: readonly number[];
}

function salesforceAnswer(
  parts: ProviderParts,
  locators: Map<string, Locator>,
  { path, query }: SimRequest,
  account: Account,
): SimAnswer {
  const next = /^\/services\/data\/v60\.0\/query\/L(\d+)x(\d+)$/.exec(path);
  if (next !== null) {
    const locator = locators.get(next[1] ?? '');
    if (locator === undefined || parts.weather.strikes('cursorGone')) {
      return json([{ errorCode: 'INVALID_QUERY_LOCATOR', message: 'invalid query locator' }], 400);
    }
    return salesforcePage(parts, account, locator, next[1] ?? '', Number(next[2]));
  }
  const soql = query.get('q');
  if (soql === null) return json({});
  const objectName = /FROM (\w+)/.exec(soql)?.[1] ?? '';
  const since = /SystemModstamp > (\S+)/.exec(soql)?.[1] ?? '2000-01-01T00:00:00Z';
  const until = /SystemModstamp <= (\S+)/.exec(soql)?.[1] ?? '2100-01-01T00:00:00Z';
  const ids = account
    .visible(objectName)
    .filter(({ modifiedMs }) => modifiedMs > Date.parse(since) && modifiedMs <= Date.parse(until))
    .map(({ id }) => id);
  const name = String(locators.size);
  locators.set(name, { objectName, ids });
  return salesforcePage(parts, account, { objectName, ids }, name, 0);
}

function salesforcePage(
  { rolls }: ProviderParts,
  account: Account,
  { objectName, ids }: Locator,
  name: string,
  from: number,
): SimAnswer {
  const to = Math.min(ids.length, from + rolls.between(2, 6));
  const wanted = new Set(ids.slice(from, to));
  const records = account
    .records(objectName)
    .filter(({ id }) => wanted.has(id))
    .map(({ id, version }) => ({ Id: String(id), Name: `n${id}`, Version__c: version }));
  const isDone = to === ids.length;
  return json({
    done: isDone,
    records,
    ...(isDone ? {} : { nextRecordsUrl: `/services/data/v60.0/query/L${name}x${to}` }),
  });
}
