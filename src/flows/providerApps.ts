// Provider apps: the builder's OAuth client at a provider. The secret is sealed before it is stored and never
// returned.

import { IntegrationError } from '../core/errors.ts';
import { newId, type ProjectId, type ProviderAppId } from '../core/ids.ts';
import { insertProviderApp, type ProviderAppRow, readProviderApps } from '../store/tables/accounts.ts';
import { CLIENT_SECRET_PURPOSE } from './connect/authorize.ts';
import type { Services } from './services.ts';

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
  const place = { connectionId: providerAppId, generation: 0, purpose: CLIENT_SECRET_PURPOSE };
  const row = {
    providerAppId,
    projectId,
    provider,
    clientId,
    sealedClientSecret: vault.seal(input.clientSecret, place),
    scopes: JSON.stringify(input.scopes ?? []),
    metadata: input.metadata === undefined ? null : JSON.stringify(input.metadata),
    externalRef: input.externalRef ?? null,
    createdAtMs: clock.nowMs(),
  };
  await store.commit([insertProviderApp(row)]);
  return { ...row, updatedAtMs: null };
}
