// Provider apps: the builder's OAuth client at a provider. The secret is sealed before it is stored and never
// returned.

import type { SealedPlace } from '../auth/vault.ts';
import type { ProviderDeclaration } from '../catalog/schema.ts';
import { IntegrationError } from '../core/errors.ts';
import { newId, type ProjectId, type ProviderAppId } from '../core/ids.ts';
import { PROVIDER_APPS_PER_PROJECT_MAX } from '../core/limits.ts';
import {
  insertProviderApp,
  isClientElsewhere,
  type ProviderAppRow,
  readProviderApp,
  readProviderApps,
  setWebhookSecret,
  updateProviderApp,
} from '../store/tables/accounts.ts';
import { changedMeanwhile } from './apiKeys.ts';
import type { Services } from './services.ts';

const CLIENT_SECRET_PURPOSE = 'clientSecret';
const WEBHOOK_SECRET_PURPOSE = 'webhookSecret';

export interface ProviderAppFacts {
  readonly provider: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly externalRef?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly metadata?: object | undefined;
}

/** What may be changed of a provider app (wire). */
export const PROVIDER_APP_MASKS = [
  'externalRef',
  'clientId',
  'clientSecret',
  'provider',
  'scopes',
  'metadata',
] as const;

/**
 * Rejects with `not_found` for an unknown provider, `bad_request` if it needs no provider app, `conflict` for a client
 * that this or another project has already.
 */
export async function createProviderApp(
  services: Services,
  projectId: ProjectId,
  input: ProviderAppFacts,
): Promise<ProviderAppRow> {
  const { store, vault, catalog, clock } = services;
  const { provider, clientId } = input;
  if (!takesApp(catalog.get(provider))) {
    throw new IntegrationError(
      'bad_request',
      `${provider} does not connect through OAuth, so it needs no provider app`,
    );
  }
  assertClientIsNew(services, projectId, provider, clientId, null);
  if (readProviderApps(store.reads, projectId).length >= PROVIDER_APPS_PER_PROJECT_MAX) {
    throw new IntegrationError('invalid_input', `a project has at most ${PROVIDER_APPS_PER_PROJECT_MAX} provider apps`);
  }
  const providerAppId = newId<ProviderAppId>();
  const row = {
    providerAppId,
    projectId,
    provider,
    clientId,
    sealedClientSecret: vault.seal(input.clientSecret, clientSecretPlace(providerAppId)),
    scopes: JSON.stringify(input.scopes ?? []),
    metadata: input.metadata === undefined ? null : JSON.stringify(input.metadata),
    externalRef: input.externalRef ?? null,
    createdAtMs: clock.nowMs(),
  };
  await store.commit([insertProviderApp(row)]);
  return { ...row, sealedWebhookSecret: null, updatedAtMs: null };
}

/**
 * Changes the named facts. Another client or secret ends a hold of the fleet: what was refused with the old one may be
 * accepted now. Rejects with `bad_request` for another provider, `conflict` for a client that is taken, and if it was
 * changed at the same moment.
 */
export async function editProviderApp(
  services: Services,
  before: ProviderAppRow,
  mask: readonly (typeof PROVIDER_APP_MASKS)[number][],
  changes: { readonly [Name in keyof ProviderAppFacts]?: ProviderAppFacts[Name] | undefined },
): Promise<ProviderAppRow> {
  const { store, vault, clock, fleets } = services;
  const { providerAppId, projectId, provider } = before;
  const given = (name: (typeof mask)[number]) => mask.includes(name);
  if (given('provider') && changes.provider !== provider) {
    throw new IntegrationError('bad_request', 'the provider of a provider app cannot be changed', {
      issues: [{ in: 'body', name: 'providerApp.provider', detail: `is ${provider}` }],
    });
  }
  const clientId = given('clientId') ? changes.clientId : before.clientId;
  const clientSecret = given('clientSecret') ? changes.clientSecret : null;
  if (clientId === undefined || clientSecret === undefined) {
    const name = clientId === undefined ? 'clientId' : 'clientSecret';
    throw new IntegrationError('bad_request', `${name} is named in the mask and missing`, {
      issues: [{ in: 'body', name: `providerApp.${name}`, detail: 'is required' }],
    });
  }
  if (clientId !== before.clientId) assertClientIsNew(services, projectId, provider, clientId, providerAppId);
  const row: ProviderAppRow = {
    ...before,
    clientId,
    sealedClientSecret:
      clientSecret === null ? before.sealedClientSecret : vault.seal(clientSecret, clientSecretPlace(providerAppId)),
    scopes: given('scopes') ? JSON.stringify(changes.scopes ?? []) : before.scopes,
    metadata: given('metadata') ? jsonOrNull(changes.metadata) : before.metadata,
    externalRef: given('externalRef') ? (changes.externalRef ?? null) : before.externalRef,
    updatedAtMs: Math.max(clock.nowMs(), (before.updatedAtMs ?? 0) + 1),
  };
  await store.commit([updateProviderApp(row, before)]).catch(changedMeanwhile);
  if (given('clientId') || given('clientSecret')) fleets.appChanged(providerAppId);
  return row;
}

/**
 * Keeps what the webhooks of an app are signed with, where its provider signs with a secret of its own; null: forgets
 * it. Rejects with `conflict` if the app was changed at the same moment.
 */
export async function putWebhookSecret(
  { store, vault, clock }: Services,
  app: ProviderAppRow,
  secret: string | null,
): Promise<void> {
  const sealed = secret === null ? null : vault.seal(secret, webhookSecretPlace(app.providerAppId));
  const atMs = Math.max(clock.nowMs(), (app.updatedAtMs ?? 0) + 1);
  await store.commit([setWebhookSecret(app, sealed, atMs)]).catch(changedMeanwhile);
}

/** Through a consent page, or with a client that the builder gives for all customers. */
function takesApp({ auth }: ProviderDeclaration): boolean {
  return auth.scheme === 'oauth2' || (auth.scheme === 'custom' && auth.exchange !== undefined);
}

function jsonOrNull(value: object | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

/** One client in two places ends each other's tokens, and evicts each other's grants. */
function assertClientIsNew(
  { store }: Services,
  projectId: ProjectId,
  provider: string,
  clientId: string,
  ownId: string | null,
): void {
  const isOurs = readProviderApps(store.reads, projectId).some(
    (app) => app.provider === provider && app.clientId === clientId && app.providerAppId !== ownId,
  );
  if (isOurs) {
    throw new IntegrationError('conflict', `the project already has a provider app of ${provider} with this client id`);
  }
  if (isClientElsewhere(store.reads, projectId, provider, clientId)) {
    throw new IntegrationError('conflict', `another project of this server uses this client of ${provider}`, {
      remedy: 'Register a client of its own for each environment: they would end the tokens of each other.',
    });
  }
}

/** The builder's client at a provider, opened. Rejects with `bad_request` if the app was deleted. */
export function openClient(
  { store, vault }: Services,
  providerAppId: string,
): { clientId: string; clientSecret: string } {
  const app = readProviderApp(store.reads, providerAppId);
  if (app === undefined) throw new IntegrationError('bad_request', 'the provider app of this connection was deleted');
  const clientSecret = vault.open(app.sealedClientSecret, clientSecretPlace(providerAppId)).toString();
  return { clientId: app.clientId, clientSecret };
}

/** Where the secret of a provider app is sealed for. */
export function clientSecretPlace(providerAppId: string): SealedPlace {
  return { connectionId: providerAppId, generation: 0, purpose: CLIENT_SECRET_PURPOSE };
}

/** Where the secret is sealed for that the webhooks of a provider app, or of an installation, are signed with. */
export function webhookSecretPlace(id: string): SealedPlace {
  return { connectionId: id, generation: 0, purpose: WEBHOOK_SECRET_PURPOSE };
}
