// Destinations: where messages go.

import { z } from 'zod';
import { IntegrationError } from '../../core/errors.ts';
import { createWebhook, openSigningSecrets } from '../../flows/destinations.ts';
import {
  type DestinationRow,
  deleteDestination,
  type ProjectRow,
  readDestination,
  readDestinations,
} from '../../store/tables/accounts.ts';
import type { EdgeServices } from '../context.ts';
import { destinationJson } from '../wire.ts';
import { flag } from './input.ts';
import { type Operation, operation } from './operation.ts';

const destinationBody = z.object({
  name: z.string().min(1),
  type: z.literal('webhook', { error: 'only webhook destinations are supported yet' }),
  metadata: z.object({ url: z.string().min(1).max(4096), headers: z.record(z.string(), z.string()).nullish() }),
});

function destinationOf({ store }: EdgeServices, { projectId }: ProjectRow, idOrName: string): DestinationRow {
  const row = readDestination(store.reads, projectId, idOrName);
  if (row === undefined) throw new IntegrationError('not_found', 'no such destination');
  return row;
}

export const DESTINATION_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'listDestinations',
    method: 'GET',
    path: '/projects/{projectIdOrName}/destinations',
    access: 'project',
    summary: 'destinations, without their secrets',
    status: 200,
    handle: ({ services, project }) =>
      readDestinations(services.store.reads, project.projectId).map((row) => destinationJson(row)),
  }),
  operation({
    id: 'createDestination',
    method: 'POST',
    path: '/projects/{projectIdOrName}/destinations',
    access: 'project',
    summary: 'make a destination; a webhook gets a key that its messages are signed with',
    status: 201,
    body: destinationBody,
    async handle({ services, project, body }) {
      const { url, headers } = body.metadata;
      const metadata = headers == null ? { url } : { url, headers };
      return destinationJson(await createWebhook(services, project.projectId, { name: body.name, metadata }));
    },
  }),
  operation({
    id: 'getDestination',
    method: 'GET',
    path: '/projects/{projectIdOrName}/destinations/{destination}',
    access: 'project',
    summary: 'one destination, by id or name',
    status: 200,
    query: z.object({ includeSecrets: flag }),
    handle({ services, project, params, query }) {
      const row = destinationOf(services, project, params.destination);
      return destinationJson(row, query.includeSecrets ? openSigningSecrets(services, row)[0] : undefined);
    },
  }),
  operation({
    id: 'deleteDestination',
    method: 'DELETE',
    path: '/projects/{projectIdOrName}/destinations/{destination}',
    access: 'project',
    summary: 'delete one, by id or name',
    status: 204,
    async handle({ services, project, params }) {
      const { destinationId } = destinationOf(services, project, params.destination);
      await services.store.commit([deleteDestination(destinationId, project.projectId)]);
    },
  }),
];
