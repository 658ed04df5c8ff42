// A backup of a running server: made on a thread of its own, read by whoever asked, then removed.

import { monotonicMs } from '../../core/time.ts';
import type { Backup } from '../../store/backup.ts';
import type { Services } from '../services.ts';

/**
 * A consistent copy of everything that is committed, blobs included, as a file beside the database; `dispose` removes
 * it and must be called. Rejects with `conflict` while another one is made or read, `storage_unavailable`.
 */
export async function createBackup({ store, clock, log }: Pick<Services, 'store' | 'clock' | 'log'>): Promise<Backup> {
  const startMs = monotonicMs();
  const backup = await store.backup(clock.nowMs());
  log.info({ bytes: backup.bytes, ms: Math.round(monotonicMs() - startMs) }, 'backup made');
  return backup;
}
