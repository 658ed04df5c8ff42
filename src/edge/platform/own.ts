// Operations that the published API does not have, below a path of their own: `/tenon/v1`. Who may call them is told
// as on the platform API.

import { z } from 'zod';
import { REF_CHARS_MAX } from '../../core/limits.ts';
import { importGrant } from '../../flows/connect/importGrant.ts';
import { planManifest } from '../../flows/install/plan.ts';
import { credentialFields, identityFields, identityOf } from '../connect.ts';
import { deployBody, deployQuery, sourceOf } from './integrations.ts';
import { type Operation, operation } from './operation.ts';

/** Nothing else may be in it: a member with a slip in its name would be a grant without its refresh token. */
const grantBody = z.strictObject({
  ...identityFields,
  ...credentialFields,
  providerApp: z.string().min(1).max(REF_CHARS_MAX).optional(),
  dryRun: z.boolean().optional(),
});

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
  operation({
    id: 'importGrant',
    method: 'POST',
    path: '/projects/{projectIdOrName}/connections:import',
    access: 'project',
    summary: 'a grant from another system, proven and stored; one that is connected stays as it is',
    status: 200,
    body: grantBody,
    handle({ services, project, body }) {
      const { providerApp, dryRun = false } = body;
      const identity = identityOf(services, project.projectId, body);
      return importGrant(services, identity, body, { providerApp, isDryRun: dryRun });
    },
  }),
];
