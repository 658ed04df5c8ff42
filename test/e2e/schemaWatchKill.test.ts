// A real process, killed at the commit that has a change of fields in it: the change is told, under one id, and a look
// that was under way goes on.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { openForReading } from '../../src/store/sqlite.ts';
import { readObjectsLookedAt } from '../../src/store/tables/fieldSnapshots.ts';
import { flush } from '../support/clock.ts';
import { startDestination } from '../support/destination.ts';
import { integration, manifest, readObject } from '../support/drive.ts';
import { startTenonProcess } from '../support/process.ts';
import type { Tenon } from '../support/tenon.ts';

const PRELOAD = pathToFileURL(join(import.meta.dirname, '..', 'support', 'killAt.ts')).href;
const SCOPES = ['crm.objects.contacts.read', 'crm.schemas.contacts.write'];
const ON_REQUEST = { schedule: '', backfill: { defaultPeriod: { days: 0 } } };
const PROPERTIES = '/crm/v3/properties/contacts';

async function lookedAt({ folder }: Tenon, installationId: string, names: readonly string[]): Promise<void> {
  const reads = openForReading(join(folder, 'data', 'tenon.db'));
  try {
    while (readObjectsLookedAt(reads, installationId).join() !== names.join()) await flush(1);
  } finally {
    reads.close();
  }
}

/** Resolves when the process has killed itself. */
async function dead(tenon: Tenon): Promise<void> {
  while (
    await fetch(`${tenon.origin}/ready`).then(
      () => true,
      () => false,
    )
  )
    await flush(1);
}

describe('a process that is killed while it tells what changed', () => {
  it.each(['before', 'within', 'after'])('%s that is on disk: it is told once', async (moment) => {
    let killAt = '';
    await using destination = await startDestination();
    await using tenon = await startTenonProcess({ hubspotContacts: 1 }, 'SIGKILL', () =>
      killAt === ''
        ? ({} as Record<string, string>)
        : { NODE_OPTIONS: `--import=${PRELOAD}`, TENON_TEST_KILL_AT: killAt },
    );
    const hook = { name: 'fields', type: 'webhook', metadata: { url: destination.origin } };
    await tenon.ok('POST', tenon.inProject('/destinations'), hook);
    await tenon.addProviderApp('hubspot', undefined, undefined, SCOPES);
    const objects = ['contacts', 'deals'].map((name) => readObject(name, { ...ON_REQUEST, destination: 'fields' }));
    const watchSchema = { destination: 'fields', allObjects: { fieldCreated: { enabled: 'always' } } };
    await tenon.deploy(manifest({ ...integration('hubspot', ...objects), watchSchema }));
    await tenon.connect('hubspot');
    const { id } = await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    await lookedAt(tenon, id, ['contacts']);
    const post = async (path: string, body: JsonObject) => {
      const headers = { 'content-type': 'application/json' };
      const response = await tenon.proxy(id, path, { method: 'POST', headers, body: JSON.stringify(body) });
      expect(response.status, await response.text()).toBe(201);
    };
    await post(`${PROPERTIES}/groups`, { name: 'ours', label: 'Ours' });
    const text = { groupName: 'ours', type: 'string', fieldType: 'text' };
    await post(PROPERTIES, { name: 'note', label: 'Note', ...text });

    await tenon.halt();
    killAt = `${moment} outbox.insert`;
    await tenon.resume();
    killAt = '';
    // An object that nobody has looked at: everything is looked at now.
    const path = tenon.inProject(`/integrations/hubspot/installations/${id}`);
    const content = { provider: 'hubspot', read: { objects: { contacts: {}, deals: {} } } };
    const update = { updateMask: ['config.content.read.objects'], installation: { config: { content } } };
    await tenon.api('PATCH', path, update).catch(() => null);
    await dead(tenon);
    await tenon.halt();
    await tenon.resume();
    await lookedAt(tenon, id, ['contacts', 'deals']);
    await destination.received(1);
    const messages = destination.requests.map(({ headers, body }) => ({
      id: headers['webhook-id'],
      told: JSON.parse(body) as JsonObject,
    }));
    expect(messages[0]?.told).toMatchObject({
      action: 'schema.watch',
      objectName: 'contacts',
      result: { createdFields: [{ fieldName: 'note' }] },
    });
    await tenon.halt();
    const reads = openForReading(join(tenon.folder, 'data', 'tenon.db'));
    // It may have been received, and the process killed before it knew.
    const waiting = reads.all<{ messageId: string }>('SELECT messageId FROM outbox');
    reads.close();
    expect(
      new Set([...messages.map(({ id: received }) => received), ...waiting.map(({ messageId }) => messageId)]),
    ).toHaveProperty('size', 1);
  });
});
