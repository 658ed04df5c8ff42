// A real process, killed right after it has answered a webhook with 200: the events are there.

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openForReading } from '../../src/store/sqlite.ts';
import { startTenonProcess } from '../support/process.ts';
import { type Customer, contactMade, sendHubspot, subscribed } from '../support/webhooks.ts';

const KILLS = 3;

it('a process that is killed right after the 200 has kept what it was told, and takes no event twice', async () => {
  // Started again with an edge thread, which hands webhooks on to the owner.
  await using tenon = await startTenonProcess({ hubspotContacts: 1 }, 'SIGKILL', () => ({ TENON_WORKERS: '1' }));
  const { integrationId, customers } = await subscribed(tenon, 'acme');
  const [{ portal, installation }] = customers as readonly [Customer];
  const path = `/v1/projects/${tenon.projectId}/integrations/${integrationId}`;
  for (let kill = 1; kill <= KILLS; kill++) {
    // The first event was delivered in each round before.
    const events = [contactMade(portal, 0), contactMade(portal, kill)];
    const answer = await sendHubspot({ url: tenon.origin + path, events, atMs: Date.now() });
    expect(answer.status).toBe(200);
    await tenon.halt();
    const reads = openForReading(join(tenon.folder, 'data', 'tenon.db'));
    const sql = 'SELECT count(*) AS n FROM inbox WHERE installationId = ?';
    expect(reads.get(sql, installation.id)).toEqual({ n: kill + 1 });
    reads.close();
    await tenon.resume();
  }
});
