// Provider apps: the builder's OAuth client at a provider. The secret is sealed before it is stored and never
// returned.

import type { SealedPlace } from '../auth/vault.ts';
import { IntegrationError } from '../core/errors.ts';
import { newId, type ProjectId, type ProviderAppId } from '../core/ids.ts';
import { insertProviderApp, type ProviderAppRow, readProviderApp, readProviderApps } from '../store/tables/accounts.ts';
import type { Services } from './services.ts';

const CLIENT_SECRET_PURPOSE = 'clientSecret';

export interface NewProviderApp {
  readonly provider: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly externalRef?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly metadata?: object | undefined;
}

/**
 * Rejects with `not_found` for an unknown provider, `bad_request` if it has no OAuth, `conflict` for a client that the
 * project has already.
 */
export async function createProviderApp(
  { store, vault, catalog, clock }: Services,
  projectId: ProjectId,
  input: NewProviderApp,
): Promise<ProviderAppRow> {
  const { provider, clientId } = input;
  if (catalog.get(provider).auth.scheme !== 'oauth2') {
    throw new IntegrationError(
      'bad_request',
      `${provider} does not connect through OAuth, so it needs no provider app`,
    );
  }
  if (readProviderApps(store.reads, projectId).some((app) => app.provider === provider && app.clientId === clientId)) {
    throw new IntegrationError('conflict', `the project already has a provider app of ${provider} with this client id`);
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
  return { ...row, updatedAtMs: null };
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
