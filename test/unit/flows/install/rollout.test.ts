// A new revision reaches installations: at a bounded pace, waking only those it changes something for, and through a
// crash at any moment exactly once.

import { describe, expect, it, onTestFinished } from 'vitest';
import { Runtime } from '../../../../actors/runtime.ts';
import {
  actorIdOf,
  type ConnectionId,
  type InstallationId,
  type IntegrationId,
  type ProjectId,
} from '../../../../src/core/ids.ts';
import { ROLLOUT_CHECK_MS, ROLLOUT_PAUSE_MS, ROLLOUT_RETRY_MS, ROLLOUT_WINDOW } from '../../../../src/core/limits.ts';
import { silentLog } from '../../../../src/core/log.ts';
import { applyConfigHandler } from '../../../../src/flows/install/effects.ts';
import { Rollout } from '../../../../src/flows/install/rollout.ts';
import { readActorId } from '../../../../src/flows/read/reads.ts';
import type { Services } from '../../../../src/flows/services.ts';
import type { RowWrite } from '../../../../src/store/port.ts';
import { insertConnection } from '../../../../src/store/tables/connections.ts';
import {
  insertInstallation,
  insertIntegration,
  insertRevision,
  readInstallation,
  updateIntegration,
} from '../../../../src/store/tables/installations.ts';
import { adoptRevision } from '../../../../src/store/tables/rollout.ts';
import { pauseSnapshot } from '../../../../src/store/tables/snapshots.ts';
import { fakeClock, flush } from '../../../support/clock.ts';
import { tempFolder, withFaultyStore } from '../../../support/store.ts';

const PROJECT = 'p1' as ProjectId;
const INTEGRATION = 'i1' as IntegrationId;
const CONNECTION = 'c1' as ConnectionId;
/** Its config names the object whose schedule the second revision changes. */
const CHOOSES = { read: { objects: { deals: {} } } };
/** Its config does not. */
const LEAVES = { read: { objects: { contacts: {} } } };

const specOf = (schedule: string) =>
  JSON.stringify({
    name: 'crm',
    provider: 'stripe',
    read: { objects: [{ objectName: 'contacts' }, { objectName: 'deals', destination: 'hook', schedule }] },
  });

const revision = (revisionId: string, schedule: string): RowWrite =>
  insertRevision({
    revisionId,
    integrationId: INTEGRATION,
    specVersion: '1.0.0',
    content: specOf(schedule),
    kept: '[]',
    createdAtMs: 1,
  });

const installation = (installationId: string, config: object): RowWrite =>
  insertInstallation({
    installationId: installationId as InstallationId,
    projectId: PROJECT,
    integrationId: INTEGRATION,
    connectionId: CONNECTION,
    groupRef: installationId,
    healthStatus: 'healthy',
    configId: 'cf1',
    revisionId: 'r1',
    config: JSON.stringify(config),
    createdBy: 'me',
    configuredAtMs: 1,
    createdAtMs: 1,
  });

/** A process on the folder: what is on disk, and nothing else, is what its predecessor left. */
async function boot(folder: string, clock = fakeClock()) {
  const { store, writer } = await withFaultyStore(folder);
  const runtime = new Runtime({ store, clock, log: silentLog() });
  runtime.dispatcher.register('effect.applyConfig', applyConfigHandler({ store, clock } as unknown as Services));
  const rollout = new Rollout({ store, runtime, clock, log: silentLog(), isAsked: () => false });
  runtime.start();
  onTestFinished(async () => {
    if (writer.isDead) return;
    await rollout.stop();
    await runtime.stop();
  });
  const count = (sql: string) => store.reads.get<{ n: number }>(sql)?.n ?? 0;
  return {
    store,
    writer,
    runtime,
    rollout,
    clock,
    staleCount: () => count("SELECT count(*) AS n FROM installations WHERE revisionId <> 'r2'"),
    /** How often each installation was told of a config; an actor that nobody woke has none. */
    timesTold: (): Readonly<Record<string, number>> =>
      Object.fromEntries(
        store.reads
          .all<{ times: number; n: number }>(
            `SELECT state ->> '$.context.configRevision' AS times, count(*) AS n FROM snapshots
             WHERE actorId LIKE 'installation:%' GROUP BY 1`,
          )
          .map(({ times, n }) => [times, n]),
      ),
    deploy: (revisionId: string, schedule: string) =>
      store.commit([
        revision(revisionId, schedule),
        updateIntegration({ integrationId: INTEGRATION, revisionId: 'r1' }, 'stripe', revisionId, 2),
      ]),
  };
}

type Process = Awaited<ReturnType<typeof boot>>;

/** `choosing` installations that the second revision changes, with their actors, and `leaving` that it does not. */
async function installed(
  folder: string,
  { choosing, leaving }: { choosing: number; leaving: number },
): Promise<Process> {
  const process = await boot(folder);
  const { store, runtime } = process;
  const connection = { connectionId: CONNECTION, projectId: PROJECT, provider: 'stripe', providerAppId: null };
  const names = { groupRef: 'g', groupName: 'g', consumerRef: 'c', consumerName: 'c', authScheme: 'apiKey' } as const;
  const facts = { workspaceRef: null, providerConsumerRef: null, metadata: '{}', generation: 1, issuedAtMs: 1 };
  const times = { expiresAtMs: null, refreshAtMs: null, createdAtMs: 1 };
  await store.commit([
    insertConnection({ ...connection, ...names, ...facts, ...times, status: 'created' }),
    revision('r1', '0 0 * * *'),
    insertIntegration({
      integrationId: INTEGRATION,
      projectId: PROJECT,
      name: 'crm',
      provider: 'stripe',
      revisionId: 'r1',
      createdAtMs: 1,
    }),
  ]);
  const quiet = Array.from({ length: leaving }, (_, index) => installation(`l${index}`, LEAVES));
  for (let from = 0; from < quiet.length; from += 1000) await store.commit(quiet.slice(from, from + 1000));
  const event = { type: 'installation.created', connectionId: CONNECTION, isConnectionUsable: true };
  const ids = Array.from({ length: choosing }, (_, index) => `t${index}`);
  for (let from = 0; from < choosing; from += 100) {
    const some = ids.slice(from, from + 100);
    const sent = some.map((id) =>
      runtime.send(actorIdOf('installation', id), event, { writes: [installation(id, CHOOSES)] }),
    );
    await Promise.all(sent);
    await flush();
  }
  return process;
}

const MILD = { choosing: 3, leaving: 4 };

async function untilNoneIsStale({ clock, staleCount }: Process, windowsMax: number): Promise<void> {
  for (let windows = 0; staleCount() > 0 && windows < windowsMax; windows += 1) await clock.advance(ROLLOUT_PAUSE_MS);
}

describe('a new revision', () => {
  it('changes the schedule of those who chose the object, and wakes nobody else', async () => {
    const process = await installed(tempFolder(), MILD);
    const { store, rollout, staleCount, timesTold } = process;
    const wakesAt = () =>
      store.reads.get<{ at: number }>(
        'SELECT wakeAtMs AS at FROM snapshots WHERE actorId = ?',
        readActorId('t0', 'deals'),
      )?.at;
    const before = wakesAt() ?? 0;
    await process.deploy('r2', '*/10 * * * *');
    expect(staleCount()).toBe(7);
    await rollout.next();
    await flush();
    expect(staleCount()).toBe(0);
    expect(timesTold()).toEqual({ 2: 3 });
    expect(wakesAt()).toBeLessThan(before);
  });

  it('leaves the config and its time as the customer saved them', async () => {
    const process = await installed(tempFolder(), MILD);
    const { store, rollout } = process;
    const before = ['t0', 'l0'].map((id) => readInstallation(store.reads, id));
    await process.deploy('r2', '*/10 * * * *');
    await rollout.next();
    const after = ['t0', 'l0'].map((id) => readInstallation(store.reads, id));
    expect(after).toEqual(before.map((row) => ({ ...row, revisionId: 'r2' })));
  });

  it('that changes no schedule is only noted', async () => {
    const process = await installed(tempFolder(), MILD);
    await process.deploy('r2', '0 0 * * *');
    await process.rollout.next();
    expect(process.staleCount()).toBe(0);
    expect(process.timesTold()).toEqual({ 1: 3 });
  });

  it('passes over an actor that is paused, whatever comes after it, and comes back to it', async () => {
    const folder = tempFolder();
    const first = await installed(folder, { choosing: ROLLOUT_WINDOW + 5, leaving: 0 });
    await first.deploy('r2', '*/10 * * * *');
    void first.writer.die();
    const { store, rollout, runtime, clock, staleCount, timesTold } = await boot(folder);
    const actorId = actorIdOf('installation', 't0');
    await store.commit([pauseSnapshot(actorId, 'a bug', 1)]);
    await rollout.next();
    await clock.advance(ROLLOUT_PAUSE_MS);
    expect([staleCount(), timesTold()]).toEqual([1, { 1: 1, 2: ROLLOUT_WINDOW + 4 }]);
    await runtime.resume(actorId);
    await clock.advance(ROLLOUT_RETRY_MS);
    expect([staleCount(), timesTold()]).toEqual([0, { 2: ROLLOUT_WINDOW + 5 }]);
  });

  it('is found by itself where a config was saved by the one before', async () => {
    const process = await installed(tempFolder(), MILD);
    const { store, rollout, clock, staleCount } = process;
    await process.deploy('r2', '*/10 * * * *');
    rollout.start();
    await clock.advance(0);
    expect(staleCount()).toBe(0);
    await store.commit([adoptRevision(['l0'], 'r2', 'r1')]);
    await clock.advance(ROLLOUT_CHECK_MS);
    expect(staleCount()).toBe(0);
  });

  it('goes on after the disk was full', async () => {
    const process = await installed(tempFolder(), MILD);
    const { writer, clock, staleCount } = process;
    await process.deploy('r2', '*/10 * * * *');
    writer.failure = { kind: 'full', message: 'no space left' };
    await process.rollout.next();
    expect(staleCount()).toBe(7);
    writer.failure = null;
    await clock.advance(ROLLOUT_RETRY_MS);
    expect(staleCount()).toBe(0);
  });
});

describe('a new revision for 10,000 installations', () => {
  const SIZE = { choosing: 1000, leaving: 9000 };
  const TOTAL = SIZE.choosing + SIZE.leaving;

  it('comes at its pace, a window at a time, and wakes one in ten', async () => {
    const process = await installed(tempFolder(), SIZE);
    const { clock, staleCount, timesTold } = process;
    await process.deploy('r2', '*/10 * * * *');
    await process.rollout.next();
    expect(staleCount()).toBe(TOTAL - ROLLOUT_WINDOW);
    const startMs = clock.nowMs();
    await untilNoneIsStale(process, TOTAL / ROLLOUT_WINDOW);
    expect(staleCount()).toBe(0);
    expect(clock.nowMs() - startMs).toBe((TOTAL / ROLLOUT_WINDOW - 1) * ROLLOUT_PAUSE_MS);
    expect(timesTold()).toEqual({ 2: SIZE.choosing });
  });

  it.each(['beforeCommit', 'afterCommit'] as const)('goes on after a crash %s, and tells nobody twice', async (at) => {
    const folder = tempFolder();
    const first = await installed(folder, SIZE);
    await first.deploy('r2', '*/10 * * * *');
    first.writer.crash = { commit: first.writer.commits + 100, at };
    void first.rollout.next();
    while (!first.writer.isDead) await first.clock.advance(ROLLOUT_PAUSE_MS);
    const second = await boot(folder, fakeClock(first.clock.nowMs()));
    const left = second.staleCount();
    expect(left).toBeGreaterThan(TOTAL / 10);
    expect(left).toBeLessThan(TOTAL);
    second.rollout.start();
    await untilNoneIsStale(second, TOTAL / ROLLOUT_WINDOW + 1);
    await flush();
    expect([second.staleCount(), second.timesTold()]).toEqual([0, { 2: SIZE.choosing }]);
    expect(second.store.reads.get('SELECT count(*) AS n FROM effects')).toEqual({ n: 0 });
  });
});
