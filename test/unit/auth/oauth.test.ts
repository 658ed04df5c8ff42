import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type AuthorizationRequest,
  buildAuthorizationUrl,
  buildClientCredentialsRequest,
  buildCodeExchangeRequest,
  buildPasswordRequest,
  buildRefreshRequest,
  buildRevocationRequest,
  newPkcePair,
} from '../../../src/auth/oauth.ts';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import type { OAuth2Auth, ProviderDeclaration } from '../../../src/catalog/schema.ts';

const catalog = createCatalog();
const hubspot = catalog.get('hubspot');
const salesforce = catalog.get('salesforce');
const client = { clientId: 'id', clientSecret: 's&c r+t' };

const request: AuthorizationRequest = {
  clientId: 'id',
  redirectUri: 'https://tenon.example.com/callbacks/v1/oauth',
  state: 'st+te',
  scopes: ['crm.objects.contacts.read', 'oauth'],
  variables: {},
  extraParams: {},
};

function withAuth(changes: Partial<OAuth2Auth>): ProviderDeclaration {
  return { ...hubspot, auth: { ...hubspot.auth, ...changes } as OAuth2Auth };
}

const machineToMachine: ProviderDeclaration = {
  ...hubspot,
  auth: {
    scheme: 'oauth2',
    grantType: 'clientCredentials',
    tokenUrl: 'https://{{.workspace}}.auth.example.com/v2/token',
    areScopesRequired: true,
    isWorkspaceRequired: true,
    audience: ['https://a.example.com', 'https://b.example.com'],
    tokenMetadata: {},
    tokens: { clientAuthentication: 'basicHeader', rotation: 'stable' },
  },
};

describe('buildAuthorizationUrl', () => {
  it('refuses a provider without a consent page', () => {
    expect(() => buildAuthorizationUrl(machineToMachine, request)).toThrow('T-OAUTH-GRANT');
    expect(() => buildAuthorizationUrl(catalog.get('stripe'), request)).toThrow('T-OAUTH-SCHEME');
  });

  it('refuses a PKCE grant without challenge', () => {
    const variables = { workspace: 'acme' };
    expect(() => buildAuthorizationUrl(salesforce, { ...request, variables })).toThrow('T-OAUTH-PKCE');
  });

  it('refuses to ask for nothing where scopes are required', () => {
    expect(() => buildAuthorizationUrl(hubspot, { ...request, scopes: [] })).toThrow('needs the scopes');
  });

  it('leads to the common login without a workspace, and refuses a hostile one', () => {
    const withChallenge = { ...request, codeChallenge: 'c' };
    expect(new URL(buildAuthorizationUrl(salesforce, withChallenge)).host).toBe('login.salesforce.com');
    const variables = { workspace: 'evil.com/#' };
    expect(() => buildAuthorizationUrl(salesforce, { ...withChallenge, variables })).toThrow(
      '"workspace" has characters',
    );
  });

  it.each(['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'code_challenge'])(
    'refuses the extra parameter %s',
    (name) => {
      const extraParams = { [name]: 'x' };
      expect(() => buildAuthorizationUrl(hubspot, { ...request, extraParams })).toThrow(`parameter ${name} cannot`);
    },
  );

  it('asks HubSpot for a code, with the parameters of the provider app', () => {
    const extraParams = { optional_scope: 'tickets e-commerce' };
    expect(buildAuthorizationUrl(hubspot, { ...request, extraParams })).toBe(
      'https://app.hubspot.com/oauth/authorize?optional_scope=tickets%20e-commerce&response_type=code&client_id=id' +
        '&redirect_uri=https%3A%2F%2Ftenon.example.com%2Fcallbacks%2Fv1%2Foauth&state=st%2Bte' +
        '&scope=crm.objects.contacts.read%20oauth',
    );
  });

  it('asks Salesforce on the My Domain of the customer, with a challenge and without scopes', () => {
    const variables = { workspace: 'acme--dev.sandbox' };
    const url = new URL(
      buildAuthorizationUrl(salesforce, { ...request, scopes: [], codeChallenge: 'chal', variables }),
    );
    expect(`${url.origin}${url.pathname}`).toBe(
      'https://acme--dev.sandbox.my.salesforce.com/services/oauth2/authorize',
    );
    expect(Object.fromEntries(url.searchParams)).toEqual({
      prompt: 'login',
      response_type: 'code',
      client_id: 'id',
      redirect_uri: request.redirectUri,
      state: 'st+te',
      code_challenge: 'chal',
      code_challenge_method: 'S256',
    });
  });

  it('maps short scopes to full ones', () => {
    const scopeMappings = { '.default': 'https://{{.workspace}}.example.com/.default' };
    const declaration = withAuth({ scopeMappings });
    const variables = { workspace: 'acme' };
    const url = buildAuthorizationUrl(declaration, { ...request, scopes: ['.default', 'constructor'], variables });
    expect(new URL(url).searchParams.get('scope')).toBe('https://acme.example.com/.default constructor');
  });
});

describe('newPkcePair', () => {
  it('is an S256 pair of RFC 7636', async () => {
    const { codeVerifier, codeChallenge } = await newPkcePair();
    expect(codeVerifier).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(codeChallenge).toBe(createHash('sha256').update(codeVerifier).digest('base64url'));
    expect((await newPkcePair()).codeVerifier).not.toBe(codeVerifier);
  });
});

describe('token requests', () => {
  it('refuse a provider without OAuth', () => {
    const refresh = { client, refreshToken: 'r', variables: {} };
    expect(() => buildRefreshRequest(catalog.get('stripe'), refresh)).toThrow('T-OAUTH-SCHEME');
  });

  it('refuse client credentials without the scopes that are required', () => {
    const grant = { client, scopes: [], variables: { workspace: 'acme' } };
    expect(() => buildClientCredentialsRequest(machineToMachine, grant)).toThrow('needs the scopes');
  });

  it('exchange a code with verifier, secret in the body', () => {
    const { redirectUri } = request;
    const built = buildCodeExchangeRequest(salesforce, {
      client,
      code: 'c=ode',
      redirectUri,
      codeVerifier: 'v',
      variables: { workspace: 'acme' },
    });
    expect(built).toMatchObject({ method: 'POST', url: 'https://acme.my.salesforce.com/services/oauth2/token' });
    expect(built.headers).toEqual(['Content-Type', 'application/x-www-form-urlencoded', 'Accept', 'application/json']);
    expect(Object.fromEntries(new URLSearchParams(built.body))).toEqual({
      grant_type: 'authorization_code',
      code: 'c=ode',
      redirect_uri: redirectUri,
      code_verifier: 'v',
      client_id: 'id',
      client_secret: 's&c r+t',
    });
  });

  it('refresh without verifier and scope', () => {
    const built = buildRefreshRequest(hubspot, { client, refreshToken: 'r+1', variables: {} });
    expect(built.url).toBe('https://api.hubapi.com/oauth/v1/token');
    expect(built.body).toBe('grant_type=refresh_token&refresh_token=r%2B1&client_id=id&client_secret=s%26c+r%2Bt');
  });

  it('ask for client credentials with HTTP Basic, both parts form-encoded, and every audience', () => {
    const grant = { client, scopes: ['a', 'b'], variables: { workspace: 'acme' } };
    const built = buildClientCredentialsRequest(machineToMachine, grant);
    expect(built.url).toBe('https://acme.auth.example.com/v2/token');
    expect(built.body).toBe(
      'grant_type=client_credentials&scope=a+b&audience=https%3A%2F%2Fa.example.com' +
        '&audience=https%3A%2F%2Fb.example.com',
    );
    const authorization = built.headers[built.headers.indexOf('Authorization') + 1] ?? '';
    expect(Buffer.from(authorization.replace('Basic ', ''), 'base64').toString()).toBe('id:s%26c+r%2Bt');
  });
});

describe('further token requests', () => {
  const form = (request: { readonly body: string }) => Object.fromEntries(new URLSearchParams(request.body));
  const tokens = { clientAuthentication: 'requestBody', rotation: 'stable' } as const;

  it('revokes nothing where the provider cannot', () => {
    const revocation = { client, token: 't', hint: 'access_token', variables: {} } as const;
    expect(buildRevocationRequest(hubspot, revocation)).toBeNull();
    expect(buildRevocationRequest(catalog.get('stripe'), revocation)).toBeNull();
  });

  it('gives a token up at the address for that', () => {
    const revocationUrl = 'https://{{.workspace}}.example.com/revoke';
    const provider = withAuth({ tokens: { ...tokens, revocationUrl } });
    const revocation = { client, token: 't', hint: 'refresh_token', variables: { workspace: 'acme' } } as const;
    const request = buildRevocationRequest(provider, revocation);
    expect(request).toMatchObject({ url: 'https://acme.example.com/revoke', method: 'POST' });
    expect(request === null ? null : form(request)).toEqual({
      token: 't',
      token_type_hint: 'refresh_token',
      client_id: 'id',
      client_secret: 's&c r+t',
    });
  });

  it('sends JSON where the endpoint takes JSON', () => {
    const provider = withAuth({ tokens: { ...tokens, bodyFormat: 'json' } });
    const request = buildRefreshRequest(provider, { client, refreshToken: 'r', variables: {} });
    expect(request.headers).toContain('application/json');
    expect(JSON.parse(request.body)).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'r',
      client_id: 'id',
      client_secret: 's&c r+t',
    });
  });

  it('keeps the secret out of the body where it goes into the header', () => {
    const provider = withAuth({ tokens: { ...tokens, clientAuthentication: 'basicHeader', bodyFormat: 'json' } });
    const { body, headers } = buildRefreshRequest(provider, { client, refreshToken: 'r', variables: {} });
    expect(JSON.parse(body)).toEqual({ grant_type: 'refresh_token', refresh_token: 'r' });
    expect(headers.join(' ')).toContain('Authorization Basic ');
  });

  it('asks with a password, and repeats the parameter for several audiences', () => {
    const variables = { workspace: 'https://crm.example.com' };
    const grant = { client, username: 'ada', password: 'p&w', scopes: [], variables };
    const sugar = buildPasswordRequest(catalog.get('sugarCRM'), grant);
    expect(JSON.parse(sugar.body)).toMatchObject({ grant_type: 'password', username: 'ada', password: 'p&w' });
    const request = buildClientCredentialsRequest(machineToMachine, {
      client,
      scopes: ['x'],
      variables: { workspace: 'acme' },
    });
    expect(new URLSearchParams(request.body).getAll('audience')).toEqual([
      'https://a.example.com',
      'https://b.example.com',
    ]);
  });

  it('joins scopes as the provider wants them', () => {
    const url = buildAuthorizationUrl(catalog.get('slack'), { ...request, scopes: ['chat:write', 'users:read'] });
    expect(new URL(url).searchParams.get('scope')).toBe('chat:write,users:read');
  });

  it('names the audience and what else a consent page needs', () => {
    const scopes = ['offline_access'];
    const atlassian = new URL(buildAuthorizationUrl(catalog.get('atlassian'), { ...request, scopes }));
    expect(atlassian.searchParams.get('audience')).toBe('api.atlassian.com');
    expect(atlassian.searchParams.get('prompt')).toBe('consent');
    const lever = new URL(buildAuthorizationUrl(catalog.get('lever'), { ...request, scopes }));
    expect(lever.searchParams.get('audience')).toBe('https://api.lever.co/v1/');
  });
});
