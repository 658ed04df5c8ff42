// A real process, killed around the commit that turns an event into a message: the webhook was acknowledged, so it is
// told, and under one id only.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { openForReading } from '../../src/store/sqlite.ts';
import { flush } from '../support/clock.ts';
import { startDestination } from '../support/destination.ts';
import { manifest } from '../support/drive.ts';
import { startTenonProcess } from '../support/process.ts';
import type { Tenon } from '../support/tenon.ts';

const PRELOAD = pathToFileURL(join(import.meta.dirname, '..', 'support', 'killAt.ts')).href;

/** For the next start only: see `killAt.ts`. */
let killAt = '';

const ALWAYS = { enabled: 'always' } as const;
const OF = { objectName: 'contacts', destination: 'hook' } as const;
const CRM = {
  ...{ name: 'crm', provider: 'hubspot' },
  read: { objects: [{ ...OF, requiredFields: [{ fieldName: 'email', mapToName: 'mail' }] }] },
  subscribe: {
    objects: [{ ...OF, inheritFieldsAndMapping: true, updateEvent: { ...ALWAYS, watchFieldsAuto: 'all' } }],
  },
};

async function ended({ origin }: Tenon): Promise<void> {
  for (;;) {
    const isAlive = await fetch(`${origin}/live`).then(
      () => true,
      () => false,
    );
    if (!isAlive) return;
    await flush(1);
  }
}

/** Messages that wait, by id, and events that do. */
function leftBy({ folder }: Tenon) {
  const reads = openForReading(join(folder, 'data', 'tenon.db'));
  try {
    const outbox = reads.all<{ messageId: string; body: string }>('SELECT messageId, body FROM outbox');
    return { outbox, events: reads.all('SELECT 1 FROM inbox WHERE event IS NOT NULL').length };
  } finally {
    reads.close();
  }
}

it.each([
  ['before', 0],
  ['within', 0],
  ['after', 1],
] as const)('%s the commit of a batch a crash leaves the event or its message', async (moment, messages) => {
  await using destination = await startDestination();
  await using tenon = await startTenonProcess({ hubspotContacts: 5 }, 'SIGKILL', () =>
    killAt === '' ? {} : { NODE_OPTIONS: `--import=${PRELOAD}`, TENON_TEST_KILL_AT: killAt },
  );
  const hook = { name: 'hook', type: 'webhook', metadata: { url: destination.origin } };
  await tenon.ok('POST', tenon.inProject('/destinations'), hook);
  const [integration] = await tenon.deploy(manifest(CRM));
  await tenon.connect('hubspot');
  await tenon.install('crm', { provider: 'hubspot', read: { objects: { contacts: {} } } });
  await tenon.halt();
  killAt = `${moment} inbox.done`;
  await tenon.resume();
  killAt = '';
  const url = `${tenon.origin}/v1/projects/${tenon.projectId}/integrations/${integration?.id}`;
  tenon.sandbox.sendWebhooks({ provider: 'hubspot', url, secret: 'secret-for-app-hubspot' });
  const of = { provider: 'hubspot', account: 'portal-1', object: 'contacts', count: 1 } as const;
  const [id] = tenon.sandbox.change({ kind: 'modify', ...of, values: { email: 'new@example.com' } });
  await tenon.sandbox.webhooksSent();
  expect(tenon.sandbox.stats()).toMatchObject({ webhooksTaken: 1, webhooksLost: 0 });
  await ended(tenon);
  await tenon.halt();
  const left = leftBy(tenon);
  expect([left.outbox.length, left.events, destination.requests.length]).toEqual([messages, 1 - messages, 0]);

  await tenon.resume();
  await destination.received(1);
  await tenon.halt();
  const after = leftBy(tenon);
  const told = destination.requests.map(({ headers, body }) => ({ messageId: String(headers['webhook-id']), body }));
  expect(new Set([...left.outbox, ...told, ...after.outbox].map(({ messageId }) => messageId)).size).toBe(1);
  expect(after.events).toBe(0);
  const [message] = told.map(({ body }) => JSON.parse(body) as JsonObject);
  expect(message).toMatchObject({
    action: 'subscribe',
    result: [{ subscribeEventType: 'update', mappedFields: { mail: 'new@example.com' }, raw: { id } }],
  });
});
