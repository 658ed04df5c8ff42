import { describe, expect, it } from 'vitest';
import { parseId } from '../../../src/core/ids.ts';
import { connectionJson, destinationJson, projectJson, providerAppJson } from '../../../src/edge/wire.ts';

const createdAtMs = Date.UTC(2026, 0, 5, 9);
const createTime = '2026-01-05T09:00:00.000Z';

describe('published rows', () => {
  it('leave out what a provider app does not have, and its secret always', () => {
    const row = {
      providerAppId: parseId<never>('a1', 'id'),
      projectId: parseId<never>('p1', 'id'),
      provider: 'hubspot',
      clientId: 'client',
      sealedClientSecret: Buffer.from('sealed'),
      sealedWebhookSecret: Buffer.from('sealed too'),
      scopes: '["a","b"]',
      metadata: null,
      externalRef: null,
      createdAtMs,
      updatedAtMs: null,
    };
    const plain = {
      id: 'a1',
      projectId: 'p1',
      provider: 'hubspot',
      clientId: 'client',
      scopes: ['a', 'b'],
      createTime,
    };
    expect(providerAppJson(row)).toEqual(plain);
    const full = { ...row, metadata: '{"providerParams":{"x":"y"}}', externalRef: 'ref', updatedAtMs: createdAtMs };
    expect(providerAppJson(full)).toEqual({
      ...plain,
      metadata: { providerParams: { x: 'y' } },
      externalRef: 'ref',
      updateTime: createTime,
    });
  });

  it('show the signing key of a destination only where it was asked for', () => {
    const row = {
      destinationId: parseId<never>('d1', 'id'),
      projectId: parseId<never>('p1', 'id'),
      name: 'hook',
      type: 'webhook',
      metadata: '{"url":"https://x.example"}',
      sealedSecrets: Buffer.from('sealed'),
      disabledAtMs: null,
      createdAtMs,
      updatedAtMs: null,
    };
    const plain = { id: 'd1', name: 'hook', type: 'webhook', metadata: { url: 'https://x.example' }, createTime };
    expect(destinationJson(row)).toEqual(plain);
    expect(destinationJson(row, 'whsec_x')).toEqual({ ...plain, secrets: { webhookSigningKey: 'whsec_x' } });
    expect(destinationJson({ ...row, disabledAtMs: createdAtMs })).toEqual({ ...plain, disabledTime: createTime });
  });

  it('give a connection its group and customer as objects', () => {
    const projectId = parseId<never>('p1', 'id');
    const row = {
      connectionId: parseId<never>('c1', 'id'),
      projectId,
      provider: 'stripe',
      providerAppId: null,
      groupRef: 'acme',
      groupName: 'Acme',
      consumerRef: 'ada',
      consumerName: 'Ada',
      authScheme: 'apiKey',
      status: 'created',
      workspaceRef: null,
      providerConsumerRef: null,
      metadata: '{}',
      generation: 1,
      issuedAtMs: createdAtMs,
      expiresAtMs: null,
      refreshAtMs: null,
      createdAtMs,
      updatedAtMs: null,
    } as const;
    expect(connectionJson(row)).toEqual({
      id: 'c1',
      projectId: 'p1',
      provider: 'stripe',
      group: { groupRef: 'acme', groupName: 'Acme', projectId: 'p1', createTime },
      consumer: { consumerRef: 'ada', consumerName: 'Ada', projectId: 'p1', createTime },
      authScheme: 'apiKey',
      status: 'created',
      createTime,
    });
  });

  it('give a project all that its schema requires', () => {
    const row = { projectId: parseId<never>('p1', 'id'), name: 'default', appName: 'App', orgId: 'o1', createdAtMs };
    expect(projectJson({ ...row, updatedAtMs: null })).toEqual({
      id: 'p1',
      name: 'default',
      appName: 'App',
      orgId: 'o1',
      createTime,
    });
  });
});
