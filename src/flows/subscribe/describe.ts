// What a builder has to enter at a provider so that its webhooks come: the address, and what proves them; and how far
// one is that was replaced. Asked by `tenon webhooks` over the API.

import type { EventSource } from '../../connectors/events.ts';
import { IntegrationError } from '../../core/errors.ts';
import { type Ms, toRfc3339 } from '../../core/time.ts';
import { isFormerTaken, readReceiver } from '../../store/tables/receivers.ts';
import type { Services } from '../services.ts';
import { type Addressee, webhookUrl } from './address.ts';
import { sourceOf } from './receive.ts';
import { appsOf, secretsOf } from './secrets.ts';

/** Of an address that another one stands before. */
export interface RotationFacts {
  readonly rotatedAt: string;
  /** The address before is taken as well, until then. */
  readonly isFormerAccepted: boolean;
  readonly formerUntil: string;
  /** When the first webhook came at the address; null: none has. */
  readonly firstReceivedAt: string | null;
  /** When, to the minute, the last came at the address before since then; null: none has. */
  readonly formerReceivedAt: string | null;
}

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
  /** Null where the address is the first. */
  readonly rotation: RotationFacts | null;
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
    rotation: addressee.of === 'integration' ? null : rotationOf(services, addressee.installation.installationId),
  };
}

function rotationOf({ store, clock }: Services, installationId: string): RotationFacts | null {
  const row = readReceiver(store.reads, installationId);
  if (row === undefined) return null;
  const { rotatedAtMs, formerUntilMs, usedAtMs, formerUsedAtMs } = row;
  return {
    rotatedAt: toRfc3339(rotatedAtMs),
    isFormerAccepted: isFormerTaken(row, clock.nowMs()),
    formerUntil: toRfc3339(formerUntilMs),
    firstReceivedAt: timeOf(usedAtMs),
    formerReceivedAt: timeOf(formerUsedAtMs),
  };
}

function timeOf(atMs: Ms | null): string | null {
  return atMs === null ? null : toRfc3339(atMs);
}
