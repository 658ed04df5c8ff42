import { describe, expect, it } from 'vitest';
import { attachmentOf, quotableOf } from '../../../src/auth/attach.ts';
import type { Credential } from '../../../src/auth/credential.ts';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import type { AuthDeclaration, BasicAuth, ProviderDeclaration } from '../../../src/catalog/schema.ts';
import { IntegrationError } from '../../../src/core/errors.ts';

const catalog = createCatalog();

function declared(auth: AuthDeclaration): ProviderDeclaration {
  return { ...catalog.get('stripe'), auth };
}

function oauth2(accessToken: string): Credential {
  return { scheme: 'oauth2', accessToken, tokenType: 'bot' };
}

function basicOf(auth: Omit<BasicAuth, 'scheme'>, username: string, password: string): string | undefined {
  const { headers } = attachmentOf(declared({ scheme: 'basic', ...auth }), { scheme: 'basic', username, password });
  expect(headers[0]).toBe('Authorization');
  return headers[1];
}

function basic(pair: string): string {
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

const header = { scheme: 'apiKey', attachment: { in: 'header', name: 'X-Key' } } as const;
const query = { scheme: 'apiKey', attachment: { in: 'query', name: 'api key' } } as const;
const custom = {
  scheme: 'custom',
  inputs: [],
  providerInputs: [],
  headers: [
    { name: 'Api-Key', valueTemplate: '{{.apiKey}}' },
    { name: 'Authorization', valueTemplate: 'Bearer {{ .token }}' },
  ],
  queryParams: [{ name: 'user', valueTemplate: '{{ .user }}' }],
  isMultiStep: false,
} as const;

describe('attachmentOf', () => {
  const unsendable: [string, AuthDeclaration, Credential][] = [
    '\r\nX-Evil: 1',
    '\n',
    '\r',
    '\0',
    '\u200b',
    '€',
  ].flatMap((ending): [string, AuthDeclaration, Credential][] => [
    [ending, header, { scheme: 'apiKey', apiKey: `canary${ending}` }],
    [ending, catalog.get('hubspot').auth, oauth2(`canary${ending}`)],
    [ending, custom, { scheme: 'custom', values: { apiKey: `canary${ending}`, token: 't', user: 'u' } }],
  ]);

  it.each([
    ...unsendable,
    ['\r\n', query, { scheme: 'apiKey', apiKey: 'canary\r\n' }],
    ['\0', query, { scheme: 'apiKey', apiKey: 'canary\0' }],
    ['\n', { scheme: 'basic' }, { scheme: 'basic', username: 'canary\n', password: 'x' }],
    ['\0', { scheme: 'basic' }, { scheme: 'basic', username: 'x', password: 'canary\0' }],
  ] as [string, AuthDeclaration, Credential][])(
    'refuses %j in a value, without repeating it',
    (_, auth, credential) => {
      const run = () => attachmentOf(declared(auth), credential);
      expect(run).toThrow(expect.objectContaining({ code: 'bad_request' }));
      expect(run).not.toThrow(/canary/);
    },
  );

  it('refuses a colon in a user name', () => {
    expect(() => basicOf({}, 'a:b', 'c')).toThrow('RFC 7617');
  });

  it.each<[string, Credential]>([
    ['stripe', { scheme: 'basic', username: 'a', password: 'b' }],
    ['stripe', oauth2('canary')],
    ['freshdesk', oauth2('canary')],
    ['hubspot', { scheme: 'apiKey', apiKey: 'canary' }],
    ['hubspot', { scheme: 'none' }],
  ])('calls it a bug when %s gets a credential of another scheme', (name, credential) => {
    const run = () => attachmentOf(catalog.get(name), credential);
    expect(run).toThrow(IntegrationError);
    expect(run).toThrow(/^T-ATTACH: (?!.*canary)/);
  });

  it('names a custom value that is missing', () => {
    expect(() => attachmentOf(declared(custom), { scheme: 'custom', values: { apiKey: 'k' } })).toThrow('"token"');
  });

  it.each<[string, AuthDeclaration, Credential, readonly string[], string]>([
    ['an OAuth token', catalog.get('hubspot').auth, oauth2('t'), ['Authorization', 'Bearer t'], ''],
    [
      'an OAuth token in a header of its own',
      { ...oauth2Auth(), accessTokenHeader: { name: 'X-Shopify-Access-Token' } },
      oauth2('t'),
      ['X-Shopify-Access-Token', 't'],
      '',
    ],
    [
      'an OAuth token with a prefix of its own',
      { ...oauth2Auth(), accessTokenHeader: { name: 'Authorization', valuePrefix: 'Zoho-oauthtoken ' } },
      oauth2('t'),
      ['Authorization', 'Zoho-oauthtoken t'],
      '',
    ],
    ['an exchanged assertion', { scheme: 'jwt' }, oauth2('t'), ['Authorization', 'Bearer t'], ''],
    [
      'a key with prefix',
      catalog.get('stripe').auth,
      { scheme: 'apiKey', apiKey: 'sk' },
      ['Authorization', 'Bearer sk'],
      '',
    ],
    ['a bare key', header, { scheme: 'apiKey', apiKey: 'k' }, ['X-Key', 'k'], ''],
    ['a key in the query', query, { scheme: 'apiKey', apiKey: 'a&b=c +é' }, [], 'api%20key=a%26b%3Dc%20%2B%C3%A9'],
    [
      'custom values',
      custom,
      { scheme: 'custom', values: { apiKey: '$&', token: 't', user: 'a&b' } },
      ['Api-Key', '$&', 'Authorization', 'Bearer t'],
      'user=a%26b',
    ],
    ['nothing', { scheme: 'none' }, { scheme: 'none' }, [], ''],
  ])('attaches %s', (_, auth, credential, headers, queryText) => {
    expect(attachmentOf(declared(auth), credential)).toEqual({ headers, query: queryText });
  });

  it.each<[Omit<BasicAuth, 'scheme'>, string, string, string]>([
    [{}, 'Aladdin', 'open sesame', 'Aladdin:open sesame'],
    [{}, 'test', '123£', 'test:123£'],
    [{}, 'user', 'a:b', 'user:a:b'],
    [{}, 'key', '', 'key:'],
    [{ apiKeyAsBasic: {} }, 'key', '', 'key:'],
    [{ apiKeyAsBasic: { fieldUsed: 'password' } }, '', 'key', ':key'],
    [{ apiKeyAsBasic: { fieldUsed: 'username', keyFormat: '%s:X' } }, 'key', '', 'key:X'],
    [{ apiKeyAsBasic: { keyFormat: 'api:%s' } }, 'key', '', 'api:key'],
    [{ apiKeyAsBasic: { fieldUsed: 'password', keyFormat: 'api:%s' } }, '', 'key', 'api:key'],
    [{ apiKeyAsBasic: { keyFormat: '%s:X' } }, '$&$1', '', '$&$1:X'],
    [{ apiKeyAsBasic: { keyFormat: '%s:X' } }, 'user', 'password', 'user:password'],
  ])('with %j joins %j and %j to %j', (auth, username, password, pair) => {
    expect(basicOf(auth, username, password)).toBe(basic(pair));
  });

  it('gives Freshdesk an API key as user name with the customary password', () => {
    const credential: Credential = { scheme: 'basic', username: 'key', password: '' };
    expect(attachmentOf(catalog.get('freshdesk'), credential).headers).toEqual(['Authorization', basic('key:X')]);
  });
});

function oauth2Auth() {
  const { auth } = catalog.get('hubspot');
  if (auth.scheme !== 'oauth2') throw new Error('hubspot has OAuth');
  return auth;
}

describe('what could be quoted of an attachment', () => {
  it.each<[string, Parameters<typeof quotableOf>[0], readonly string[]]>([
    ['nothing', { headers: [], query: '' }, []],
    [
      'a token with and without its scheme',
      { headers: ['Authorization', 'Bearer a-b_c'], query: '' },
      ['a-b_c', 'Bearer a-b_c'],
    ],
    ['each header', { headers: ['X-Id', 'one', 'X-Key', 'two'], query: '' }, ['one', 'two']],
    ['a key of the query, encoded and not', { headers: [], query: 'id=1&key=a%2Bb' }, ['1', 'a%2Bb', 'a+b']],
  ])('%s', (_what, attachment, quotable) => {
    expect([...new Set(quotableOf(attachment))].filter((text) => text !== '')).toEqual(quotable);
  });
});
