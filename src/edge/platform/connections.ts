// Connections: list, read, make from a typed credential, change, connect again, delete.

import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { IntegrationError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { type Ms, toRfc3339 } from '../../core/time.ts';
import { authorize } from '../../flows/connect/authorize.ts';
import { CONNECTION_MASKS, editConnection } from '../../flows/connect/editConnection.ts';
import { generateConnection } from '../../flows/connect/generate.ts';
import type { ProviderMetadata } from '../../flows/connect/identity.ts';
import { removeConnection } from '../../flows/connect/removeConnection.ts';
import { renewNow } from '../../flows/connect/renew.ts';
import { revealTokens } from '../../flows/connect/reveal.ts';
import { type ConnectionRow, readConnection, readConnections } from '../../store/tables/connections.ts';
import { projectOf } from '../auth.ts';
import { readBody } from '../body.ts';
import { credentialFields, identityFields, identityOf } from '../connect.ts';
import type { EdgeEnv, EdgeServices } from '../context.ts';
import { connectionView } from '../wire.ts';

const generateBody = z.object({ ...identityFields, ...credentialFields });

const patchBody = z.object({
  updateMask: z.array(z.enum(CONNECTION_MASKS)),
  connection: z.object({
    providerWorkspaceRef: identityFields.providerWorkspaceRef,
    providerMetadata: identityFields.providerMetadata,
    ...credentialFields,
  }),
});

const REFRESH_MODES = ['force', 'ifExpired'] as const;

function connectionOf(services: EdgeServices, context: Context<EdgeEnv>, connectionId: string): ConnectionRow {
  const { projectId } = projectOf(services, context);
  const row = readConnection(services.store.reads, connectionId);
  if (row?.projectId !== projectId) throw new IntegrationError('not_found', 'no such connection');
  return row;
}

export function connectionRoutes(services: EdgeServices): Hono<EdgeEnv> {
  return new Hono<EdgeEnv>()
    .get('/', (context) => {
      const { projectId } = projectOf(services, context);
      const { provider, groupRef, consumerRef } = context.req.query();
      const rows = readConnections(services.store.reads, projectId, { provider, groupRef, consumerRef });
      return context.json(rows.map((row) => connectionView(services, row)));
    })
    .get('/:connection', async (context) => {
      const row = connectionOf(services, context, context.req.param('connection'));
      const current = await refreshed(services, row, context.req.query('refresh'));
      return context.json({ ...connectionView(services, current), ...tokensAsked(services, current, context) }, 200, {
        'cache-control': 'no-store',
      });
    })
    .patch('/:verb', async (context) => {
      const [, id] = /^(.+):oauth-update$/.exec(context.req.param('verb')) ?? [];
      if (id !== undefined) return context.text(await reauthorize(services, connectionOf(services, context, id)));
      const row = connectionOf(services, context, context.req.param('verb'));
      const { updateMask, connection } = await readBody(context, patchBody);
      return context.json(connectionView(services, await editConnection(services, row, updateMask, connection)));
    })
    .delete('/:connection', async (context) => {
      await removeConnection(services, connectionOf(services, context, context.req.param('connection')));
      return context.body(null, 204);
    });
}

/** `?refresh=force`, or `ifExpired`: the answer then comes when the next token is on disk. */
async function refreshed(services: EdgeServices, row: ConnectionRow, mode: string | undefined): Promise<ConnectionRow> {
  if (mode === undefined) return row;
  if (!REFRESH_MODES.some((known) => known === mode)) {
    const detail = `must be one of ${REFRESH_MODES.join(', ')}`;
    throw new IntegrationError('bad_request', `refresh ${detail}`, {
      issues: [{ in: 'query', name: 'refresh', detail }],
    });
  }
  const isExpired = row.expiresAtMs !== null && row.expiresAtMs <= services.clock.nowMs();
  return mode === 'force' || isExpired ? renewNow(services, row) : row;
}

/** The tokens of a connection through a consent page, where they are asked for. */
function tokensAsked(services: EdgeServices, row: ConnectionRow, context: Context<EdgeEnv>): JsonObject {
  const isRefreshAsked = context.req.query('includeRefreshToken') === 'true';
  if (!isRefreshAsked && context.req.query('includeCreds') !== 'true') return {};
  if (!row.authScheme.startsWith('oauth2/authorizationCode')) return {};
  const { accessToken, refreshToken, scopes } = revealTokens(services, row);
  const times = { issuedAt: toRfc3339(row.issuedAtMs), ...expiry(row.expiresAtMs) };
  return {
    oauth2AuthorizationCode: {
      accessToken: { token: accessToken, ...times },
      ...(isRefreshAsked && refreshToken !== undefined ? { refreshToken: { token: refreshToken } } : {}),
      ...(scopes === undefined ? {} : { scopes }),
    },
  };
}

function expiry(expiresAtMs: Ms | null): JsonObject {
  return expiresAtMs === null ? {} : { expiresAt: toRfc3339(expiresAtMs) };
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
