// Connecting customers: what their bodies have in common, and the callbacks that providers send browsers to.

import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { errorFacts, IntegrationError } from '../core/errors.ts';
import type { ProjectId } from '../core/ids.ts';
import { CALLBACK_PARAM_CHARS_MAX, REF_CHARS_MAX, SCOPES_MAX, SECRET_CHARS_MAX } from '../core/limits.ts';
import { sentences } from '../core/sentences.ts';
import { parseTimestamp } from '../core/time.ts';
import { finishAuthorization } from '../flows/connect/callback.ts';
import { type ConnectIdentity, metadataOf } from '../flows/connect/identity.ts';
import { type PartyKind, readPartyName } from '../store/tables/partyNames.ts';
import { readText } from './body.ts';
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

/** Names default to those that were given before, else to refs, as published. `isBeforeLogin` as in `metadataOf`. */
export function identityOf(
  services: EdgeServices,
  projectId: ProjectId,
  body: IdentityBody,
  isBeforeLogin = false,
): ConnectIdentity {
  const { provider, groupRef, consumerRef } = body;
  return {
    projectId,
    provider,
    groupRef,
    groupName: body.groupName ?? nameOf(services, projectId, 'group', groupRef),
    consumerRef,
    consumerName: body.consumerName ?? nameOf(services, projectId, 'consumer', consumerRef),
    metadata: metadataOf(services.catalog.get(provider), body, isBeforeLogin),
  };
}

function nameOf({ store }: EdgeServices, projectId: ProjectId, kind: PartyKind, ref: string): string {
  return readPartyName(store.reads, projectId, kind, ref)?.name ?? ref;
}

/** The node SDK of the platform says `projectId` where everybody else says `projectIdOrName`. */
export const connectBody = z.object({
  ...identityFields,
  projectIdOrName: z.string().optional(),
  projectId: z.string().optional(),
  providerAppId: z.string().optional(),
});

/** `GET /callbacks/v1/oauth`: always a page for people, whatever happened. */
export function callbackRoute(services: EdgeServices): Hono<EdgeEnv> {
  return new Hono<EdgeEnv>().get('/', async (context) => {
    try {
      const connection = await finishAuthorization(services, context.req.query());
      const providerName = services.catalog.get(connection.provider).displayName;
      return page(context, { kind: 'connected', connectionId: connection.connectionId, providerName }, 200);
    } catch (thrown) {
      const known = thrown instanceof IntegrationError ? thrown : null;
      services.log.warn({ err: errorFacts(thrown).message }, 'an authorization did not complete');
      const said = sentences([known?.publicDetail, known?.remedy]);
      const message = said || 'Something went wrong on our side. Please try again.';
      return page(context, { kind: 'failed', message }, known?.status ?? 500);
    }
  });
}

/** Values of a form in several steps: texts, and lists of them. */
const customAuthValues = z.record(
  z.string(),
  z.union([z.string().max(SECRET_CHARS_MAX), z.array(z.string().max(REF_CHARS_MAX)).max(SCOPES_MAX)]).optional(),
);

/** Credentials as a ConnectionRequest has them. */
const scopes = z.array(z.string().max(REF_CHARS_MAX)).max(SCOPES_MAX).optional();
const secret = z.string().max(SECRET_CHARS_MAX);
const timestamp = z
  .string()
  .transform((text) => parseTimestamp(text) ?? Number.NaN)
  .pipe(z.number({ error: 'must be an RFC 3339 time' }))
  .optional();
const existingToken = z
  .object({ token: secret.min(1), issuedAt: timestamp, expiresAt: timestamp })
  .transform(({ token, issuedAt, expiresAt }) => ({ token, issuedAtMs: issuedAt, expiresAtMs: expiresAt }));

/** The credential members of a ConnectionRequest; either part of basicAuth may be empty (an API key in one of them). */
export const credentialFields = {
  apiKey: secret.optional(),
  basicAuth: z.object({ username: secret, password: secret }).optional(),
  oauth2ClientCredentials: z.object({ clientId: secret.min(1), clientSecret: secret, scopes }).optional(),
  oauth2PasswordCredentials: z
    .object({ username: secret.min(1), password: secret, clientId: secret.min(1), clientSecret: secret, scopes })
    .optional(),
  oauth2AuthorizationCode: z
    .object({ accessToken: existingToken.optional(), refreshToken: existingToken.optional(), scopes })
    .optional(),
  customAuth: customAuthValues.optional(),
};

export const customAuthStart = connectBody.extend({ customAuth: customAuthValues.optional() });
export const customAuthResume = z.object({
  projectIdOrName: z.string(),
  sessionId: z.string().min(1).max(REF_CHARS_MAX),
  callbackParams: z.record(z.string(), z.string().max(CALLBACK_PARAM_CHARS_MAX)),
});

/** `GET` or `POST /callbacks/v1/custom-auth/default`: hands what the provider said to the page that opened this one. */
export function customAuthCallbackRoute({ clock }: Pick<EdgeServices, 'clock'>): Hono<EdgeEnv> {
  return new Hono<EdgeEnv>()
    .get('/', (context) => page(context, { kind: 'returned', params: context.req.query() }, 200))
    .post('/', async (context) => {
      const form = Object.fromEntries(new URLSearchParams(await readText(clock, context.req.raw)));
      return page(context, { kind: 'returned', params: { ...context.req.query(), ...form } }, 200);
    });
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
