// Connections: list, read, make from a typed credential, connect again, delete.

import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { IntegrationError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { authorize } from '../../flows/connect/authorize.ts';
import { generateConnection } from '../../flows/connect/generate.ts';
import type { ProviderMetadata } from '../../flows/connect/identity.ts';
import { removeConnection } from '../../flows/connect/removeConnection.ts';
import { readProviderApp } from '../../store/tables/accounts.ts';
import { type ConnectionRow, readConnection, readConnections } from '../../store/tables/connections.ts';
import { projectOf } from '../auth.ts';
import { readBody } from '../body.ts';
import { identityFields, identityOf } from '../connect.ts';
import type { EdgeEnv, EdgeServices } from '../context.ts';
import { connectionJson } from '../wire.ts';

const generateBody = z.object({
  ...identityFields,
  apiKey: z.string().max(16_384).optional(),
  // Either part may be empty: providers that take an API key as user name or as password.
  basicAuth: z.object({ username: z.string().max(4096), password: z.string().max(4096) }).optional(),
});

function connectionOf(services: EdgeServices, context: Context<EdgeEnv>, connectionId: string): ConnectionRow {
  const { projectId } = projectOf(services, context);
  const row = readConnection(services.store.reads, connectionId);
  if (row?.projectId !== projectId) throw new IntegrationError('not_found', 'no such connection');
  return row;
}

function connectionView({ store }: EdgeServices, row: ConnectionRow): JsonObject {
  return connectionJson(row, row.providerAppId === null ? undefined : readProviderApp(store.reads, row.providerAppId));
}

export function connectionRoutes(services: EdgeServices): Hono<EdgeEnv> {
  return new Hono<EdgeEnv>()
    .get('/', (context) => {
      const { projectId } = projectOf(services, context);
      const { provider, groupRef, consumerRef } = context.req.query();
      const rows = readConnections(services.store.reads, projectId, { provider, groupRef, consumerRef });
      return context.json(rows.map((row) => connectionView(services, row)));
    })
    .get('/:connection', (context) =>
      context.json(connectionView(services, connectionOf(services, context, context.req.param('connection')))),
    )
    .patch('/:verb', async (context) => {
      const [, id] = /^(.+):oauth-update$/.exec(context.req.param('verb')) ?? [];
      if (id === undefined) throw new IntegrationError('not_found', 'no such action');
      return context.text(await reauthorize(services, connectionOf(services, context, id)));
    })
    .delete('/:connection', async (context) => {
      await removeConnection(services, connectionOf(services, context, context.req.param('connection')));
      return context.body(null, 204);
    });
}

/** `POST connections:generate`. */
export async function generateRoute(services: EdgeServices, context: Context<EdgeEnv>): Promise<Response> {
  const { projectId } = projectOf(services, context);
  const body = await readBody(context, generateBody);
  const row = await generateConnection(services, identityOf(services, projectId, body), body);
  return context.json(connectionView(services, row), 201);
}

/** The consent page again, for the same connection: it keeps its id. */
function reauthorize(services: EdgeServices, row: ConnectionRow): Promise<string> {
  const { projectId, provider, groupRef, groupName, consumerRef, consumerName, connectionId } = row;
  const metadata = JSON.parse(row.metadata) as ProviderMetadata;
  const identity = { projectId, provider, groupRef, groupName, consumerRef, consumerName, metadata };
  return authorize(services, identity, { connectionId, providerAppId: row.providerAppId ?? undefined });
}
