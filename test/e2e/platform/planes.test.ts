// One origin serves every plane. Clients that have a base address for each of them, as the published platform has a
// host for each, add its name to the path.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTenon, type Tenon } from '../../support/tenon.ts';

const MANIFEST = JSON.stringify({
  specVersion: '1.0.0',
  integrations: [
    {
      name: 'crm',
      provider: 'hubspot',
      read: { objects: [{ objectName: 'contacts', requiredFields: [{ fieldName: 'email' }] }] },
      write: { objects: [{ objectName: 'contacts' }] },
    },
  ],
});

const OBJECT = '/integrations/crm/objects/contacts';
const PERSON = { email: 'ada@example.com', firstname: 'Ada' };
const SEARCH = { objectName: 'contacts', fieldFilters: [{ fieldName: 'email', operator: 'eq', value: PERSON.email }] };

let tenon: Tenon;

beforeAll(async () => {
  tenon = await startTenon();
  await tenon.deploy(MANIFEST);
  await tenon.connect('hubspot');
  const object = { contacts: { objectName: 'contacts' } };
  await tenon.install('crm', { provider: 'hubspot', read: { objects: object }, write: { objects: object } });
});

afterAll(() => tenon.stop());

async function send(plane: string, path: string, body: object, key = tenon.apiKey) {
  const response = await fetch(`${tenon.origin}/${plane}/v1${tenon.inProject(path)}`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return [response.status, await response.json()];
}

describe('the name of a plane before the path', () => {
  it('opens nothing to whoever has no key', async () => {
    const refused = [401, expect.objectContaining({ status: 401 })];
    expect(await send('read', OBJECT, { groupRef: 'acme', mode: 'async' }, 'wrong')).toEqual(refused);
    expect(await send('write', OBJECT, { groupRef: 'acme', type: 'create', record: PERSON }, 'wrong')).toEqual(refused);
    expect(await send('search', '/integrations/crm?groupRef=acme', SEARCH, 'wrong')).toEqual(refused);
  });

  it('leads nowhere where it is no plane', async () => {
    const [status] = await send('reads', OBJECT, { groupRef: 'acme', mode: 'async' });
    expect(status).toBe(404);
  });

  it('writes, finds and reads as the path alone does', async () => {
    const write = { groupRef: 'acme', type: 'create', record: PERSON };
    const written = { result: expect.objectContaining({ success: true }) };
    expect(await send('write', OBJECT, write)).toEqual([200, expect.objectContaining(written)]);
    const found = [expect.objectContaining({ fields: expect.objectContaining({ email: PERSON.email }) })];
    expect(await send('search', '/integrations/crm?groupRef=acme', SEARCH)).toEqual([
      200,
      expect.objectContaining({ results: found }),
    ]);
    const read = await send('read', OBJECT, { groupRef: 'acme', mode: 'async' });
    expect(read).toEqual([201, { operationId: expect.any(String) }]);
  });
});
