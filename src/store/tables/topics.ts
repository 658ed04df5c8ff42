// Rows of where notifications go: an event type leads to topics, a topic to destinations. No actor owns them; the edge
// commits them directly. What a route leads from or to goes in one commit with the route.

import type { ProjectId } from '../../core/ids.ts';
import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';

export const TOPIC_STATEMENTS = {
  'topics.insert': 'INSERT INTO topics (topicId, projectId, name, createdAtMs) VALUES (?, ?, ?, ?)',
  'topics.rename': `UPDATE topics SET name = ?, updatedAtMs = ?
    WHERE topicId = ? AND projectId = ? AND updatedAtMs IS ?`,
  'topics.delete': 'DELETE FROM topics WHERE topicId = ? AND projectId = ?',
  'eventTopicRoutes.insert': `INSERT INTO eventTopicRoutes (routeId, projectId, eventType, topicId, createdAtMs)
    SELECT ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM topics WHERE topicId = ? AND projectId = ?)`,
  'eventTopicRoutes.delete': 'DELETE FROM eventTopicRoutes WHERE routeId = ? AND projectId = ?',
  'eventTopicRoutes.deleteOfTopic': 'DELETE FROM eventTopicRoutes WHERE topicId = ?',
  'topicDestinationRoutes.insert': `INSERT INTO topicDestinationRoutes
    (routeId, projectId, topicId, destinationId, createdAtMs) SELECT ?, ?, ?, ?, ?
    WHERE EXISTS (SELECT 1 FROM topics WHERE topicId = ? AND projectId = ?)
    AND EXISTS (SELECT 1 FROM destinations WHERE destinationId = ? AND projectId = ?)`,
  'topicDestinationRoutes.delete': 'DELETE FROM topicDestinationRoutes WHERE routeId = ? AND projectId = ?',
  'topicDestinationRoutes.deleteOfTopic': 'DELETE FROM topicDestinationRoutes WHERE topicId = ?',
  'topicDestinationRoutes.deleteOfDestination': 'DELETE FROM topicDestinationRoutes WHERE destinationId = ?',
} as const;

export interface TopicRow {
  readonly topicId: string;
  readonly projectId: ProjectId;
  readonly name: string;
  readonly createdAtMs: Ms;
  readonly updatedAtMs: Ms | null;
}

export function insertTopic({ topicId, projectId, name, createdAtMs }: TopicRow): RowWrite {
  return { statement: 'topics.insert', params: [topicId, projectId, name, createdAtMs], mustChange: 'rejected' };
}

/** Refused if it was changed since `before` was read, or the name is taken. */
export function renameTopic({ name, updatedAtMs, topicId, projectId }: TopicRow, before: TopicRow): RowWrite {
  const params = [name, updatedAtMs, topicId, projectId, before.updatedAtMs];
  return { statement: 'topics.rename', params, mustChange: 'rejected' };
}

/** With the routes that lead to it and from it. */
export function deleteTopic({ topicId, projectId }: TopicRow): readonly RowWrite[] {
  return [
    { statement: 'topics.delete', params: [topicId, projectId], mustChange: 'rejected' },
    { statement: 'eventTopicRoutes.deleteOfTopic', params: [topicId] },
    { statement: 'topicDestinationRoutes.deleteOfTopic', params: [topicId] },
  ];
}

export function readTopic(reads: Reads, topicId: string): TopicRow | undefined {
  return reads.get('SELECT * FROM topics WHERE topicId = ?', topicId);
}

/** Oldest first. */
export function readTopics(reads: Reads, projectId: ProjectId): TopicRow[] {
  return reads.all('SELECT * FROM topics WHERE projectId = ? ORDER BY createdAtMs, topicId', projectId);
}

export interface EventTopicRouteRow {
  readonly routeId: string;
  readonly projectId: ProjectId;
  /** As on the wire, e.g. `read.backfill.done`. */
  readonly eventType: string;
  readonly topicId: string;
  readonly createdAtMs: Ms;
}

/** Refused if the topic is gone, or there is such a route. */
export function insertEventTopicRoute(row: EventTopicRouteRow): RowWrite {
  const { routeId, projectId, eventType, topicId, createdAtMs } = row;
  const params = [routeId, projectId, eventType, topicId, createdAtMs, topicId, projectId];
  return { statement: 'eventTopicRoutes.insert', params, mustChange: 'rejected' };
}

export function deleteEventTopicRoute(routeId: string, projectId: ProjectId): RowWrite {
  return { statement: 'eventTopicRoutes.delete', params: [routeId, projectId], mustChange: 'rejected' };
}

/** Filters are optional; all given ones must hold. Oldest first. */
export function readEventTopicRoutes(
  reads: Reads,
  projectId: ProjectId,
  filter: { readonly topicId?: string | undefined; readonly eventType?: string | undefined },
): EventTopicRouteRow[] {
  const sql = `SELECT * FROM eventTopicRoutes WHERE projectId = ?1 AND (?2 IS NULL OR topicId = ?2)
    AND (?3 IS NULL OR eventType = ?3) ORDER BY createdAtMs, routeId`;
  return reads.all(sql, projectId, filter.topicId ?? null, filter.eventType ?? null);
}

export interface TopicDestinationRouteRow {
  readonly routeId: string;
  readonly projectId: ProjectId;
  readonly topicId: string;
  readonly destinationId: string;
  readonly createdAtMs: Ms;
}

/** Refused if topic or destination are gone, or there is such a route. */
export function insertTopicDestinationRoute(row: TopicDestinationRouteRow): RowWrite {
  const { routeId, projectId, topicId, destinationId, createdAtMs } = row;
  const own = [routeId, projectId, topicId, destinationId, createdAtMs];
  const params = [...own, topicId, projectId, destinationId, projectId];
  return { statement: 'topicDestinationRoutes.insert', params, mustChange: 'rejected' };
}

export function deleteTopicDestinationRoute(routeId: string, projectId: ProjectId): RowWrite {
  return { statement: 'topicDestinationRoutes.delete', params: [routeId, projectId], mustChange: 'rejected' };
}

/** Filters are optional; all given ones must hold. Oldest first. */
export function readTopicDestinationRoutes(
  reads: Reads,
  projectId: ProjectId,
  filter: { readonly topicId?: string | undefined; readonly destinationId?: string | undefined },
): TopicDestinationRouteRow[] {
  const sql = `SELECT * FROM topicDestinationRoutes WHERE projectId = ?1 AND (?2 IS NULL OR topicId = ?2)
    AND (?3 IS NULL OR destinationId = ?3) ORDER BY createdAtMs, routeId`;
  return reads.all(sql, projectId, filter.topicId ?? null, filter.destinationId ?? null);
}

/**
 * Destinations that an event of a project leads to, each once over however many topics; none that is disabled. Asked
 * for each event there is: one that leads nowhere costs one look into an index (3 µs), the join alone would cost 22.
 */
export function readDestinationIdsOfEvent(reads: Reads, projectId: ProjectId, eventType: string): string[] {
  const isRouted = 'SELECT 1 FROM eventTopicRoutes WHERE projectId = ? AND eventType = ? LIMIT 1';
  if (reads.get(isRouted, projectId, eventType) === undefined) return [];
  const sql = `SELECT DISTINCT destinations.destinationId FROM eventTopicRoutes
    CROSS JOIN topicDestinationRoutes ON topicDestinationRoutes.topicId = eventTopicRoutes.topicId
    CROSS JOIN destinations ON destinations.destinationId = topicDestinationRoutes.destinationId
    WHERE eventTopicRoutes.projectId = ? AND eventType = ? AND disabledAtMs IS NULL ORDER BY 1`;
  return reads.all<{ destinationId: string }>(sql, projectId, eventType).map(({ destinationId }) => destinationId);
}
