// Deploys a manifest: every integration in it becomes a revision, all of them in one commit or none. Integrations
// that the manifest does not name stay as they are; an unchanged one gets no new revision.

import { isDeepStrictEqual } from 'node:util';
import { type InputIssue, IntegrationError } from '../../core/errors.ts';
import { type IntegrationId, newId, type ProjectId } from '../../core/ids.ts';
import { knownProviders } from '../../manifest/knownProviders.ts';
import type { IntegrationSpec, Manifest } from '../../manifest/manifest.ts';
import { formatProblem, type ManifestProblem, parseManifest } from '../../manifest/parse.ts';
import type { RowWrite } from '../../store/port.ts';
import {
  type IntegrationRow,
  insertIntegration,
  insertRevision,
  readIntegration,
  readRevision,
  updateIntegration,
} from '../../store/tables/installations.ts';
import type { Services } from '../services.ts';

export interface Deployment {
  readonly integrations: readonly IntegrationRow[];
  readonly warnings: readonly string[];
}

/**
 * Rejects with `invalid_input`, all problems as issues with file, line and column. What an installation does from now
 * on, it does by the new revision; schedules follow at the pace of the rollout, the first of them before this resolves.
 */
export async function deployManifest(
  services: Services,
  projectId: ProjectId,
  source: string,
  fileName: string,
): Promise<Deployment> {
  const { manifest, warnings } = checkedManifest(services, source, fileName);
  const { reads } = services.store;
  const nowMs = services.clock.nowMs();
  const writes = manifest.integrations.flatMap((spec): RowWrite[] => {
    const existing = readIntegration(reads, projectId, spec.name);
    const content = JSON.stringify(spec);
    const latest = existing === undefined ? undefined : readRevision(reads, existing.revisionId);
    // The order of keys means nothing.
    if (latest !== undefined && isDeepStrictEqual(JSON.parse(latest.content), JSON.parse(content))) return [];
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
  await services.rollout.next();
  const integrations = manifest.integrations.flatMap(({ name }) => readIntegration(reads, projectId, name) ?? []);
  return { integrations, warnings: warnings.map(formatProblem) };
}

/** Rejects with `invalid_input`, all problems as issues with file, line and column. */
export function checkedManifest(
  { catalog }: Services,
  source: string,
  fileName: string,
): { manifest: Manifest; warnings: readonly ManifestProblem[] } {
  const result = parseManifest(source, { fileName, ...knownProviders(catalog) });
  if (result.kind === 'ok') return result;
  const issues = result.problems.map(
    (problem): InputIssue => ({ in: 'body', name: problem.path, detail: formatProblem(problem) }),
  );
  throw new IntegrationError('invalid_input', `${fileName} has ${result.problems.length} problem(s)`, { issues });
}

/** Installed connections belong to one provider, so an integration cannot move to another. */
export function providerUnchanged(existing: IntegrationRow, spec: IntegrationSpec): string {
  if (existing.provider === spec.provider) return spec.provider;
  throw new IntegrationError('invalid_input', `"${spec.name}" is an integration of ${existing.provider}`, {
    remedy: 'Give the integration of the other provider a name of its own.',
  });
}
