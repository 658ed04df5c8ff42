// Which events of an inbox are to be told, as what, and which of them together. Pure; asked before an event is stored
// and by the batch, with what the installation subscribes to then. Invariant: every event comes out once, as wanted, as
// part of another or as unwanted.

import type { EventType, ProviderEvent } from '../../connectors/events.ts';
import { isSameObject } from '../../connectors/events.ts';
import { fieldSteps } from '../../manifest/fieldPath.ts';
import type { EffectiveSubscription } from '../../manifest/subscriptions.ts';

/** Who wants an event. */
export interface Wish {
  readonly subscription: EffectiveSubscription;
  /** As it is told: `other` if only the provider's name of it is subscribed to. */
  readonly type: EventType;
}

/** An event for a subscription. */
export interface MatchedEvent extends Wish {
  readonly seq: number;
  readonly event: ProviderEvent;
}

/** What is told as one. */
export interface ToldEvent extends MatchedEvent {
  /** Rows that it stands for, `seq` among them. */
  readonly seqs: readonly number[];
  /** As the provider names them; null where it does not tell. */
  readonly fieldsUpdated: readonly string[] | null;
}

/** Null: nobody wants it. */
export function wishOf(event: ProviderEvent, subscriptions: readonly EffectiveSubscription[]): Wish | null {
  const { objectName } = event;
  const own = subscriptions.filter((one) => objectName !== null && isSameObject(one.objectName, objectName));
  const known = own.find((subscription) => isOn(subscription, event));
  if (known !== undefined) return { subscription: known, type: event.type };
  const named = (objectName === null ? subscriptions : own).find((subscription) => isNamed(subscription, event));
  return named === undefined ? null : { subscription: named, type: 'other' };
}

function isOn({ events, watchedFields }: EffectiveSubscription, { type, updatedFields }: ProviderEvent): boolean {
  if (type === 'other') return false;
  if (type !== 'update') return events.includes(type === 'associationUpdate' ? 'associationChange' : type);
  if (!events.includes('update')) return false;
  if (watchedFields === null || updatedFields === null) return true;
  const watched = new Set(watchedFields.map((name) => (fieldSteps(name)[0] ?? name).toLowerCase()));
  return updatedFields.some((name) => watched.has(name.toLowerCase()));
}

function isNamed({ otherEvents }: EffectiveSubscription, { providerEventType }: ProviderEvent): boolean {
  return otherEvents.some((name) => name.toLowerCase() === providerEventType.toLowerCase());
}

/**
 * Updates of one record become one where nothing else of it lies between: HubSpot tells of each property by itself, and
 * all that a receiver gets is the record as it is now, which would be the same each time. A creation stays beside the
 * updates that follow it: who waits for a field to change would not find it in a new record. `rawEvent` is the last.
 */
export function coalesced(events: readonly MatchedEvent[]): ToldEvent[] {
  const told: ToldEvent[] = [];
  /** Where the last event of a record is. */
  const places = new Map<string, number>();
  for (const matched of events) {
    const { event, type, seq } = matched;
    const fieldsUpdated = type === 'update' ? event.updatedFields : null;
    const key = recordKey(matched);
    const place = key === null ? undefined : places.get(key);
    const before = place === undefined ? undefined : told[place];
    if (place !== undefined && before !== undefined && type === 'update' && before.type === 'update') {
      told[place] = {
        ...matched,
        seqs: [...before.seqs, seq],
        fieldsUpdated: unionOf(before.fieldsUpdated, fieldsUpdated),
      };
      continue;
    }
    if (key !== null) places.set(key, told.length);
    told.push({ ...matched, seqs: [seq], fieldsUpdated });
  }
  return told;
}

/** The same of two events of one record; null: of none. */
export function recordKey({ subscription, event: { recordId } }: MatchedEvent): string | null {
  return recordId === null ? null : JSON.stringify([subscription.objectName, recordId]);
}

function unionOf(one: readonly string[] | null, other: readonly string[] | null): readonly string[] | null {
  return one === null || other === null ? null : [...new Set([...one, ...other])];
}
