// What a deploy would do, without doing it: the changes of each integration and how many installations they reach.
// Refuses what a deploy would refuse.

import type { ProjectId } from '../../core/ids.ts';
import { PLAN_CONFIGS_MAX } from '../../core/limits.ts';
import type { Ms } from '../../core/time.ts';
import type { ConfigContent } from '../../manifest/config.ts';
import { isSameAgenda } from '../../manifest/effective.ts';
import { runningSpec } from '../../manifest/kept.ts';
import type { IntegrationSpec } from '../../manifest/manifest.ts';
import { formatProblem } from '../../manifest/parse.ts';
import { type Change, changesBetween } from '../../manifest/plan.ts';
import { readIntegration } from '../../store/tables/installations.ts';
import { readIntegrations } from '../../store/tables/integrations.ts';
import { countInstallations, readSomeConfigs } from '../../store/tables/rollout.ts';
import type { Services } from '../services.ts';
import { checkedManifest, type DeployOptions, keptObjects, providerUnchanged } from './deploy.ts';
import { runningRevisionOf, specOf } from './installations.ts';

export interface IntegrationPlan {
  readonly name: string;
  readonly provider: string;
  /** `untouched`: the manifest does not name it, so it stays as it is. */
  readonly verdict: 'added' | 'changed' | 'same' | 'untouched';
  readonly changes: readonly Change[];
  /** Read objects that the manifest no longer has and that are read on where they are installed. */
  readonly kept: readonly string[];
  /** That the changes reach; 0 where there are none. */
  readonly installations: number;
  /** Of those the ones whose schedules or objects change; null where there are too many to look into each. */
  readonly rescheduled: number | null;
}

export interface DeploymentPlan {
  readonly integrations: readonly IntegrationPlan[];
  readonly warnings: readonly string[];
}

/** Rejects with `invalid_input` as `deployManifest` does. */
export function planManifest(
  services: Services,
  projectId: ProjectId,
  source: string,
  fileName: string,
  options: DeployOptions = {},
): DeploymentPlan {
  const { manifest, warnings } = checkedManifest(services, source, fileName);
  const named = new Set(manifest.integrations.map(({ name }) => name));
  const untouched = readIntegrations(services.store.reads, projectId)
    .filter(({ name }) => !named.has(name))
    .map(({ name, provider }) => ({ name, provider, verdict: 'untouched', ...NOBODY }) as const);
  return {
    integrations: [...manifest.integrations.map((spec) => planOf(services, projectId, spec, options)), ...untouched],
    warnings: warnings.map(formatProblem),
  };
}

const NOBODY = { changes: [], kept: [], installations: 0, rescheduled: 0 } as const;

function planOf(
  services: Services,
  projectId: ProjectId,
  spec: IntegrationSpec,
  { isDestructive = false }: DeployOptions,
): IntegrationPlan {
  const { reads } = services.store;
  const { name, provider } = spec;
  const existing = readIntegration(reads, projectId, name);
  if (existing === undefined) return { name, provider, verdict: 'added', ...NOBODY };
  providerUnchanged(existing, spec);
  const before = runningRevisionOf(services, existing);
  const kept = isDestructive ? [] : keptObjects(services, existing, spec, services.clock.nowMs());
  const changes = changesBetween(specOf(services, existing), spec);
  // A destructive deploy of the same manifest ends what an earlier one kept.
  if (changes.length === 0 && kept.length === before.kept.length) return { name, provider, verdict: 'same', ...NOBODY };
  const { integrationId } = existing;
  const installations = countInstallations(reads, integrationId);
  const rows = installations > PLAN_CONFIGS_MAX ? null : readSomeConfigs(reads, integrationId, PLAN_CONFIGS_MAX);
  const isRescheduled = ({ config, createdAtMs }: { config: string; createdAtMs: Ms }) =>
    !isSameAgenda(
      runningSpec(before, createdAtMs),
      runningSpec({ spec, kept }, createdAtMs),
      JSON.parse(config) as ConfigContent,
    );
  return {
    name,
    provider,
    verdict: 'changed',
    changes,
    kept: kept.map(({ object }) => object.objectName),
    installations,
    rescheduled: rows === null ? null : rows.filter(isRescheduled).length,
  };
}
