// Destinations: where messages go.

import { z } from 'zod';
import { IntegrationError } from '../../core/errors.ts';
import {
  createWebhook,
  DESTINATION_MASKS,
  editWebhook,
  openSigningSecrets,
  removeDestination,
  rotateSigningSecret,
} from '../../flows/destinations.ts';
import {
  type DestinationRow,
  type ProjectRow,
  readDestination,
  readDestinations,
} from '../../store/tables/accounts.ts';
import type { EdgeServices } from '../context.ts';
import { destinationJson } from '../wire.ts';
import { flag } from './input.ts';
import { type Operation, operation } from './operation.ts';

const URL_CHARS_MAX = 4096;
const HEADERS_MAX = 100;

const type = z.literal('webhook', { error: 'only webhook destinations are supported yet' });
const headers = z
  .record(z.string(), z.string())
  .refine((map) => Object.keys(map).length <= HEADERS_MAX, { error: `has at most ${HEADERS_MAX} entries` })
  .nullish()
  .transform((map) => map ?? undefined);
const metadata = z.object({ url: z.string().min(1).max(URL_CHARS_MAX), headers });

const destinationBody = z.object({ name: z.string().min(1), type, metadata });

const destinationPatch = z.object({
  updateMask: z.array(z.enum(DESTINATION_MASKS)),
  destination: z.object({ name: z.string(), type, metadata: metadata.partial() }).partial(),
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
      return destinationJson(await createWebhook(services, project.projectId, body));
    },
  }),
  operation({
    id: 'getDestination',
    method: 'GET',
    path: '/projects/{projectIdOrName}/destinations/{destination}',
    access: 'project',
    summary: 'one destination, by id or name; may rotate its signing key',
    status: 200,
    query: z.object({ includeSecrets: flag, rotate: flag }),
    async handle({ services, project, params, query }) {
      const found = destinationOf(services, project, params.destination);
      const row = query.rotate ? await rotateSigningSecret(services, found) : found;
      return destinationJson(row, query.includeSecrets ? openSigningSecrets(services, row)[0] : undefined);
    },
  }),
  operation({
    id: 'updateDestination',
    method: 'PATCH',
    path: '/projects/{projectIdOrName}/destinations/{destination}',
    access: 'project',
    summary: 'change what the mask names',
    status: 200,
    body: destinationPatch,
    async handle({ services, project, params, body }) {
      const row = destinationOf(services, project, params.destination);
      return destinationJson(await editWebhook(services, row, body.updateMask, body.destination));
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
      await removeDestination(services, destinationOf(services, project, params.destination));
    },
  }),
];
