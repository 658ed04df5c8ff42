// Connecting customers: the start of an OAuth connection, and the callback that providers send browsers to.

import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { errorFacts, IntegrationError } from '../core/errors.ts';
import type { ProjectId } from '../core/ids.ts';
import { REF_CHARS_MAX } from '../core/limits.ts';
import { authorize } from '../flows/connect/authorize.ts';
import { finishAuthorization } from '../flows/connect/callback.ts';
import { type ConnectIdentity, metadataOf } from '../flows/connect/identity.ts';
import { readProject } from '../store/tables/accounts.ts';
import { readBody } from './body.ts';
import { type CallbackOutcome, callbackPage } from './callbackPage.ts';
import type { EdgeEnv, EdgeServices } from './context.ts';

const ref = z.string().min(1).max(REF_CHARS_MAX);

/** What every way of connecting says about whom and with what. */
export const identityFields = {
  groupRef: ref,
  consumerRef: ref,
  groupName: ref.optional(),
  consumerName: ref.optional(),
  provider: z.string().min(1),
  providerWorkspaceRef: z.string().max(REF_CHARS_MAX).optional(),
  providerMetadata: z
    .record(
      z.string(),
      z.object({
        value: z.string().max(REF_CHARS_MAX),
        source: z.enum(['input', 'token', 'provider']).optional(),
        displayName: z.string().optional(),
      }),
    )
    .optional(),
};

type IdentityBody = z.infer<z.ZodObject<typeof identityFields>>;

/** Names default to refs, as published. */
export function identityOf(services: EdgeServices, projectId: ProjectId, body: IdentityBody): ConnectIdentity {
  const { provider, groupRef, consumerRef } = body;
  return {
    projectId,
    provider,
    groupRef,
    groupName: body.groupName ?? groupRef,
    consumerRef,
    consumerName: body.consumerName ?? consumerRef,
    metadata: metadataOf(services.catalog.get(provider), body),
  };
}

/** The node SDK of the platform says `projectId` where everybody else says `projectIdOrName`. */
const connectBody = z.object({
  ...identityFields,
  projectIdOrName: z.string().optional(),
  projectId: z.string().optional(),
  providerAppId: z.string().optional(),
});

/** `POST /v1/oauth-connect`: answers the address of the consent page as plain text. */
export function oauthConnectRoute(services: EdgeServices): Hono<EdgeEnv> {
  return new Hono<EdgeEnv>().post('/', async (context) => {
    const body = await readBody(context, connectBody);
    const { projectId } = context.get('caller');
    const named = readProject(services.store.reads, body.projectIdOrName ?? body.projectId ?? '');
    if (named?.projectId !== projectId) throw new IntegrationError('not_found', 'no such project');
    const { providerAppId } = body;
    return context.text(await authorize(services, identityOf(services, projectId, body), { providerAppId }));
  });
}

/** `GET /callbacks/v1/oauth`: always a page for people, whatever happened. */
export function callbackRoute(services: EdgeServices): Hono<EdgeEnv> {
  return new Hono<EdgeEnv>().get('/', async (context) => {
    const { state, code, error, error_description } = context.req.query();
    try {
      const connection = await finishAuthorization(services, { state, code, error, error_description });
      const providerName = services.catalog.get(connection.provider).displayName;
      return page(context, { kind: 'connected', connectionId: connection.connectionId, providerName }, 200);
    } catch (thrown) {
      const known = thrown instanceof IntegrationError ? thrown : null;
      services.log.warn({ err: errorFacts(thrown).message }, 'an authorization did not complete');
      const said = known === null ? [] : [known.publicDetail, known.remedy ?? ''];
      const message = said.map(sentence).join('') || 'Something went wrong on our side. Please try again.';
      return page(context, { kind: 'failed', message }, known?.status ?? 500);
    }
  });
}

/** Details are written to follow a colon; a person reads them on their own. */
function sentence(text: string, index: number): string {
  if (text === '') return '';
  const start = `${index === 0 ? '' : ' '}${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.!?]$/.test(text) ? start : `${start}.`;
}

function page(context: Context<EdgeEnv>, outcome: CallbackOutcome, status: number): Response {
  const { html, policy } = callbackPage(outcome);
  return context.body(html, status as 200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
}
