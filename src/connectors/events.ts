// What the product asks of a provider's code about its webhooks: who sent this, and what happened. Nothing here calls
// anybody; secrets and the clock are handed in. Invariant: `verify` sees the bytes as they came, and nothing of a
// request is believed before it.

import { type ErrorCode, errorFacts, IntegrationError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Ms } from '../core/time.ts';
import type { ReceivedWebhook } from '../webhook/received.ts';
import type { ProviderCall } from './contract.ts';

export type { ReceivedWebhook };

/** As published in messages. */
export type EventType = 'create' | 'update' | 'delete' | 'associationUpdate' | 'other';

/** One end of an association. */
export interface AssociatedRecord {
  readonly id: string;
  /** Null where the provider does not say. */
  readonly objectName: string | null;
}

/** One thing that happened at a provider. */
export interface ProviderEvent {
  readonly type: EventType;
  /** The provider's own name of it, e.g. `contact.propertyChange`. */
  readonly providerEventType: string;
  /** As events of the provider name it, which may be the singular of what it is called in reads; null: of no object. */
  readonly objectName: string | null;
  readonly recordId: string | null;
  /** The account at the provider; null where events do not say. */
  readonly workspace: string | null;
  readonly occurredAtMs: Ms | null;
  /** Fields that changed; null where the event does not tell, so that any may have. */
  readonly updatedFields: readonly string[] | null;
  readonly association: { readonly from: AssociatedRecord; readonly to: AssociatedRecord } | null;
  /** The whole record, of providers that send it along. */
  readonly record: JsonObject | null;
  /**
   * The same whenever one event is delivered again, and different for any two events of an account. Where a provider
   * gives nothing to go by it is different each time: to tell a change twice does less harm than not at all.
   */
  readonly key: string;
  /** As it came; of an array of events, this one. */
  readonly raw: JsonObject;
}

/** What is answered to a provider that wants to see who it talks to; nothing of it is an event. */
export interface Handshake {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Whose secret proves that a webhook is the provider's: the OAuth client's, one that the builder entered for the
 * provider app, one that came with the subscription of the installation, or none, so that only the unguessable address
 * proves anything.
 */
export type WebhookSecretOf = 'clientSecret' | 'webhookSecret' | 'subscription' | 'address';

/** The webhooks of a provider. */
export interface EventSource {
  /** One address for all accounts of a provider app, or one for each installation. */
  readonly addressedTo: 'integration' | 'installation';
  readonly secretOf: WebhookSecretOf;
  /** Where somebody has to enter the address, as a phrase: nobody is told it over an API by us. */
  readonly enteredIn: string;
  /** Before `verify`; null: none. */
  handshake?(webhook: ReceivedWebhook): Handshake | null;
  /** Rejects with `unauthenticated` what `secret` does not prove; never called where `secretOf` is `address`. */
  verify(webhook: ReceivedWebhook, secret: string, nowMs: Ms): void;
  /** In their order. Rejects with `malformed`. */
  parse(webhook: ReceivedWebhook): readonly ProviderEvent[];
}

/** What is subscribed to of one object. */
export interface ObjectEvents {
  /** As in reads. */
  readonly objectName: string;
  readonly events: readonly Exclude<EventType, 'other'>[];
  /** Provider fields whose change is an update; null: all. */
  readonly watchedFields: readonly string[] | null;
  /** Raw event names of the provider. */
  readonly otherEvents: readonly string[];
  readonly isQuotaOptimized: boolean;
}

/** What the provider has for an installation; stored sealed, also where a call failed half way. */
export interface SubscriptionState {
  /** What is really subscribed to. */
  readonly objects: readonly ObjectEvents[];
  /** What the provider gave: ids, names. Opaque to everybody but the connector. */
  readonly result: JsonObject;
  /** What webhooks are signed with, where the provider chose it. */
  readonly secret: string | null;
}

export interface SubscribeParams {
  readonly installationId: string;
  /** For people who look into the provider's own screens. */
  readonly label: string;
  /**
   * Where webhooks are to go. It may be another than in the call before: then what tells the new one is made before
   * what tells the former is taken back, lest something is lost in between. The former is taken for a while.
   */
  readonly webhookUrl: string;
  /** Of the operator, e.g. where Salesforce relays its events to; null: none is configured. */
  readonly relay: string | null;
  /** What is to be subscribed to; empty: nothing, and everything is taken back. */
  readonly wanted: readonly ObjectEvents[];
  /** Null: nothing was made so far, as far as is known. */
  readonly previous: SubscriptionState | null;
  /** A call before did not come to its end, so that there may be more than is in `previous`. */
  readonly isUnsettled: boolean;
}

export interface SubscribeFailure {
  readonly message: string;
  readonly isRetryable: boolean;
  /** When the provider wants to be asked again. */
  readonly retryAtMs?: Ms;
  /** What was begun was taken back; false where it is left, for trying again or because that failed too. */
  readonly isRolledBack: boolean;
}

/** Not the fault of what is asked for, or for somebody to mend meanwhile. */
const WAITED_FOR: ReadonlySet<ErrorCode> = new Set(['auth_invalidated', 'app_fault', 'outcome_unknown']);

/** What a thrown error says of a subscription; bugs of ours are thrown on. */
export function subscribeFailure(error: unknown, isRolledBack: boolean): SubscribeFailure {
  if (!(error instanceof IntegrationError) || error.code === 'invariant') throw error;
  const { message, code, retryAtMs } = errorFacts(error);
  const isRetryable = error.isRetryable || WAITED_FOR.has(code);
  return { message, isRetryable, isRolledBack, ...(retryAtMs === undefined ? {} : { retryAtMs }) };
}

/** How far a provider was brought in line. */
export interface SubscribeOutcome {
  /** Null: the provider has nothing of this installation any more. */
  readonly state: SubscriptionState | null;
  /** Why not all is as wanted; null where it is. */
  readonly failure: SubscribeFailure | null;
}

/** Subscriptions that are made over the provider's API. */
export interface SubscribeConnector {
  /** How often `subscribe` has to be called lest the provider forgets; null: never again. */
  readonly renewEveryMs: Ms | null;
  /**
   * Brings the provider in line with `wanted`. Whatever was made before a failure is in the state that is answered.
   * Safe to repeat: what is there already is found by its name or address and adopted.
   */
  subscribe(params: SubscribeParams, call: ProviderCall): Promise<SubscribeOutcome>;
}

/**
 * Whether two names are of one object: whatever their case, and be one the plural of the other, because events say
 * `contact` of what reads call `contacts`.
 */
export function isSameObject(name: string, other: string): boolean {
  const [one, two] = [name.toLowerCase(), other.toLowerCase()];
  return one === two || isPlural(one, two) || isPlural(two, one);
}

function isPlural(many: string, one: string): boolean {
  if (many === `${one}s` || many === `${one}es`) return true;
  if (one.endsWith('y') && many === `${one.slice(0, -1)}ies`) return true;
  return one.endsWith('person') && many === `${one.slice(0, -'person'.length)}people`;
}
