// Two that change one thing at the same moment: both take effect, or one of them is refused; none is lost unsaid.

import { describe, expect, it } from 'vitest';
import type { ProjectId } from '../../../src/core/ids.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { editConnection } from '../../../src/flows/connect/editConnection.ts';
import { createIntegration } from '../../../src/flows/install/integrations.ts';
import { type ConnectionRow, readConnection } from '../../../src/store/tables/connections.ts';
import { readIntegrations } from '../../../src/store/tables/integrations.ts';
import type { SchemeServer } from '../../support/schemeServer.ts';
import { generate, generated, patched, shown, type World, worldOfTest } from '../../support/schemes.ts';

/** A provider that checks keys when it is asked to, and one whose grants are imported. */
function behind({ origin }: SchemeServer): JsonObject {
  const authHealthCheck = { url: `${origin}/api/me` };
  return {
    stripe: { baseURL: `${origin}/api`, authHealthCheck },
    calendly: {
      baseURL: `${origin}/api`,
      oauth2Opts: { authURL: `${origin}/authorize`, tokenURL: `${origin}/token` },
      authHealthCheck,
    },
  };
}

const meta = (name: string, value: string) => ({ providerMetadata: { [name]: { value, source: 'input' as const } } });

function rowOf({ tenon }: World, connectionId: string): ConnectionRow {
  const row = readConnection(tenon.running.services.store.reads, connectionId);
  if (row === undefined) throw new Error('there is no such connection');
  return row;
}

describe('two changes of one connection', () => {
  it('of its facts, decided on the same row, are both there', async () => {
    const world = await worldOfTest(behind);
    world.server.on('/api/me', () => ({ body: {} }));
    const { id } = await generated(world, 'stripe', { apiKey: 'sk' });
    const { services } = world.tenon.running;
    const row = rowOf(world, id);
    const edits = ['one', 'two', 'three'].map((name) =>
      editConnection(services, row, ['providerMetadata'], meta(name, name)),
    );
    await Promise.all(edits);
    const names = Object.keys((await shown(world, id))['providerMetadata'] as JsonObject);
    expect(names.toSorted()).toEqual(['one', 'three', 'two']);
  });

  it('of facts and of a credential that is being checked: the facts stay, and the credential is refused', async () => {
    const world = await worldOfTest(behind);
    world.server.on('/api/me', () => ({ body: {} }));
    const { id } = await generated(world, 'stripe', { apiKey: 'sk' });
    world.server.on('/api/me', async () => {
      world.server.on('/api/me', () => ({ body: {} }));
      expect((await patched(world, id, ['providerMetadata'], meta('team', 'crm'))).status).toBe(200);
      return { body: {} };
    });
    const answer = await patched(world, id, ['apiKey'], { apiKey: 'sk-two' });
    expect([answer.status, answer.json]).toMatchObject([409, { code: 'conflict' }]);
    expect((await shown(world, id))['providerMetadata']).toMatchObject({ team: { value: 'crm' } });
    expect(world.tenon.credentialOf(id)).toMatchObject({ apiKey: 'sk' });
    expect((await patched(world, id, ['apiKey'], { apiKey: 'sk-two' })).status).toBe(200);
    expect(world.tenon.credentialOf(id)).toMatchObject({ apiKey: 'sk-two' });
  });
});

describe('two integrations of one name', () => {
  it('made at the same moment are one, and the other is refused', async () => {
    const { tenon } = await worldOfTest(behind);
    const { services } = tenon.running;
    const projectId = tenon.projectId as ProjectId;
    const make = (enabled: boolean) =>
      createIntegration(services, projectId, {
        ...{ name: 'pay', provider: 'stripe', specVersion: '1.0.0' },
        content: { proxy: { enabled } },
      });
    const [one, other] = await Promise.allSettled([make(true), make(false)]);
    expect([one.status, other]).toMatchObject(['fulfilled', { reason: { code: 'invalid_input' } }]);
    expect(String(other.status === 'rejected' ? other.reason : '')).toContain('already has an integration named "pay"');
    const named = readIntegrations(services.store.reads, projectId).filter(({ name }) => name === 'pay');
    expect(named).toHaveLength(1);
    expect(await tenon.ok('GET', tenon.inProject('/integrations/pay'))).toMatchObject({
      latestRevision: { content: { proxy: { enabled: true } } },
    });
  });
});

describe('an import', () => {
  it('of a customer who connects while the provider is asked leaves them as they are', async () => {
    const world = await worldOfTest(behind);
    const { tenon, server } = world;
    await tenon.addProviderApp('calendly', 'app-calendly', 'secret', ['one']);
    let connectionId = '';
    server.on('/api/me', async () => {
      server.on('/api/me', () => ({ body: {} }));
      const tokens = { oauth2AuthorizationCode: { accessToken: { token: 'newer' } } };
      const answer = await generate(world, 'calendly', tokens);
      connectionId = (answer.json as { id: string }).id;
      return { body: {} };
    });
    const grant = { oauth2AuthorizationCode: { accessToken: { token: 'older' }, refreshToken: { token: 'older' } } };
    const identity = { provider: 'calendly', groupRef: 'acme', consumerRef: 'ada' };
    const response = await fetch(`${tenon.origin}/tenon/v1${tenon.inProject('/connections:import')}`, {
      method: 'POST',
      headers: { 'x-api-key': tenon.apiKey, 'content-type': 'application/json' },
      body: JSON.stringify({ ...identity, ...grant }),
    });
    expect(await response.json()).toEqual({ outcome: 'present', connectionId, proof: 'none' });
    expect(tenon.credentialOf(connectionId)).toMatchObject({ accessToken: 'newer' });
    expect(rowOf(world, connectionId).generation).toBe(1);
  });
});
