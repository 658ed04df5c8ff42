import { describe, expect, it } from 'vitest';
import type { CredentialSource, OAuth2Credential } from '../../../src/auth/credential.ts';
import { buildRenewalRequest, isFromSource } from '../../../src/auth/renewal.ts';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import { IntegrationError } from '../../../src/core/errors.ts';

const catalog = createCatalog();
const app = () => ({ clientId: 'app', clientSecret: 'app-secret' });
const noApp = () => {
  throw new IntegrationError('bad_request', 'this connection needs a provider app');
};
const token: OAuth2Credential = { scheme: 'oauth2', accessToken: 'a', tokenType: 'Bearer' };
const refreshable: OAuth2Credential = { ...token, refreshToken: 'r' };
const client = { clientId: 'theirs', clientSecret: 'their-secret' };
const clientSource: CredentialSource = { grant: 'clientCredentials', client, scopes: ['x', 'y'] };
const passwordSource: CredentialSource = { grant: 'password', client, username: 'ada', password: 'pw', scopes: [] };

function renewal(
  provider: string,
  credential: OAuth2Credential,
  isRefused = false,
  variables = {},
  opener: typeof app = app,
) {
  return buildRenewalRequest(catalog.get(provider), credential, isRefused, { app: opener, variables, nowMs: 0 });
}

const formOf = ({ body }: { readonly body: string }) => Object.fromEntries(new URLSearchParams(body));

describe('buildRenewalRequest', () => {
  it('refuses what has neither a refresh token nor a source', async () => {
    await expect(renewal('hubspot', token)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('refuses a refresh token without the provider app that it was made with', async () => {
    await expect(renewal('hubspot', refreshable, false, {}, noApp)).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('refuses an exchange that the catalog no longer knows', async () => {
    const source: CredentialSource = { grant: 'exchange', values: {}, scopes: [] };
    await expect(renewal('gitlab', { ...token, source })).rejects.toThrow('no longer says how its tokens are had');
  });

  it('uses the refresh token with the client of the provider app', async () => {
    expect(formOf(await renewal('hubspot', refreshable))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'r',
      client_id: 'app',
      client_secret: 'app-secret',
    });
  });

  it('goes to the address for refreshes where there is one of its own', async () => {
    expect((await renewal('figma', refreshable)).url).toBe('https://api.figma.com/v1/oauth/refresh');
  });

  it('asks for client credentials again, with the scopes of before', async () => {
    const request = await renewal('marketo', { ...token, source: clientSource }, false, { workspace: 'acme' });
    expect(request.url).toBe('https://acme.mktorest.com/identity/oauth/token');
    expect(formOf(request)).toMatchObject({ grant_type: 'client_credentials', client_id: 'theirs', scope: 'x y' });
  });

  it('uses the refresh token of a password grant first, and the password when that is refused', async () => {
    const credential = { ...refreshable, source: passwordSource };
    const variables = { workspace: 'https://crm.acme.com' };
    const first = JSON.parse((await renewal('sugarCRM', credential, false, variables)).body) as object;
    expect(first).toMatchObject({ grant_type: 'refresh_token', refresh_token: 'r', client_id: 'theirs' });
    const second = JSON.parse((await renewal('sugarCRM', credential, true, variables)).body) as object;
    expect(second).toMatchObject({ grant_type: 'password', username: 'ada', password: 'pw' });
  });

  it('asks for the tenant that an administrator consented for, with the client of the provider app', async () => {
    const source: CredentialSource = { grant: 'exchange', values: { tenant: 'tenant-1' }, scopes: [] };
    const request = await renewal('microsoftAdminConsent', { ...token, source });
    expect(request.url).toBe('https://login.microsoftonline.com/tenant-1/oauth2/v2.0/token');
    expect(formOf(request)).toMatchObject({
      grant_type: 'client_credentials',
      client_id: 'app',
      scope: 'https://graph.microsoft.com/.default',
    });
  });
});

describe('isFromSource', () => {
  it.each<[string, OAuth2Credential, boolean, boolean]>([
    ['only a refresh token', refreshable, true, false],
    ['only a source', { ...token, source: clientSource }, false, true],
    ['both, at first', { ...refreshable, source: passwordSource }, false, false],
    ['both, once the refresh token was refused', { ...refreshable, source: passwordSource }, true, true],
  ])('%s', (_, credential, isRefused, expected) => {
    expect(isFromSource(credential, isRefused)).toBe(expected);
  });
});
