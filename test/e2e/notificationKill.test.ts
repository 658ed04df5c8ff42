// A real process, killed at seeded moments while installations are made and changed: what happened is told under one
// id, however often it is sent, and what did not happen is not told at all.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { openForReading } from '../../src/store/sqlite.ts';
import { flush } from '../support/clock.ts';
import { type Destination, startDestination } from '../support/destination.ts';
import { dice } from '../support/dice.ts';
import { manifest } from '../support/drive.ts';
import { routeEvents } from '../support/notifications.ts';
import { startTenonProcess } from '../support/process.ts';
import type { Tenon } from '../support/tenon.ts';

/** Per seed; each costs the start of a process. */
const KILLS = 4;

interface Left {
  readonly installations: readonly string[];
  /** Ids of messages that wait, each with the installation that it is about. */
  readonly waiting: readonly (readonly [messageId: string, installationId: string])[];
}

function leftBy({ folder }: Tenon): Left {
  const reads = openForReading(join(folder, 'data', 'tenon.db'));
  try {
    const rows = reads.all<{ messageId: string; body: string }>('SELECT messageId, body FROM outbox WHERE isDead = 0');
    return {
      installations: reads
        .all<{ installationId: string }>('SELECT installationId FROM installations')
        .map(({ installationId }) => installationId),
      waiting: rows.map(({ messageId, body }) => [messageId, toldOf(body)] as const),
    };
  } finally {
    reads.close();
  }
}

function toldOf(body: string): string {
  const { notificationType, data } = JSON.parse(body) as { notificationType: string; data: JsonObject };
  expect(notificationType).toBe('installation.created');
  return String(data['installationId']);
}

/** Message ids by installation, over what was received and what waits. */
function idsByInstallation({ requests }: Destination, { waiting }: Left): ReadonlyMap<string, ReadonlySet<string>> {
  const ids = new Map<string, Set<string>>();
  const received = requests.map(({ headers, body }) => [String(headers['webhook-id']), toldOf(body)] as const);
  for (const [messageId, installationId] of [...received, ...waiting]) {
    ids.set(installationId, (ids.get(installationId) ?? new Set()).add(messageId));
  }
  return ids;
}

function audit(destination: Destination, left: Left): void {
  const ids = idsByInstallation(destination, left);
  expect([...ids.keys()].toSorted(), 'all that happened is told, and nothing else').toEqual(
    left.installations.toSorted(),
  );
  for (const [installationId, messageIds] of ids) expect(messageIds.size, installationId).toBe(1);
}

describe('a process that is killed while installations are made', () => {
  it.each([3, 20_260_106])('tells each of them under one id and none that there is not (seed %i)', async (seed) => {
    const roll = dice(seed);
    await using destination = await startDestination();
    await using tenon = await startTenonProcess({ hubspotContacts: 1 });
    const hook = { name: 'told', type: 'webhook', metadata: { url: destination.origin } };
    const { id } = await tenon.ok('POST', tenon.inProject('/destinations'), hook);
    await routeEvents(tenon, id, 'ops', ['installation.created']);
    await tenon.deploy(manifest({ name: 'hubspot', provider: 'hubspot', proxy: { enabled: true } }));
    for (let kill = 0; kill < KILLS; kill++) {
      // One that is acknowledged, and others that may or may not be.
      destination.answer = () => (roll(2) === 0 ? { status: 503 } : { status: 200 });
      const groups = [0, 1, 2].map((number) => `group-${kill}-${number}`);
      for (const groupRef of groups) await tenon.connect('hubspot', { groupRef });
      const [first = '', ...others] = groups;
      const { id: acknowledged } = await tenon.install('hubspot', { provider: 'hubspot' }, first);
      const pending = others.map((groupRef) => tenon.install('hubspot', { provider: 'hubspot' }, groupRef));
      const ended = Promise.allSettled(pending);
      await flush(roll(30));
      await tenon.halt();
      await ended;
      const left = leftBy(tenon);
      expect(left.installations).toContain(acknowledged);
      audit(destination, left);
      await tenon.resume();
    }
    destination.answer = () => ({ status: 200 });
    await tenon.connect('hubspot', { groupRef: 'last' });
    await tenon.install('hubspot', { provider: 'hubspot' }, 'last');
    const { length } = await tenon.ok<JsonObject[]>('GET', tenon.inProject('/installations'));
    const told = () => idsByInstallation(destination, { installations: [], waiting: [] }).size;
    for (let count = destination.requests.length; told() < length; count += 1) await destination.received(count + 1);
    await tenon.halt();
    audit(destination, leftBy(tenon));
  });
});
