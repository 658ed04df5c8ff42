import { describe, expect, it } from 'vitest';
import type { ProjectId } from '../../../../src/core/ids.ts';
import { removeConnection } from '../../../../src/flows/connect/removeConnection.ts';
import { deployManifest } from '../../../../src/flows/install/deploy.ts';
import {
  createInstallation,
  type NewInstallation,
  removeInstallation,
} from '../../../../src/flows/install/installations.ts';
import { readConnection } from '../../../../src/store/tables/connections.ts';
import { readInstallation, readInstallations } from '../../../../src/store/tables/installations.ts';
import { type Flows, manifestOf, startFlows } from './tenon.ts';

const MANIFEST = manifestOf(
  { name: 'billing', provider: 'stripe', objects: ['customers'] },
  { name: 'more', provider: 'stripe', objects: [] },
);

async function start(): Promise<
  Flows & { install(input?: Partial<NewInstallation>, name?: string): ReturnType<typeof createInstallation> }
> {
  const flows = await startFlows();
  await deployManifest(flows.services, flows.projectId, MANIFEST, 'amp.yaml');
  return {
    ...flows,
    install: (input = {}, name = 'billing') =>
      createInstallation(flows.services, flows.integration(name), {
        groupRef: 'acme',
        content: { provider: 'stripe' },
        ...input,
      }),
  };
}

describe('an installation is refused', () => {
  it('for a group without a connection', async () => {
    const flows = await start();
    await flows.connect('another');
    await flows.connect('acme', 'freshdesk');
    await expect(flows.install()).rejects.toMatchObject({ code: 'bad_request', remedy: 'Connect the customer first.' });
  });

  it('with a connection that is unknown, of another group or of another provider', async () => {
    const flows = await start();
    const another = await flows.connect('another');
    const desk = await flows.connect('acme', 'freshdesk');
    await flows.connect();
    const refused = [
      ['nobody', 'bad_request'],
      [another.connectionId, 'bad_request'],
      [desk.connectionId, 'invalid_input'],
    ] as const;
    for (const [connectionId, code] of refused) {
      await expect(flows.install({ connectionId })).rejects.toMatchObject({ code });
    }
    expect(readInstallations(flows.services.store.reads, flows.projectId, {})).toEqual([]);
  });

  it('with a connection of another project, as if there were none', async () => {
    const flows = await start();
    const { connectionId } = await flows.connect();
    const foreign = { ...flows.integration('billing'), projectId: 'another' as ProjectId };
    const input = { groupRef: 'acme', connectionId, content: {} };
    await expect(createInstallation(flows.services, foreign, input)).rejects.toMatchObject({
      code: 'bad_request',
      message: 'no such connection',
    });
  });

  it.each([
    ['no object', 'text'],
    ['of another provider', { provider: 'hubspot' }],
    ['for an object that is not in the manifest', { read: { objects: { invoices: {} } } }],
  ])('with a config that is %s', async (_what, content) => {
    const flows = await start();
    await flows.connect();
    await expect(flows.install({ content })).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('when the group has it already', async () => {
    const flows = await start();
    await flows.connect();
    await flows.install();
    await expect(flows.install()).rejects.toMatchObject({ code: 'invalid_input', remedy: expect.any(String) });
    await expect(flows.install({}, 'more')).resolves.toMatchObject({ groupRef: 'acme' });
  });
});

describe('an installation', () => {
  it("uses the group's connection, and keeps the config as it came", async () => {
    const flows = await start();
    const { connectionId } = await flows.connect();
    const content = { provider: 'stripe', read: { objects: { Customers: { schedule: '0 * * * *', unknown: [1] } } } };
    const row = await flows.install({ content, createdBy: 'user:ada' });
    expect(row).toMatchObject({ connectionId, healthStatus: 'healthy', createdBy: 'user:ada' });
    expect(JSON.parse(row.config)).toEqual(content);
    expect(readInstallation(flows.services.store.reads, row.installationId)).toEqual(row);
  });

  it('takes its connection along when it is deleted, unless another uses it', async () => {
    const flows = await start();
    const { services } = flows;
    const connection = await flows.connect();
    const [first, second] = [await flows.install(), await flows.install({}, 'more')];
    await expect(removeConnection(services, connection)).rejects.toMatchObject({
      code: 'invalid_input',
      message: 'the connection is used by 2 installation(s)',
    });
    await removeInstallation(services, first);
    expect(readConnection(services.store.reads, connection.connectionId)).toBeDefined();
    await removeInstallation(services, second);
    expect(readConnection(services.store.reads, connection.connectionId)).toBeUndefined();
    await expect(removeInstallation(services, second)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('can be made again after it was deleted, with a new id', async () => {
    const flows = await start();
    await flows.connect();
    const first = await flows.install();
    await removeInstallation(flows.services, first);
    await flows.connect();
    expect((await flows.install()).installationId).not.toBe(first.installationId);
  });
});
