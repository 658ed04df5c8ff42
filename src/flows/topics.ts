// Where notifications go: event types lead to topics, topics to destinations, many to many.

import { errorFacts, IntegrationError } from '../core/errors.ts';
import { newId, type ProjectId } from '../core/ids.ts';
import { DESTINATIONS_PER_EVENT_MAX, ROUTES_PER_PROJECT_MAX, TOPICS_PER_PROJECT_MAX } from '../core/limits.ts';
import type { RowWrite } from '../store/port.ts';
import { readDestination } from '../store/tables/accounts.ts';
import {
  deleteEventTopicRoute,
  deleteTopic,
  deleteTopicDestinationRoute,
  type EventTopicRouteRow,
  insertEventTopicRoute,
  insertTopic,
  insertTopicDestinationRoute,
  readDestinationIdsOfEvent,
  readEventTopicRoutes,
  readTopic,
  readTopicDestinationRoutes,
  readTopics,
  renameTopic,
  type TopicDestinationRouteRow,
  type TopicRow,
} from '../store/tables/topics.ts';
import { changedMeanwhile } from './apiKeys.ts';
import type { CommittedRows, Services } from './services.ts';

/** What builders can be told of (wire). */
export const EVENT_TYPES = [
  'connection.created',
  'connection.error',
  'connection.refreshed',
  'connection.updated',
  'connection.deleted',
  'installation.created',
  'installation.updated',
  'installation.deleted',
  'read.schedule.paused',
  'read.backfill.done',
  'read.triggered.done',
  'read.triggered.error',
  'write.async.done',
  'subscribe.create.error',
  'destination.webhook.disabled',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** Rejects with `not_found` unless it is the project's. */
export function findTopic({ store }: Services, projectId: ProjectId, topicId: string): TopicRow {
  const row = readTopic(store.reads, topicId);
  if (row?.projectId !== projectId) throw new IntegrationError('not_found', 'no such topic');
  return row;
}

/** Rejects with `conflict` if the name is taken, `invalid_input` if the project has too many. */
export async function createTopic({ store, clock }: Services, projectId: ProjectId, name: string): Promise<TopicRow> {
  const others = readTopics(store.reads, projectId);
  if (others.some((topic) => topic.name === name)) throw taken(name);
  assertRoom(others.length, TOPICS_PER_PROJECT_MAX, 'topics');
  const row = { topicId: newId<string>(), projectId, name, createdAtMs: clock.nowMs(), updatedAtMs: null };
  await commitUnless(store, [insertTopic(row)], taken(name));
  return row;
}

/** Rejects with `conflict` if the name is taken, or it was changed at the same moment. */
export async function editTopic({ store, clock }: Services, before: TopicRow, name: string): Promise<TopicRow> {
  const others = readTopics(store.reads, before.projectId);
  if (others.some((topic) => topic.name === name && topic.topicId !== before.topicId)) throw taken(name);
  const row = { ...before, name, updatedAtMs: Math.max(clock.nowMs(), (before.updatedAtMs ?? 0) + 1) };
  await store.commit([renameTopic(row, before)]).catch(changedMeanwhile);
  return row;
}

/** With its routes. Rejects with `not_found` if it is gone. */
export function removeTopic({ store }: Services, row: TopicRow): Promise<void> {
  return commitUnless(store, deleteTopic(row), new IntegrationError('not_found', 'no such topic'));
}

/**
 * Rejects with `bad_request` for a topic that there is not, `invalid_input` if there is such a route or the event would
 * lead to too many destinations.
 */
export async function createEventTopicRoute(
  { store, clock }: Services,
  projectId: ProjectId,
  { eventType, topicId }: { readonly eventType: string; readonly topicId: string },
): Promise<EventTopicRouteRow> {
  if (readTopic(store.reads, topicId)?.projectId !== projectId) throw unknown('topicId', 'bad_request');
  const others = readEventTopicRoutes(store.reads, projectId, {});
  if (others.some((route) => route.eventType === eventType && route.topicId === topicId)) throw routedAlready();
  assertRoom(others.length, ROUTES_PER_PROJECT_MAX, 'routes of events');
  const reached = readTopicDestinationRoutes(store.reads, projectId, { topicId });
  const destinationIds = reached.map(({ destinationId }) => destinationId);
  assertReach({ store }, projectId, eventType, destinationIds);
  const row = { routeId: newId<string>(), projectId, eventType, topicId, createdAtMs: clock.nowMs() };
  await commitUnless(store, [insertEventTopicRoute(row)], routedAlready());
  return row;
}

/** Rejects with `not_found` unless it is the project's. */
export function removeEventTopicRoute({ store }: Services, projectId: ProjectId, routeId: string): Promise<void> {
  return commitUnless(store, [deleteEventTopicRoute(routeId, projectId)], noRoute());
}

/**
 * Rejects with `not_found` for a topic or destination that there is not, `invalid_input` if there is such a route or an
 * event would lead to too many destinations.
 */
export async function createTopicDestinationRoute(
  { store, clock }: Services,
  projectId: ProjectId,
  { topicId, destinationId }: { readonly topicId: string; readonly destinationId: string },
): Promise<TopicDestinationRouteRow> {
  if (readTopic(store.reads, topicId)?.projectId !== projectId) throw unknown('topicId', 'not_found');
  const destination = readDestination(store.reads, projectId, destinationId);
  if (destination?.destinationId !== destinationId) throw unknown('destinationId', 'not_found');
  const others = readTopicDestinationRoutes(store.reads, projectId, {});
  if (others.some((route) => route.topicId === topicId && route.destinationId === destinationId)) throw routedAlready();
  assertRoom(others.length, ROUTES_PER_PROJECT_MAX, 'routes of topics');
  for (const { eventType } of readEventTopicRoutes(store.reads, projectId, { topicId })) {
    assertReach({ store }, projectId, eventType, [destinationId]);
  }
  const row = { routeId: newId<string>(), projectId, topicId, destinationId, createdAtMs: clock.nowMs() };
  await commitUnless(store, [insertTopicDestinationRoute(row)], routedAlready());
  return row;
}

/** Rejects with `not_found` unless it is the project's. */
export function removeTopicDestinationRoute({ store }: Services, projectId: ProjectId, routeId: string): Promise<void> {
  return commitUnless(store, [deleteTopicDestinationRoute(routeId, projectId)], noRoute());
}

/** Rows that are not as they were looked at are told as `error`. */
async function commitUnless(
  store: Services['store'],
  writes: readonly RowWrite[],
  error: IntegrationError,
): Promise<void> {
  await store.commit(writes).catch((thrown: unknown) => {
    throw errorFacts(thrown).code === 'invalid_input' ? error : thrown;
  });
}

function assertRoom(count: number, max: number, what: string): void {
  if (count >= max) throw new IntegrationError('invalid_input', `a project has at most ${max} ${what}`);
}

/** Of destinations that are not disabled. */
function assertReach(
  { store }: CommittedRows,
  projectId: ProjectId,
  eventType: string,
  added: readonly string[],
): void {
  const reached = new Set([...readDestinationIdsOfEvent(store.reads, projectId, eventType), ...added]);
  if (reached.size <= DESTINATIONS_PER_EVENT_MAX) return;
  const most = `${eventType} would lead to more than ${DESTINATIONS_PER_EVENT_MAX} destinations`;
  throw new IntegrationError('invalid_input', most);
}

function taken(name: string): IntegrationError {
  return new IntegrationError('conflict', `the project already has a topic named "${name}"`);
}

function routedAlready(): IntegrationError {
  return new IntegrationError('invalid_input', 'there is such a route already');
}

function noRoute(): IntegrationError {
  return new IntegrationError('not_found', 'no such route');
}

function unknown(name: 'topicId' | 'destinationId', code: 'bad_request' | 'not_found'): IntegrationError {
  const detail = `names no ${name === 'topicId' ? 'topic' : 'destination'} of the project`;
  return new IntegrationError(code, `${name} ${detail}`, { issues: [{ in: 'body', name, detail }] });
}
