// The section on connecting a customer: what is registered, what is asked, and the call to paste.

import type { InputField } from '../../src/catalog/providerInfo.ts';
import {
  type AuthDeclaration,
  type CustomAuth,
  isAuthorizationCode,
  type OAuth2Auth,
  type OAuth2AuthorizationCode,
  type ProviderDeclaration,
  type TokenExchange,
} from '../../src/catalog/schema.ts';
import { templateVariables } from '../../src/catalog/template.ts';
import type { JsonObject, JsonValue } from '../../src/core/json.ts';
import { ASSERTION_SKEW_MS } from '../../src/core/limits.ts';
import { bullet, code, link, listed, paragraph, plain, span, table } from './markdown.ts';
import { NOT_CALLABLE, neededNames } from './words.ts';

const OAUTH_CALLBACK = '<public URL>/callbacks/v1/oauth';
const CONSENT_CALLBACK = '<public URL>/callbacks/v1/custom-auth/default';

interface Example {
  readonly path: string;
  readonly body: JsonObject;
}

/** The blocks of the section, without its heading. */
export function connectBlocks(declaration: ProviderDeclaration): readonly string[] {
  if (NOT_CALLABLE[declaration.name] !== undefined) return [];
  return [
    ...registration(declaration),
    ...asked(declaration),
    ...examplesOf(declaration).map(({ path, body }) => shell(path, body)),
    ...afterwards(declaration.auth),
  ];
}

function registration(declaration: ProviderDeclaration): readonly string[] {
  const { auth, displayName } = declaration;
  if (auth.scheme === 'oauth2' && isAuthorizationCode(auth)) return codeGrant(declaration, auth);
  switch (auth.scheme) {
    case 'oauth2':
      return direct(declaration, auth);
    case 'apiKey': {
      const { attachment, docsUrl } = auth;
      const place =
        attachment.in === 'query'
          ? `in the query parameter ${code(attachment.name)}`
          : `as ${code(`${attachment.name}: ${attachment.valuePrefix ?? ''}…`)}`;
      return [paragraph(`The customer gives an API key. It is sent ${place}.${guide(docsUrl)}`)];
    }
    case 'basic': {
      const { apiKeyAsBasic, docsUrl } = auth;
      const keyFormat = apiKeyAsBasic?.keyFormat ?? '%s';
      const what =
        apiKeyAsBasic === undefined
          ? 'The customer gives a user name and a password, or what the API takes for them'
          : `The customer gives an API key; what is sent is ${code(keyFormat.replace('%s', '<key>'))}`;
      return [paragraph(`${what}, as HTTP Basic.${guide(docsUrl)}`)];
    }
    case 'custom':
      return custom(displayName, auth);
    case 'jwt':
      return [paragraph('Signed tokens that nobody describes yet.')];
    case 'none':
      return [paragraph('Nothing has to be given.')];
  }
}

function guide(docsUrl: string | undefined): string {
  return docsUrl === undefined ? '' : ` ${link('Where it is found', docsUrl)}.`;
}

function codeGrant(declaration: ProviderDeclaration, auth: OAuth2AuthorizationCode): readonly string[] {
  const { authUrl, authUrlParams = {}, audience = [], grantType, tokenUrl, docsUrl } = auth;
  const params = [...Object.entries(authUrlParams), ...audience.slice(0, 1).map((value) => ['audience', value])];
  const extras = params.map(([name, value]) => code(`${name}=${value}`));
  return [
    paragraph(
      `Register an app at ${plain(declaration.displayName)} with the redirect address ${code(OAUTH_CALLBACK)} and ` +
        `give its client id and secret to Tenon as the provider app.${guide(docsUrl).replace('it is', 'that is')}`,
    ),
    [
      bullet(`Consent page: ${code(authUrl)}${extras.length === 0 ? '' : `, with ${listed(extras)}`}`),
      bullet(`Tokens: ${code(tokenUrl)}`),
      ...commonLogin(declaration),
      ...scopes(auth, 'on the provider app'),
      bullet(grantType === 'authorizationCodePKCE' ? 'PKCE: always, with S256.' : 'PKCE: not used.'),
      ...appSettings(declaration),
    ].join('\n'),
  ];
}

function direct({ displayName }: ProviderDeclaration, auth: OAuth2Auth): readonly string[] {
  const what =
    auth.grantType === 'password' ? 'a user name and password, and the id and secret of' : 'the id and secret of';
  return [
    paragraph(
      `The customer gives ${what} an API client of their own at ${plain(displayName)}. There is no provider app and ` +
        `no consent page.${guide(auth.docsUrl)}`,
    ),
    [bullet(`Tokens: ${code(auth.tokenUrl)}`), ...scopes(auth, 'in the body')].join('\n'),
  ];
}

function commonLogin({ auth }: ProviderDeclaration): readonly string[] {
  if (!isAuthorizationCode(auth) || auth.commonLogin === undefined) return [];
  const { commonLogin, tokenMetadata } = auth;
  return [
    bullet(
      `Who names no workspace logs in at ${code(commonLogin.authUrl)} and gets the tokens at ` +
        `${code(commonLogin.tokenUrl)}, whose ${code(tokenMetadata.workspaceRefField ?? '')} names it.`,
    ),
  ];
}

function scopes(auth: OAuth2Auth, where: string): readonly string[] {
  const { areScopesRequired, scopeMappings = {}, tokens } = auth;
  const joined = tokens.scopeSeparator === ',' ? ', sent with commas between them' : '';
  const mapped = Object.entries(scopeMappings).map(([short, full]) => `${code(short)} is sent as ${code(full)}`);
  return [
    bullet(`Scopes: ${areScopesRequired ? `required, ${where}` : `optional, ${where}`}${joined}.`),
    ...mapped.map((line) => bullet(`Scope ${line}.`)),
  ];
}

function appSettings({ providerApp }: ProviderDeclaration): readonly string[] {
  const line = (place: string) => (field: InputField) =>
    bullet(
      `Provider app, ${code(`metadata.${place}.${field.name}`)}: ${plain(sentence(field))}` +
        `${field.docsURL === undefined ? '' : ` ${link('More', field.docsURL)}.`}`,
    );
  return [
    ...providerApp.authQueryParams.map(line('authQueryParams')),
    ...providerApp.params.map(line('providerParams')),
  ];
}

function sentence({ prompt, displayName, name }: InputField): string {
  return prompt ?? `${displayName ?? name}.`;
}

function custom(displayName: string, auth: CustomAuth): readonly string[] {
  const { exchange, headers, queryParams } = auth;
  const places = [
    ...headers.map(({ name, valueTemplate }) => code(`${name}: ${valueTemplate}`)),
    ...queryParams.map(({ name, valueTemplate }) => code(`?${name}=${valueTemplate}`)),
  ];
  if (exchange === undefined) {
    return [paragraph(`What the customer gives is sent as it is, as ${listed(places)}.`)];
  }
  return exchanged(displayName, exchange, places);
}

function exchanged(displayName: string, exchange: TokenExchange, places: readonly string[]): readonly string[] {
  switch (exchange.kind) {
    case 'assertion':
      return assertion(exchange);
    case 'consent':
      return [
        paragraph(
          `Register an app at ${plain(displayName)} with the redirect address ${code(CONSENT_CALLBACK)} and give its ` +
            'client id and secret to Tenon as the provider app. An administrator of the customer consents once for ' +
            'the whole tenant; Tenon then gets tokens for that tenant with the client of the provider app.',
        ),
        [
          bullet(`Consent page: ${code(exchange.consentUrl)}`),
          bullet(`Tokens: ${code(exchange.tokenUrl)}`),
          bullet(`Scopes: always ${listed(exchange.scopes.map(code))}; what they contain is set on the app.`),
        ].join('\n'),
      ];
    case 'login':
      return [
        paragraph(
          `What the customer gives is used once: ${code(`${exchange.method} ${exchange.url}`)} answers a key at ` +
            `${code(exchange.keyPath)}. What is stored and sent is ${code(exchange.value.base64Of)} in base64, as ` +
            `${listed(places)}; user name and password are forgotten.`,
        ),
      ];
  }
}

function assertion(exchange: Extract<TokenExchange, { kind: 'assertion' }>): readonly string[] {
  const { key, use, algorithm, issuer, subject, audience, audienceWhere, scopes: asked, scopeClaim } = exchange;
  const form = key.form === 'serviceAccount' ? 'the key file of a service account' : 'a private key';
  const other =
    audienceWhere === undefined
      ? ''
      : `, or ${code(audienceWhere.audience)} where ${code(audienceWhere.variable)} matches ` +
        code(audienceWhere.matches);
  const sent = asked.length === 0 ? 'required,' : `${listed(asked.map(code))} by default; others`;
  return [
    paragraph(
      `The customer gives ${form}. Tenon signs an assertion with it (${algorithm}, good for ` +
        `${span(exchange.assertionLifetimeMs)}, issued ${span(ASSERTION_SKEW_MS)} in the past) and exchanges it for ` +
        'an access token. There is no provider app.',
    ),
    [
      bullet(
        `Tokens: ${code(exchange.tokenUrl)}; the assertion ` +
          `${use === 'grant' ? 'is the grant' : 'stands for the client secret'}.`,
      ),
      bullet(`Issuer ${code(issuer)}${subject === undefined ? '' : `, subject ${code(subject)}`}.`),
      bullet(`Audience ${code(audience)}${other}.`),
      bullet(
        scopeClaim === undefined
          ? 'Scopes: none are sent; what the token may do is set at the provider.'
          : `Scopes: ${sent} as ${code('customAuth.scopes')}, or for all customers on a provider app.`,
      ),
    ].join('\n'),
  ];
}

function asked(declaration: ProviderDeclaration): readonly string[] {
  const needed = neededNames(declaration);
  const declared = declaration.inputs.map(({ name }) => name);
  const bare = needed.filter((name) => !declared.includes(name)).map((name): InputField => ({ name }));
  const fields = [...declaration.inputs, ...bare];
  const rows = [...credentialRows(declaration), ...fields.map((field) => metadataRow(declaration, field, needed))];
  if (rows.length === 0) return [];
  const kept = fields.filter(({ name }) => !needed.includes(name) && !isPicked(declaration, name));
  const note =
    kept.length === 0
      ? []
      : [
          paragraph(
            'What is not needed is kept with the connection. Tenon sends it nowhere by itself: put it into the calls ' +
              'that want it.',
          ),
        ];
  return ['The customer is asked for:', table(['Field', 'Asked for', 'Needed', 'Default', 'Help'], rows), ...note];
}

function credentialRows({ auth }: ProviderDeclaration): readonly (readonly string[])[] {
  if (auth.scheme !== 'custom' || auth.exchange?.kind === 'consent') return [];
  return auth.inputs.map(({ name, displayName, prompt = '', docsURL, options = [] }) => {
    const choice =
      options.length === 0
        ? ''
        : ` One of ${listed(
            options.map(({ value }) => code(value)),
            'or',
          )}.`;
    const help = `${plain(prompt)}${choice}${docsURL === undefined ? '' : ` ${link('More', docsURL)}.`}`.trim();
    return [code(`customAuth.${name}`), plain(displayName), 'yes', '', help];
  });
}

function metadataRow(declaration: ProviderDeclaration, field: InputField, needed: readonly string[]): string[] {
  const { name, displayName = name, prompt = '', defaultValue, docsURL, moduleDependencies } = field;
  const isWorkspace = name === 'workspace';
  const isTold = isWorkspace && isAuthorizationCode(declaration.auth) && declaration.auth.commonLogin !== undefined;
  const pattern = declaration.inputPatterns?.[name];
  const only = Object.keys(moduleDependencies ?? {});
  const isPart = only.length > 0 && only.length < Object.keys(declaration.modules).length;
  const help = [
    plain(prompt),
    isWorkspace && defaultValue !== undefined ? `For example ${code(defaultValue)}.` : '',
    isPart ? `With ${only.length === 1 ? 'module' : 'modules'} ${listed(only.map(code))}.` : '',
    pattern === undefined ? '' : `Has to match ${code(pattern)}.`,
    isPicked(declaration, name) ? 'Picks the account where several were consented to; else the first is taken.' : '',
    docsURL === undefined ? '' : `${link('More', docsURL)}.`,
  ];
  return [
    code(isWorkspace ? 'providerWorkspaceRef' : `providerMetadata.${name}`),
    plain(displayName),
    needed.includes(name) && !isTold && (isWorkspace || defaultValue === undefined) ? 'yes' : 'no',
    !isWorkspace && defaultValue !== undefined ? code(defaultValue) : '',
    help.filter((part) => part !== '').join(' '),
  ];
}

function isPicked({ accountLookup }: ProviderDeclaration, name: string): boolean {
  return templateVariables(accountLookup?.pick?.equals ?? '').includes(name);
}

/** The calls to paste, in their order. Exported because a test sends their bodies through what reads them. */
export function examplesOf(declaration: ProviderDeclaration): readonly Example[] {
  const { auth, name } = declaration;
  const project = '/v1/projects/$P';
  const who = { provider: name, groupRef: 'acme', consumerRef: 'jane' };
  const metadata = exampleMetadata(declaration);
  const app = { path: `${project}/provider-apps`, body: appBody(declaration) };
  if (isAuthorizationCode(auth)) {
    return [app, { path: '/v1/oauth-connect', body: { projectIdOrName: '$P', ...who, ...metadata } }];
  }
  const credential = exampleCredential(auth);
  if (auth.scheme === 'custom' && auth.isMultiStep) {
    const first = {
      path: '/v1/custom-auth/connect',
      body: { projectIdOrName: '$P', ...who, ...metadata, ...credential },
    };
    return auth.exchange?.kind === 'consent' ? [app, first, consentReturn(auth.exchange.tenantParam)] : [first];
  }
  return [{ path: `${project}/connections:generate`, body: { ...who, ...metadata, ...credential } }];
}

function appBody({ name, auth }: ProviderDeclaration): JsonObject {
  const isScoped = auth.scheme === 'oauth2' && auth.areScopesRequired;
  const client = { provider: name, clientId: '<client id>', clientSecret: '<client secret>' };
  return isScoped ? { ...client, scopes: ['<scope>'] } : client;
}

function consentReturn(tenantParam: string): Example {
  const callbackParams = { state: '<state>', [tenantParam]: `<${tenantParam}>` };
  return {
    path: '/v1/custom-auth/connect',
    body: { projectIdOrName: '$P', sessionId: '<sessionId of the answer>', callbackParams },
  };
}

/** Where the value is a whole host, of domains that `inputPatterns` lists. */
const OWN_DOMAINS: Readonly<Record<string, string>> = { coupa: 'acme.coupahost.com' };

function exampleMetadata(declaration: ProviderDeclaration): JsonObject {
  const body: Record<string, JsonValue> = {};
  const providerMetadata: Record<string, JsonValue> = {};
  const names = declaration.inputs.map(({ name }) => name).filter((name) => isPicked(declaration, name));
  for (const name of [...neededNames(declaration), ...names]) {
    const defaultValue = declaration.inputs.find((field) => field.name === name)?.defaultValue;
    if (name === 'workspace') body['providerWorkspaceRef'] = defaultValue ?? exampleValue(declaration, name);
    else if (defaultValue === undefined) providerMetadata[name] = { value: exampleValue(declaration, name) };
  }
  return Object.keys(providerMetadata).length === 0 ? body : { ...body, providerMetadata };
}

function exampleValue({ name: provider, baseUrl }: ProviderDeclaration, name: string): string {
  const own = OWN_DOMAINS[provider];
  if (own !== undefined && name === 'workspace') return own;
  if (/mail/i.test(name)) return 'jane@acme.example';
  if (baseUrl.startsWith(`{{.${name}}}`)) return 'https://crm.acme.example';
  return new RegExp(`^https://\\{\\{\\.${name}\\}\\}(?:/|$)`).test(baseUrl) ? 'crm.acme.example' : 'acme';
}

function exampleCredential(auth: AuthDeclaration): JsonObject {
  const client = { clientId: '<client id>', clientSecret: '<client secret>' };
  switch (auth.scheme) {
    case 'oauth2': {
      const scoped = { ...client, ...(auth.areScopesRequired ? { scopes: ['<scope>'] } : {}) };
      if (auth.grantType !== 'password') return { oauth2ClientCredentials: scoped };
      return { oauth2PasswordCredentials: { username: '<user name>', password: '<password>', ...scoped } };
    }
    case 'apiKey':
      return { apiKey: '<API key>' };
    case 'basic': {
      if (auth.apiKeyAsBasic === undefined) {
        return { basicAuth: { username: '<user name>', password: '<password>' } };
      }
      const isPassword = auth.apiKeyAsBasic.fieldUsed === 'password';
      return { basicAuth: { username: isPassword ? '' : '<API key>', password: isPassword ? '<API key>' : '' } };
    }
    case 'custom': {
      const entries = auth.inputs.map(({ name, displayName, options }) => [
        name,
        options?.[0]?.value ?? `<${displayName}>`,
      ]);
      const { exchange } = auth;
      const isScoped =
        exchange?.kind === 'assertion' && exchange.scopeClaim !== undefined && exchange.scopes.length === 0;
      if (isScoped) entries.push(['scopes', '<scopes, with spaces between them>']);
      return entries.length === 0 ? {} : { customAuth: Object.fromEntries(entries) as JsonObject };
    }
    case 'jwt':
    case 'none':
      return {};
  }
}

/** Unquoted, so that the shell puts the project in. */
function shell(path: string, body: JsonObject): string {
  return [
    '```sh',
    `curl "$TENON${path}" -d @- \\`,
    `  -H "x-api-key: $TENON_API_KEY" -H 'content-type: application/json' <<END`,
    // A list of one stays on its line.
    JSON.stringify(body, null, 2).replace(/\[\s+("[^"]*")\s+\]/g, '[$1]'),
    'END',
    '```',
  ].join('\n');
}

function afterwards(auth: AuthDeclaration): readonly string[] {
  if (isAuthorizationCode(auth)) {
    return [paragraph('The answer to the second call is the address to open for the customer.')];
  }
  if (auth.scheme === 'custom' && auth.exchange?.kind === 'consent') {
    return [
      paragraph(
        'The second call answers the address to open for the administrator. The page that they come back to hands ' +
          'what the provider said to the window that opened it; the third call passes that on, within a quarter of ' +
          'an hour.',
      ),
    ];
  }
  return [];
}
