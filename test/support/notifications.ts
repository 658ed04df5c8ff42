// What tests of notifications have in common: routes from events to a webhook, and what came of them.

import type { JsonObject } from '../../src/core/json.ts';
import { EVENT_TYPES } from '../../src/flows/topics.ts';
import { type PublishedSchemas, publishedIsMissing } from './published.ts';
import type { Published, Tenon } from './tenon.ts';

export interface Notification {
  readonly notificationType: string;
  readonly data: JsonObject;
}

/** Leads events to a destination, by the name of either; over a topic of its own. Answers the topic. */
export async function routeEvents(
  tenon: Tenon,
  destinationId: string,
  topicName: string,
  eventTypes: readonly string[] = EVENT_TYPES,
): Promise<Published> {
  const topic = await tenon.ok('POST', tenon.inProject('/topics'), { name: topicName });
  for (const eventType of eventTypes) {
    const route = { eventType, topicId: topic.id };
    await tenon.ok('POST', tenon.inProject('/notification-event-topic-routes'), route);
  }
  await tenon.ok('POST', tenon.inProject('/topic-destination-routes'), { topicId: topic.id, destinationId });
  return topic;
}

/** Those of received messages that are notifications, oldest first. */
export function notificationsIn(messages: readonly JsonObject[]): Notification[] {
  return messages.filter((message) => Object.hasOwn(message, 'notificationType')) as unknown as Notification[];
}

/** What is wrong with a notification by what is published of it; nothing where that is not on this machine. */
export function faultsOf(schemas: PublishedSchemas, { notificationType, data }: Notification): readonly string[] {
  if (publishedIsMissing !== null) return [];
  const words = notificationType.split('.').map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  // The one that is named the other way round.
  const name = words.join('') === 'ReadTriggeredError' ? 'TriggeredReadError' : words.join('');
  return schemas.value('notifications', `${name}NotificationPayload`, { notificationType, data });
}
