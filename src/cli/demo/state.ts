// What Tenon itself says: operations by its API, and inboxes and delivery lanes by a look into its database with the
// eyes of an auditor. The look is read-only and sees what is committed.

import { z } from 'zod';
import { DEMO_POLL_INTERVAL_MS } from '../../core/limits.ts';
import { delay, systemClock } from '../../core/time.ts';
import { openForReading } from '../../store/sqlite.ts';
import { readInboxDepth } from '../../store/tables/inbox.ts';
import { readLane } from '../../store/tables/outbox.ts';
import { callApi } from './client.ts';
import type { Installation } from './setup.ts';
import type { Stage } from './stage.ts';

const operations = z.object({ results: z.array(z.object({ status: z.string() })) });

export interface LaneTotals {
  readonly queued: number;
  readonly dead: number;
}

/** Messages that wait and messages that were given up, over the lanes of all installations. */
export function readLanes({ databaseFile }: Stage, installations: readonly Installation[]): LaneTotals {
  const reads = openForReading(databaseFile);
  try {
    const lanes = installations.map(({ destinationId }) => readLane(reads, destinationId));
    const sumOf = (name: keyof LaneTotals) => lanes.reduce((sum, lane) => sum + (lane?.[name] ?? 0), 0);
    return { queued: sumOf('queued'), dead: sumOf('dead') };
  } finally {
    reads.close();
  }
}

function isInboxEmpty({ databaseFile }: Stage, installations: readonly Installation[]): boolean {
  const reads = openForReading(databaseFile);
  try {
    return installations.every(({ installationId }) => readInboxDepth(reads, installationId, 1).events === 0);
  } finally {
    reads.close();
  }
}

/**
 * Asks until every read has ended, no event waits and every message has left, or `signal` aborts; the demo as a whole
 * is bounded.
 */
export async function settled(
  stage: Stage,
  installations: readonly Installation[],
  signal?: AbortSignal,
): Promise<void> {
  while (signal?.aborted !== true && !(await isSettled(stage, installations))) {
    await delay(systemClock, DEMO_POLL_INTERVAL_MS, signal);
  }
}

async function isSettled(stage: Stage, installations: readonly Installation[]): Promise<boolean> {
  const ended = await Promise.all(
    installations.map(async ({ projectId, integrationId, installationId }) => {
      const path = `/projects/${projectId}/integrations/${integrationId}/installations/${installationId}/operations`;
      const { results } = operations.parse(await callApi(stage, 'GET', path));
      return results.length > 0 && results.every(({ status }) => status !== 'in_progress');
    }),
  );
  // In this order: events leave an inbox in the commit that brings their messages into a lane.
  const isAllTold = ended.every((hasEnded) => hasEnded) && isInboxEmpty(stage, installations);
  return isAllTold && readLanes(stage, installations).queued === 0;
}
