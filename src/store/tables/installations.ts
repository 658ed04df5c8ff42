// Rows of what is installed: integrations with their manifest revisions, installations with their config,
// checkpoints of reads, and the operations that the wire shows. The installation actor owns its row, a read
// actor its checkpoint and operations.

import type { ActorId, ConnectionId, InstallationId, IntegrationId, OperationId, ProjectId } from '../../core/ids.ts';
import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';
import { eraseFieldSnapshots } from './fieldSnapshots.ts';
import { closeInbox } from './inbox.ts';
import { deleteSubscription } from './subscriptions.ts';
import { eraseWriteRequests } from './writes.ts';

export const INSTALLATION_STATEMENTS = {
  'integrations.insert': `INSERT INTO integrations (integrationId, projectId, name, provider, revisionId, createdAtMs)
    VALUES (?, ?, ?, ?, ?, ?)`,
  'integrations.update':
    'UPDATE integrations SET provider = ?, revisionId = ?, updatedAtMs = ? WHERE integrationId = ? AND revisionId = ?',
  'revisions.insert': `INSERT INTO revisions (revisionId, integrationId, specVersion, content, kept, createdAtMs)
    VALUES (?, ?, ?, ?, ?, ?)`,
  'installations.insert': `INSERT INTO installations (installationId, projectId, integrationId, connectionId, groupRef,
    healthStatus, configId, revisionId, config, createdBy, configuredAtMs, createdAtMs)
    SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM connections WHERE connectionId = ?)
    AND EXISTS (SELECT 1 FROM integrations WHERE integrationId = ?)`,
  'installations.configure': `UPDATE installations SET connectionId = ?, configId = ?, revisionId = ?, config = ?,
    createdBy = ?, configuredAtMs = ?, updatedAtMs = ? WHERE installationId = ? AND configId = ?
    AND EXISTS (SELECT 1 FROM connections WHERE connectionId = ?)`,
  'installations.setHealth': 'UPDATE installations SET healthStatus = ?, updatedAtMs = ? WHERE installationId = ?',
  'installations.delete': 'DELETE FROM installations WHERE installationId = ?',
  'installations.erase': 'DELETE FROM installations WHERE installationId = ?',
  'checkpoints.erase': 'DELETE FROM checkpoints WHERE installationId = ?',
  'operations.erase': 'DELETE FROM operations WHERE operationId IN (SELECT value FROM json_each(?))',
  'checkpoints.put': `INSERT INTO checkpoints (actorId, installationId, objectName, run, page, operationId, readType,
    sinceMs, untilMs, cursor, recordsRead, watermarkMs, connectionId, workspaceRef, owesBackfill)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (actorId) DO UPDATE SET run = excluded.run, page = excluded.page, operationId = excluded.operationId,
    readType = excluded.readType, sinceMs = excluded.sinceMs, untilMs = excluded.untilMs, cursor = excluded.cursor,
    recordsRead = excluded.recordsRead, watermarkMs = excluded.watermarkMs, connectionId = excluded.connectionId,
    workspaceRef = excluded.workspaceRef, owesBackfill = excluded.owesBackfill`,
  'checkpoints.begin': `INSERT INTO checkpoints (actorId, installationId, objectName, run, page, recordsRead)
    SELECT ?, installationId, ?, 0, 0, 0 FROM installations WHERE installationId = ?
    ON CONFLICT (actorId) DO UPDATE SET actorId = excluded.actorId`,
  'checkpoints.delete': 'DELETE FROM checkpoints WHERE actorId = ?',
  'operations.insert': `INSERT INTO operations (operationId, projectId, integrationId, installationId, configId,
    actionType, status, result, metadata, createdAtMs) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  'operations.update':
    'UPDATE operations SET status = ?, result = ?, metadata = ?, updatedAtMs = ? WHERE operationId = ?',
} as const;

export interface IntegrationRow {
  readonly integrationId: IntegrationId;
  readonly projectId: ProjectId;
  readonly name: string;
  readonly provider: string;
  readonly revisionId: string;
  readonly createdAtMs: Ms;
  readonly updatedAtMs: Ms | null;
}

export interface RevisionRow {
  readonly revisionId: string;
  readonly integrationId: IntegrationId;
  readonly specVersion: string;
  /** JSON of the manifest's integration. */
  readonly content: string;
  /** JSON of the read objects that it no longer has and keeps for who has installed them. */
  readonly kept: string;
  readonly createdAtMs: Ms;
}

export function insertIntegration(row: Omit<IntegrationRow, 'updatedAtMs'>): RowWrite {
  const params = [row.integrationId, row.projectId, row.name, row.provider, row.revisionId, row.createdAtMs];
  return { statement: 'integrations.insert', params, mustChange: 'rejected' };
}

/** Refused if it has another revision than `before` meanwhile. */
export function updateIntegration(
  { integrationId, revisionId: before }: Pick<IntegrationRow, 'integrationId' | 'revisionId'>,
  provider: string,
  revisionId: string,
  atMs: Ms,
): RowWrite {
  const params = [provider, revisionId, atMs, integrationId, before];
  return { statement: 'integrations.update', params, mustChange: 'rejected' };
}

export function insertRevision(row: RevisionRow): RowWrite {
  const params = [row.revisionId, row.integrationId, row.specVersion, row.content, row.kept, row.createdAtMs];
  return { statement: 'revisions.insert', params, mustChange: 'rejected' };
}

/** By id or by name within the project. */
export function readIntegration(reads: Reads, projectId: ProjectId, idOrName: string): IntegrationRow | undefined {
  return reads.get(
    'SELECT * FROM integrations WHERE projectId = ?1 AND (integrationId = ?2 OR name = ?2)',
    projectId,
    idOrName,
  );
}

export function readRevision(reads: Reads, revisionId: string): RevisionRow | undefined {
  return reads.get('SELECT * FROM revisions WHERE revisionId = ?', revisionId);
}

export interface InstallationRow {
  readonly installationId: InstallationId;
  readonly projectId: ProjectId;
  readonly integrationId: IntegrationId;
  readonly connectionId: ConnectionId;
  readonly groupRef: string;
  readonly healthStatus: 'healthy' | 'unhealthy';
  readonly configId: string;
  /** The manifest revision that it runs by: the latest when the config was saved, or adopted since. */
  readonly revisionId: string;
  /** JSON of the config content as it came. */
  readonly config: string;
  readonly createdBy: string;
  readonly configuredAtMs: Ms;
  readonly createdAtMs: Ms;
  readonly updatedAtMs: Ms | null;
}

/** Refused if the connection or the integration is gone, or the group has installed the integration with it before. */
export function insertInstallation(row: Omit<InstallationRow, 'updatedAtMs'>): RowWrite {
  const params = [
    row.installationId,
    row.projectId,
    row.integrationId,
    row.connectionId,
    row.groupRef,
    row.healthStatus,
    row.configId,
    row.revisionId,
    row.config,
    row.createdBy,
    row.configuredAtMs,
    row.createdAtMs,
    row.connectionId,
    row.integrationId,
  ];
  return { statement: 'installations.insert', params, mustChange: 'rejected' };
}

/** Refused if another config came since `before` was read, or the connection is gone. */
export function configureInstallation(row: InstallationRow, before: Pick<InstallationRow, 'configId'>): RowWrite {
  const params = [
    row.connectionId,
    row.configId,
    row.revisionId,
    row.config,
    row.createdBy,
    row.configuredAtMs,
    row.updatedAtMs,
    row.installationId,
    before.configId,
    row.connectionId,
  ];
  return { statement: 'installations.configure', params, mustChange: 'rejected' };
}

export function setInstallationHealth(installationId: string, health: 'healthy' | 'unhealthy', atMs: Ms): RowWrite {
  return { statement: 'installations.setHealth', params: [health, atMs, installationId] };
}

export function deleteInstallation(installationId: string): RowWrite {
  return { statement: 'installations.delete', params: [installationId], mustChange: 'rejected' };
}

export function readInstallation(reads: Reads, installationId: string): InstallationRow | undefined {
  return reads.get('SELECT * FROM installations WHERE installationId = ?', installationId);
}

interface InstallationFilter {
  readonly integrationId?: string | undefined;
  readonly groupRef?: string | undefined;
  /** Those behind it in the order of the list. */
  readonly after?: { readonly createdAtMs: Ms; readonly installationId: string } | undefined;
  readonly limit?: number | undefined;
}

/**
 * Of an integration, or of the whole project when `integrationId` is absent; oldest first. What is not asked for is not
 * in the SQL: with `?2 IS NULL OR …` SQLite would go through all of a project for one group.
 */
export function readInstallations(reads: Reads, projectId: ProjectId, filter: InstallationFilter): InstallationRow[] {
  const { integrationId, groupRef, after, limit } = filter;
  // A group is few: it is found by its own index and sorted, where the order of the list would find all of the project.
  const time = groupRef === undefined ? 'createdAtMs' : '+createdAtMs';
  const conditions = [
    // With the integration its index is enough, and one of another project still finds nothing.
    integrationId === undefined ? 'projectId = ?' : '+projectId = ? AND integrationId = ?',
    ...(groupRef === undefined ? [] : ['groupRef = ?']),
    ...(after === undefined ? [] : [`(${time}, installationId) > (?, ?)`]),
  ];
  const sql = `SELECT * FROM installations WHERE ${conditions.join(' AND ')} ORDER BY ${time}, installationId`;
  const given = [projectId, integrationId, groupRef, after?.createdAtMs, after?.installationId, limit];
  const params = given.filter((value) => value !== undefined);
  return reads.all(limit === undefined ? sql : `${sql} LIMIT ?`, ...params);
}

export function readInstallationsOfConnection(reads: Reads, connectionId: string): InstallationRow[] {
  return reads.all('SELECT * FROM installations WHERE connectionId = ? ORDER BY installationId', connectionId);
}

export type ReadType = 'backfill' | 'scheduled' | 'triggered';

/** Where a read stands. Committed together with the records it accounts for, or not at all. */
export interface CheckpointRow {
  readonly actorId: ActorId;
  readonly installationId: InstallationId;
  readonly objectName: string;
  readonly run: number;
  /** Pages of this run that are committed. */
  readonly page: number;
  readonly operationId: OperationId | null;
  readonly readType: ReadType | null;
  readonly sinceMs: Ms | null;
  readonly untilMs: Ms | null;
  /** The provider's opaque position, null before the first page. */
  readonly cursor: string | null;
  readonly recordsRead: number;
  /** Everything modified up to here has been read by finished runs. */
  readonly watermarkMs: Ms | null;
  /** The connection, and the account at the provider, that all of this is about; null: not known. */
  readonly connectionId: ConnectionId | null;
  readonly workspaceRef: string | null;
  /** 1: of this account nothing was read from the beginning, although another one's backfill is done. */
  readonly owesBackfill: 0 | 1;
}

export function putCheckpoint(row: CheckpointRow): RowWrite {
  const params = [
    row.actorId,
    row.installationId,
    row.objectName,
    row.run,
    row.page,
    row.operationId,
    row.readType,
    row.sinceMs,
    row.untilMs,
    row.cursor,
    row.recordsRead,
    row.watermarkMs,
    row.connectionId,
    row.workspaceRef,
    row.owesBackfill,
  ];
  return { statement: 'checkpoints.put', params };
}

/** That there is a read. One that stands somewhere already stays there, and none is of an installation that is gone. */
export function beginCheckpoint(row: Pick<CheckpointRow, 'actorId' | 'installationId' | 'objectName'>): RowWrite {
  return { statement: 'checkpoints.begin', params: [row.actorId, row.objectName, row.installationId] };
}

export function deleteCheckpoint(actorId: ActorId): RowWrite {
  return { statement: 'checkpoints.delete', params: [actorId] };
}

export function readCheckpoint(reads: Reads, actorId: ActorId): CheckpointRow | undefined {
  return reads.get('SELECT * FROM checkpoints WHERE actorId = ?', actorId);
}

export function readCheckpointsOf(reads: Reads, installationId: string): CheckpointRow[] {
  return reads.all('SELECT * FROM checkpoints WHERE installationId = ? ORDER BY objectName', installationId);
}

export interface OperationRow {
  readonly operationId: OperationId;
  readonly projectId: ProjectId;
  readonly integrationId: IntegrationId;
  readonly installationId: InstallationId;
  readonly configId: string;
  readonly actionType: 'read' | 'write' | 'subscribe';
  readonly status: 'in_progress' | 'success' | 'failure';
  readonly result: string | null;
  /** JSON as the wire's `Operation.metadata`. */
  readonly metadata: string;
  readonly createdAtMs: Ms;
  readonly updatedAtMs: Ms | null;
}

export function insertOperation(row: Omit<OperationRow, 'updatedAtMs'>): RowWrite {
  const params = [
    row.operationId,
    row.projectId,
    row.integrationId,
    row.installationId,
    row.configId,
    row.actionType,
    row.status,
    row.result,
    row.metadata,
    row.createdAtMs,
  ];
  return { statement: 'operations.insert', params, mustChange: 'rejected' };
}

export function updateOperation(
  operationId: string,
  facts: Pick<OperationRow, 'status' | 'result' | 'metadata'>,
  atMs: Ms,
): RowWrite {
  const params = [facts.status, facts.result, facts.metadata, atMs, operationId];
  return { statement: 'operations.update', params };
}

export function readOperation(reads: Reads, operationId: string): OperationRow | undefined {
  return reads.get('SELECT * FROM operations WHERE operationId = ?', operationId);
}

/** The latest backfill of an object. */
export function readBackfill(reads: Reads, installationId: string, objectName: string): OperationRow | undefined {
  const sql = `SELECT * FROM operations WHERE installationId = ?1 AND metadata ->> '$.readType' = 'backfill'
    AND metadata ->> '$.objects[0]' = ?2 ORDER BY createdAtMs DESC LIMIT 1`;
  return reads.get(sql, installationId, objectName);
}

/** Newest first. `beforeRow` is the last row of the previous page. */
export function readOperations(
  reads: Reads,
  { projectId, installationId }: Pick<InstallationRow, 'projectId' | 'installationId'>,
  page: { readonly limit: number; readonly beforeMs: Ms | null; readonly beforeId: string | null },
): OperationRow[] {
  const sql = `SELECT * FROM operations WHERE installationId = ?1
    AND (createdAtMs, operationId) < (?2, ?3) AND projectId = ?5
    ORDER BY createdAtMs DESC, operationId DESC LIMIT ?4`;
  // Nothing is later than the latest time there is; a condition on null would make the list slower with its depth.
  const { beforeMs, beforeId, limit } = page;
  return reads.all(sql, installationId, beforeMs ?? Number.MAX_SAFE_INTEGER, beforeId ?? '', limit, projectId);
}

/**
 * An installation in whatever state, where it reads, which fields it saw, what it was to write and what was told to it;
 * its actors go with `Runtime.remove`.
 */
export function eraseInstallationRows(installationId: string): readonly RowWrite[] {
  return [
    { statement: 'installations.erase', params: [installationId] },
    { statement: 'checkpoints.erase', params: [installationId] },
    eraseFieldSnapshots(installationId),
    eraseWriteRequests(installationId),
    ...closeInbox(installationId),
    deleteSubscription(installationId),
  ];
}

export function readOperationIds(reads: Reads, installationId: string, limit: number): string[] {
  const sql = 'SELECT operationId FROM operations WHERE installationId = ? LIMIT ?';
  return reads.all<{ operationId: string }>(sql, installationId, limit).map(({ operationId }) => operationId);
}

/** In whatever state. */
export function eraseOperations(operationIds: readonly string[]): RowWrite {
  return { statement: 'operations.erase', params: [JSON.stringify(operationIds)] };
}
