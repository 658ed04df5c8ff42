// What providers told by webhook. A row with an event waits for the actor of its inbox; one without keeps a second
// delivery of the same event out, until retention takes it. Rows are written by the edge, each key once, and emptied
// in commits of the inbox actor. Invariant: nothing waits for an installation that is gone: rows are inserted only
// where it is, and go in the commit that deletes it.

import type { ActorId, InstallationId } from '../../core/ids.ts';
import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';
import type { InstallationRow } from './installations.ts';
import { deleteReceiver } from './receivers.ts';

export const INBOX_STATEMENTS = {
  'inbox.insert': `INSERT OR IGNORE INTO inbox (installationId, eventKey, event, bytes, receivedAtMs)
    SELECT installationId, ?, ?, ?, ? FROM installations WHERE installationId = ?`,
  'inbox.wake': `INSERT INTO effects (effectId, actorId, targetId, payload)
    SELECT ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM inbox WHERE installationId = ? AND event IS NOT NULL)`,
  'inbox.hold': 'UPDATE inbox SET heldFor = ? WHERE seq IN (SELECT value FROM json_each(?))',
  'inbox.done': `UPDATE inbox SET event = NULL, bytes = 0, heldFor = NULL
    WHERE seq IN (SELECT value FROM json_each(?))`,
  'inbox.leave': `UPDATE inbox SET event = NULL, bytes = 0, heldFor = NULL
    WHERE installationId = ? AND event IS NOT NULL`,
  'inbox.expire': 'DELETE FROM inbox WHERE event IS NULL AND seq IN (SELECT value FROM json_each(?))',
  'webhookSecrets.put': `INSERT INTO webhookSecrets (installationId, sealed)
    SELECT installationId, ? FROM installations WHERE installationId = ?
    ON CONFLICT (installationId) DO UPDATE SET sealed = excluded.sealed`,
  'webhookSecrets.delete': 'DELETE FROM webhookSecrets WHERE installationId = ?',
  'inbox.eraseWaiting': 'DELETE FROM inbox WHERE installationId = ? AND event IS NOT NULL',
  'inbox.erase': 'DELETE FROM inbox WHERE seq IN (SELECT value FROM json_each(?))',
} as const;

export interface NewInboxRow {
  readonly installationId: InstallationId;
  /** The same whenever one event is delivered again. */
  readonly eventKey: string;
  /** A `ProviderEvent` as JSON. */
  readonly event: string;
  readonly receivedAtMs: Ms;
}

/** Nothing happens if the event was there before, whatever became of it, or if the installation is gone. */
export function insertInboxEvent({ installationId, eventKey, event, receivedAtMs }: NewInboxRow): RowWrite {
  const params = [eventKey, event, Buffer.byteLength(event), receivedAtMs, installationId];
  return { statement: 'inbox.insert', params };
}

/** Of an integration, the installations whose account at the provider is called so; oldest first. */
export function readInstallationsOfWorkspace(
  reads: Reads,
  integrationId: string,
  workspaceRef: string,
  limit: number,
): InstallationRow[] {
  const sql = `SELECT installations.* FROM connections CROSS JOIN installations USING (connectionId)
    WHERE workspaceRef = ? AND integrationId = ? ORDER BY installations.createdAtMs LIMIT ?`;
  return reads.all(sql, workspaceRef, integrationId, limit);
}

/** A message to the actor of an inbox, unless nothing waits in it: then it would be woken for nothing. */
export function wakeInbox(installationId: string, effectId: string, actorId: ActorId, payload: string): RowWrite {
  return { statement: 'inbox.wake', params: [effectId, actorId, actorId, payload, installationId] };
}

/** Those of the keys that the inbox has had. */
export function readInboxKeys(reads: Reads, installationId: string, eventKeys: readonly string[]): Set<string> {
  const sql = `SELECT eventKey FROM json_each(?2) CROSS JOIN inbox
    ON installationId = ?1 AND eventKey = json_each.value`;
  const rows = reads.all<{ eventKey: string }>(sql, installationId, JSON.stringify(eventKeys));
  return new Set(rows.map(({ eventKey }) => eventKey));
}

/** An event that is not in the outbox yet. */
export interface WaitingEvent {
  /** In the order they came in. */
  readonly seq: number;
  readonly event: string;
  readonly receivedAtMs: Ms;
}

/**
 * The oldest of an installation after `afterSeq` that are held for none of `holds`, at least one if there is any; no
 * more bytes of the others.
 */
export function readWaitingEvents(
  reads: Reads,
  installationId: string,
  eventsMax: number,
  bytesMax: number,
  { afterSeq = 0, holds = [] }: { readonly afterSeq?: number; readonly holds?: readonly string[] } = {},
): WaitingEvent[] {
  const sql = `WITH oldest AS (SELECT seq, bytes FROM inbox INDEXED BY inbox_waiting
      WHERE installationId = ?1 AND event IS NOT NULL AND seq > ?4
        AND (heldFor IS NULL OR heldFor NOT IN (SELECT value FROM json_each(?5))) ORDER BY seq LIMIT ?2),
    summed AS (SELECT seq, sum(bytes) OVER (ORDER BY seq) - bytes AS bytesBefore,
      sum(bytes) OVER (ORDER BY seq) AS bytes FROM oldest)
    SELECT inbox.seq, event, receivedAtMs FROM summed CROSS JOIN inbox ON inbox.seq = summed.seq
    WHERE summed.bytes <= ?3 OR bytesBefore = 0 ORDER BY inbox.seq`;
  return reads.all(sql, installationId, eventsMax, bytesMax, afterSeq, JSON.stringify(holds));
}

/** They wait for what `hold` stands for, and are left out where that is asked for. */
export function holdInboxEvents(seqs: readonly number[], hold: string): RowWrite {
  return { statement: 'inbox.hold', params: [hold, JSON.stringify(seqs)] };
}

/** They are in the outbox, or nobody wants them: what is left keeps a second delivery out. */
export function emptyInboxEvents(seqs: readonly number[]): RowWrite {
  return { statement: 'inbox.done', params: [JSON.stringify(seqs)] };
}

/** What waits is of an account that was left: none of it is told, and what is left keeps a second delivery out. */
export function leaveInboxEvents(installationId: string): RowWrite {
  return { statement: 'inbox.leave', params: [installationId] };
}

/** What waits, counted up to `max` events. */
export interface InboxDepth {
  readonly events: number;
  readonly bytes: number;
  /** When the oldest of them came; null: none waits. */
  readonly oldestAtMs: Ms | null;
}

/** Of one installation. */
export function readInboxDepth(reads: Reads, installationId: string, max: number): InboxDepth {
  return depthOf(reads.get(depthSql('AND installationId = ?1', '?2'), installationId, max));
}

/** Of all installations together. */
export function readInboxTotal(reads: Reads, max: number): InboxDepth {
  return depthOf(reads.get(depthSql('', '?1'), max));
}

function depthSql(condition: string, limit: string): string {
  return `SELECT count(*) AS events, coalesce(sum(bytes), 0) AS bytes, min(receivedAtMs) AS oldestAtMs
    FROM (SELECT bytes, receivedAtMs FROM inbox INDEXED BY inbox_waiting
      WHERE event IS NOT NULL ${condition} LIMIT ${limit})`;
}

function depthOf(row: InboxDepth | undefined): InboxDepth {
  return row ?? { events: 0, bytes: 0, oldestAtMs: null };
}

/** Rows that are done, of events that came before; oldest first. */
export function readExpiredInbox(reads: Reads, receivedBeforeMs: Ms, limit: number): number[] {
  const sql = 'SELECT seq FROM inbox WHERE event IS NULL AND receivedAtMs < ? ORDER BY receivedAtMs LIMIT ?';
  return reads.all<{ seq: number }>(sql, receivedBeforeMs, limit).map(({ seq }) => seq);
}

/** Removes them for good. */
export function expireInbox(seqs: readonly number[]): RowWrite {
  return { statement: 'inbox.expire', params: [JSON.stringify(seqs)] };
}

/** What the webhooks of an installation are signed with. Refused if it is gone. */
export function putInstallationWebhookSecret(installationId: string, sealed: Uint8Array): RowWrite {
  return { statement: 'webhookSecrets.put', params: [sealed, installationId], mustChange: 'rejected' };
}

export function deleteInstallationWebhookSecret(installationId: string): RowWrite {
  return { statement: 'webhookSecrets.delete', params: [installationId] };
}

export function readInstallationWebhookSecret(reads: Reads, installationId: string): Uint8Array | null {
  const sql = 'SELECT sealed FROM webhookSecrets WHERE installationId = ?';
  return reads.get<{ sealed: Uint8Array }>(sql, installationId)?.sealed ?? null;
}

/** Removes what waits of an installation, at most INBOX_EVENTS_MAX rows. Keys of what is done may be far more. */
function eraseWaitingEvents(installationId: string): RowWrite {
  return { statement: 'inbox.eraseWaiting', params: [installationId] };
}

/** What of it goes at once with an installation. */
export function closeInbox(installationId: string): readonly RowWrite[] {
  return [
    eraseWaitingEvents(installationId),
    deleteInstallationWebhookSecret(installationId),
    deleteReceiver(installationId),
  ];
}

export function readInboxSeqs(reads: Reads, installationId: string, limit: number): number[] {
  const sql = 'SELECT seq FROM inbox WHERE installationId = ? LIMIT ?';
  return reads.all<{ seq: number }>(sql, installationId, limit).map(({ seq }) => seq);
}

/** In whatever state. */
export function eraseInboxRows(seqs: readonly number[]): RowWrite {
  return { statement: 'inbox.erase', params: [JSON.stringify(seqs)] };
}
