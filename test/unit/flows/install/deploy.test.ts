import { describe, expect, it } from 'vitest';
import { deployManifest } from '../../../../src/flows/install/deploy.ts';
import { createInstallation } from '../../../../src/flows/install/installations.ts';
import type { KeptObject } from '../../../../src/manifest/kept.ts';
import type { IntegrationSpec } from '../../../../src/manifest/manifest.ts';
import { readInstallation, readRevision } from '../../../../src/store/tables/installations.ts';
import { readIntegrations } from '../../../../src/store/tables/integrations.ts';
import { type Flows, manifestOf, startFlows } from './tenon.ts';

const STRIPE = { name: 'billing', provider: 'stripe', objects: ['customers'] };

function deploy({ services, projectId }: Flows, source: string) {
  return deployManifest(services, projectId, source, 'amp.yaml');
}

function stored({ services, projectId }: Flows) {
  const { reads } = services.store;
  return {
    names: readIntegrations(reads, projectId).map(({ name }) => name),
    revisions: reads.all('SELECT revisionId FROM revisions').length,
  };
}

describe('a manifest that is wrong', () => {
  it.each<[string, string]>([
    ['that is no YAML', 'integrations: ['],
    ['with an unknown provider', manifestOf(STRIPE, { name: 'x', provider: 'nobody', objects: [] })],
    ['with one name twice', manifestOf(STRIPE, { ...STRIPE, objects: [] })],
    ['without integrations', 'specVersion: 1.0.0\n'],
  ])('%s stores nothing of it', async (_what, source) => {
    const flows = await startFlows();
    await expect(deploy(flows, source)).rejects.toMatchObject({
      code: 'invalid_input',
      issues: expect.arrayContaining([
        expect.objectContaining({ in: 'body', detail: expect.stringContaining('amp.yaml') }),
      ]),
    });
    expect(stored(flows)).toEqual({ names: [], revisions: 0 });
  });

  it('because an integration would change its provider stores nothing, not even the others', async () => {
    const flows = await startFlows();
    await deploy(flows, manifestOf(STRIPE));
    const moved = manifestOf({ name: 'new', provider: 'stripe', objects: [] }, { ...STRIPE, provider: 'freshdesk' });
    await expect(deploy(flows, moved)).rejects.toMatchObject({
      code: 'invalid_input',
      message: '"billing" is an integration of stripe',
    });
    expect(stored(flows)).toEqual({ names: ['billing'], revisions: 1 });
  });
});

describe('a manifest', () => {
  it('makes one revision per integration, and none where nothing has changed', async () => {
    const flows = await startFlows();
    const desk = { name: 'desk', provider: 'freshdesk', objects: [] };
    const first = await deploy(flows, manifestOf(STRIPE, desk));
    expect(stored(flows)).toEqual({ names: expect.arrayContaining(['billing', 'desk']), revisions: 2 });
    const again = await deploy(flows, manifestOf(STRIPE, desk));
    expect(again.integrations).toEqual(first.integrations);
    await deploy(flows, manifestOf(STRIPE, { ...desk, objects: ['tickets'] }));
    expect(stored(flows).revisions).toBe(3);
  });

  it('is kept as it was written, with keys that nobody knows', async () => {
    const flows = await startFlows();
    const integration = {
      'x-team': { owner: 'ada', tags: ['a', null] },
      name: 'billing',
      proxy: { enabled: true, later: 1 },
      provider: 'stripe',
      delete: { objects: [{ objectName: 'customers' }] },
    };
    await deploy(flows, JSON.stringify({ specVersion: '1.0.0', integrations: [integration] }));
    const { revisionId } = flows.integration('billing');
    expect(JSON.parse(readRevision(flows.services.store.reads, revisionId)?.content ?? '')).toEqual(integration);
    const { proxy, ...others } = integration;
    await deploy(flows, JSON.stringify({ specVersion: '1.0.0', integrations: [{ proxy, ...others }] }));
    expect(flows.integration('billing').revisionId).toBe(revisionId);
  });

  it('keeps read objects that it leaves out for who has installed them, and a destructive one does not', async () => {
    const flows = await startFlows();
    const keptNow = () => {
      const revision = readRevision(flows.services.store.reads, flows.integration('billing').revisionId);
      return (JSON.parse(revision?.kept ?? '') as KeptObject[]).map(({ object }) => object.objectName);
    };
    const withObjects = (...objects: string[]) => manifestOf({ ...STRIPE, objects });
    await deploy(flows, withObjects('customers', 'invoices', 'plans'));
    await deploy(flows, withObjects('customers', 'invoices'));
    expect(keptNow()).toEqual([]);
    await flows.connect();
    await createInstallation(flows.services, flows.integration('billing'), { groupRef: 'acme', content: {} });
    await deploy(flows, withObjects('customers'));
    expect(keptNow()).toEqual(['invoices']);
    await deploy(flows, withObjects('plans'));
    expect(keptNow()).toEqual(['customers', 'invoices']);
    await deploy(flows, withObjects('plans', 'Invoices'));
    expect(keptNow()).toEqual(['customers']);
    const { revisionId } = flows.integration('billing');
    await deploy(flows, withObjects('plans', 'Invoices'));
    expect(flows.integration('billing').revisionId).toBe(revisionId);
    const options = { isDestructive: true };
    await deployManifest(flows.services, flows.projectId, withObjects('plans', 'Invoices'), 'amp.yaml', options);
    expect([keptNow(), flows.integration('billing').revisionId === revisionId]).toEqual([[], false]);
  });

  it('goes by what another one of the same moment left', async () => {
    const flows = await startFlows();
    const withObjects = (...objects: string[]) => manifestOf({ ...STRIPE, objects });
    await Promise.all([deploy(flows, withObjects('customers', 'invoices')), deploy(flows, withObjects('customers'))]);
    await flows.connect();
    await createInstallation(flows.services, flows.integration('billing'), { groupRef: 'acme', content: {} });
    await deploy(flows, withObjects('customers', 'invoices'));
    const all = ['plans', 'coupons', 'events'].map((name) => deploy(flows, withObjects(name)));
    await Promise.all(all);
    const latest = readRevision(flows.services.store.reads, flows.integration('billing').revisionId);
    const kept = (JSON.parse(latest?.kept ?? '') as KeptObject[]).map(({ object }) => object.objectName);
    const own = (JSON.parse(latest?.content ?? '') as IntegrationSpec).read?.objects.map(
      ({ objectName }) => objectName,
    );
    expect([...kept, ...(own ?? [])].sort()).toEqual(['coupons', 'customers', 'events', 'invoices', 'plans']);
  });

  it('leaves integrations that it does not name as they are', async () => {
    const flows = await startFlows();
    await deploy(flows, manifestOf(STRIPE));
    const before = flows.integration('billing');
    await deploy(flows, manifestOf({ name: 'desk', provider: 'freshdesk', objects: [] }));
    expect(flows.integration('billing')).toEqual(before);
  });

  it('is taken over by who has installed, and not by others', async () => {
    const flows = await startFlows();
    const { services } = flows;
    const other = { ...STRIPE, name: 'other' };
    await deploy(flows, manifestOf(STRIPE, other));
    await flows.connect();
    const content = { provider: 'stripe' };
    const installed = await createInstallation(services, flows.integration('billing'), { groupRef: 'acme', content });
    const untouched = await createInstallation(services, flows.integration('other'), { groupRef: 'acme', content });
    await deploy(flows, manifestOf({ ...STRIPE, objects: ['customers', 'invoices'] }, other));
    const now = readInstallation(services.store.reads, installed.installationId);
    expect(now).toEqual({ ...installed, revisionId: flows.integration('billing').revisionId });
    expect(readInstallation(services.store.reads, untouched.installationId)).toEqual(untouched);
  });
});
