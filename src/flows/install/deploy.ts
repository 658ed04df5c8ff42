// Deploys a manifest: every integration in it becomes a revision, all of them in one commit or none. Integrations
// that the manifest does not name stay as they are; an unchanged one gets no new revision.

import { isDeepStrictEqual } from 'node:util';
import { errorFacts, type InputIssue, IntegrationError } from '../../core/errors.ts';
import { type IntegrationId, newId, type ProjectId } from '../../core/ids.ts';
import { DEPLOY_ATTEMPTS_MAX } from '../../core/limits.ts';
import type { Ms } from '../../core/time.ts';
import { type KeptObject, keptAfter, type RunningRevision } from '../../manifest/kept.ts';
import { knownProviders } from '../../manifest/knownProviders.ts';
import type { IntegrationSpec, Manifest } from '../../manifest/manifest.ts';
import { formatProblem, type ManifestProblem, parseManifest } from '../../manifest/parse.ts';
import type { RowWrite } from '../../store/port.ts';
import {
  type IntegrationRow,
  insertIntegration,
  insertRevision,
  readIntegration,
  updateIntegration,
} from '../../store/tables/installations.ts';
import { countInstallations } from '../../store/tables/rollout.ts';
import { changedMeanwhile } from '../apiKeys.ts';
import type { CommittedRows, Services } from '../services.ts';
import { runningRevisionOf } from './installations.ts';

export interface Deployment {
  readonly integrations: readonly IntegrationRow[];
  readonly warnings: readonly string[];
}

export interface DeployOptions {
  /** Read objects that the manifest no longer has are not read any more, where they are installed either. */
  readonly isDestructive?: boolean;
}

/**
 * Rejects with `invalid_input`, all problems as issues with file, line and column; and where an integration is there
 * already that must be new. What an installation does from now
 * on, it does by the new revision; schedules follow at the pace of the rollout, the first of them before this resolves.
 */
export async function deployManifest(
  services: Services,
  projectId: ProjectId,
  source: string,
  fileName: string,
  {
    isDestructive = false,
    only,
    isNew = false,
  }: DeployOptions & { readonly only?: string; readonly isNew?: boolean } = {},
): Promise<Deployment> {
  const { manifest: whole, warnings } = checkedManifest(services, source, fileName);
  const manifest = only === undefined ? whole : onlyOf(whole, only, fileName);
  const { reads } = services.store;
  await committed(services, () => deployWrites(services, projectId, manifest, { isDestructive, isNew }));
  services.targets.forgetAll();
  await services.rollout.next();
  const integrations = manifest.integrations.flatMap(({ name }) => readIntegration(reads, projectId, name) ?? []);
  return { integrations, warnings: warnings.map(formatProblem) };
}

/** Decided anew where another deploy of the same moment came first: it may have left out what this one has to keep. */
async function committed({ store }: Services, decide: () => readonly RowWrite[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const writes = decide();
    if (writes.length === 0) return;
    try {
      return await store.commit(writes);
    } catch (error) {
      if (errorFacts(error).code !== 'invalid_input' || attempt === DEPLOY_ATTEMPTS_MAX) changedMeanwhile(error);
    }
  }
}

function deployWrites(
  services: Services,
  projectId: ProjectId,
  manifest: Manifest,
  { isDestructive, isNew }: { readonly isDestructive: boolean; readonly isNew: boolean },
): readonly RowWrite[] {
  const { reads } = services.store;
  const nowMs = services.clock.nowMs();
  return manifest.integrations.flatMap((spec): RowWrite[] => {
    const existing = readIntegration(reads, projectId, spec.name);
    if (isNew && existing !== undefined) throw isThere(spec.name);
    const latest = existing === undefined ? null : runningRevisionOf(services, existing);
    const kept = existing === undefined || isDestructive ? [] : keptObjects(services, existing, spec, nowMs);
    // The order of keys means nothing.
    const next: RunningRevision = JSON.parse(JSON.stringify({ spec, kept }));
    if (latest !== null && isDeepStrictEqual(latest, next)) return [];
    const integrationId = existing?.integrationId ?? newId<IntegrationId>();
    const revision = {
      revisionId: newId<string>(),
      integrationId,
      specVersion: manifest.specVersion,
      content: JSON.stringify(spec),
      kept: JSON.stringify(kept),
      createdAtMs: nowMs,
    };
    const { name, provider } = spec;
    const { revisionId } = revision;
    return [
      insertRevision(revision),
      existing === undefined
        ? insertIntegration({ integrationId, projectId, name, provider, revisionId, createdAtMs: nowMs })
        : updateIntegration(existing, providerUnchanged(existing, spec), revisionId, nowMs),
    ];
  });
}

function isThere(name: string): IntegrationError {
  return new IntegrationError('invalid_input', `the project already has an integration named "${name}"`, {
    remedy: 'Give it another revision, or delete it first.',
  });
}

/** The read objects that `spec` has to keep of what is deployed; none where nobody has installed any. */
export function keptObjects(
  { store }: CommittedRows,
  existing: IntegrationRow,
  spec: IntegrationSpec,
  nowMs: Ms,
): readonly KeptObject[] {
  if (countInstallations(store.reads, existing.integrationId) === 0) return [];
  return keptAfter(runningRevisionOf({ store }, existing), spec, nowMs);
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

function onlyOf(manifest: Manifest, name: string, fileName: string): Manifest {
  const integrations = manifest.integrations.filter((spec) => spec.name === name);
  if (integrations.length > 0) return { ...manifest, integrations };
  throw new IntegrationError('invalid_input', `${fileName} has no integration named "${name}"`);
}

/** Installed connections belong to one provider, so an integration cannot move to another. */
export function providerUnchanged(existing: IntegrationRow, spec: IntegrationSpec): string {
  if (existing.provider === spec.provider) return spec.provider;
  throw new IntegrationError('invalid_input', `"${spec.name}" is an integration of ${existing.provider}`, {
    remedy: 'Give the integration of the other provider a name of its own.',
  });
}
