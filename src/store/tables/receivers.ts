// Addresses of installations' webhooks that were replaced, one row for each installation whose first one was. Rows are
// written when somebody replaces an address, and when something comes at it, and go with their installation.
// Invariant: two who replace the same address at the same moment do not both succeed.

import type { Ms } from '../../core/time.ts';
import type { Reads, RowWrite } from '../port.ts';

export const RECEIVER_STATEMENTS = {
  'receivers.rotate': `INSERT INTO receivers
    (nonce, formerNonce, formerUntilMs, rotatedAtMs, usedAtMs, formerUsedAtMs, installationId)
    SELECT ?, ?, ?, ?, NULL, NULL, installationId FROM installations WHERE installationId = ?
    ON CONFLICT (installationId) DO UPDATE SET nonce = excluded.nonce, formerNonce = excluded.formerNonce,
      formerUntilMs = excluded.formerUntilMs, rotatedAtMs = excluded.rotatedAtMs, usedAtMs = NULL, formerUsedAtMs = NULL
      WHERE nonce = excluded.formerNonce`,
  'receivers.closeFormer': `UPDATE receivers SET formerUntilMs = MIN(formerUntilMs, ?), formerNonce = ?
    WHERE installationId = ? AND formerNonce <> ?`,
  'receivers.used': 'UPDATE receivers SET usedAtMs = ? WHERE installationId = ? AND nonce = ? AND usedAtMs IS NULL',
  'receivers.formerUsed': 'UPDATE receivers SET formerUsedAtMs = ? WHERE installationId = ? AND formerNonce = ?',
  'receivers.delete': 'DELETE FROM receivers WHERE installationId = ?',
} as const;

/** In the place of the nonce of an address that is refused whatever the clock says; none is made with it. */
const CLOSED = 'closed';

export interface ReceiverRow {
  readonly installationId: string;
  /** What the address is made with besides the id; no secret, and never the same again. */
  readonly nonce: string;
  /** The same of the address before; empty for the first, and of no address where that is refused for good. */
  readonly formerNonce: string;
  /** From then on the address before is refused. */
  readonly formerUntilMs: Ms;
  readonly rotatedAtMs: Ms;
  /** When the first webhook came at the address; null: none has. */
  readonly usedAtMs: Ms | null;
  /** About when the last came at the address before, since it was replaced; null: none has. */
  readonly formerUsedAtMs: Ms | null;
}

/** Refused if the address is another than `formerNonce` says by now, or the installation is gone. */
export function rotateReceiver(row: Omit<ReceiverRow, 'usedAtMs' | 'formerUsedAtMs'>): RowWrite {
  const { installationId, nonce, formerNonce, formerUntilMs, rotatedAtMs } = row;
  const params = [nonce, formerNonce, formerUntilMs, rotatedAtMs, installationId];
  return { statement: 'receivers.rotate', params, mustChange: 'rejected' };
}

/** The address before is refused from now on, also after a clock that is put back; it may be refused already. */
export function closeFormerReceiver(installationId: string, nowMs: Ms): RowWrite {
  return { statement: 'receivers.closeFormer', params: [nowMs, CLOSED, installationId, CLOSED] };
}

/** Whether the address before is still taken. */
export function isFormerTaken({ formerNonce, formerUntilMs }: ReceiverRow, nowMs: Ms): boolean {
  return formerNonce !== CLOSED && nowMs < formerUntilMs;
}

/** Something came at the address; only the first time counts. */
export function useReceiver({ installationId, nonce }: ReceiverRow, nowMs: Ms): RowWrite {
  return { statement: 'receivers.used', params: [nowMs, installationId, nonce] };
}

/** Something came at the address before. */
export function useFormerReceiver({ installationId, formerNonce }: ReceiverRow, nowMs: Ms): RowWrite {
  return { statement: 'receivers.formerUsed', params: [nowMs, installationId, formerNonce] };
}

export function deleteReceiver(installationId: string): RowWrite {
  return { statement: 'receivers.delete', params: [installationId] };
}

/** Undefined where the first address was never replaced. */
export function readReceiver(reads: Reads, installationId: string): ReceiverRow | undefined {
  return reads.get('SELECT * FROM receivers WHERE installationId = ?', installationId);
}
