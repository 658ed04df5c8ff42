// Who may use the operator plane, and that nothing on it is without a bound.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProjectId } from '../../../src/core/ids.ts';
import { systemClock } from '../../../src/core/time.ts';
import { newApiKey } from '../../../src/flows/apiKeys.ts';
import { insertApiKey } from '../../../src/store/tables/accounts.ts';
import { startTenon, type Tenon } from '../../support/tenon.ts';

let tenon: Tenon;
let token = '';
let operatorKey = '';

beforeAll(async () => {
  tenon = await startTenon();
  ({ token } = JSON.parse(readFileSync(join(tenon.folder, 'data', 'owner.json'), 'utf8')) as { token: string });
  const { apiKey, row } = newApiKey(tenon.projectId as ProjectId, 'op', systemClock.nowMs(), ['operator']);
  operatorKey = apiKey;
  await tenon.running.services.store.commit([insertApiKey(row)]);
});

afterAll(() => tenon.stop());

async function call(path: string, headers: Record<string, string>, method = 'GET') {
  const response = await fetch(`${tenon.origin}/operator/v1${path}`, { method, headers });
  const json = (await response.json()) as { readonly code?: string; readonly detail?: string };
  return { status: response.status, headers: response.headers, json };
}

const PATHS: readonly (readonly [method: string, path: string])[] = [
  ['GET', '/quarantine'],
  ['GET', '/actors/installation%3Ax'],
  ['GET', '/actors/installation%3Ax/replay'],
  ['POST', '/actors/installation%3Ax/resume'],
  ['GET', '/installations/x/why'],
  ['POST', '/quarantine/1/discard'],
  ['GET', '/deliveries'],
  ['GET', '/deliveries/x'],
  ['POST', '/deliveries/x/resend'],
  ['GET', '/provider-apps'],
  ['POST', '/provider-apps/x/release'],
  ['POST', '/provider-apps/x/confirm'],
  ['GET', '/keys'],
  ['POST', '/keys/rotate'],
  ['GET', '/catalog'],
  ['POST', '/catalog/refresh'],
  ['GET', '/nothing'],
];

describe.each(PATHS)('%s /operator/v1%s', (method, path) => {
  it.each<[string, () => Record<string, string>, number, string]>([
    ['nothing', () => ({}), 401, 'unauthenticated'],
    ['an unknown key', () => ({ 'x-api-key': 'tnn_unknown' }), 401, 'unauthenticated'],
    ['an unknown token', () => ({ authorization: `Bearer ${'x'.repeat(43)}` }), 401, 'unauthenticated'],
    ['a part of the token', () => ({ authorization: `Bearer ${token.slice(0, -1)}` }), 401, 'unauthenticated'],
    ['the token as a key', () => ({ 'x-api-key': token }), 401, 'unauthenticated'],
    [
      'a wrong token and a right key',
      () => ({ authorization: 'Bearer no', 'x-api-key': operatorKey }),
      401,
      'unauthenticated',
    ],
    ['the key of a project', () => ({ 'x-api-key': tenon.apiKey }), 403, 'forbidden'],
    ['the token, from a page', () => ({ authorization: `Bearer ${token}`, origin: tenon.origin }), 403, 'forbidden'],
    [
      'the token, from a page of a rebound name',
      () => ({ authorization: `Bearer ${token}`, 'sec-fetch-site': 'same-origin' }),
      403,
      'forbidden',
    ],
  ])('refuses %s', async (_what, headers, status, code) => {
    const answer = await call(path, headers(), method);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(JSON.stringify(answer.json)).not.toContain(token);
  });
});

describe('the operator plane', () => {
  it('answers no preflight', async () => {
    const response = await fetch(`${tenon.origin}/operator/v1/quarantine`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'GET' },
    });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([403, null]);
  });

  it.each(['0', '201', '-1', '1.5', 'many', ''])('refuses a page of %j', async (limit) => {
    const answer = await call(`/quarantine?limit=${limit}`, { authorization: `Bearer ${token}` });
    expect([answer.status, answer.json.detail]).toEqual([400, 'limit must be a number from 1 to 200']);
  });

  it.each(['x', '-1', '1e3', '99999999999999999999'])('knows no event %j', async (seq) => {
    const answer = await call(`/quarantine/${seq}/discard`, { authorization: `Bearer ${token}` }, 'POST');
    expect(answer.status).toBe(400);
  });

  it.each<[string, () => Record<string, string>]>([
    ['the token of this process', () => ({ authorization: `Bearer ${token}` })],
    ['a key with the scope operator', () => ({ 'x-api-key': operatorKey })],
  ])('takes %s, and what it says is not stored on the way', async (_what, headers) => {
    const answer = await call('/quarantine', headers());
    expect([answer.status, answer.json]).toEqual([200, { actors: [], cursor: null }]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('tells how the catalog stands, and refreshes none where there is no upstream', async () => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await call('/catalog', headers);
    expect([answer.status, answer.json]).toEqual([
      200,
      expect.objectContaining({ url: null, entries: 0, refused: [] }),
    ]);
    const refused = await call('/catalog/refresh', headers, 'POST');
    expect([refused.status, refused.json.detail]).toEqual([422, 'no upstream catalog is configured']);
  });

  it('makes no backup that nobody would read', async () => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${tenon.origin}/operator/v1/backup`, { method: 'HEAD', headers });
    expect(response.status).toBe(400);
    expect((await (await fetch(`${tenon.origin}/operator/v1/backup`, { headers })).bytes()).length).toBeGreaterThan(0);
  });

  it('is all that an operator key opens', async () => {
    const answer = await tenon.api('GET', '/projects', undefined, { 'x-api-key': operatorKey });
    expect(answer.status).toBe(403);
    const headers = { 'x-api-key': operatorKey, 'x-amp-proxy-version': '1', 'x-amp-project-id': tenon.projectId };
    expect((await fetch(`${tenon.origin}/any`, { headers })).status).toBe(403);
  });
});
