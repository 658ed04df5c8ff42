// Projects.

import { z } from 'zod';
import { OPERATION_DAYS_KEPT } from '../../core/limits.ts';
import { createProject, editProject, PROJECT_MASKS } from '../../flows/projects.ts';
import { readProject, readProjects } from '../../store/tables/accounts.ts';
import { projectJson } from '../wire.ts';
import { flag } from './input.ts';
import { type Operation, operation } from './operation.ts';

const APP_NAME_CHARS_MAX = 128;

const name = z
  .string()
  .min(2)
  .max(128)
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]$/, 'has letters, digits and dashes, and no dash at its ends');
const appName = z.string().min(1).max(APP_NAME_CHARS_MAX);

/** What plans would decide elsewhere: nobody's mark is shown, and operations are kept as long as they are here. */
const ENTITLEMENTS = { brandingRemoval: { value: true }, logRetentionDays: { value: OPERATION_DAYS_KEPT } };

export const PROJECT_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'listProjects',
    method: 'GET',
    path: '/projects',
    access: 'project',
    summary: 'the projects that the caller may work in',
    status: 200,
    handle({ services, principal }) {
      const { reads } = services.store;
      if (!('projectId' in principal)) return readProjects(reads).map(projectJson);
      const own = readProject(reads, principal.projectId);
      return own === undefined ? [] : [projectJson(own)];
    },
  }),
  operation({
    id: 'createProject',
    method: 'POST',
    path: '/projects',
    access: 'org',
    summary: 'make a project',
    status: 201,
    body: z.object({ name, appName, orgId: z.string().min(1) }),
    handle: async ({ services, body }) => projectJson(await createProject(services, body)),
  }),
  operation({
    id: 'getProject',
    method: 'GET',
    path: '/projects/{projectIdOrName}',
    access: 'frontend',
    summary: 'one project',
    status: 200,
    query: z.object({ includeEntitlements: flag }),
    handle: ({ project, query }) => ({
      ...projectJson(project),
      ...(query.includeEntitlements ? { entitlements: ENTITLEMENTS } : {}),
    }),
  }),
  operation({
    id: 'updateProject',
    method: 'PATCH',
    path: '/projects/{projectIdOrName}',
    access: 'project',
    summary: 'change what the mask names',
    status: 200,
    body: z.object({
      updateMask: z.array(z.enum(PROJECT_MASKS)),
      project: z.object({ name, appName }).partial(),
    }),
    handle: async ({ services, project, body }) =>
      projectJson(await editProject(services, project, body.updateMask, body.project)),
  }),
];
