// Every operation of the platform API with every credential that must not open it, and with those that must: a matrix
// made from the table of operations. Then what a customer's token sees of its project.

import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isJsonObject, type JsonObject } from '../../../src/core/json.ts';
import type { Access, Operation } from '../../../src/edge/platform/operation.ts';
import { OPERATIONS } from '../../../src/edge/platform/operations.ts';
import { hashApiKey } from '../../../src/store/tables/accounts.ts';
import {
  bearer,
  type Credential,
  customerToken,
  rsa,
  rsaPem,
  storeKey,
  storeProject,
  unsignedToken,
} from '../../support/credentials.ts';
import { startTenon, type Tenon } from '../../support/tenon.ts';

let tenon: Tenon;
let kid = '';
let builder: Credential = {};
const wrong = new Map<string, Credential>();
const limited = new Map<string, Credential>();
let others: readonly (readonly [string, Credential])[] = [];

async function registerKey(projectId: string, headers: Credential): Promise<string> {
  const body = { label: 'key', algorithm: 'RS256', publicKeyPem: rsaPem };
  const answer = await tenon.api('POST', `/projects/${projectId}/jwt-keys`, body, headers);
  return String((answer.json as JsonObject)['kid']);
}

beforeAll(async () => {
  tenon = await startTenon();
  const other = await storeProject(tenon, 'other');
  builder = bearer(await storeKey(tenon, { scopes: ['builder'] }));
  kid = await registerKey(tenon.projectId, builder);
  const otherKid = await registerKey(other, builder);
  const inactive = await registerKey(tenon.projectId, builder);
  const patch = { updateMask: ['active'], jwtKey: { active: false } };
  await tenon.api('PATCH', tenon.inProject(`/jwt-keys/${inactive}`), patch);
  const full = await storeKey(tenon, {});
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const hs256 = { key: Buffer.from(rsaPem), header: { alg: 'HS256' } };
  const sound = await customerToken(kid);
  const tampered = sound.replace(/\.[^.]+\./, `.${Buffer.from('{"groupRef":"beta"}').toString('base64url')}.`);
  const tokens: Readonly<Record<string, string>> = {
    'a token that has expired': await customerToken(kid, { iat: -700, exp: -100 }),
    'a token of the future': await customerToken(kid, { iat: 100, exp: 600 }),
    'a token that is not good yet': await customerToken(kid, { nbf: 100 }),
    'a token that is good for too long': await customerToken(kid, { exp: 601 }),
    'a token without a group': await customerToken(kid, { groupRef: '' }),
    'a token whose group is no text': await customerToken(kid, { groupRef: ['acme'] }),
    'a token without a signature': unsignedToken(kid),
    'a token signed with the public key as a secret': await customerToken(kid, {}, hs256),
    'a token signed with PS256': await customerToken(kid, {}, { header: { alg: 'PS256' } }),
    'a token signed by a stranger': await customerToken(kid, {}, { key: stranger.privateKey }),
    'a token whose claims were changed': tampered,
    'a token of an unknown key': await customerToken('00000000-0000-4000-8000-000000000000'),
    'a token of a key that was switched off': await customerToken(inactive),
    'a token of a key that is a path': await customerToken('../../etc/passwd'),
    'a token with critical extensions': await customerToken(kid).then(
      (token) => `eyJhIjoxfQ.${token.split('.', 2)[1]}.`,
    ),
    'a token that is too long': `${sound}${'A'.repeat(9000)}`,
    'a full key as a Bearer': full,
    'an operator key as a Bearer': await storeKey(tenon, { scopes: ['operator'] }),
    'a builder key that was switched off': await storeKey(tenon, { scopes: ['builder'], isActive: false }),
    'a Bearer that is nothing': 'nothing',
  };
  for (const [what, token] of Object.entries(tokens)) wrong.set(what, bearer(token));
  wrong.set('no credential', { 'x-api-key': '' });
  wrong.set('a wrong key', { 'x-api-key': 'tnn_wrong' });
  wrong.set('the hash of a key', { 'x-api-key': 'sha256:abc' });
  wrong.set('a key that was switched off', { 'x-api-key': await storeKey(tenon, { isActive: false }) });
  wrong.set('a key that has expired', { 'x-api-key': await storeKey(tenon, { expiresAtMs: 1 }) });
  limited.set('a frontend key', { 'x-api-key': await storeKey(tenon, { scopes: ['frontend'] }) });
  limited.set('a customer’s token', bearer(sound));
  others = [
    ['a key of another project', { 'x-api-key': await storeKey(tenon, { projectId: other }) }],
    [
      'a frontend key of another project',
      { 'x-api-key': await storeKey(tenon, { projectId: other, scopes: ['frontend'] }) },
    ],
    ['a customer’s token of another project', bearer(await customerToken(otherKid))],
  ];
});

afterAll(() => tenon.stop());

/** Calls an operation on things that are not there: whoever is let in finds nothing, and nothing happens. */
async function statusOf({ method, path }: Operation, credential: Credential): Promise<number> {
  const at = path.replace('{projectIdOrName}', tenon.projectId).replace(/\{\w+\}/g, 'nothing');
  const answer = await tenon.api(method, at, undefined, credential);
  if (answer.status >= 400)
    expect(isJsonObject(answer.json) && answer.json['detail']).toEqual(expect.stringMatching(/\S/));
  return answer.status;
}

const BY_ACCESS = new Map<Access, readonly Operation[]>(
  (['open', 'frontend', 'project', 'org'] as const).map((access) => [
    access,
    OPERATIONS.filter((operation) => operation.access === access),
  ]),
);
const of = (...access: readonly Access[]) => access.flatMap((one) => BY_ACCESS.get(one) ?? []);
const named = (operations: readonly Operation[]) => operations.map((one) => [one.id, one] as const);

describe('a credential that is not valid', () => {
  it.each(named(of('frontend', 'project', 'org')))('opens nothing: %s', async (_id, operation) => {
    for (const [what, credential] of wrong) {
      expect([what, await statusOf(operation, credential)]).toEqual([what, 401]);
    }
  });

  it('is not asked for by what everybody may see', async () => {
    for (const operation of of('open')) {
      for (const credential of wrong.values()) expect([200, 404]).toContain(await statusOf(operation, credential));
    }
  });
});

describe('a credential for browsers', () => {
  it.each(named(of('frontend')))('may call %s', async (_id, operation) => {
    for (const [what, credential] of limited) {
      expect([what, [401, 403].includes(await statusOf(operation, credential))]).toEqual([what, false]);
    }
  });

  it.each(named(of('project', 'org')))('may not call %s', async (_id, operation) => {
    for (const [what, credential] of limited) {
      expect([what, await statusOf(operation, credential)]).toEqual([what, 403]);
    }
  });

  it.each(['includeCreds=true', 'includeRefreshToken=true', 'refresh=force'])('sees no token: %s', async (query) => {
    const { id } = await tenon.connect('hubspot');
    for (const credential of limited.values()) {
      const answer = await tenon.api('GET', tenon.inProject(`/connections/${id}?${query}`), undefined, credential);
      expect(answer.status).toBe(403);
    }
  });

  it('does not open the proxy or the operator plane', async () => {
    for (const credential of limited.values()) {
      const proxied = { ...credential, 'x-amp-proxy-version': '1', 'x-amp-project-id': tenon.projectId };
      const statuses = await Promise.all([
        fetch(`${tenon.origin}/any`, { headers: proxied }),
        fetch(`${tenon.origin}/operator/v1/keys`, { headers: credential }),
      ]);
      for (const { status } of statuses) expect([401, 403]).toContain(status);
    }
  });
});

describe('a key', () => {
  it.each(named(of('project', 'frontend')))(
    'of the project may call %s, and one of another finds nothing',
    async (_id, operation) => {
      const own = await statusOf(operation, {});
      expect([401, 403]).not.toContain(own);
      if (!operation.path.includes('{projectIdOrName}')) return;
      for (const [what, credential] of others) {
        const isLet = operation.access === 'frontend' || what === 'a key of another project';
        expect([what, await statusOf(operation, credential)]).toEqual([what, isLet ? 404 : 403]);
      }
    },
  );

  it.each(named(of('org')))('may not call %s, which a builder may', async (_id, operation) => {
    expect(await statusOf(operation, {})).toBe(403);
    // Refusals of a builder are about what there is not, never about who it is.
    const answer = await tenon.api('GET', '/my-info', undefined, builder);
    expect(answer.status).toBe(200);
    expect(await statusOf(operation, builder)).not.toBe(401);
  });

  it('for another scope is refused as a key of the project', async () => {
    for (const scope of ['operator', 'builder', 'nothing']) {
      const key = await storeKey(tenon, { scopes: [scope] });
      expect((await tenon.api('GET', '/projects', undefined, { 'x-api-key': key })).status).toBe(403);
    }
  });

  it('of a project does not see, switch on or delete those of operators and builders, which builders do', async () => {
    for (const scope of ['operator', 'builder']) {
      const name = `sha256:${hashApiKey(await storeKey(tenon, { scopes: [scope], isActive: false }))}`;
      const patch = { updateMask: ['active'], apiKey: { active: true } };
      const asked = (['GET', 'PATCH', 'DELETE'] as const).map(async (method) => {
        const body = method === 'PATCH' ? patch : undefined;
        return (await tenon.api(method, tenon.inProject(`/api-keys/${name}`), body)).status;
      });
      expect([scope, await Promise.all(asked)]).toEqual([scope, [404, 404, 404]]);
      const namesSeen = async (credential?: Credential) => {
        const { json } = await tenon.api('GET', tenon.inProject('/api-keys'), undefined, credential);
        return (json as readonly { key: string }[]).map(({ key }) => key);
      };
      expect(await namesSeen()).not.toContain(name);
      expect(await namesSeen(builder)).toContain(name);
      const edited = await tenon.api('PATCH', tenon.inProject(`/api-keys/${name}`), patch, builder);
      expect(edited.json).toMatchObject({ key: name, scopes: [scope], active: true });
    }
  });

  it('that is switched off or deleted ends with the answer that says so', async () => {
    const make = async () =>
      (await tenon.ok<{ key: string }>('POST', tenon.inProject('/api-keys'), { label: 'k' })).key;
    const works = async (key: string) => (await tenon.api('GET', '/projects', undefined, { 'x-api-key': key })).status;
    const off = await make();
    expect(await works(off)).toBe(200);
    await tenon.ok('PATCH', tenon.inProject(`/api-keys/${off}`), { updateMask: ['active'], apiKey: { active: false } });
    expect(await works(off)).toBe(401);
    const gone = await make();
    expect(await works(gone)).toBe(200);
    await tenon.ok('DELETE', tenon.inProject(`/api-keys/${gone}`));
    expect(await works(gone)).toBe(401);
  });
});

describe('a builder', () => {
  it('works in every project, with the token of the process too', async () => {
    const owner = JSON.parse(readFileSync(join(tenon.folder, 'data', 'owner.json'), 'utf8')) as { token: string };
    for (const project of ['other', tenon.projectId]) {
      for (const credential of [builder, bearer(owner.token)]) {
        const answer = await tenon.api('GET', `/projects/${project}/connections`, undefined, credential);
        expect(answer.status).toBe(200);
      }
    }
    const list = await tenon.api('GET', '/projects', undefined, builder);
    expect(list.json).toHaveLength(2);
  });
});

describe('a customer’s token', () => {
  const as = async (groupRef: string, consumerRef = 'ada') =>
    bearer(await customerToken(kid, { groupRef, consumerRef }));
  const typed = (groupRef: string, consumerRef = 'ada') => ({
    ...{ provider: 'stripe', apiKey: 'sk', groupRef, consumerRef },
  });

  it('within the leeway of clocks works', async () => {
    for (const claims of [
      { iat: 20, exp: 600 },
      { iat: -615, exp: -15 },
    ]) {
      const credential = bearer(await customerToken(kid, claims));
      expect((await tenon.api('GET', tenon.inProject(''), undefined, credential)).status).toBe(200);
    }
  });

  it('acts for its own group and consumer only', async () => {
    const generate = tenon.inProject('/connections:generate');
    for (const body of [typed('beta'), typed('acme', 'bob')]) {
      const refused = await tenon.api('POST', generate, body, await as('acme'));
      expect(refused.status).toBe(403);
      expect((refused.json as JsonObject)['issues']).toMatchObject([{ in: 'body' }]);
    }
    expect((await tenon.api('POST', generate, typed('acme'), await as('acme'))).status).toBe(201);
    const asked = await tenon.api('GET', tenon.inProject('/connections?groupRef=beta'), undefined, await as('acme'));
    expect(asked.status).toBe(403);
    const oauth = { projectIdOrName: tenon.projectId, provider: 'hubspot', groupRef: 'beta', consumerRef: 'ada' };
    expect((await tenon.api('POST', '/oauth-connect', oauth, await as('acme'))).status).toBe(403);
  });

  it('sees connections and installations of its group, and no others', async () => {
    await tenon.deploy('specVersion: 1.0.0\nintegrations: [{name: pay, provider: stripe, proxy: {enabled: true}}]\n');
    const made = await tenon.api('POST', tenon.inProject('/connections:generate'), typed('beta'));
    const { id: connectionId } = made.json as { id: string };
    const { id: installationId } = await tenon.install('pay', { provider: 'stripe' }, 'beta');
    const one = tenon.inProject(`/integrations/pay/installations/${installationId}`);
    const see = async (path: string, group: string, method = 'GET', body?: unknown) =>
      (await tenon.api(method, path, body, await as(group))).status;
    for (const path of [tenon.inProject(`/connections/${connectionId}`), one]) {
      expect([await see(path, 'acme'), await see(path, 'acme', 'DELETE'), await see(path, 'beta')]).toEqual([
        404, 404, 200,
      ]);
    }
    const patch = { updateMask: ['apiKey'], connection: { apiKey: 'stolen' } };
    expect(await see(tenon.inProject(`/connections/${connectionId}`), 'acme', 'PATCH', patch)).toBe(404);
    expect(await see(tenon.inProject(`/connections/${connectionId}:oauth-update`), 'acme', 'PATCH')).toBe(404);
    for (const path of ['/connections', '/integrations/pay/installations']) {
      const list = (await tenon.api('GET', tenon.inProject(path), undefined, await as('beta'))).json;
      const refs = (list as readonly { group: { groupRef: string } }[]).map(({ group }) => group.groupRef);
      expect([path, new Set(refs)]).toEqual([path, new Set(['beta'])]);
    }
    const stolen = { groupRef: 'acme', connectionId, config: { content: { provider: 'stripe' } } };
    const taken = await tenon.api('POST', tenon.inProject('/integrations/pay/installations'), stolen, await as('acme'));
    expect([taken.status, taken.json]).toEqual([400, expect.objectContaining({ detail: 'no such connection' })]);
  });

  it('changes a connection of its group, but not whose account it is', async () => {
    const { id, ...made } = await tenon.ok<JsonObject>(
      'POST',
      tenon.inProject('/connections:generate'),
      typed('gamma'),
    );
    const path = tenon.inProject(`/connections/${String(id)}`);
    const patch = (updateMask: readonly string[]) => ({
      updateMask,
      connection: { providerWorkspaceRef: 'of-another', apiKey: 'sk2' },
    });
    for (const mask of [['providerWorkspaceRef'], ['apiKey', 'providerWorkspaceRef']]) {
      expect((await tenon.api('PATCH', path, patch(mask), await as('gamma'))).status).toBe(403);
    }
    const shown = await tenon.ok<JsonObject>('GET', path);
    expect(shown['providerWorkspaceRef']).toBe(made['providerWorkspaceRef']);
    expect((await tenon.api('PATCH', path, patch(['apiKey']), await as('gamma'))).status).toBe(200);
    expect((await tenon.ok<JsonObject>('PATCH', path, patch(['providerWorkspaceRef'])))['providerWorkspaceRef']).toBe(
      'of-another',
    );
  });

  it('brings no grant of which nobody can be asked whose it is', async () => {
    const grant = { refreshToken: { token: 'a-refresh-token' } };
    const of = { provider: 'hubspot', groupRef: 'acme', consumerRef: 'ada', providerWorkspaceRef: 'of-another' };
    const body = { ...of, oauth2AuthorizationCode: grant };
    const path = tenon.inProject('/connections:generate');
    expect((await tenon.api('POST', path, body, await as('acme'))).status).toBe(403);
    expect((await tenon.api('POST', path, body)).status).not.toBe(403);
  });

  it('ends with its key', async () => {
    const path = tenon.inProject('/jwt-keys');
    const body = { name: 'short', algorithm: 'RSA', publicKeyPem: rsaPem };
    const made = await tenon.ok<{ kid: string }>('POST', path, body);
    const credential = bearer(await customerToken(made.kid, {}, { key: rsa.privateKey }));
    expect((await tenon.api('GET', tenon.inProject(''), undefined, credential)).status).toBe(200);
    await tenon.ok('DELETE', `${path}/${made.kid}`);
    expect((await tenon.api('GET', tenon.inProject(''), undefined, credential)).status).toBe(401);
  });
});
