// The catalog, and the builder's OAuth clients at its providers.

import { z } from 'zod';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import type { ProjectId } from '../../core/ids.ts';
import { REF_CHARS_MAX, SCOPES_MAX } from '../../core/limits.ts';
import { createProviderApp, editProviderApp, PROVIDER_APP_MASKS } from '../../flows/providerApps.ts';
import { publishedProvider, publishedProviders } from '../../flows/providers.ts';
import {
  deleteProviderApp,
  type ProviderAppRow,
  readProviderApp,
  readProviderApps,
} from '../../store/tables/accounts.ts';
import type { EdgeServices } from '../context.ts';
import { providerAppJson } from '../wire.ts';
import { type Operation, operation } from './operation.ts';

const text = z.string().min(1).max(REF_CHARS_MAX);

const providerAppBody = z.object({
  provider: z.string().min(1),
  clientId: text,
  clientSecret: z.string().min(1).max(4096),
  externalRef: z.string().max(REF_CHARS_MAX).optional(),
  scopes: z.array(text).max(SCOPES_MAX).optional(),
  metadata: z
    .object({
      authQueryParams: z.record(text, z.array(z.string().max(REF_CHARS_MAX)).max(SCOPES_MAX)).optional(),
      providerParams: z.record(text, z.string().max(REF_CHARS_MAX)).optional(),
    })
    .optional(),
});

const providerAppPatch = z.object({
  updateMask: z.array(z.enum(PROVIDER_APP_MASKS)),
  providerApp: providerAppBody.partial(),
});

/** Rejects with `not_found`. */
export function providerAppOf({ store }: EdgeServices, projectId: ProjectId, id: string): ProviderAppRow {
  const row = readProviderApp(store.reads, id);
  if (row?.projectId !== projectId) throw new IntegrationError('not_found', 'no such provider app');
  return row;
}

async function remove(services: EdgeServices, { providerAppId, projectId }: ProviderAppRow): Promise<void> {
  await services.store.commit([deleteProviderApp(providerAppId, projectId)]).catch((error: unknown) => {
    if (errorFacts(error).code !== 'invalid_input') throw error;
    throw new IntegrationError('invalid_input', 'connections were made with this provider app', {
      remedy: 'Delete those connections first.',
    });
  });
}

export const PROVIDER_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'listProviders',
    method: 'GET',
    path: '/providers',
    access: 'open',
    summary: 'the catalog, by provider',
    status: 200,
    handle: ({ services }) => publishedProviders(services),
  }),
  operation({
    id: 'getProvider',
    method: 'GET',
    path: '/providers/{provider}',
    access: 'open',
    summary: 'one provider of the catalog',
    status: 200,
    handle: ({ services, params }) => publishedProvider(services, params.provider),
  }),
  operation({
    id: 'listProviderApps',
    method: 'GET',
    path: '/projects/{projectIdOrName}/provider-apps',
    access: 'frontend',
    summary: 'provider apps, without their secrets',
    status: 200,
    handle: ({ services, project }) => readProviderApps(services.store.reads, project.projectId).map(providerAppJson),
  }),
  operation({
    id: 'createProviderApp',
    method: 'POST',
    path: '/projects/{projectIdOrName}/provider-apps',
    access: 'project',
    summary: 'register an OAuth client',
    // 200, not 201: published clients compare literally.
    status: 200,
    body: providerAppBody,
    handle: async ({ services, project, body }) =>
      providerAppJson(await createProviderApp(services, project.projectId, body)),
  }),
  operation({
    id: 'updateProviderApp',
    method: 'PATCH',
    path: '/projects/{projectIdOrName}/provider-apps/{providerAppId}',
    access: 'project',
    summary: 'change what the mask names',
    status: 200,
    body: providerAppPatch,
    async handle({ services, project, params, body }) {
      const row = providerAppOf(services, project.projectId, params.providerAppId);
      return providerAppJson(await editProviderApp(services, row, body.updateMask, body.providerApp));
    },
  }),
  operation({
    id: 'deleteProviderApp',
    method: 'DELETE',
    path: '/projects/{projectIdOrName}/provider-apps/{providerAppId}',
    access: 'project',
    summary: 'delete one that no connection uses',
    status: 204,
    handle: ({ services, project, params }) =>
      remove(services, providerAppOf(services, project.projectId, params.providerAppId)),
  }),
];
