// What a deploy would do, without doing it: the changes of each integration and how many installations they reach.
// Refuses what a deploy would refuse.

import type { ProjectId } from '../../core/ids.ts';
import { PLAN_CONFIGS_MAX } from '../../core/limits.ts';
import type { ConfigContent } from '../../manifest/config.ts';
import { isSameAgenda } from '../../manifest/effective.ts';
import type { IntegrationSpec } from '../../manifest/manifest.ts';
import { formatProblem } from '../../manifest/parse.ts';
import { type Change, changesBetween } from '../../manifest/plan.ts';
import {
  countInstallations,
  readIntegration,
  readIntegrations,
  readSomeConfigs,
} from '../../store/tables/installations.ts';
import type { Services } from '../services.ts';
import { checkedManifest, providerUnchanged } from './deploy.ts';
import { specOf } from './installations.ts';

export interface IntegrationPlan {
  readonly name: string;
  readonly provider: string;
  /** `untouched`: the manifest does not name it, so it stays as it is. */
  readonly verdict: 'added' | 'changed' | 'same' | 'untouched';
  readonly changes: readonly Change[];
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
): DeploymentPlan {
  const { manifest, warnings } = checkedManifest(services, source, fileName);
  const named = new Set(manifest.integrations.map(({ name }) => name));
  const untouched = readIntegrations(services.store.reads, projectId)
    .filter(({ name }) => !named.has(name))
    .map(({ name, provider }) => ({ name, provider, verdict: 'untouched', ...NOBODY }) as const);
  return {
    integrations: [...manifest.integrations.map((spec) => planOf(services, projectId, spec)), ...untouched],
    warnings: warnings.map(formatProblem),
  };
}

const NOBODY = { changes: [], installations: 0, rescheduled: 0 } as const;

function planOf(services: Services, projectId: ProjectId, spec: IntegrationSpec): IntegrationPlan {
  const { reads } = services.store;
  const { name, provider } = spec;
  const existing = readIntegration(reads, projectId, name);
  if (existing === undefined) return { name, provider, verdict: 'added', ...NOBODY };
  providerUnchanged(existing, spec);
  const before = specOf(services, existing);
  const changes = changesBetween(before, spec);
  if (changes.length === 0) return { name, provider, verdict: 'same', ...NOBODY };
  const installations = countInstallations(reads, existing.integrationId);
  const configs =
    installations > PLAN_CONFIGS_MAX ? null : readSomeConfigs(reads, existing.integrationId, PLAN_CONFIGS_MAX);
  const isRescheduled = (config: string) => !isSameAgenda(before, spec, JSON.parse(config) as ConfigContent);
  const rescheduled = configs === null ? null : configs.filter(isRescheduled).length;
  return { name, provider, verdict: 'changed', changes, installations, rescheduled };
}
