// Operations that the published API does not have, below a path of their own: `/tenon/v1`. Who may call them is told
// as on the platform API.

import { z } from 'zod';
import { REF_CHARS_MAX } from '../../core/limits.ts';
import { importGrant } from '../../flows/connect/importGrant.ts';
import { planManifest } from '../../flows/install/plan.ts';
import { readInstallations } from '../../store/tables/installations.ts';
import { credentialFields, identityFields, identityOf } from '../connect.ts';
import { PAGE_SIZE, pageQuery, paginationOf, ref } from './input.ts';
import { installationView } from './installations.ts';
import { deployBody, deployQuery, integrationOf, sourceOf } from './integrations.ts';
import { type Operation, operation } from './operation.ts';
import { WEBHOOK_OPERATIONS } from './webhooks.ts';

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
  operation({
    id: 'listInstallationPages',
    method: 'GET',
    path: '/projects/{projectIdOrName}/installations',
    access: 'project',
    summary: 'installations, oldest first, a page at a time; of one integration or one group where that is asked for',
    status: 200,
    query: pageQuery.extend({ integration: ref.optional(), groupRef: ref.optional() }),
    handle({ services, project, query }) {
      const { pageSize: limit = PAGE_SIZE, pageToken, integration, groupRef } = query;
      const [createdAtMs, installationId] = pageToken;
      const integrationId =
        integration === undefined ? undefined : integrationOf(services, project, integration).integrationId;
      const after = createdAtMs === null || installationId === null ? undefined : { createdAtMs, installationId };
      const rows = readInstallations(services.store.reads, project.projectId, {
        integrationId,
        groupRef,
        after,
        limit,
      });
      const pagination = paginationOf(rows, limit, (row) => [row.createdAtMs, row.installationId]);
      return { results: rows.flatMap((row) => installationView(services, row)), pagination };
    },
  }),
  ...WEBHOOK_OPERATIONS,
];
