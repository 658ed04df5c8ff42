// The state that every seed begins with: two projects with their provider apps, a destination and a deployed manifest.
// Made once per run, by the product's own flows; a seed starts on a copy of the file.

import { createVault, parseMasterKey } from '../../src/auth/vault.ts';
import { createCatalog } from '../../src/catalog/catalog.ts';
import { drawFrom } from '../../src/core/chance.ts';
import type { ProjectId } from '../../src/core/ids.ts';
import { silentLog } from '../../src/core/log.ts';
import { createWebhook } from '../../src/flows/destinations.ts';
import { deployManifest } from '../../src/flows/install/deploy.ts';
import { createProviderApp } from '../../src/flows/providerApps.ts';
import type { Services } from '../../src/flows/services.ts';
import { createEventTopicRoute, createTopic, createTopicDestinationRoute } from '../../src/flows/topics.ts';
import { SqliteWriter } from '../../src/store/sqliteWriter.ts';
import { storeOver } from '../../src/store/store.ts';
import { insertProject, putMeta } from '../../src/store/tables/accounts.ts';
import { manifestOf } from './customers.ts';
import { TOLD_EVENTS } from './invariants.ts';
import { Rolls } from './rolls.ts';
import { START_MS } from './world.ts';

export const PROJECTS = ['p1' as ProjectId, 'p2' as ProjectId] as const;

/** Pure but for a cache, so that all seeds may share it. */
export const vault = createVault([parseMasterKey(Buffer.alloc(32, 7).toString('base64'))]);

/** Writes the database to `path`, ready to be copied. */
export async function makeTemplate(path: string): Promise<void> {
  drawFrom(new Rolls(0, 'template'));
  const writer = new SqliteWriter(path);
  // The store would draw it from the system.
  await writer.write([{ actorId: null, writes: [putMeta('epoch', 'e')] }]);
  const unexpected = (error: unknown) => {
    throw error;
  };
  const store = await storeOver(path, writer, unexpected, () => {});
  const services = {
    store,
    vault,
    catalog: createCatalog(),
    clock: { nowMs: () => START_MS },
    log: silentLog(),
    egress: { checkUrl: () => {} },
    targets: { forgetAll: () => {} },
    rollout: { next: () => Promise.resolve() },
  } as unknown as Services;
  for (const projectId of PROJECTS) {
    const facts = { name: projectId, appName: projectId, orgId: 'org', createdAtMs: START_MS };
    await store.commit([insertProject({ projectId, ...facts })]);
    const client = { clientId: `client-${projectId}`, clientSecret: 'secret', scopes: ['api'] };
    for (const provider of ['hubspot', 'salesforce'])
      await createProviderApp(services, projectId, { provider, ...client });
    const metadata = { url: `https://${projectId}.example/hook` };
    const { destinationId } = await createWebhook(services, projectId, { name: 'hook', metadata });
    const { topicId } = await createTopic(services, projectId, 'ops');
    for (const eventType of TOLD_EVENTS) await createEventTopicRoute(services, projectId, { eventType, topicId });
    await createTopicDestinationRoute(services, projectId, { topicId, destinationId });
    await deployManifest(services, projectId, manifestOf(0, 0), 'amp.yaml');
  }
  await store.close();
  drawFrom(null);
}
