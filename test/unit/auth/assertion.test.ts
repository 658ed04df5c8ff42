import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { type AssertionInput, buildAssertionRequest } from '../../../src/auth/assertion.ts';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import type { AssertionExchange } from '../../../src/catalog/schema.ts';
import { ASSERTION_SKEW_MS } from '../../../src/core/limits.ts';
import { SECOND_MS } from '../../../src/core/time.ts';

const NOW_MS = 1_700_000_000_000;
const catalog = createCatalog();
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pkcs8 = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const pkcs1 = rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
const keyFile = JSON.stringify({
  client_email: 'robot@project.iam.gserviceaccount.com',
  private_key: pkcs8,
  private_key_id: 'kid-1',
  token_uri: 'https://evil.example/token',
});
const base64 = (text: string) => Buffer.from(text).toString('base64');

function exchangeOf(name: string): AssertionExchange {
  const { auth } = catalog.get(name);
  if (auth.scheme !== 'custom' || auth.exchange?.kind !== 'assertion') throw new Error(`${name} signs nothing`);
  return auth.exchange;
}

const salesforce = (privateKey: string, workspace = 'acme'): AssertionInput => ({
  values: { clientId: 'consumer-key', username: 'ada@acme.com', privateKey },
  variables: { workspace },
  scopes: [],
  nowMs: NOW_MS,
});

const google = (serviceAccountKey: string): AssertionInput => ({
  values: { serviceAccountKey },
  variables: { userEmail: 'ada@acme.com' },
  scopes: ['https://www.googleapis.com/auth/calendar', 'https://mail.google.com/'],
  nowMs: NOW_MS,
});

/** What the authorization server sees, once the signature holds. */
async function verified(name: string, input: AssertionInput, key: KeyObject = createPublicKey(rsa.privateKey)) {
  const request = await buildAssertionRequest(exchangeOf(name), input);
  const form = new URLSearchParams(request.body);
  const jwt = form.get('assertion') ?? form.get('client_assertion') ?? '';
  const options = { currentDate: new Date(NOW_MS) };
  const { payload, protectedHeader } = await jwtVerify(jwt, key, options);
  return { request, form, payload, header: protectedHeader };
}

describe('a signed assertion is refused', () => {
  it.each<[string, string, string, RegExp]>([
    ['without a key', 'salesforceJWT', '', /^"privateKey" is missing$/],
    ['with something that is no key', 'salesforceJWT', 'canary-key', /^"privateKey" is not a private key in PEM form$/],
    ['with a damaged key', 'salesforceJWT', pkcs8.slice(0, 200), /^"privateKey" is not a private key in PEM form$/],
    ['with a public key', 'salesforceJWT', String(rsa.publicKey.export({ type: 'spki', format: 'pem' })), /not a priv/],
    ['with a key that is not RSA', 'salesforceJWT', String(ec), /^"privateKey" is not an RSA key$/],
    ['with no key file', 'googleWorkspaceDelegation', 'canary-key', /is not the JSON key file of a service account$/],
    ['with another JSON', 'googleWorkspaceDelegation', base64('{"client_email":1}'), /client_email and private_key/],
    ['with a list', 'googleWorkspaceDelegation', base64('[]'), /is not the JSON key file/],
  ])('%s', async (_, name, key, message) => {
    const input = name === 'salesforceJWT' ? salesforce(key) : google(key);
    const refusal = buildAssertionRequest(exchangeOf(name), input);
    await expect(refusal).rejects.toMatchObject({ code: 'bad_request', message: expect.stringMatching(message) });
    // What was typed is in no message, and the parser's own words neither.
    await expect(refusal).rejects.not.toMatchObject({ message: expect.stringContaining('canary') });
    await expect(refusal).rejects.not.toHaveProperty('cause');
  });

  it('without a value that a claim needs', async () => {
    const { userEmail: _user, ...variables } = google('').variables;
    const input = { ...google(base64(keyFile)), variables };
    await expect(buildAssertionRequest(exchangeOf('googleWorkspaceDelegation'), input)).rejects.toThrow('"userEmail"');
  });
});

describe('a signed assertion', () => {
  it.each([
    ['PKCS #8', pkcs8],
    ['PKCS #1', pkcs1],
    ['PEM in base64', base64(pkcs8)],
    ['PEM on one line', pkcs8.replaceAll('\n', '\\n')],
  ])('is made with a key as %s', async (_, key) => {
    const { payload } = await verified('salesforceJWT', salesforce(key));
    expect(payload).toMatchObject({ iss: 'consumer-key', sub: 'ada@acme.com' });
  });

  it('is the grant at Salesforce, at the customer own address, for three minutes and without scopes', async () => {
    const { request, form, payload, header } = await verified('salesforceJWT', salesforce(pkcs8));
    expect(request.url).toBe('https://acme.my.salesforce.com/services/oauth2/token');
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    expect(header).toEqual({ alg: 'RS256', typ: 'JWT' });
    expect(payload).not.toHaveProperty('scope');
    const issuedAt = (NOW_MS - ASSERTION_SKEW_MS) / SECOND_MS;
    expect(payload).toMatchObject({ iat: issuedAt, exp: issuedAt + 180 });
  });

  it.each([
    ['acme', 'https://login.salesforce.com'],
    ['acme-dev-ed.develop', 'https://login.salesforce.com'],
    ['acme--dev', 'https://test.salesforce.com'],
    ['acme--dev.sandbox', 'https://test.salesforce.com'],
  ])('of the org %s is meant for %s', async (workspace, audience) => {
    const { payload } = await verified('salesforceJWT', salesforce(pkcs8, workspace));
    expect(payload.aud).toBe(audience);
  });

  it('of a service account names its key, the user and the scopes, and goes where the catalog says', async () => {
    const { request, payload, header } = await verified('googleWorkspaceDelegation', google(base64(keyFile)));
    expect(request.url).toBe('https://oauth2.googleapis.com/token');
    expect(header).toMatchObject({ alg: 'RS256', kid: 'kid-1' });
    expect(payload).toMatchObject({
      iss: 'robot@project.iam.gserviceaccount.com',
      sub: 'ada@acme.com',
      aud: 'https://oauth2.googleapis.com/token',
      scope: 'https://www.googleapis.com/auth/calendar https://mail.google.com/',
    });
  });

  it('takes the declared scopes where none are chosen', async () => {
    const input = { ...google(keyFile), variables: {}, scopes: [] };
    const { payload } = await verified('bigquery', input);
    expect(payload).toMatchObject({ scope: 'https://www.googleapis.com/auth/bigquery' });
    expect(payload).not.toHaveProperty('sub');
  });

  it('stands for the client secret at NetSuite', async () => {
    const { request, form, payload, header } = await verified('netsuiteM2M', {
      values: { clientId: 'c1', certificateId: 'cert-1', privateKey: base64(pkcs8) },
      variables: { workspace: '1234567-sb1' },
      scopes: [],
      nowMs: NOW_MS,
    });
    expect(form.get('grant_type')).toBe('client_credentials');
    expect(form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    expect(header).toMatchObject({ alg: 'PS256', kid: 'cert-1' });
    expect(payload).toMatchObject({ iss: 'c1', aud: request.url, scope: ['restlets', 'rest_webservices'] });
  });

  it('is another one each time', async () => {
    const first = await verified('salesforceJWT', salesforce(pkcs8));
    const second = await buildAssertionRequest(exchangeOf('salesforceJWT'), {
      ...salesforce(pkcs8),
      nowMs: NOW_MS + SECOND_MS,
    });
    expect(new URLSearchParams(second.body).get('assertion')).not.toBe(first.form.get('assertion'));
  });
});
