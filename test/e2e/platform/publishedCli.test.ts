// The platform's published command line against Tenon: refusals as it reads them, then deploys and everything it lists,
// changes and deletes.

import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { PublishedCli } from '../../support/publishedCli.ts';
import { startTenon, type Tenon } from '../../support/tenon.ts';

const manifest = (...objects: readonly string[]) => `specVersion: 1.0.0
integrations:
  - name: crm
    provider: hubspot
    unknownKey: {is: passed over}
    read:
      objects:
${objects.map((objectName) => `        - {objectName: ${objectName}, destination: hook}`).join('\n')}
    proxy: {enabled: true}
`;

let tenon: Tenon;
let cli: PublishedCli;

beforeEach(async () => {
  tenon = await startTenon();
  onTestFinished(() => tenon.stop());
  cli = new PublishedCli({ apiUrl: tenon.origin, key: tenon.apiKey, project: 'default' });
});

/** The command line for somebody else. */
function cliOf(changes: { readonly key?: string; readonly project?: string }): PublishedCli {
  return new PublishedCli({ apiUrl: tenon.origin, key: tenon.apiKey, project: tenon.projectId, ...changes });
}

describe('a deploy', () => {
  it('that is refused says why, in the words of the server', async () => {
    await expect(cliOf({ key: 'tnn_wrong' }).deploy(manifest('contacts'))).rejects.toThrow(/API key/);
    await expect(cliOf({ project: 'other' }).deploy(manifest('contacts'))).rejects.toThrow(
      'not found: no such project',
    );
    await expect(cli.deploy(manifest('contacts').replace('hubspot', 'hubspit'))).rejects.toThrow('problem(s)');
    expect(await cli.listIntegrations()).toEqual(new Map());
  });

  it('looks at what there is, uploads the archive without a type and names it by its place', async () => {
    expect(await cli.deploy(manifest('contacts'))).toEqual(['crm']);
    expect(cli.asked).toEqual([
      'GET /projects/default/integrations',
      expect.stringMatching(/^GET \/generate-upload-url\?md5=[\w%]+$/),
      expect.stringMatching(`^PUT ${tenon.origin}/`),
      'PUT /projects/default/integrations:batch',
    ]);
    expect(await cli.deploy(manifest('contacts', 'companies'))).toEqual(['crm']);
    expect(await cli.listIntegrations()).toEqual(new Map([['crm', 0]]));
  });

  it('without an object that is read somewhere asks first, and passes on what was said', async () => {
    await tenon.addWebhook('hook');
    await cli.deploy(manifest('contacts', 'companies'));
    await tenon.connect('hubspot');
    const objects = { contacts: { objectName: 'contacts' }, companies: { objectName: 'companies' } };
    await tenon.install('crm', { provider: 'hubspot', read: { objects } });
    await expect(cli.deploy(manifest('contacts'))).rejects.toThrow('prompt failed');
    expect(await cli.deploy(manifest('contacts'), 'keep')).toEqual(['crm']);
    expect(cli.asked.at(-1)).toBe('PUT /projects/default/integrations:batch');
    await cli.deploy(manifest('contacts', 'companies'));
    expect(await cli.deploy(manifest('contacts'), 'pause')).toEqual(['crm']);
    expect(cli.asked.at(-1)).toBe('PUT /projects/default/integrations:batch?destructive=true');
  });
});

it('lists, changes and deletes what there is', async () => {
  await cli.deploy(manifest('contacts'));
  const connection = await tenon.connect('hubspot');
  const { id } = await tenon.install('crm', { provider: 'hubspot' });
  expect(await cli.listInstallations('crm')).toEqual(['acme']);
  const counts = [await cli.count('projects'), await cli.count('connections'), await cli.count('provider-apps')];
  expect(counts).toEqual([1, 1, 1]);
  expect(await cli.providers()).toEqual(expect.arrayContaining(['hubspot', 'salesforce']));

  await expect(cli.deployDestination('hook', 'no address')).rejects.toThrow();
  await cli.deployDestination('hook', `${tenon.receiver.origin}/one`);
  await cli.deployDestination('hook', `${tenon.receiver.origin}/two`);
  expect(await cli.listDestinations()).toEqual([`${tenon.receiver.origin}/two`]);
  await cli.syncWebhooks(`${tenon.receiver.origin}/three`);
  expect(await cli.listDestinations()).toEqual([`${tenon.receiver.origin}/three`]);

  await expect(cli.delete('crm', 'none')).rejects.toThrow('not found: no such installation');
  await cli.delete('crm', id);
  expect((await tenon.api('GET', tenon.inProject(`/connections/${connection.id}`))).status).toBe(404);
  await cli.delete('crm');
  await expect(cli.delete('crm')).rejects.toThrow('not found: no such integration');
});
