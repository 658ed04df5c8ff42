// A real process, killed while the address of an installation's webhooks is replaced: afterwards it is the one or the
// other, the one before is taken as well, and the replacement can be made or finished.

import { expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { integration, manifest, readObject } from '../support/drive.ts';
import { startTenonProcess } from '../support/process.ts';
import type { Tenon } from '../support/tenon.ts';

const RELAY = { TENON_SALESFORCE_EVENT_RELAY: 'arn:aws:US-EAST-1:123456789012' };
const KILLS = 4;

/** Of EventBridge; about nothing that is subscribed to. */
async function post(tenon: Tenon, path: string): Promise<number> {
  const payload = { ChangeEventHeader: { entityName: 'Case', changeType: 'UPDATE', recordIds: ['500'] } };
  const body = JSON.stringify({ id: 'e', detail: { payload } });
  return (await fetch(tenon.origin + path, { method: 'POST', body })).status;
}

/** Without its origin, which is another after each start. */
async function told(tenon: Tenon, path: string): Promise<{ readonly path: string; readonly rotation: unknown }> {
  const { json } = await tenon.api('GET', `${path}/webhook`);
  const { url, rotation } = json as JsonObject;
  return { path: new URL(String(url)).pathname, rotation };
}

it('a process that is killed while an address is replaced has the one or the other, and loses nothing', async () => {
  await using tenon = await startTenonProcess({ salesforceAccounts: 1 }, 'SIGKILL', () => RELAY);
  await tenon.addWebhook('hook');
  const update = { enabled: 'always', watchFieldsAuto: 'all' };
  const account = { objectName: 'account', destination: 'hook', inheritFieldsAndMapping: true, updateEvent: update };
  const read = readObject('account', { schedule: '', backfill: undefined });
  await tenon.deploy(manifest({ ...integration('salesforce', read), subscribe: { objects: [account] } }));
  await tenon.connect('salesforce', { workspace: 'acme' });
  const { id } = await tenon.install('salesforce', { provider: 'salesforce', read: { objects: { account: {} } } });
  const path = `/../tenon/v1${tenon.inProject(`/integrations/salesforce/installations/${id}`)}`;
  for (let kill = 1; kill <= KILLS; kill++) {
    const before = await told(tenon, path);
    const rotating = tenon.api('POST', `${path}/webhook:rotate`).then(
      ({ status }) => status,
      () => null,
    );
    // Every other time right after the answer, else while the request is on its way or under way.
    if (kill % 2 === 0) expect(await rotating).toBe(200);
    else if (kill > 1) await told(tenon, path);
    await tenon.halt();
    const status = await rotating;
    await tenon.resume();
    const after = await told(tenon, path);
    if (status === 200) expect(after.path).not.toBe(before.path);
    expect([await post(tenon, before.path), await post(tenon, after.path)]).toEqual([200, 200]);
    const again = await tenon.api('POST', `${path}/webhook:rotate`);
    expect(again.status).toBe(after.path === before.path ? 200 : 409);
    await tenon.api('POST', `${path}/webhook:finish-rotation`);
    const last = await told(tenon, path);
    expect([await post(tenon, before.path), await post(tenon, last.path)]).toEqual([404, 200]);
  }
});
