// Projects, and the one organization that a server has: whoever may work in every project belongs to it.

import { errorFacts, IntegrationError } from '../core/errors.ts';
import { newId, type ProjectId } from '../core/ids.ts';
import { PROJECTS_MAX } from '../core/limits.ts';
import type { Ms } from '../core/time.ts';
import {
  insertProject,
  type ProjectRow,
  putMeta,
  readMeta,
  readProject,
  readProjects,
  updateProject,
} from '../store/tables/accounts.ts';
import { changedMeanwhile, missingMember } from './apiKeys.ts';
import type { CommittedRows, Services } from './services.ts';

const ORG_META = 'org';
const DEFAULT_LABEL = 'Tenon';

/** What may be changed of a project (wire). */
export const PROJECT_MASKS = ['appName', 'name'] as const;

export interface Org {
  readonly orgId: string;
  readonly label: string;
  readonly createdAtMs: Ms;
  readonly updatedAtMs: Ms | null;
}

/** As old as the first project, which every server has. */
export function theOrg({ store }: CommittedRows): Org {
  const [first] = readProjects(store.reads);
  if (first === undefined) throw new IntegrationError('not_found', 'no such organization');
  const changed = JSON.parse(readMeta(store.reads, ORG_META) ?? '{}') as { label?: string; updatedAtMs?: Ms };
  const { label = DEFAULT_LABEL, updatedAtMs = null } = changed;
  return { orgId: first.orgId, label, createdAtMs: first.createdAtMs, updatedAtMs };
}

export async function renameOrg(services: Services, label: string): Promise<Org> {
  const updatedAtMs = services.clock.nowMs();
  await services.store.commit([putMeta(ORG_META, JSON.stringify({ label, updatedAtMs }))]);
  return theOrg(services);
}

/** Rejects with `invalid_input` for a name that is taken, an organization that there is not, or too many projects. */
export async function createProject(
  services: Services,
  input: { readonly name: string; readonly appName: string; readonly orgId: string },
): Promise<ProjectRow> {
  const { store, clock } = services;
  if (theOrg(services).orgId !== input.orgId) throw refused('orgId', 'names no organization of this server');
  const name = freeName(services, input.name, null);
  if (readProjects(store.reads).length >= PROJECTS_MAX) {
    throw new IntegrationError('invalid_input', `a server has at most ${PROJECTS_MAX} projects`);
  }
  const { appName, orgId } = input;
  const row = { projectId: newId<ProjectId>(), name, appName, orgId, createdAtMs: clock.nowMs() };
  await store.commit([insertProject(row)]).catch((error: unknown) => {
    throw errorFacts(error).code === 'invalid_input' ? taken(name) : error;
  });
  return { ...row, updatedAtMs: null };
}

/**
 * Rejects with `invalid_input` for a name that is taken, `bad_request` for a masked member without a value, `conflict`
 * if it was changed at the same moment.
 */
export async function editProject(
  services: Services,
  before: ProjectRow,
  mask: readonly (typeof PROJECT_MASKS)[number][],
  changes: { readonly name?: string | undefined; readonly appName?: string | undefined },
): Promise<ProjectRow> {
  if (mask.length === 0) return before;
  const missing = mask.find((name) => changes[name] === undefined);
  if (missing !== undefined) throw missingMember('project', missing);
  const row: ProjectRow = {
    ...before,
    name: mask.includes('name') ? freeName(services, changes.name ?? '', before.projectId) : before.name,
    appName: mask.includes('appName') ? (changes.appName ?? '') : before.appName,
    updatedAtMs: Math.max(services.clock.nowMs(), (before.updatedAtMs ?? 0) + 1),
  };
  await services.store.commit([updateProject(row, before)]).catch(changedMeanwhile);
  return row;
}

/** A name that looked like an id could stand for another project in a path. */
function freeName({ store }: Services, given: string, ownId: ProjectId | null): string {
  const name = given.toLowerCase();
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-/.test(name)) throw refused('name', 'must not look like an id');
  const row = readProject(store.reads, name);
  if (row !== undefined && row.projectId !== ownId) throw taken(name);
  return name;
}

function taken(name: string): IntegrationError {
  return refused('name', `"${name}" is taken by another project of this server`);
}

function refused(name: string, detail: string): IntegrationError {
  return new IntegrationError('invalid_input', `${name} ${detail}`, { issues: [{ in: 'body', name, detail }] });
}
