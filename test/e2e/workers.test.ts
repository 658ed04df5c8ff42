// Two edge threads before one owner thread, over real connections: what builders see must be what one thread does.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTenon, type Tenon } from '../support/tenon.ts';

let tenon: Tenon;
let installationId: string;

beforeAll(async () => {
  tenon = await startTenon({ env: { TENON_WORKERS: '2' } });
  await tenon.deploy('specVersion: 1.0.0\nintegrations:\n  - {name: hub, provider: hubspot, proxy: {enabled: true}}\n');
  await tenon.connect('hubspot');
  installationId = (await tenon.install('hub', { provider: 'hubspot' })).id;
});

afterAll(() => tenon.stop());

describe('with two edge threads', () => {
  it('a call goes through', async () => {
    const response = await tenon.proxy(installationId, '/crm/v3/objects/contacts?limit=1');
    const text = await response.text();
    expect([response.status, text.slice(0, 60)]).toEqual([200, expect.stringContaining('results')]);
  });
});
