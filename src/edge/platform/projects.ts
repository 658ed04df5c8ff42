// Projects.

import { readProject, readProjects } from '../../store/tables/accounts.ts';
import { projectJson } from '../wire.ts';
import { type Operation, operation } from './operation.ts';

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
      if (principal.kind === 'builder') return readProjects(reads).map(projectJson);
      const own = readProject(reads, principal.projectId);
      return own === undefined ? [] : [projectJson(own)];
    },
  }),
  operation({
    id: 'getProject',
    method: 'GET',
    path: '/projects/{projectIdOrName}',
    access: 'frontend',
    summary: 'one project',
    status: 200,
    handle: ({ project }) => projectJson(project),
  }),
];
