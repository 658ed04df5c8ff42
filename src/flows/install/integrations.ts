// Integrations one by one: made without a file, given another revision, deleted with everything that was installed.

import { errorFacts, IntegrationError } from '../../core/errors.ts';
import type { ProjectId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { INSTALLATIONS_REMOVED_BATCH } from '../../core/limits.ts';
import {
  type InstallationRow,
  type IntegrationRow,
  readInstallations,
  readIntegration,
} from '../../store/tables/installations.ts';
import { deleteIntegration } from '../../store/tables/integrations.ts';
import type { Services } from '../services.ts';
import { deployManifest } from './deploy.ts';
import { removeInstallation } from './installations.ts';

/** Rejects with `invalid_input` if there is one of the name, or the content is not one of a manifest. */
export async function createIntegration(
  services: Services,
  projectId: ProjectId,
  input: {
    readonly name: string;
    readonly provider: string;
    readonly specVersion: string;
    readonly content: JsonObject;
  },
): Promise<void> {
  const { name, provider, specVersion, content } = input;
  // A manifest of one: JSON is YAML.
  const manifest = { specVersion, integrations: [{ ...content, name, provider }] };
  await deployManifest(services, projectId, JSON.stringify(manifest, null, 2), 'latestRevision', { isNew: true });
}

/**
 * Deletes every installation, a few at a time, and then the integration. Interrupted anywhere, it can be called again
 * and goes on. Rejects with `not_found` if it is gone, `conflict` if it is installed as fast as it is deleted.
 */
export async function removeIntegration(services: Services, integration: IntegrationRow): Promise<void> {
  const { store, targets } = services;
  const { projectId, integrationId } = integration;
  let after: InstallationRow | undefined;
  do {
    const batch = readInstallations(store.reads, projectId, {
      integrationId,
      after,
      limit: INSTALLATIONS_REMOVED_BATCH,
    });
    await Promise.all(batch.map((row) => removeInstallation(services, row).catch(unlessGone)));
    after = batch.at(-1);
  } while (after !== undefined);
  await store.commit(deleteIntegration(integrationId)).catch((error: unknown) => {
    if (errorFacts(error).code !== 'invalid_input') throw error;
    const isThere = readIntegration(store.reads, projectId, integrationId) !== undefined;
    throw isThere
      ? new IntegrationError('conflict', 'the integration is being installed: try again')
      : new IntegrationError('not_found', 'no such integration');
  });
  targets.forgetAll();
}

function unlessGone(error: unknown): void {
  if (errorFacts(error).code !== 'not_found') throw error;
}
