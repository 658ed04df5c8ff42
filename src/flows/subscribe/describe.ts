// What a builder has to enter at a provider so that its webhooks come: the address, and what proves them. Asked by
// `tenon webhooks` over the API.

import type { EventSource } from '../../connectors/events.ts';
import { IntegrationError } from '../../core/errors.ts';
import type { Services } from '../services.ts';
import { type Addressee, webhookUrl } from './address.ts';
import { sourceOf } from './receive.ts';
import { appsOf, secretsOf } from './secrets.ts';

/** The answer to a builder. */
export interface WebhookFacts {
  readonly provider: string;
  readonly url: string;
  /** Whoever knows the address can send webhooks; else they must be signed. */
  readonly isUrlSecret: boolean;
  /** Where at the provider, as a phrase. */
  readonly enteredIn: string;
  readonly provedBy: EventSource['secretOf'];
  /** Whether what proves a webhook is here. */
  readonly isProvable: boolean;
  /** Those whose secrets count; empty where the address or a subscription proves. */
  readonly providerApps: readonly { readonly id: string; readonly clientId: string; readonly hasSecret: boolean }[];
}

/**
 * Of an integration, or of one installation of it: where the provider has one address for all accounts, it is the same.
 * Rejects with `bad_request` where no webhooks of the provider are known, or each installation has an address of its
 * own and none is named.
 */
export function describeWebhook(services: Services, asked: Addressee): WebhookFacts {
  const { integration } = asked;
  const { provider } = integration;
  const source = sourceOf(services, integration);
  if (source === undefined) {
    throw new IntegrationError('bad_request', `no webhooks of ${provider} are known`, {
      remedy: 'Read the objects instead: reads have a schedule.',
    });
  }
  const { addressedTo, secretOf, enteredIn } = source;
  if (addressedTo === 'installation' && asked.of === 'integration') {
    throw new IntegrationError('bad_request', `webhooks of ${provider} have an address for each installation`, {
      remedy: 'Name an installation.',
    });
  }
  const addressee: Addressee = addressedTo === 'integration' ? { of: 'integration', integration } : asked;
  const { url, isSecret } = webhookUrl(services, source, addressee);
  const apps = secretOf === 'clientSecret' || secretOf === 'webhookSecret' ? appsOf(services, integration) : [];
  return {
    provider,
    url,
    isUrlSecret: isSecret,
    enteredIn,
    provedBy: secretOf,
    isProvable: secretOf === 'address' || secretsOf(services, source, addressee).length > 0,
    providerApps: apps.map(({ providerAppId, clientId, sealedWebhookSecret }) => {
      return { id: providerAppId, clientId, hasSecret: secretOf === 'clientSecret' || sealedWebhookSecret !== null };
    }),
  };
}
