// What providers were asked to send of installations, one row each. A row is made by the commit that first asks its
// actor for it, outlives the installation until everything is taken back, and is the actor's own in between.

import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';

export const SUBSCRIPTION_STATEMENTS = {
  'subscriptions.begin': `INSERT INTO subscriptions
    (installationId, connectionId, status, objects, generation, sealed, error, createdAtMs, updatedAtMs)
    VALUES (?, ?, 'pending', '[]', 0, NULL, NULL, ?, ?) ON CONFLICT (installationId) DO NOTHING`,
  'subscriptions.settle': `UPDATE subscriptions SET connectionId = ?, status = ?, objects = ?, generation = ?,
    sealed = ?, error = ?, updatedAtMs = ? WHERE installationId = ? AND generation = ?`,
  'subscriptions.setStatus': 'UPDATE subscriptions SET status = ?, error = ?, updatedAtMs = ? WHERE installationId = ?',
  'subscriptions.delete': 'DELETE FROM subscriptions WHERE installationId = ?',
} as const;

/** As on the wire, and `closing`: everything was taken back that can be, and nothing needs the connection any more. */
export type SubscriptionStatus = 'success' | 'pending' | 'failed' | 'failed_to_rollback' | 'closing';

export interface SubscriptionRow {
  readonly installationId: string;
  /** Whose account has what is sealed here. */
  readonly connectionId: string;
  readonly status: SubscriptionStatus;
  /** JSON list of the names of what is subscribed to. */
  readonly objects: string;
  /** Grows with each settled turn. */
  readonly generation: number;
  /** Null: the provider has nothing. */
  readonly sealed: Uint8Array | null;
  readonly error: string | null;
  readonly createdAtMs: Ms;
  readonly updatedAtMs: Ms;
}

/** Nothing happens if there is one. */
export function beginSubscription(installationId: string, connectionId: string, nowMs: Ms): RowWrite {
  return { statement: 'subscriptions.begin', params: [installationId, connectionId, nowMs, nowMs] };
}

/** What a turn came to, as the generation after `row.generation`; nothing happens if another came first. */
export function settleSubscription(row: Omit<SubscriptionRow, 'createdAtMs'>): RowWrite {
  const { connectionId, status, objects, generation, sealed, error, updatedAtMs, installationId } = row;
  const params = [
    connectionId,
    status,
    objects,
    generation + 1,
    sealed,
    error,
    updatedAtMs,
    installationId,
    generation,
  ];
  return { statement: 'subscriptions.settle', params };
}

export function setSubscriptionStatus(
  installationId: string,
  status: SubscriptionStatus,
  error: string | null,
  nowMs: Ms,
): RowWrite {
  return { statement: 'subscriptions.setStatus', params: [status, error, nowMs, installationId] };
}

export function deleteSubscription(installationId: string): RowWrite {
  return { statement: 'subscriptions.delete', params: [installationId] };
}

export function readSubscription(reads: Reads, installationId: string): SubscriptionRow | undefined {
  return reads.get('SELECT * FROM subscriptions WHERE installationId = ?', installationId);
}

/** Whether something is to be taken back with a connection. */
export function needsConnection(reads: Reads, connectionId: string): boolean {
  const sql = "SELECT 1 FROM subscriptions WHERE connectionId = ? AND status <> 'closing' LIMIT 1";
  return reads.get(sql, connectionId) !== undefined;
}

/** Installations that are gone and whose subscriptions are being taken back with a connection. */
export function readLeavingIds(reads: Reads, connectionId: string): string[] {
  const sql = `SELECT installationId FROM subscriptions WHERE connectionId = ? AND NOT EXISTS
    (SELECT 1 FROM installations WHERE installations.installationId = subscriptions.installationId)`;
  return reads.all<{ installationId: string }>(sql, connectionId).map(({ installationId }) => installationId);
}

/** How many are not as they are wanted, by their status; up to `max` of them are counted. */
export function countUnmade(reads: Reads, max: number): { status: SubscriptionStatus; n: number }[] {
  const sql = `SELECT status, count(*) AS n FROM (SELECT status FROM subscriptions INDEXED BY subscriptions_unmade
    WHERE status <> 'success' LIMIT ?) GROUP BY status`;
  return reads.all(sql, max);
}
