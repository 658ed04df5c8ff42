// How providers and what would change of them are laid out for people. Pure: each function answers the lines.

import type { EntryChange, FieldChange } from '../catalog/differences.ts';
import type { Origin } from '../catalog/liveCatalog.ts';
import type { InputField, SecretInput, Support } from '../catalog/providerInfo.ts';
import type { CallKind, Quota, QuotaScope } from '../catalog/quotas.ts';
import {
  type AuthDeclaration,
  type CustomAuth,
  type ProviderDeclaration,
  type RefreshTokenRotation,
  tokenFactsOf,
} from '../catalog/schema.ts';
import type { JsonValue } from '../core/json.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, type Ms, SECOND_MS } from '../core/time.ts';
import { widthOf } from './layout.ts';
import { styled } from './print.ts';

/** A value of an entry is shown up to here; the whole of it is in `--json`. */
const VALUE_CHARS_MAX = 100;
/** Of the calls that a limit counts; all of them are in docs/providers. */
const CALLS_LISTED_MAX = 4;

export interface ListItem {
  readonly name: string;
  readonly displayName: string;
  readonly category: string;
  readonly authType: string;
  /** Null where the provider does not sign in with OAuth 2. */
  readonly grantType: string | null;
  readonly support: Support;
  /** Names of its modules. */
  readonly modules: readonly string[];
  readonly origin: Origin;
}

export function listItem(declaration: ProviderDeclaration, origin: Origin): ListItem {
  const { name, displayName, category, auth, support, modules } = declaration;
  const grantType = auth.scheme === 'oauth2' ? auth.grantType : null;
  return {
    name,
    displayName,
    category,
    authType: auth.scheme,
    grantType,
    support,
    modules: Object.keys(modules),
    origin,
  };
}

/** One line each, in columns. */
export function listLines(items: readonly ListItem[]): readonly string[] {
  const rows = items.map(({ name, displayName, category, authType, support }) => [
    name,
    displayName,
    category,
    authType,
    capabilities(support),
  ]);
  const widths = [0, 1, 2, 3].map((column) => widthOf(rows.map((row) => row[column] ?? '')));
  return rows.map(([name = '', displayName = '', category = '', auth = '', can = '']) => {
    const cell = (text: string, column: number) => text.padEnd(widths[column] ?? 0);
    const columns = [
      styled('bold', cell(name, 0)),
      cell(displayName, 1),
      styled('dim', cell(category, 2)),
      cell(auth, 3),
    ];
    return `${columns.join('  ')}  ${styled('cyan', can)}`.trimEnd();
  });
}

/** What can be done with a provider, in words. */
function capabilities(support: Support): string {
  const { read, write, delete: remove, proxy, subscribe, search, bulkWrite, batchWrite } = support;
  const can: readonly (readonly [string, boolean])[] = [
    ['read', read],
    ['write', write],
    ['delete', remove],
    ['proxy', proxy],
    ['subscribe', subscribe],
    ['search', search.operators.equals],
    ['bulk', Object.values(bulkWrite).includes(true)],
    ['batch', Object.values(batchWrite ?? {}).some(({ supported }) => supported)],
  ];
  return can.flatMap(([word, isTrue]) => (isTrue ? [word] : [])).join(' ') || 'nothing yet';
}

/** Everything about one provider; `upstream` says where an upstream entry is from. */
export function providerLines(declaration: ProviderDeclaration, origin: Origin, upstream: string): readonly string[] {
  const { name, displayName, category, auth, support, inputs, modules, defaultModule } = declaration;
  return [
    `${styled('bold', displayName)}  ${styled('dim', name)}`,
    ...section('', [
      ['category', category],
      ['signs in by', authText(auth)],
      ['can', capabilities(support)],
      ['comes from', originText(origin, upstream)],
    ]),
    ...section('addresses', addressRows(declaration)),
    ...section(
      'modules',
      Object.entries(modules).map(([key, module]): Row => {
        const mark = key === defaultModule ? ' (default)' : '';
        return [key, `${module.displayName}${mark}, ${module.baseUrl}, ${capabilities(module.support)}`];
      }),
    ),
    ...section('asks the customer for', [...inputs, ...secretInputs(auth)].map(inputRow)),
    ...section('limits', limitRows(declaration)),
    ...section('tokens', tokenRows(declaration)),
    ...section(
      'facts from',
      declaration.sources.map((source): Row => [source, '']),
    ),
  ];
}

type Row = readonly [key: string, value: string];

function section(title: string, rows: readonly Row[]): readonly string[] {
  if (rows.length === 0) return [];
  const width = widthOf(rows.map(([key]) => key));
  const lines = rows.map(([key, value]) => `  ${styled('dim', key.padEnd(width))}  ${value}`.trimEnd());
  return title === '' ? lines : ['', styled('bold', title), ...lines];
}

const GRANT_TEXTS = {
  authorizationCode: 'OAuth 2 with a consent page',
  authorizationCodePKCE: 'OAuth 2 with a consent page and PKCE',
  clientCredentials: 'OAuth 2 with client credentials of the customer',
  password: 'OAuth 2 with user name and password',
} as const;

function authText(auth: AuthDeclaration): string {
  switch (auth.scheme) {
    case 'oauth2':
      return GRANT_TEXTS[auth.grantType];
    case 'apiKey':
      return `API key in the ${auth.attachment.in} ${auth.attachment.name}`;
    case 'basic':
      return auth.apiKeyAsBasic === undefined ? 'user name and password (Basic)' : 'API key, sent as Basic';
    case 'custom':
      return customText(auth);
    case 'jwt':
      return 'a signed assertion (JWT)';
    case 'none':
      return 'nothing';
  }
}

function customText({ exchange, isMultiStep }: CustomAuth): string {
  switch (exchange?.kind) {
    case 'assertion':
      return 'a key of the customer, which signs assertions (JWT)';
    case 'consent':
      return 'the consent of an administrator';
    case 'login':
      return 'user name and password, exchanged once for a key';
    case undefined:
      return `inputs of its own${isMultiStep ? ', in several steps' : ''}`;
  }
}

function originText({ isBuiltIn, isUpstream, isOverridden }: Origin, upstream: string): string {
  const parts = [
    ...(isBuiltIn ? ['built in'] : []),
    ...(isUpstream ? [`upstream ${upstream}`] : []),
    ...(isOverridden ? ['TENON_CATALOG_FILE'] : []),
  ];
  return parts.join(', then ');
}

function addressRows({ baseUrl, auth, authHealthCheck }: ProviderDeclaration): readonly Row[] {
  const rows: Row[] = [['base', baseUrl]];
  if (auth.scheme === 'oauth2' && 'authUrl' in auth) rows.push(['consent', auth.authUrl]);
  if (auth.scheme === 'oauth2') rows.push(['tokens', auth.tokenUrl]);
  if (authHealthCheck !== undefined) rows.push(['health', `${authHealthCheck.method ?? 'GET'} ${authHealthCheck.url}`]);
  return rows;
}

function secretInputs(auth: AuthDeclaration): readonly SecretInput[] {
  return auth.scheme === 'custom' ? auth.inputs : [];
}

function inputRow({ name, displayName, defaultValue }: Partial<InputField> & { readonly name: string }): Row {
  return [name, `${displayName ?? name}${defaultValue === undefined ? '' : ` (usually ${defaultValue})`}`];
}

/** Whom each scope counts together. */
const SCOPE_TEXTS = {
  providerApp: 'provider app',
  externalAccount: 'account',
  appInAccount: 'account and provider app',
  user: 'connection',
  sourceAddress: 'address of this server',
} as const satisfies Record<QuotaScope, string>;

function limitRows({ quotas, concurrency }: ProviderDeclaration): readonly Row[] {
  return [
    ...[...Map.groupBy(quotas, ({ name }) => name).values()].map(quotaRow),
    ...concurrency.map(({ name, scope, limit }): Row => {
      return [name, `${limit} calls at the same time per ${SCOPE_TEXTS[scope]}`];
    }),
  ];
}

/** One limit, which may be declared for several kinds of calls. */
function quotaRow(kinds: readonly Quota[]): Row {
  const [first] = kinds as readonly [Quota, ...Quota[]];
  const only = kinds.map((kind) => kind.only).filter((kind) => kind !== undefined);
  // What counts all calls anyway is not made clearer by which of them count more than once.
  const which = only.length < kinds.length ? '' : `, of ${callsText(only)}`;
  return [first.name, `${quotaText(first)}${which}`];
}

function quotaText({ scope, limit, windowMs, isOptional }: Quota): string {
  const calls = isOptional ? 'what is set of calls' : limit === 1 ? '1 call' : `${limit} calls`;
  return `${calls} in ${spanText(windowMs)} per ${SCOPE_TEXTS[scope]}`;
}

function callsText(kinds: readonly CallKind[]): string {
  const calls = kinds.flatMap(({ method, paths }) =>
    paths.map((path) => (method === undefined ? path : `${method} ${path}`)),
  );
  const isEach = kinds.some((kind) => kind.isEach === true);
  if (calls.length <= CALLS_LISTED_MAX) return `${isEach ? 'each of ' : ''}${calls.join(' and ')}`;
  return `${isEach ? 'each of ' : ''}${calls.length} endpoints, such as ${calls[0]}`;
}

const ROTATION_TEXTS = {
  stable: 'stays valid',
  singleUseGrace: 'works once; the one before works a little longer',
  singleUseRevoking: 'works once; used again it revokes the grant',
  unknown: 'nobody knows; treated as one that works once',
} as const satisfies Record<RefreshTokenRotation, string>;

function tokenRows(declaration: ProviderDeclaration): readonly Row[] {
  const tokens = tokenFactsOf(declaration);
  if (tokens === undefined) return [];
  const { auth } = declaration;
  const { rotation, clientAuthentication, idleLifetimeMs, endpointQuota } = tokens;
  const rows: Row[] = [
    ['refresh token', ROTATION_TEXTS[rotation]],
    ['client secret', clientAuthentication === 'basicHeader' ? 'in the header (Basic)' : 'in the body'],
  ];
  if (idleLifetimeMs !== undefined) rows.push(['unused grant', `ends after ${spanText(idleLifetimeMs)}`]);
  if (endpointQuota !== undefined) rows.push(['token endpoint', quotaText(endpointQuota)]);
  const hours = auth.scheme === 'oauth2' ? auth.keepAliveIntervalHours : undefined;
  if (hours !== undefined) rows.push(['kept alive', `every ${hours} hours`]);
  return rows;
}

/** In the largest unit that divides it. */
function spanText(ms: Ms): string {
  const units: readonly (readonly [Ms, string])[] = [
    [DAY_MS, 'day'],
    [HOUR_MS, 'hour'],
    [MINUTE_MS, 'minute'],
    [SECOND_MS, 'second'],
  ];
  const [unitMs, unit] = units.find(([size]) => ms % size === 0) ?? [1, 'ms'];
  const count = ms / unitMs;
  return `${count} ${unit}${count === 1 || unit === 'ms' ? '' : 's'}`;
}

/** A provider that a file would add or change. */
export function changeLines({ name, kind, fields, hosts }: EntryChange): readonly string[] {
  const head = kind === 'added' ? styled('green', `+ ${name}`) : styled('yellow', `~ ${name}`);
  return [
    head,
    ...fields.map((change) => `    ${fieldText(change)}`),
    ...hosts.map(({ field, from, to }) => {
      const before = from === null ? '' : `, no longer to ${from}`;
      return `    ${styled('red', `! credentials would go to ${to}${before} (${field})`)}`;
    }),
  ];
}

function fieldText({ field, from, to }: FieldChange): string {
  return `${field}: ${shown(from)} → ${shown(to)}`;
}

function shown(value: JsonValue): string {
  const text = value === null ? 'nothing' : JSON.stringify(value);
  return text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX)}…` : text;
}
