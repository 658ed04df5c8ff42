// Topics of notifications, and the routes that lead to them and from them.

import { z } from 'zod';
import { type Ms, toRfc3339 } from '../../core/time.ts';
import {
  createEventTopicRoute,
  createTopic,
  createTopicDestinationRoute,
  EVENT_TYPES,
  editTopic,
  findTopic,
  removeEventTopicRoute,
  removeTopic,
  removeTopicDestinationRoute,
} from '../../flows/topics.ts';
import {
  type EventTopicRouteRow,
  readEventTopicRoutes,
  readTopicDestinationRoutes,
  readTopics,
  type TopicDestinationRouteRow,
  type TopicRow,
} from '../../store/tables/topics.ts';
import { ref } from './input.ts';
import { type Operation, operation } from './operation.ts';

const TOPICS = '/projects/{projectIdOrName}/topics';
const EVENT_ROUTES = '/projects/{projectIdOrName}/notification-event-topic-routes';
const DESTINATION_ROUTES = '/projects/{projectIdOrName}/topic-destination-routes';
const NAME_CHARS_MAX = 64;

function created({ createdAtMs }: { readonly createdAtMs: Ms }) {
  return { createTime: toRfc3339(createdAtMs) };
}

function topicJson(row: TopicRow) {
  const { topicId, name, projectId, updatedAtMs } = row;
  return {
    ...{ id: topicId, name, projectId, ...created(row) },
    ...(updatedAtMs === null ? {} : { updateTime: toRfc3339(updatedAtMs) }),
  };
}

function eventRouteJson(row: EventTopicRouteRow) {
  const { routeId, eventType, topicId, projectId } = row;
  return { id: routeId, eventType, topicId, projectId, ...created(row) };
}

function destinationRouteJson(row: TopicDestinationRouteRow) {
  const { routeId, topicId, destinationId, projectId } = row;
  return { id: routeId, topicId, destinationId, projectId, ...created(row) };
}

const newName = z
  .string()
  .regex(/^[A-Za-z0-9-]+$/, 'has letters, digits and dashes')
  .min(1)
  .max(NAME_CHARS_MAX);
/** The published example of a renamed topic has spaces in it. */
const nextName = z
  .string()
  .regex(/^[A-Za-z0-9-]+( +[A-Za-z0-9-]+)*$/, 'has letters, digits, dashes and spaces')
  .max(NAME_CHARS_MAX);

const eventType = z.enum(EVENT_TYPES, { error: 'is no event that there is' });

const TOPIC_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'listTopics',
    method: 'GET',
    path: TOPICS,
    access: 'project',
    summary: 'topics',
    status: 200,
    handle: ({ services, project }) => readTopics(services.store.reads, project.projectId).map(topicJson),
  }),
  operation({
    id: 'createTopic',
    method: 'POST',
    path: TOPICS,
    access: 'project',
    summary: 'make a topic',
    status: 201,
    body: z.object({ name: newName }),
    handle: async ({ services, project, body }) => topicJson(await createTopic(services, project.projectId, body.name)),
  }),
  operation({
    id: 'updateTopic',
    method: 'PATCH',
    path: `${TOPICS}/{topicId}`,
    access: 'project',
    summary: 'rename a topic',
    status: 200,
    body: z.object({ name: nextName }),
    async handle({ services, project, params, body }) {
      const row = findTopic(services, project.projectId, params.topicId);
      return topicJson(await editTopic(services, row, body.name));
    },
  }),
  operation({
    id: 'deleteTopic',
    method: 'DELETE',
    path: `${TOPICS}/{topicId}`,
    access: 'project',
    summary: 'delete a topic with its routes',
    status: 204,
    handle: ({ services, project, params }) =>
      removeTopic(services, findTopic(services, project.projectId, params.topicId)),
  }),
];

export const NOTIFICATION_OPERATIONS: readonly Operation[] = [
  ...TOPIC_OPERATIONS,
  operation({
    id: 'listEventTopicRoutes',
    method: 'GET',
    path: EVENT_ROUTES,
    access: 'project',
    summary: 'routes from events to topics',
    status: 200,
    query: z.object({ topicId: ref.optional(), eventType: eventType.optional() }),
    handle: ({ services, project, query }) =>
      readEventTopicRoutes(services.store.reads, project.projectId, query).map(eventRouteJson),
  }),
  operation({
    id: 'createEventTopicRoute',
    method: 'POST',
    path: EVENT_ROUTES,
    access: 'project',
    summary: 'lead an event to a topic',
    status: 201,
    body: z.object({ eventType, topicId: ref }),
    handle: async ({ services, project, body }) =>
      eventRouteJson(await createEventTopicRoute(services, project.projectId, body)),
  }),
  operation({
    id: 'deleteEventTopicRoute',
    method: 'DELETE',
    path: `${EVENT_ROUTES}/{routeId}`,
    access: 'project',
    summary: 'delete such a route',
    status: 204,
    handle: ({ services, project, params }) => removeEventTopicRoute(services, project.projectId, params.routeId),
  }),
  operation({
    id: 'listTopicDestinationRoutes',
    method: 'GET',
    path: DESTINATION_ROUTES,
    access: 'project',
    summary: 'routes from topics to destinations',
    status: 200,
    query: z.object({ topicId: ref.optional(), destinationId: ref.optional() }),
    handle: ({ services, project, query }) =>
      readTopicDestinationRoutes(services.store.reads, project.projectId, query).map(destinationRouteJson),
  }),
  operation({
    id: 'createTopicDestinationRoute',
    method: 'POST',
    path: DESTINATION_ROUTES,
    access: 'project',
    summary: 'lead a topic to a destination',
    status: 201,
    body: z.object({ topicId: ref, destinationId: ref }),
    handle: async ({ services, project, body }) =>
      destinationRouteJson(await createTopicDestinationRoute(services, project.projectId, body)),
  }),
  operation({
    id: 'deleteTopicDestinationRoute',
    method: 'DELETE',
    path: `${DESTINATION_ROUTES}/{routeId}`,
    access: 'project',
    summary: 'delete such a route',
    status: 204,
    handle: ({ services, project, params }) => removeTopicDestinationRoute(services, project.projectId, params.routeId),
  }),
];
