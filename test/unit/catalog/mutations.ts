// Entries that are wrong in one thing each, made from good ones, and the field that must be blamed. Built-in providers
// stand for themselves; what none of them has is in FIXTURES.

import { createCatalog } from '../../../src/catalog/catalog.ts';
import { toProviderInfo } from '../../../src/catalog/wire.ts';
import type { JsonObject, JsonValue } from '../../../src/core/json.ts';

type Draft = Record<string, JsonValue | undefined>;

export interface Mutation {
  readonly what: string;
  /** Whose entry is changed. */
  readonly provider: string;
  readonly change: (entry: Draft) => JsonValue;
  /** The field that is blamed; empty for the entry as a whole. */
  readonly field: string;
}

const NOTHING = { read: false, write: false, delete: false, proxy: true, subscribe: false };
const SUPPORT = {
  ...NOTHING,
  search: { operators: { equals: false } },
  bulkWrite: { insert: false, update: false, upsert: false, delete: false },
};

/** Providers that are not built in, as a catalog would have them. */
export const FIXTURES: Readonly<Record<string, JsonObject>> = {
  fixtureCustom: {
    name: 'fixtureCustom',
    authType: 'custom',
    baseURL: 'https://{{.region}}.fixture.example',
    defaultModule: '',
    customOpts: {
      headers: [{ name: 'X-Api-Key', valueTemplate: 'Key {{ .apiKey }}' }],
      queryParams: [{ name: 'user', valueTemplate: '{{.user}}' }],
      inputs: [
        { name: 'apiKey', displayName: 'API key', fieldType: 'fieldTypePassword' },
        { name: 'user', displayName: 'User', fieldType: 'fieldTypeText' },
      ],
    },
    metadata: { input: [{ name: 'region' }] },
    support: SUPPORT,
  },
  fixtureOAuth: {
    name: 'fixtureOAuth',
    displayName: 'Fixture',
    authType: 'oauth2',
    baseURL: 'https://{{.account}}.fixture.example/api',
    defaultModule: 'main',
    oauth2Opts: {
      grantType: 'authorizationCodePKCE',
      authURL: 'https://login.fixture.example/authorize',
      authURLParams: { access_type: 'offline', response_type: 'code' },
      tokenURL: 'https://login.fixture.example/token',
      explicitScopesRequired: true,
      explicitWorkspaceRequired: false,
      scopeMappings: { all: 'https://fixture.example/all' },
      accessTokenOpts: { attachmentType: 'accessTokenHeaderAttachment', header: { name: 'X-Token' } },
      tokenMetadataFields: {
        otherFields: [
          {
            name: 'account',
            displayName: 'Account',
            path: 'url',
            capture: 'https://(?<result>[^.]+)\\.fixture\\.example',
          },
        ],
      },
    },
    modules: { main: { displayName: 'Main', baseURL: 'https://fixture.example/main', support: SUPPORT } },
    support: SUPPORT,
  },
};

/** The published entries of the built-in providers that mutations change, and the fixtures, by name. */
export function ownEntries(): Readonly<Record<string, JsonObject>> {
  const catalog = createCatalog();
  const own = ['freshdesk', 'hubspot', 'salesforce', 'stripe'].map((name) => [name, toProviderInfo(catalog.get(name))]);
  return { ...(JSON.parse(JSON.stringify(Object.fromEntries(own))) as Record<string, JsonObject>), ...FIXTURES };
}

function at(entry: Draft, path: readonly (string | number)[]): Draft {
  return path.reduce<Draft>((value, key) => value[String(key)] as Draft, entry);
}

/** Puts a value at a dotted path; undefined removes what is there. */
function put(path: string, value: JsonValue | undefined) {
  return (entry: Draft): JsonValue => {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const parent = at(entry, keys);
    if (value === undefined) delete parent[last];
    else parent[last] = value;
    return entry;
  };
}

/** Defines a key that assignment would take for something else. */
function define(path: string, key: string) {
  return (entry: Draft): JsonValue => {
    const parent = at(entry, path === '' ? [] : path.split('.'));
    Object.defineProperty(parent, key, { value: { polluted: true }, enumerable: true });
    return entry;
  };
}

function wrong(what: string, provider: string, path: string, value: JsonValue | undefined, field = path): Mutation {
  return { what, provider, change: put(path, value), field };
}

function nested(depth: number): JsonValue {
  return depth === 0 ? 'deep' : { a: nested(depth - 1) };
}

const CAPTURE = 'oauth2Opts.tokenMetadataFields.otherFields.0.capture';
const address = (what: string, value: string) => wrong(what, 'stripe', 'baseURL', value);
const capture = (what: string, value: string) => wrong(what, 'fixtureOAuth', CAPTURE, value);
const header = (what: string, value: string) => wrong(what, 'stripe', 'apiKeyOpts.header.name', value);

export const MUTATIONS: readonly Mutation[] = [
  // No entry at all.
  { what: 'a list', provider: 'stripe', change: () => [], field: '' },
  { what: 'a text', provider: 'stripe', change: () => 'stripe', field: '' },
  { what: 'null', provider: 'stripe', change: () => null, field: '' },
  // Members that every entry has.
  wrong('no name', 'stripe', 'name', undefined),
  wrong('another name than its key', 'stripe', 'name', 'Stripe'),
  wrong('a name of another type', 'stripe', 'name', 7),
  wrong('no authType', 'stripe', 'authType', undefined),
  wrong('an unknown authType', 'stripe', 'authType', 'oauth3'),
  wrong('no baseURL', 'stripe', 'baseURL', undefined),
  wrong('no support', 'stripe', 'support', undefined),
  wrong('no defaultModule', 'stripe', 'defaultModule', undefined),
  wrong('a flag that is a text', 'stripe', 'support.read', 'yes'),
  wrong('a missing flag', 'stripe', 'support.search.operators.equals', undefined),
  wrong('a missing group of flags', 'stripe', 'support.bulkWrite', undefined),
  wrong('a limit below one', 'hubspot', 'modules.crm.support.batchWrite.create.defaultRecordLimit', 0),
  wrong('a broken limit', 'hubspot', 'modules.crm.support.batchWrite.create.defaultRecordLimit', 1.5),
  wrong('labels that are no texts', 'stripe', 'labels', { beta: true }, 'labels.beta'),
  wrong('an empty display name', 'stripe', 'displayName', ' '),
  // Addresses.
  address('no address', 'api.stripe.com'),
  address('an empty address', ''),
  address('a space in front', ' https://api.stripe.com'),
  address('another scheme', 'ftp://api.stripe.com'),
  address('a script', 'javascript:alert(1)'),
  address('plain http', 'http://api.stripe.com'),
  address('plain http to a private network', 'http://10.0.0.1'),
  address('a host that only looks like this machine', 'http://127.0.0.1.evil.example'),
  address('a user name', 'https://me@api.stripe.com'),
  address('a host of one label', 'https://stripe'),
  address('an empty label', 'https://api..stripe.com'),
  address('a port that is none', 'https://api.stripe.com:99999'),
  address('a query', 'https://api.stripe.com/?key=1'),
  address('a fragment', 'https://api.stripe.com/#v1'),
  address('a path that leads up', 'https://api.stripe.com/a/../b'),
  address('a space inside', 'https://api.stripe.com/a b'),
  address('only a scheme', 'https'),
  wrong('a variable without its dot', 'salesforce', 'baseURL', 'https://{{workspace}}.my.salesforce.com'),
  wrong('a variable that does not end', 'salesforce', 'baseURL', 'https://{{.workspace}.my.salesforce.com'),
  wrong('a variable in single braces', 'salesforce', 'baseURL', 'https://{.workspace}.my.salesforce.com'),
  wrong('a variable of another language', 'salesforce', 'baseURL', 'https://$workspace.my.salesforce.com'),
  wrong('a variable glued to a short domain', 'salesforce', 'baseURL', 'https://{{.workspace}}salesforce.com'),
  wrong('a module without address', 'hubspot', 'modules.crm.baseURL', undefined),
  wrong('a module with a misspelt variable', 'salesforce', 'modules.crm.baseURL', 'https://{{.work space}}.x.com'),
  wrong('a token address without scheme', 'hubspot', 'oauth2Opts.tokenURL', 'api.hubapi.com/oauth/v1/token'),
  wrong('a token address in clear', 'hubspot', 'oauth2Opts.tokenURL', 'http://api.hubapi.com/oauth/v1/token'),
  wrong('a consent page in clear', 'hubspot', 'oauth2Opts.authURL', 'http://app.hubspot.com/oauth/authorize'),
  wrong('a health check that is no address', 'hubspot', 'authHealthCheck.url', '/me'),
  wrong('a link that runs', 'stripe', 'apiKeyOpts.docsURL', 'javascript:alert(1)'),
  wrong('a picture that runs', 'stripe', 'media.regular.iconURL', 'data:text/html,x'),
  // How it signs in.
  wrong('no options', 'hubspot', 'oauth2Opts', undefined),
  wrong('no token address', 'hubspot', 'oauth2Opts.tokenURL', undefined),
  wrong('no consent page', 'hubspot', 'oauth2Opts.authURL', undefined),
  wrong('an unknown grant', 'hubspot', 'oauth2Opts.grantType', 'implicit'),
  wrong('no word about scopes', 'hubspot', 'oauth2Opts.explicitScopesRequired', undefined),
  wrong('no token metadata', 'hubspot', 'oauth2Opts.tokenMetadataFields', undefined),
  wrong('an audience that is no list', 'hubspot', 'oauth2Opts.audience', 'all'),
  wrong('a keep-alive of nothing', 'hubspot', 'oauth2Opts.keepAliveIntervalHours', 0),
  wrong('a keep-alive of centuries', 'hubspot', 'oauth2Opts.keepAliveIntervalHours', 1e6),
  {
    what: 'a redirect of its own',
    provider: 'hubspot',
    change: put('oauth2Opts.authURLParams', { redirect_uri: 'https://evil.example' }),
    field: 'oauth2Opts.authURLParams.redirect_uri',
  },
  wrong('a client of its own', 'fixtureOAuth', 'oauth2Opts.authURLParams.client_id', 'evil'),
  wrong('another response', 'fixtureOAuth', 'oauth2Opts.authURLParams.response_type', 'token'),
  wrong('a scope without address', 'fixtureOAuth', 'oauth2Opts.scopeMappings.all', '{{scope}}'),
  wrong('another place for the token', 'fixtureOAuth', 'oauth2Opts.accessTokenOpts.attachmentType', 'cookie'),
  wrong('a token in the Host', 'fixtureOAuth', 'oauth2Opts.accessTokenOpts.header.name', 'Host'),
  wrong('options of another type', 'stripe', 'basicOpts', {}),
  wrong('no key options', 'stripe', 'apiKeyOpts', undefined),
  wrong('a key nowhere', 'stripe', 'apiKeyOpts.attachmentType', 'body'),
  wrong('a key in a query that is not named', 'stripe', 'apiKeyOpts.attachmentType', 'query', 'apiKeyOpts.query'),
  wrong('a key in a header that is not named', 'stripe', 'apiKeyOpts.header', undefined),
  header('a header that ends the line', 'X-Key:\tx'),
  header('a header with a space', 'Api Key'),
  header('no header name', ''),
  header('a header of the connection', 'transfer-encoding'),
  header('the length of the body', 'Content-Length'),
  wrong('a prefix that cannot be sent', 'stripe', 'apiKeyOpts.header.valuePrefix', 'Schlüssel →'),
  wrong(
    'a key format without its place',
    'freshdesk',
    'basicOpts',
    {
      apiKeyAsBasic: true,
      apiKeyAsBasicOpts: { keyFormat: '%d:X' },
    },
    'basicOpts.apiKeyAsBasicOpts.keyFormat',
  ),
  wrong(
    'an unknown field for the key',
    'freshdesk',
    'basicOpts',
    {
      apiKeyAsBasic: true,
      apiKeyAsBasicOpts: { fieldUsed: 'both' },
    },
    'basicOpts.apiKeyAsBasicOpts.fieldUsed',
  ),
  wrong('a key format for nothing', 'freshdesk', 'basicOpts', { apiKeyAsBasicOpts: {} }, 'basicOpts.apiKeyAsBasicOpts'),
  wrong('no custom options', 'fixtureCustom', 'customOpts', undefined),
  wrong('a header without value', 'fixtureCustom', 'customOpts.headers.0.valueTemplate', undefined),
  wrong('a value with a misspelt variable', 'fixtureCustom', 'customOpts.headers.0.valueTemplate', 'Key {{apiKey}}'),
  wrong('a value nobody gives', 'fixtureCustom', 'customOpts.headers.0.valueTemplate', '{{.token}}'),
  wrong('a query nobody gives', 'fixtureCustom', 'customOpts.queryParams.0.valueTemplate', '{{.token}}'),
  wrong('a custom header of the connection', 'fixtureCustom', 'customOpts.headers.0.name', 'Connection'),
  wrong('an input without name', 'fixtureCustom', 'customOpts.inputs.0.displayName', undefined),
  wrong('an unknown kind of input', 'fixtureCustom', 'customOpts.inputs.0.fieldType', 'fieldTypeFile'),
  wrong(
    'a choice of nothing',
    'fixtureCustom',
    'customOpts.inputs.0.fieldType',
    'fieldTypeSelect',
    'customOpts.inputs.0.options',
  ),
  wrong(
    'an input twice',
    'fixtureCustom',
    'metadata.input',
    [{ name: 'region' }, { name: 'region' }],
    'metadata.input.1.name',
  ),
  wrong('an input that no template could name', 'fixtureCustom', 'metadata.input.0.name', 'the region'),
  // Expressions, which run on the thread that serves.
  capture('an expression that is none', '('),
  capture('an expression without result', 'https://([^.]+)'),
  capture('a repeated group', '(?<result>(a+)+)$'),
  capture('nested choices', '(?<result>(a|a)(a|a)(a|a)(a|a)(a|a))'),
  capture('two repetitions', '(?<result>.*).*x'),
  capture('a back reference', '(?<result>a)\\1'),
  capture('a long expression', `(?<result>${'a'.repeat(300)})`),
  // Modules, metadata, health.
  wrong('an unknown default module', 'hubspot', 'defaultModule', 'sales'),
  wrong('a default module without modules', 'stripe', 'defaultModule', 'v2'),
  wrong('no default module', 'hubspot', 'defaultModule', ''),
  {
    what: 'two modules that manifests cannot tell apart',
    provider: 'hubspot',
    change: (entry) => {
      const modules = entry['modules'] as Draft;
      modules['CRM'] = modules['crm'];
      return entry;
    },
    field: 'modules',
  },
  wrong('a dependency on no module', 'hubspot', 'metadata.postAuthentication.0.moduleDependencies', { sales: {} }),
  wrong('metadata that is no list', 'freshdesk', 'metadata.input', { workspace: {} }),
  wrong('metadata without name', 'freshdesk', 'metadata.input.0.name', ''),
  wrong('a parameter with a name that cannot be sent', 'hubspot', 'providerAppMetadata.authQueryParams.0.name', 'a b'),
  wrong('a health check by an unknown method', 'hubspot', 'authHealthCheck.method', 'get'),
  wrong('a health check without success', 'hubspot', 'authHealthCheck.successStatusCodes', []),
  wrong('a health check with an impossible status', 'hubspot', 'authHealthCheck.successStatusCodes', [2000]),
  wrong(
    'a health check with a status as text',
    'hubspot',
    'authHealthCheck.successStatusCodes',
    ['200'],
    'authHealthCheck.successStatusCodes.0',
  ),
  // Absurd ones.
  { what: 'a __proto__', provider: 'stripe', change: define('', '__proto__'), field: '__proto__' },
  {
    what: 'a __proto__ inside',
    provider: 'stripe',
    change: define('support', '__proto__'),
    field: 'support.__proto__',
  },
  wrong('a text of a megabyte', 'stripe', 'displayName', 'x'.repeat(1_000_000)),
  wrong('a control character', 'stripe', 'displayName', 'Stripe\u001b[2J'),
  wrong('half a character', 'stripe', 'displayName', 'Stripe\ud800'),
  wrong('endless nesting', 'stripe', 'labels', nested(50), `labels${'.a'.repeat(11)}`),
  wrong(
    'an entry of a megabyte',
    'stripe',
    'labels',
    Object.fromEntries(Array.from({ length: 9000 }, (_, n) => [`l${n}`, 'x'.repeat(100)])),
    '',
  ),
];
