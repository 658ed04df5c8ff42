// Connecting customers, and their connections: list, read, change, connect again, delete.

import { z } from 'zod';
import { IntegrationError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { type Ms, toRfc3339 } from '../../core/time.ts';
import { authorize } from '../../flows/connect/authorize.ts';
import { resumeCustomAuth, startCustomAuth } from '../../flows/connect/customAuth.ts';
import { CONNECTION_MASKS, editConnection } from '../../flows/connect/editConnection.ts';
import { generateConnection } from '../../flows/connect/generate.ts';
import type { ProviderMetadata } from '../../flows/connect/identity.ts';
import { removeConnection } from '../../flows/connect/removeConnection.ts';
import { renewNow } from '../../flows/connect/renew.ts';
import { revealTokens } from '../../flows/connect/reveal.ts';
import type { ProjectRow } from '../../store/tables/accounts.ts';
import { type ConnectionRow, readConnection, readConnections } from '../../store/tables/connections.ts';
import { groupAsked, maySee, projectOf, requireBackend } from '../auth.ts';
import {
  connectBody,
  credentialFields,
  customAuthResume,
  customAuthStart,
  identityFields,
  identityOf,
} from '../connect.ts';
import type { EdgeServices, Principal } from '../context.ts';
import { rowsByPage } from '../list.ts';
import { connectionView } from '../wire.ts';
import { flag, ref } from './input.ts';
import { type Call, type Operation, operation } from './operation.ts';

const ALL = '/projects/{projectIdOrName}/connections';
const ONE = `${ALL}/{connectionId}` as const;

const generateBody = z.object({ ...identityFields, ...credentialFields });

const patchBody = z.object({
  updateMask: z.array(z.enum(CONNECTION_MASKS)),
  connection: z.object({
    providerWorkspaceRef: identityFields.providerWorkspaceRef,
    providerMetadata: identityFields.providerMetadata,
    ...credentialFields,
  }),
});

const listQuery = z.object({ provider: ref.optional(), groupRef: ref.optional(), consumerRef: ref.optional() });

const getQuery = z.object({
  includeCreds: flag,
  includeRefreshToken: flag,
  refresh: z.enum(['force', 'ifExpired'], { error: 'must be one of force, ifExpired' }).optional(),
});

type ConnectionCall = Pick<
  Call<'projectIdOrName' | 'connectionId', unknown, unknown>,
  'services' | 'project' | 'params' | 'principal'
>;

/** Rejects with `not_found`. */
function connectionOf({ services, project, params, principal }: ConnectionCall): ConnectionRow {
  const row = readConnection(services.store.reads, params.connectionId);
  if (row?.projectId !== project.projectId || !maySee(principal, row.groupRef))
    throw new IntegrationError('not_found', 'no such connection');
  return row;
}

/** The group that a customer's token is for; null for everybody else. */
function groupOf(principal: Principal): string | null {
  return principal.kind === 'customer' ? principal.groupRef : null;
}

/** The node SDK of the platform says `projectId` where everybody else says `projectIdOrName`. */
function projectNamed(
  { services, principal }: Pick<Call<never, unknown, unknown>, 'services' | 'principal'>,
  body: { readonly projectIdOrName?: string | undefined; readonly projectId?: string | undefined },
): ProjectRow {
  const row = projectOf(services, principal, body.projectIdOrName ?? body.projectId ?? '');
  if (row === null) throw new IntegrationError('not_found', 'no such project');
  return row;
}

/** `?refresh=force`, or `ifExpired`: the answer then comes when the next token is on disk. */
async function refreshed(
  services: EdgeServices,
  row: ConnectionRow,
  mode: 'force' | 'ifExpired' | undefined,
): Promise<ConnectionRow> {
  if (mode === undefined) return row;
  const isExpired = row.expiresAtMs !== null && row.expiresAtMs <= services.clock.nowMs();
  return mode === 'force' || isExpired ? renewNow(services, row) : row;
}

/** The tokens of a connection through a consent page, where they are asked for. */
function tokensAsked(services: EdgeServices, row: ConnectionRow, query: z.output<typeof getQuery>): JsonObject {
  const isRefreshAsked = query.includeRefreshToken;
  if (!isRefreshAsked && !query.includeCreds) return {};
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

/** The consent page again, for the same connection: it keeps its id. */
function reauthorize(services: EdgeServices, row: ConnectionRow): Promise<string> {
  const { projectId, provider, groupRef, groupName, consumerRef, consumerName, connectionId } = row;
  const metadata = JSON.parse(row.metadata) as ProviderMetadata;
  const identity = { projectId, provider, groupRef, groupName, consumerRef, consumerName, metadata };
  return authorize(services, identity, { connectionId, providerAppId: row.providerAppId ?? undefined });
}

export const CONNECTION_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'oauthConnect',
    method: 'POST',
    path: '/oauth-connect',
    access: 'frontend',
    summary: 'the address of the consent page for a customer',
    status: 200,
    media: 'text',
    body: connectBody,
    handle(call) {
      const { services, body } = call;
      const { projectId } = projectNamed(call, body);
      const identity = identityOf(services, projectId, body, true);
      return authorize(services, identity, { providerAppId: body.providerAppId });
    },
  }),
  operation({
    id: 'customAuthConnect',
    method: 'POST',
    path: '/custom-auth/connect',
    access: 'frontend',
    summary: 'the first step of a login in several, or a further one with the `sessionId` of the one before',
    status: 200,
    body: z.union([customAuthResume, customAuthStart]),
    async handle(call) {
      const { services, body } = call;
      const { projectId } = projectNamed(call, body);
      const step =
        'sessionId' in body
          ? await resumeCustomAuth(services, projectId, body.sessionId, body.callbackParams, groupOf(call.principal))
          : await startCustomAuth(services, identityOf(services, projectId, body), body, body.providerAppId);
      if (step.kind === 'redirect') return { redirect: { url: step.url, sessionId: step.sessionId } };
      return { connection: connectionView(services, step.connection) };
    },
  }),
  operation({
    id: 'listConnections',
    method: 'GET',
    path: ALL,
    access: 'frontend',
    summary: 'connections, newest first',
    status: 200,
    query: listQuery,
    media: 'list',
    *handle({ services, project, principal, query }) {
      const filter = { ...query, groupRef: groupAsked(principal, query.groupRef) };
      const rows = rowsByPage<ConnectionRow>((after, limit) =>
        readConnections(services.store.reads, project.projectId, { ...filter, after, limit }),
      );
      for (const row of rows) yield connectionView(services, row);
    },
  }),
  operation({
    id: 'generateConnection',
    method: 'POST',
    path: '/projects/{projectIdOrName}/connections:generate',
    access: 'frontend',
    summary: 'connect with a typed credential',
    status: 201,
    body: generateBody,
    async handle({ services, project, body, principal }) {
      const { oauth2AuthorizationCode: grant } = body;
      // Without an access token the provider cannot be asked whose grant it is, and what is typed is taken for true.
      if (grant !== undefined && grant.accessToken === undefined) requireBackend(principal);
      const row = await generateConnection(services, identityOf(services, project.projectId, body), body);
      return connectionView(services, row);
    },
  }),
  operation({
    id: 'getConnection',
    method: 'GET',
    path: ONE,
    access: 'frontend',
    summary: 'one connection; with its tokens where they are asked for',
    status: 200,
    query: getQuery,
    async handle(call) {
      const { services, query, principal } = call;
      if (query.includeCreds || query.includeRefreshToken || query.refresh !== undefined) requireBackend(principal);
      const row = await refreshed(services, connectionOf(call), query.refresh);
      return { ...connectionView(services, row), ...tokensAsked(services, row, query) };
    },
  }),
  operation({
    id: 'updateConnection',
    method: 'PATCH',
    path: ONE,
    access: 'frontend',
    summary: 'change what the mask names: facts of the account, or another credential of the same scheme',
    status: 200,
    body: patchBody,
    async handle(call) {
      const { services, body, principal } = call;
      const before = connectionOf(call);
      // Who is told of an account's events goes by it: a customer could name another's.
      if (body.updateMask.includes('providerWorkspaceRef')) requireBackend(principal);
      const row = await editConnection(services, before, body.updateMask, body.connection);
      return connectionView(services, row);
    },
  }),
  operation({
    id: 'oauthUpdate',
    method: 'PATCH',
    path: `${ONE}:oauth-update`,
    access: 'frontend',
    summary: 'the address of the consent page, for a connection that there is',
    status: 200,
    media: 'text',
    handle: (call) => reauthorize(call.services, connectionOf(call)),
  }),
  operation({
    id: 'deleteConnection',
    method: 'DELETE',
    path: ONE,
    access: 'frontend',
    summary: 'delete one that no installation uses',
    status: 204,
    handle: (call) => removeConnection(call.services, connectionOf(call)),
  }),
];
