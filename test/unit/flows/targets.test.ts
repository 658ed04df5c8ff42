// Whom an installation's calls go to, as it is kept between them.

import { beforeEach, describe, expect, it } from 'vitest';
import { LiveCatalog } from '../../../src/catalog/liveCatalog.ts';
import { LEASES_OF_KINDS_CACHED_MAX } from '../../../src/core/limits.ts';
import { Targets, targetOfCall } from '../../../src/flows/targets.ts';
import type { Store } from '../../../src/store/store.ts';
import { insertConnection } from '../../../src/store/tables/connections.ts';
import {
  deleteInstallation,
  insertInstallation,
  insertIntegration,
  insertRevision,
} from '../../../src/store/tables/installations.ts';
import { withStore } from '../../support/store.ts';

/** Ids that end alike. */
const HERE = '1127fe6a-d981-4b13-bc8d-09b337f173a5';
const ALIKE = '2127fe6a-d981-4b13-bc8d-09b337f173a5';
const [PROJECT, OTHER] = ['p' as never, 'q' as never];

let store: Store;
let targets: Targets;

beforeEach(async () => {
  ({ store } = await withStore());
  const of = { projectId: PROJECT, integrationId: 'i' as never, connectionId: 'c' as never };
  const names = { provider: 'stripe', name: 'calls' };
  const party = {
    groupName: 'g',
    consumerRef: 'c',
    consumerName: 'c',
    authScheme: 'apiKey',
    status: 'working',
  } as const;
  const nothing = { providerAppId: null, workspaceRef: null, providerConsumerRef: null, expiresAtMs: null };
  const state = { metadata: '{}', generation: 1, issuedAtMs: 1, refreshAtMs: null, createdAtMs: 1 };
  const rest = { configId: 'c', revisionId: 'r', config: '{}', createdBy: '', configuredAtMs: 1, createdAtMs: 1 };
  const installation = (installationId: string, groupRef: string) =>
    insertInstallation({ ...of, ...rest, installationId: installationId as never, groupRef, healthStatus: 'healthy' });
  const content = JSON.stringify({ name: 'calls', provider: 'stripe', proxy: { enabled: true } });
  await store.commit([
    insertRevision({ ...of, revisionId: 'r', specVersion: '1', content, kept: '[]', createdAtMs: 1 }),
    insertIntegration({ ...of, ...names, revisionId: 'r', createdAtMs: 1 }),
    insertConnection({ ...of, ...names, ...party, ...nothing, ...state, groupRef: 'g' }),
    installation(HERE, 'g'),
    installation(ALIKE, 'h'),
  ]);
  targets = new Targets(store.reads, new LiveCatalog());
});

/** The code of what is thrown, or the id of the target. */
function found(projectId: never, installationId: string): string {
  try {
    return targets.ofInstallation(projectId, installationId).installationId;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('the target of an installation', () => {
  it('is not that of another whose id ends alike, asked for in turn', () => {
    for (let round = 0; round < 100; round++) {
      expect([found(PROJECT, HERE), found(PROJECT, ALIKE)]).toEqual([HERE, ALIKE]);
      expect(found(PROJECT, '09b337f173a5')).toBe('not_found');
    }
  });

  it('is nothing to another project, which asks right after its own', () => {
    expect([found(PROJECT, HERE), found(OTHER, HERE), found(OTHER, '')]).toEqual([HERE, 'not_found', 'not_found']);
  });

  it('is kept until something changes, and then found anew', async () => {
    const kept = targets.ofInstallation(PROJECT, HERE);
    await store.commit([deleteInstallation(HERE)]);
    for (let call = 0; call < 100; call++) expect(targets.ofInstallation(PROJECT, HERE)).toBe(kept);
    targets.forgetAll();
    expect([found(PROJECT, HERE), found(PROJECT, ALIKE)]).toEqual(['not_found', ALIKE]);
  });
});

/** The target of a connection to a provider. */
async function connected(provider: string) {
  const party = { groupName: 'g', consumerRef: 'c', consumerName: 'c', authScheme: 'apiKey' } as const;
  const nothing = { providerAppId: null, workspaceRef: 'acme', providerConsumerRef: null, expiresAtMs: null };
  const state = { metadata: '{}', generation: 1, issuedAtMs: 1, refreshAtMs: null, createdAtMs: 1 };
  const of = { projectId: PROJECT, connectionId: 'd' as never, provider, name: provider, groupRef: 'other' };
  await store.commit([insertConnection({ ...of, ...party, ...nothing, ...state, status: 'working' })]);
  return targets.ofConnection('d');
}

describe('the target of a connection', () => {
  it.each(['stripe', 'hubspot', 'slack'])('of %s is plain data, of which edge threads get a copy', async (provider) => {
    const target = await connected(provider);
    const copy = structuredClone(target);
    expect(copy.declaration).toEqual(target.declaration);
    const call = ['POST', `${target.baseUrl}/users.list`] as const;
    const keys = ({ lease }: typeof target) => lease.budgets.map(({ key }) => key);
    expect(keys(targetOfCall(copy, ...call))).toEqual(keys(targetOfCall(target, ...call)));
  });

  it('has one lease for an endpoint with a limit of its own, and the recent ones are kept', async () => {
    const target = await connected('klaviyo');
    const leaseOf = (path: string) => targetOfCall(target, 'GET', `${target.baseUrl}${path}`).lease;
    const lists = leaseOf('/api/lists/1');
    expect(leaseOf('/api/lists/2/?x=1')).toBe(lists);
    expect(leaseOf('/api/segments/1')).not.toBe(lists);
    expect(lists.budgets.map(({ key }) => key)).not.toEqual(leaseOf('/api/segments/1').budgets.map(({ key }) => key));
    for (let other = 0; other < LEASES_OF_KINDS_CACHED_MAX; other++) {
      targetOfCall({ ...target, lease: { ...target.lease } }, 'GET', `${target.baseUrl}/api/events`);
    }
    expect(leaseOf('/api/lists/1')).not.toBe(lists);
    expect(leaseOf('/api/lists/1')).toEqual(lists);
  });
});
