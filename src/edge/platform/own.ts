// Operations that the published API does not have, below a path of their own: `/tenon/v1`. Who may call them is told
// as on the platform API.

import { planManifest } from '../../flows/install/plan.ts';
import { deployBody, deployQuery, sourceOf } from './integrations.ts';
import { type Operation, operation } from './operation.ts';

export const OWN_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'planDeployment',
    method: 'POST',
    path: '/projects/{projectIdOrName}/integrations:plan',
    access: 'project',
    summary: 'what a deploy of a manifest would change, and for how many installations',
    status: 200,
    query: deployQuery,
    body: deployBody,
    handle({ services, project, query, body }) {
      const { name, text } = sourceOf(services, project, body);
      return planManifest(services, project.projectId, text, name, { isDestructive: query.destructive });
    },
  }),
];
