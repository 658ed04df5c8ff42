// The secrets that a provider may sign its webhooks with. Invariant: opened for one request, kept nowhere.

import type { EventSource } from '../../connectors/events.ts';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import { type ProviderAppRow, readProviderApps } from '../../store/tables/accounts.ts';
import {
  deleteInstallationWebhookSecret,
  putInstallationWebhookSecret,
  readInstallationWebhookSecret,
} from '../../store/tables/inbox.ts';
import type { IntegrationRow } from '../../store/tables/installations.ts';
import { readSubscription } from '../../store/tables/subscriptions.ts';
import { clientSecretPlace, webhookSecretPlace } from '../providerApps.ts';
import type { Services } from '../services.ts';
import type { Addressee } from './address.ts';
import { openState } from './stored.ts';

type SecretServices = Pick<Services, 'store' | 'vault'>;

/** All that may prove a webhook: of each provider app of the integration's provider, or of the installation. */
export function secretsOf(
  { store, vault }: SecretServices,
  { secretOf }: EventSource,
  addressee: Addressee,
): readonly string[] {
  if (secretOf === 'address') return [];
  if (secretOf === 'subscription') {
    if (addressee.of === 'integration') return [];
    const { installationId } = addressee.installation;
    return [
      ...enteredSecrets({ store, vault }, installationId),
      ...subscriptionSecrets({ store, vault }, installationId),
    ];
  }
  return appsOf({ store }, addressee.integration).flatMap((app) => {
    const { providerAppId, sealedClientSecret, sealedWebhookSecret } = app;
    if (secretOf === 'clientSecret') return vault.open(sealedClientSecret, clientSecretPlace(providerAppId)).toString();
    if (sealedWebhookSecret === null) return [];
    return vault.open(sealedWebhookSecret, webhookSecretPlace(providerAppId)).toString();
  });
}

/** The provider apps whose webhooks come to an integration. */
export function appsOf({ store }: Pick<Services, 'store'>, integration: IntegrationRow): readonly ProviderAppRow[] {
  const { projectId, provider } = integration;
  return readProviderApps(store.reads, projectId).filter((app) => app.provider === provider);
}

/** Where webhooks are set up in the provider's own screens, somebody enters here what those have shown. */
function enteredSecrets({ store, vault }: SecretServices, installationId: string): readonly string[] {
  const sealed = readInstallationWebhookSecret(store.reads, installationId);
  return sealed === null ? [] : [vault.open(sealed, webhookSecretPlace(installationId)).toString()];
}

function subscriptionSecrets({ store, vault }: SecretServices, installationId: string): readonly string[] {
  const row = readSubscription(store.reads, installationId);
  const { secret } = (row === undefined ? null : openState({ vault }, row)) ?? { secret: null };
  return secret === null ? [] : [secret];
}

/**
 * Keeps what the webhooks of an installation are signed with; null: forgets it. Rejects with `bad_request` where
 * something else proves them, `not_found` if the installation was deleted at the same moment.
 */
export async function enterWebhookSecret(
  services: Services,
  source: EventSource | undefined,
  { integration, installation }: Extract<Addressee, { of: 'installation' }>,
  secret: string | null,
): Promise<void> {
  const { store, vault } = services;
  const { installationId } = installation;
  if (secret === null) return store.commit([deleteInstallationWebhookSecret(installationId)]);
  if (source?.secretOf !== 'subscription') {
    throw new IntegrationError('bad_request', `webhooks of ${integration.provider} have no secret of an installation`, {
      remedy: '`tenon webhooks` tells what proves them.',
    });
  }
  const sealed = vault.seal(secret, webhookSecretPlace(installationId));
  await store.commit([putInstallationWebhookSecret(installationId, sealed)]).catch((error: unknown) => {
    if (errorFacts(error).code !== 'invalid_input') throw error;
    throw new IntegrationError('not_found', 'no such installation');
  });
}
