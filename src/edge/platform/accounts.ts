// Projects, provider apps and destinations of the control plane.

import { Hono } from 'hono';
import { z } from 'zod';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import type { ProjectId } from '../../core/ids.ts';
import { REF_CHARS_MAX } from '../../core/limits.ts';
import { createWebhook, openSigningSecrets } from '../../flows/destinations.ts';
import { createProviderApp, editProviderApp, PROVIDER_APP_MASKS } from '../../flows/providerApps.ts';
import {
  deleteDestination,
  deleteProviderApp,
  readDestination,
  readDestinations,
  readProject,
  readProviderApps,
} from '../../store/tables/accounts.ts';
import { projectOf } from '../auth.ts';
import { readBody } from '../body.ts';
import type { EdgeEnv, EdgeServices } from '../context.ts';
import { destinationJson, projectJson, providerAppJson } from '../wire.ts';

const providerAppBody = z.object({
  provider: z.string().min(1),
  clientId: z.string().min(1).max(REF_CHARS_MAX),
  clientSecret: z.string().min(1).max(4096),
  externalRef: z.string().max(REF_CHARS_MAX).optional(),
  scopes: z.array(z.string()).optional(),
  metadata: z
    .object({
      authQueryParams: z.record(z.string(), z.array(z.string())).optional(),
      providerParams: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
});

const providerAppPatch = z.object({
  updateMask: z.array(z.enum(PROVIDER_APP_MASKS)),
  providerApp: providerAppBody.partial(),
});

const destinationBody = z.object({
  name: z.string().min(1),
  type: z.literal('webhook', { error: 'only webhook destinations are supported yet' }),
  metadata: z.object({ url: z.string().min(1).max(4096), headers: z.record(z.string(), z.string()).nullish() }),
});

export function projectRoutes(services: EdgeServices): Hono<EdgeEnv> {
  const { reads } = services.store;
  return new Hono<EdgeEnv>()
    .get('/', (context) => {
      const own = readProject(reads, context.get('caller').projectId);
      return context.json(own === undefined ? [] : [projectJson(own)]);
    })
    .get('/:project', (context) => context.json(projectJson(projectOf(services, context))));
}

export function providerAppRoutes(services: EdgeServices): Hono<EdgeEnv> {
  const { reads } = services.store;
  const find = (projectId: ProjectId, id: string) => {
    const row = readProviderApps(reads, projectId).find(({ providerAppId }) => providerAppId === id);
    if (row === undefined) throw new IntegrationError('not_found', 'no such provider app');
    return row;
  };
  return new Hono<EdgeEnv>()
    .get('/', (context) =>
      context.json(readProviderApps(reads, projectOf(services, context).projectId).map(providerAppJson)),
    )
    .post('/', async (context) => {
      const { projectId } = projectOf(services, context);
      const row = await createProviderApp(services, projectId, await readBody(context, providerAppBody));
      // 200, not 201: published clients compare literally.
      return context.json(providerAppJson(row), 200);
    })
    .patch('/:id', async (context) => {
      const row = find(projectOf(services, context).projectId, context.req.param('id'));
      const { updateMask, providerApp } = await readBody(context, providerAppPatch);
      return context.json(providerAppJson(await editProviderApp(services, row, updateMask, providerApp)));
    })
    .delete('/:id', async (context) => {
      const { projectId } = projectOf(services, context);
      const id = find(projectId, context.req.param('id')).providerAppId;
      await services.store.commit([deleteProviderApp(id, projectId)]).catch((error: unknown) => {
        if (errorFacts(error).code !== 'invalid_input') throw error;
        throw new IntegrationError('invalid_input', 'connections were made with this provider app', {
          remedy: 'Delete those connections first.',
        });
      });
      return context.body(null, 204);
    });
}

export function destinationRoutes(services: EdgeServices): Hono<EdgeEnv> {
  const { reads } = services.store;
  const find = (projectId: ProjectId, idOrName: string) => {
    const row = readDestination(reads, projectId, idOrName);
    if (row === undefined) throw new IntegrationError('not_found', 'no such destination');
    return row;
  };
  return new Hono<EdgeEnv>()
    .get('/', (context) =>
      context.json(readDestinations(reads, projectOf(services, context).projectId).map((row) => destinationJson(row))),
    )
    .post('/', async (context) => {
      const { projectId } = projectOf(services, context);
      const { name, metadata } = await readBody(context, destinationBody);
      const { url, headers } = metadata;
      const row = await createWebhook(services, projectId, {
        name,
        metadata: headers == null ? { url } : { url, headers },
      });
      return context.json(destinationJson(row), 201);
    })
    .get('/:destination', (context) => {
      const row = find(projectOf(services, context).projectId, context.req.param('destination'));
      const isAsked = context.req.query('includeSecrets') === 'true';
      return context.json(destinationJson(row, isAsked ? openSigningSecrets(services, row)[0] : undefined));
    })
    .delete('/:destination', async (context) => {
      const { projectId } = projectOf(services, context);
      const { destinationId } = find(projectId, context.req.param('destination'));
      await services.store.commit([deleteDestination(destinationId, projectId)]);
      return context.body(null, 204);
    });
}
