// Deploys a manifest: every integration in it becomes a revision, all of them in one commit or none. Integrations
// that the manifest does not name stay as they are; an unchanged one gets no new revision.

import { errorFacts, type InputIssue, IntegrationError } from '../../core/errors.ts';
import { type IntegrationId, newId, type ProjectId } from '../../core/ids.ts';
import { REVISIONS_BATCH, TROUBLED_INSTALLATIONS_MAX } from '../../core/limits.ts';
import type { IntegrationSpec, Manifest } from '../../manifest/manifest.ts';
import { formatProblem, type ManifestProblem, parseManifest } from '../../manifest/parse.ts';
import type { RowWrite } from '../../store/port.ts';
import {
  type IntegrationRow,
  insertIntegration,
  insertRevision,
  readIntegration,
  readRevision,
  readStaleInstallations,
  updateIntegration,
} from '../../store/tables/installations.ts';
import type { Services } from '../services.ts';
import { reconfigure } from './installations.ts';

export interface Deployment {
  readonly integrations: readonly IntegrationRow[];
  readonly warnings: readonly string[];
}

/**
 * Rejects with `invalid_input`, all problems as issues with file, line and column. Installations take a new revision
 * over right after the commit; one that cannot just now does so with the next deploy or start.
 */
export async function deployManifest(
  services: Services,
  projectId: ProjectId,
  source: string,
  fileName: string,
): Promise<Deployment> {
  const { manifest, warnings } = parse(services, source, fileName);
  const { reads } = services.store;
  const nowMs = services.clock.nowMs();
  const writes = manifest.integrations.flatMap((spec): RowWrite[] => {
    const existing = readIntegration(reads, projectId, spec.name);
    const content = JSON.stringify(spec);
    if (existing !== undefined && readRevision(reads, existing.revisionId)?.content === content) return [];
    const integrationId = existing?.integrationId ?? newId<IntegrationId>();
    const revisionId = newId<string>();
    return [
      insertRevision({ revisionId, integrationId, specVersion: manifest.specVersion, content, createdAtMs: nowMs }),
      existing === undefined
        ? insertIntegration({
            integrationId,
            projectId,
            name: spec.name,
            provider: spec.provider,
            revisionId,
            createdAtMs: nowMs,
          })
        : updateIntegration(integrationId, providerUnchanged(existing, spec), revisionId, nowMs),
    ];
  });
  if (writes.length > 0) await services.store.commit(writes);
  services.targets.forgetAll();
  await takeOverRevisions(services);
  const integrations = manifest.integrations.flatMap(({ name }) => readIntegration(reads, projectId, name) ?? []);
  return { integrations, warnings: warnings.map(formatProblem) };
}

function parse(
  services: Services,
  source: string,
  fileName: string,
): { manifest: Manifest; warnings: readonly ManifestProblem[] } {
  const { catalog } = services;
  const result = parseManifest(source, {
    fileName,
    hasProvider: (name) => catalog.find(name) !== undefined,
    providerNames: catalog.list().map(({ name }) => name),
  });
  if (result.kind === 'ok') return result;
  const issues = result.problems.map(
    (problem): InputIssue => ({ in: 'body', name: problem.path, detail: formatProblem(problem) }),
  );
  throw new IntegrationError('invalid_input', `${fileName} has ${result.problems.length} problem(s)`, { issues });
}

/** Installed connections belong to one provider, so an integration cannot move to another. */
function providerUnchanged(existing: IntegrationRow, spec: IntegrationSpec): string {
  if (existing.provider === spec.provider) return spec.provider;
  throw new IntegrationError('invalid_input', `"${spec.name}" is an integration of ${existing.provider}`, {
    remedy: 'Give the integration of the other provider a name of its own.',
  });
}

/**
 * Has every installation that was configured by an earlier revision of its integration apply the latest. Driven by
 * what the tables say, so that a crash or one troubled installation leaves nothing half deployed for good.
 */
export async function takeOverRevisions(services: Services): Promise<void> {
  const troubled: string[] = [];
  while (troubled.length < TROUBLED_INSTALLATIONS_MAX) {
    const stale = readStaleInstallations(services.store.reads, troubled, REVISIONS_BATCH);
    if (stale.length === 0) return;
    const outcomes = await Promise.allSettled(stale.map((row) => reconfigure(services, row)));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') continue;
      const installationId = stale[index]?.installationId ?? '';
      troubled.push(installationId);
      const err = errorFacts(outcome.reason).message;
      services.log.warn({ installationId, err }, 'an installation keeps its earlier manifest for now');
    }
  }
}
