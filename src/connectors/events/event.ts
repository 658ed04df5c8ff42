// What all event sources share: taking a webhook's body apart without believing its shape. Rejects with `malformed`
// only, because a provider is to be told, and to try again, when what it sent cannot be read.

import { hash } from 'node:crypto';
import { IntegrationError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, jsonOrNull, parseJson } from '../../core/json.ts';
import { WEBHOOK_DEPTH_MAX } from '../../core/limits.ts';
import { type Ms, parseTimestamp } from '../../core/time.ts';
import type { ReceivedWebhook } from '../../webhook/received.ts';
import type { EventSource, EventType, Handshake, ProviderEvent } from '../events.ts';

const YEAR_10000_MS = 253_402_300_800_000;

type Required = 'type' | 'providerEventType' | 'key' | 'raw';

/** Of a provider that signs nothing we could check: the unguessable address is all that proves it. */
export const PROVED_BY_ADDRESS = {
  secretOf: 'address',
  verify() {
    throw new IntegrationError('invariant', 'T-WEBHOOK-UNSIGNED: there is nothing to verify');
  },
} as const satisfies Partial<EventSource>;

/** An event of which no more is known than `facts`. */
export function providerEvent(facts: Pick<ProviderEvent, Required> & Partial<ProviderEvent>): ProviderEvent {
  return {
    objectName: null,
    recordId: null,
    workspace: null,
    occurredAtMs: null,
    updatedFields: null,
    association: null,
    record: null,
    ...facts,
  };
}

const TYPE_BY_VERB: ReadonlyMap<string, EventType> = new Map([
  ['created', 'create'],
  ['added', 'create'],
  ['updated', 'update'],
  ['changed', 'update'],
  ['deleted', 'delete'],
  ['destroyed', 'delete'],
]);

/** What the verb at the end of an event's name means, for providers that name events in the past tense. */
export function typeOfVerb(verb: string): EventType {
  return TYPE_BY_VERB.get(verb.toLowerCase()) ?? 'other';
}

/** A name in two, at its last separator; what stands before is empty where there is none. */
export function splitAtLast(name: string, separator: string): readonly [before: string, after: string] {
  const at = name.lastIndexOf(separator);
  return at === -1 ? ['', name] : [name.slice(0, at), name.slice(at + separator.length)];
}

/** The JSON of a body. Rejects with `malformed`, also what is too deep to walk through. */
export function jsonOf({ body }: ReceivedWebhook, provider: string): JsonValue {
  const value = parseJson(body.toString(), `the webhook of ${provider}`);
  if (isDeeper(value, WEBHOOK_DEPTH_MAX)) {
    throw malformed(provider, `more than ${WEBHOOK_DEPTH_MAX} levels deep`);
  }
  return value;
}

/** The JSON object of a body. Rejects with `malformed`. */
export function objectOf(webhook: ReceivedWebhook, provider: string): JsonObject {
  const value = jsonOf(webhook, provider);
  if (!isJsonObject(value)) throw malformed(provider, 'not an object');
  return value;
}

/** The objects of a list, each of which must be one. Rejects with `malformed`. */
export function objectsIn(value: JsonValue | undefined, provider: string): readonly JsonObject[] {
  if (!Array.isArray(value) || !value.every(isJsonObject)) throw malformed(provider, 'no list of objects');
  return value;
}

/** The error of a webhook that is not as the provider documents it; `what` goes on from "is". */
export function malformed(provider: string, what: string): IntegrationError {
  return new IntegrationError('malformed', `the webhook of ${provider} is ${what}`);
}

/** A text or null; an empty one is none. */
export function textOrNull(value: JsonValue | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** An id as text, or null. A number beyond 2^53 is none: its last digits were lost when it was parsed. */
export function idOrNull(value: JsonValue | undefined): string | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : textOrNull(value);
}

/** Epoch milliseconds of a number of `unitMs`, or null where they are no date that can be written (RFC 3339). */
export function msOrNull(value: JsonValue | undefined, unitMs = 1): Ms | null {
  if (typeof value !== 'number') return null;
  const ms = Math.round(value * unitMs);
  return ms > 0 && ms < YEAR_10000_MS ? ms : null;
}

/** Epoch milliseconds of a date with a time of day, or null. */
export function timeOrNull(value: JsonValue | undefined): Ms | null {
  return typeof value === 'string' && value.includes(':') ? msOrNull(parseTimestamp(value)) : null;
}

/** What a text inside a body says, where that can be walked through; else null. */
export function nestedOrNull(value: JsonValue | undefined): JsonObject | null {
  const parsed = typeof value === 'string' ? jsonOrNull(value) : null;
  return isJsonObject(parsed) && !isDeeper(parsed, WEBHOOK_DEPTH_MAX) ? parsed : null;
}

/** An object without a member that proves who sent it: what is published must not let anybody else prove it. */
export function without(name: string, object: JsonObject): JsonObject {
  const { [name]: _secret, ...rest } = object;
  return rest;
}

/** An answer that repeats what a provider sent, as text that no browser takes for anything else. */
export function echo(body: string): Handshake {
  return {
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
    body,
  };
}

/** The same for the same content, whatever the order of its keys: for events without an id of their own. */
export function keyOf(content: JsonValue): string {
  return hash('sha256', JSON.stringify(sorted(content)), 'base64url');
}

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(
    ([key, inner]) => [key, inner === undefined ? inner : sorted(inner)] as const,
  );
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function isDeeper(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner ?? null, levels - 1));
}
