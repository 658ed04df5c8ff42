// Keys that sign: Salesforce's JWT bearer grant, Google service accounts with and without delegation, NetSuite's signed
// client. The server checks every assertion with the public key, at the time of the test.

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import { type SchemeServer, verifyAssertion } from '../../support/schemeServer.ts';
import {
  called,
  generate,
  generated,
  installed,
  shown,
  storedCounts,
  tokensOf,
  type World,
  worldOfTest,
} from '../../support/schemes.ts';

const NOTHING = { connections: 0, credentials: 0, oauthStates: 0 };
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const GOOGLE = 'https://oauth2.googleapis.com/token';
const SCOPE = 'https://www.googleapis.com/auth/calendar';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pemOf = (key: KeyObject, type: 'pkcs1' | 'pkcs8' = 'pkcs8') => String(key.export({ type, format: 'pem' }));
const base64 = (text: string) => Buffer.from(text).toString('base64');

function behind({ origin, port }: SchemeServer) {
  const exchange = { tokenUrl: `${origin}/token` };
  const workspace = `http://{{.workspace}}.localhost:${port}`;
  return {
    salesforceJWT: {
      baseURL: `${workspace}/api`,
      authHealthCheck: { url: `${workspace}/api/userinfo` },
      tenon: { exchange: { tokenUrl: `${workspace}/services/oauth2/token` } },
    },
    googleWorkspaceDelegation: { baseURL: `${origin}/api`, tenon: { exchange } },
    bigquery: { baseURL: `${origin}/api`, tenon: { exchange } },
    netsuiteM2M: {
      baseURL: `${workspace}/api`,
      tenon: { exchange: { tokenUrl: `${workspace}/m2m/token`, audience: `${workspace}/m2m/token` } },
    },
  };
}

async function startWorld(): Promise<World> {
  const world = await worldOfTest(behind);
  const { server } = world;
  // No server gives a refresh token for an assertion.
  for (const path of ['/token', '/services/oauth2/token', '/m2m/token']) {
    server.on(path, () => ({ body: server.grant({ refresh_token: null }) }));
  }
  return world;
}

function salesforce(privateKey: string, workspace = 'acme'): JsonObject {
  return {
    providerWorkspaceRef: workspace,
    customAuth: { clientId: 'consumer-key', username: 'ada@acme.com', privateKey },
  };
}

function keyFile(differences: JsonObject = {}, key: KeyObject = rsa.privateKey): string {
  const file = {
    type: 'service_account',
    client_email: 'robot@acme.iam',
    private_key_id: 'key-1',
    private_key: pemOf(key),
  };
  // Where a token comes from is said by the catalog: this is nowhere that may be called.
  return JSON.stringify({ ...file, token_uri: 'https://evil.example/token', ...differences });
}

const google = (serviceAccountKey: string, customAuth: JsonObject = { scopes: [SCOPE] }): JsonObject => ({
  providerMetadata: { userEmail: { value: 'boss@acme.com' } },
  customAuth: { serviceAccountKey, ...customAuth },
});

/** The claims of the newest assertion. */
async function claimsOf({ server, clock }: World, algorithm: string, audience: string) {
  const form = server.callsTo('/').findLast(({ path }) => path.endsWith('/token'))?.form ?? {};
  const assertion = form['assertion'] ?? form['client_assertion'];
  return verifyAssertion(assertion, rsa.publicKey, { algorithm, audience, nowMs: clock.nowMs() });
}

describe('a key that cannot sign', () => {
  const ec = pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  const short = pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey);
  const locked = String(
    rsa.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }),
  );
  const publicPem = String(rsa.publicKey.export({ type: 'spki', format: 'pem' }));

  it.each([
    ['of an elliptic curve', ec, 'is not an RSA key'],
    ['of an elliptic curve, in base64', base64(ec), 'is not an RSA key'],
    ['too short to be safe', short, 'at least 2048 bits'],
    ['that needs a passphrase', locked, 'is not a private key in PEM form'],
    ['that is a public one', publicPem, 'is not a private key in PEM form'],
    ['that is garbage', 'sk_live_garbage-that-may-be-another-secret', 'is not a private key in PEM form'],
    ['that was cut off', pemOf(rsa.privateKey).slice(0, 400), 'is not a private key in PEM form'],
    ['of blanks', '  ', 'is missing'],
    ['that is empty', '', 'connected with customAuth.privateKey'],
  ])('%s is refused without being quoted, and nothing is sent', async (_what, privateKey, says) => {
    const world = await startWorld();
    const answer = await generate(world, 'salesforceJWT', salesforce(privateKey));
    expect(answer.json).toMatchObject({
      status: 400,
      detail: expect.stringContaining(says),
      issues: [{ in: 'body', name: 'customAuth.privateKey' }],
    });
    const body = privateKey.replace(/-----[^-]*-----/g, '').trim();
    for (const line of body.split('\n').filter(Boolean)) expect(answer.text).not.toContain(line);
    expect([storedCounts(world), world.server.calls]).toEqual([NOTHING, []]);
  });

  it.each([
    ['that is garbage', 'garbage-that-may-be-a-secret', 'is not the JSON key file of a service account'],
    ['that is a bare key', base64(pemOf(rsa.privateKey)), 'is not the JSON key file of a service account'],
    [
      'of a user',
      base64('{"type":"authorized_user","refresh_token":"secret-1"}'),
      'client_email and private_key are needed',
    ],
    ['with another kind of key', base64(keyFile({ private_key: ec })), 'is not an RSA key'],
    [
      'with a damaged key',
      base64(keyFile({ private_key: '-----BEGIN PRIVATE KEY-----\nAAAA' })),
      'is not a private key',
    ],
  ])('in a key file %s is refused without being quoted, and nothing is sent', async (_what, file, says) => {
    const world = await startWorld();
    const answer = await generate(world, 'googleWorkspaceDelegation', google(file));
    expect(answer.json).toMatchObject({ status: 400, detail: expect.stringContaining(says) });
    for (const secret of ['secret', 'AAAA', 'refresh_token', file]) expect(answer.text).not.toContain(secret);
    expect([storedCounts(world), world.server.calls]).toEqual([NOTHING, []]);
  });
});

describe('Salesforce with a signed assertion', () => {
  it.each([
    ['without a workspace', { providerWorkspaceRef: '' }, 'needs "workspace"'],
    [
      'without a user name',
      { customAuth: { clientId: 'id', privateKey: pemOf(rsa.privateKey) } },
      'customAuth.username',
    ],
    ['without anything', { customAuth: undefined }, 'connected with customAuth'],
  ])('%s is refused, and nothing is sent', async (_what, body, says) => {
    const world = await startWorld();
    const answer = await generate(world, 'salesforceJWT', {
      ...salesforce(pemOf(rsa.privateKey)),
      ...body,
    } as JsonObject);
    expect(answer.json).toMatchObject({ status: 400, detail: expect.stringContaining(says) });
    expect([storedCounts(world), world.server.calls]).toEqual([NOTHING, []]);
  });

  it.each([
    ['of a user who is not allowed', { error: 'invalid_app_access', error_description: 'user is not admin approved' }],
    ['with another key', { error: 'invalid_grant', error_description: 'invalid assertion' }],
  ])('%s is told as Salesforce says it, and nothing is stored', async (_what, body) => {
    const world = await startWorld();
    world.server.once('/services/oauth2/token', { status: 400, body });
    const answer = await generate(world, 'salesforceJWT', salesforce(pemOf(rsa.privateKey)));
    expect(answer.json).toMatchObject({ status: 400, detail: expect.stringContaining(body.error_description) });
    expect(storedCounts(world)).toEqual(NOTHING);
  });

  it.each([
    ['PKCS #8', pemOf(rsa.privateKey)],
    ['PKCS #1', pemOf(rsa.privateKey, 'pkcs1')],
    ['PKCS #8 in base64', base64(pemOf(rsa.privateKey))],
    ['PKCS #1 in base64', base64(pemOf(rsa.privateKey, 'pkcs1'))],
    ['base64 that was wrapped', base64(pemOf(rsa.privateKey)).replace(/.{76}/g, '$&\n')],
    ['line breaks as two characters', pemOf(rsa.privateKey).replaceAll('\n', '\\n')],
  ])('works with a key in %s, and its token works', async (_what, privateKey) => {
    const world = await startWorld();
    const connection = await generated(world, 'salesforceJWT', salesforce(privateKey));
    const [call] = world.server.calls;
    expect(call).toMatchObject({ host: 'acme.localhost', path: '/services/oauth2/token' });
    expect(Object.keys(call?.form ?? {}).toSorted()).toEqual(['assertion', 'grant_type']);
    expect(call?.form['grant_type']).toBe(GRANT);
    const { payload, protectedHeader } = await claimsOf(world, 'RS256', 'https://login.salesforce.com');
    expect(payload).toMatchObject({ iss: 'consumer-key', sub: 'ada@acme.com', aud: 'https://login.salesforce.com' });
    expect(protectedHeader.kid).toBeUndefined();
    // Salesforce takes no assertion that lives longer than five minutes.
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual((5 * MINUTE_MS) / SECOND_MS);
    expect(connection).toMatchObject({ providerWorkspaceRef: 'acme', status: 'created' });
    expect(await called(world, await installed(world, 'salesforceJWT'))).toBe(200);
  });

  it.each(['acme--dev.sandbox', 'acme--dev'])('asks the login server of sandboxes for %s', async (workspace) => {
    const world = await startWorld();
    await generated(world, 'salesforceJWT', salesforce(pemOf(rsa.privateKey), workspace));
    expect(world.server.calls[0]).toMatchObject({ host: `${workspace}.localhost` });
    await claimsOf(world, 'RS256', 'https://test.salesforce.com');
  });

  it('renews with a new assertion when the token ends, which nobody states, or is refused', async () => {
    const world = await startWorld();
    const { server, clock } = world;
    server.on('/services/oauth2/token', () => ({ body: server.grant({ refresh_token: null, expires_in: null }) }));
    const { id } = await generated(world, 'salesforceJWT', salesforce(pemOf(rsa.privateKey)));
    const installation = await installed(world, 'salesforceJWT');
    const first = tokensOf(world, id).accessToken;
    await clock.advance(2 * MINUTE_MS);
    server.revoke(first);
    expect(await called(world, installation)).toBe(200);
    const assertions = server.callsTo('/services').map(({ form }) => form['assertion']);
    expect(assertions).toHaveLength(2);
    expect(new Set(assertions).size).toBe(2);
    await claimsOf(world, 'RS256', 'https://login.salesforce.com');
    expect((await shown(world, id))['status']).toBe('working');
  });

  it('ends with the customer when the key is taken back', async () => {
    const world = await startWorld();
    const { server, clock } = world;
    const { id } = await generated(world, 'salesforceJWT', salesforce(pemOf(rsa.privateKey)));
    const installation = await installed(world, 'salesforceJWT');
    server.on('/services/oauth2/token', () => ({ status: 400, body: { error: 'invalid_grant' } }));
    await clock.advance(HOUR_MS);
    expect(await called(world, installation)).toBe(424);
    expect((await shown(world, id))['status']).toBe('bad_credentials');
    server.on('/services/oauth2/token', () => ({ body: server.grant({ refresh_token: null }) }));
    const again = await generated(world, 'salesforceJWT', salesforce(pemOf(other.privateKey)));
    expect(again.id).toBe(id);
    expect(await called(world, installation)).toBe(200);
  });
});

describe('a Google service account', () => {
  it.each([
    ['without scopes', google(base64(keyFile()), {}), 'needs scopes'],
    ['with an empty list of scopes', google(base64(keyFile()), { scopes: [] }), 'needs scopes'],
    [
      'without the user it acts for',
      { customAuth: { serviceAccountKey: base64(keyFile()), scopes: [SCOPE] } },
      'userEmail',
    ],
  ])('%s is refused, and nothing is sent', async (_what, body, says) => {
    const world = await startWorld();
    const answer = await generate(world, 'googleWorkspaceDelegation', body);
    expect(answer.json).toMatchObject({
      status: 400,
      detail: expect.stringContaining(says),
      issues: [expect.objectContaining({ in: 'body' })],
    });
    expect([storedCounts(world), world.server.calls]).toEqual([NOTHING, []]);
  });

  it.each([
    ['a list of scopes', [SCOPE, 'two'], `${SCOPE} two`],
    ['scopes in one text', `${SCOPE}, two`, `${SCOPE} two`],
  ])('acts for a user with %s', async (_what, scopes, scope) => {
    const world = await startWorld();
    await generated(world, 'googleWorkspaceDelegation', google(base64(keyFile()), { scopes }));
    const { payload, protectedHeader } = await claimsOf(world, 'RS256', GOOGLE);
    expect(payload).toMatchObject({ iss: 'robot@acme.iam', sub: 'boss@acme.com', scope, aud: GOOGLE });
    expect(protectedHeader).toMatchObject({ alg: 'RS256', kid: 'key-1' });
    expect(await called(world, await installed(world, 'googleWorkspaceDelegation'))).toBe(200);
  });

  it('acts with the scopes of the provider app where the customer names none, and goes on with them', async () => {
    const world = await startWorld();
    const { tenon, clock } = world;
    await tenon.addProviderApp('googleWorkspaceDelegation', 'app', 'secret', [SCOPE]);
    const { id } = await generated(world, 'googleWorkspaceDelegation', google(keyFile(), {}));
    expect((await claimsOf(world, 'RS256', GOOGLE)).payload).toMatchObject({ scope: SCOPE });
    const installation = await installed(world, 'googleWorkspaceDelegation');
    for (let round = 0; round < 2; round++) {
      await clock.advance(HOUR_MS);
      expect(await called(world, installation)).toBe(200);
      expect((await claimsOf(world, 'RS256', GOOGLE)).payload).toMatchObject({ scope: SCOPE, sub: 'boss@acme.com' });
    }
    expect(world.server.callsTo('/token')).toHaveLength(3);
    expect(tokensOf(world, id)).toMatchObject({ source: { grant: 'exchange', scopes: [SCOPE] } });
  });

  it('whose delegation was not allowed is told as Google says it', async () => {
    const world = await startWorld();
    const error_description = 'Client is unauthorized to retrieve access tokens using this method';
    world.server.once('/token', { status: 401, body: { error: 'unauthorized_client', error_description } });
    const answer = await generate(world, 'googleWorkspaceDelegation', google(base64(keyFile())));
    expect(answer.json).toMatchObject({ status: 400, detail: expect.stringContaining('Client is unauthorized') });
    expect(storedCounts(world)).toEqual(NOTHING);
  });

  it('of BigQuery acts for itself, with the scopes that BigQuery needs', async () => {
    const world = await startWorld();
    await generated(world, 'bigquery', { customAuth: { serviceAccountKey: base64(keyFile()) } });
    const { payload } = await claimsOf(world, 'RS256', GOOGLE);
    expect(payload).toMatchObject({ iss: 'robot@acme.iam', scope: 'https://www.googleapis.com/auth/bigquery' });
    expect(payload.sub).toBeUndefined();
    expect(await called(world, await installed(world, 'bigquery'))).toBe(200);
  });
});

describe('NetSuite with a signed client', () => {
  const customAuth = {
    clientId: 'client-1',
    certificateId: 'certificate-1',
    privateKey: base64(pemOf(rsa.privateKey)),
  };
  const typed = { providerWorkspaceRef: '1234567-sb', customAuth };

  it('sends a PS256 assertion in place of a secret, and another one for the next token', async () => {
    const world = await startWorld();
    const { server, clock } = world;
    await generated(world, 'netsuiteM2M', typed);
    expect(server.calls[0]).toMatchObject({
      host: '1234567-sb.localhost',
      form: {
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: expect.any(String),
      },
    });
    const audience = `http://1234567-sb.localhost:${server.port}/m2m/token`;
    const { payload, protectedHeader } = await claimsOf(world, 'PS256', audience);
    expect(payload).toMatchObject({ iss: 'client-1', scope: ['restlets', 'rest_webservices'] });
    expect(protectedHeader).toMatchObject({ alg: 'PS256', kid: 'certificate-1' });
    const installation = await installed(world, 'netsuiteM2M');
    expect(await called(world, installation)).toBe(200);
    await clock.advance(HOUR_MS);
    expect(await called(world, installation)).toBe(200);
    expect(server.callsTo('/m2m')).toHaveLength(2);
    await claimsOf(world, 'PS256', audience);
  });

  it('without a certificate id is refused, and nothing is sent', async () => {
    const world = await startWorld();
    const { certificateId: _, ...rest } = customAuth;
    const answer = await generate(world, 'netsuiteM2M', { ...typed, customAuth: rest });
    expect(answer.json).toMatchObject({ status: 400, issues: [{ name: 'customAuth.certificateId' }] });
    expect(world.server.calls).toEqual([]);
  });
});
