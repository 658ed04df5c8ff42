// The customer that a population is copied from: half a day old, made by the product's own runtime and machines, with
// the rows that its flows write. Only the provider is left out: pages and tokens are answered here, at once.
// Invariant: what differs between two customers is in `Customer`, as text or numbers that occur nowhere else.

import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Runtime } from '../../actors/runtime.ts';
import { CREDENTIAL_PURPOSE } from '../../actors/tokenManager.ts';
import { createVault, parseMasterKey } from '../../src/auth/vault.ts';
import type { IntegrationId, OperationId, ProjectId } from '../../src/core/ids.ts';
import { type ActorId, actorIdOf, type ConnectionId, type InstallationId, newId } from '../../src/core/ids.ts';
import { EFFECT_DEADLINE_MS } from '../../src/core/limits.ts';
import { silentLog } from '../../src/core/log.ts';
import { type Clock, HOUR_MS, type Ms } from '../../src/core/time.ts';
import type { RowWrite } from '../../src/store/port.ts';
import type { Store } from '../../src/store/store.ts';
import { insertProject } from '../../src/store/tables/accounts.ts';
import { insertConnection, putCredential, refreshedConnection } from '../../src/store/tables/connections.ts';
import {
  insertInstallation,
  insertIntegration,
  insertRevision,
  putCheckpoint,
} from '../../src/store/tables/installations.ts';

/** Hourly runs of the read after its backfill, and refreshes of the token: two events each. */
const RUNS = 12;
const REFRESHES = 6;
export const OBJECT_NAME = 'contacts';
const TOKEN_LIFETIME_MS = 2 * HOUR_MS;

export interface Customer {
  readonly installationId: InstallationId;
  readonly connectionId: ConnectionId;
  readonly groupRef: string;
  /** When its read is due next. */
  readonly wakeAtMs: Ms;
  /** Of its credential. */
  readonly generation: number;
}

const FIELDS = ['email', 'firstname', 'lastname', 'phone', 'company', 'jobtitle', 'lifecyclestage', 'createdate'];

const SPEC = {
  name: 'crm',
  provider: 'hubspot',
  read: {
    objects: [
      {
        objectName: OBJECT_NAME,
        destination: 'records',
        schedule: '0 * * * *',
        requiredFields: FIELDS.map((fieldName) => ({ fieldName })),
        backfill: { defaultPeriod: { fullHistory: true } },
      },
    ],
  },
};

const CONFIG = {
  provider: 'hubspot',
  read: {
    objects: {
      [OBJECT_NAME]: {
        objectName: OBJECT_NAME,
        schedule: '0 * * * *',
        destination: 'records',
        selectedFields: Object.fromEntries(FIELDS.map((name) => [name, true])),
        backfill: { defaultPeriod: { fullHistory: true } },
      },
    },
  },
};

/** Ids as the product makes them, and what belongs to none of the customers. */
function newFacts() {
  return {
    installationId: newId<InstallationId>(),
    connectionId: newId<ConnectionId>(),
    projectId: newId<ProjectId>(),
    integrationId: newId<IntegrationId>(),
    revisionId: newId<string>(),
    operationId: newId<OperationId>(),
    groupRef: 'the-customer-all-are-copied-from',
  } as const;
}

type Facts = ReturnType<typeof newFacts>;

export function readActorOf(installationId: string): ActorId {
  return actorIdOf('read', `${installationId}/${OBJECT_NAME}`);
}

/** Makes the customer in a new store; its last run is due at `wakeAtMs`. */
export async function makeCustomer(store: Store, wakeAtMs: Ms): Promise<Customer> {
  const facts = newFacts();
  const { installationId, connectionId, projectId, integrationId, revisionId, groupRef } = facts;
  const time = { nowMs: wakeAtMs - (RUNS + 1) * HOUR_MS };
  const clock: Clock = { nowMs: () => time.nowMs, timerAt: () => ({ cancel() {} }) };
  const runtime = new Runtime({ store, clock, log: silentLog() });
  answerEffects(runtime, facts, clock);
  const settled = async () => {
    do await setImmediate();
    while (runtime.dispatcher.inFlightCount > 0);
  };
  const createdAtMs = time.nowMs;
  await store.commit([
    insertProject({ projectId, name: 'default', appName: 'Default', orgId: newId<string>(), createdAtMs }),
    insertIntegration({ integrationId, projectId, name: SPEC.name, provider: SPEC.provider, revisionId, createdAtMs }),
    insertRevision({
      revisionId,
      integrationId,
      specVersion: '1.0.0',
      content: JSON.stringify(SPEC),
      kept: '[]',
      createdAtMs,
    }),
  ]);
  const credential = actorIdOf('credential', connectionId);
  await runtime.send(
    credential,
    {
      type: 'credential.stored',
      generation: 1,
      endsAtMs: createdAtMs + TOKEN_LIFETIME_MS,
      canRefresh: true,
      keepAliveAtMs: null,
      grantEndsAtMs: null,
      rotation: 'stable',
    },
    { writes: connectionWrites(facts, createdAtMs) },
  );
  const created = { type: 'installation.created', connectionId, isConnectionUsable: true };
  const writes = [insertInstallation(installationOf(facts, createdAtMs))];
  await runtime.send(actorIdOf('installation', installationId), created, { writes });
  await settled();
  for (let run = 1; run <= RUNS; run++) {
    time.nowMs += HOUR_MS;
    await runtime.send(readActorOf(installationId), { type: 'alarm.fired' });
    if (run % (RUNS / REFRESHES) === 0) {
      const asked = { type: 'refresh.requested', generation: run / (RUNS / REFRESHES), isRefused: false };
      await runtime.send(credential, asked);
    }
    await settled();
  }
  await runtime.stop();
  return { installationId, connectionId, groupRef, wakeAtMs, generation: 1 + REFRESHES };
}

/** What the product's flows would settle these effects with, if every page were one of no records. */
function answerEffects(runtime: Runtime, facts: Facts, clock: Clock): void {
  const { installationId, connectionId } = facts;
  const { dispatcher } = runtime;
  const always = { kind: 'replayable', deadlineMs: EFFECT_DEADLINE_MS } as const;
  dispatcher.register('effect.applyConfig', {
    ...always,
    perform: async ({ configRevision }) => ({
      event: { type: 'config.applied', configRevision },
      writes: [checkpointWrite(facts, 0, clock.nowMs())],
      messages: [
        {
          to: readActorOf(installationId),
          event: {
            type: 'read.configured',
            installationId,
            objectName: OBJECT_NAME,
            hasBackfill: true,
            nextRunAtMs: null,
          },
        },
      ],
    }),
  });
  dispatcher.register('effect.readPage', {
    ...always,
    perform: async ({ turn, run }) => ({
      event: { type: 'page.committed', turn, isLast: true, nextRunAtMs: clock.nowMs() + HOUR_MS },
      writes: [checkpointWrite(facts, run, clock.nowMs())],
    }),
  });
  dispatcher.register('effect.refresh', {
    ...always,
    perform: async (effect) => {
      const issuedAtMs = clock.nowMs();
      const [generation, expiresAtMs] = [effect.generation + 1, issuedAtMs + TOKEN_LIFETIME_MS];
      const refreshAtMs = expiresAtMs - HOUR_MS;
      return {
        event: {
          type: 'refresh.succeeded',
          fromGeneration: effect.generation,
          attempt: effect.attempt,
          generation,
          endsAtMs: expiresAtMs,
          canRefresh: true,
          keepAliveAtMs: null,
          grantEndsAtMs: null,
        },
        writes: [
          putCredential(connectionId, generation, sealedCredential(connectionId, generation)),
          refreshedConnection({ connectionId, generation, issuedAtMs, expiresAtMs, refreshAtMs }),
        ],
      };
    },
  });
}

function connectionWrites({ connectionId, projectId, groupRef }: Facts, atMs: Ms): readonly RowWrite[] {
  return [
    insertConnection({
      connectionId,
      projectId,
      provider: SPEC.provider,
      providerAppId: null,
      groupRef,
      groupName: 'A customer of some size',
      consumerRef: groupRef,
      consumerName: 'Somebody who works there',
      authScheme: 'oauth2/authorizationCode',
      status: 'created',
      providerConsumerRef: null,
      workspaceRef: '244630517',
      metadata: JSON.stringify({ workspace: { value: '244630517', source: 'token' } }),
      generation: 1,
      issuedAtMs: atMs,
      expiresAtMs: atMs + TOKEN_LIFETIME_MS,
      refreshAtMs: atMs + TOKEN_LIFETIME_MS - HOUR_MS,
      createdAtMs: atMs,
    }),
    putCredential(connectionId, 1, sealedCredential(connectionId, 1)),
  ];
}

const vault = createVault([parseMasterKey(randomBytes(32).toString('base64'))]);

/** Tokens as long as HubSpot's. */
export function sealedCredential(connectionId: string, generation: number): Uint8Array {
  const credential = {
    scheme: 'oauth2',
    accessToken: randomBytes(150).toString('base64url'),
    refreshToken: randomBytes(27).toString('base64url'),
    tokenType: 'bearer',
    scopes: ['crm.objects.contacts.read', 'oauth'],
  };
  return vault.seal(JSON.stringify(credential), { connectionId, generation, purpose: CREDENTIAL_PURPOSE });
}

function installationOf(facts: Facts, atMs: Ms) {
  return {
    ...facts,
    healthStatus: 'healthy',
    configId: newId<string>(),
    config: JSON.stringify(CONFIG),
    createdBy: 'api:create-installation',
    configuredAtMs: atMs,
    createdAtMs: atMs,
  } as const;
}

function checkpointWrite({ installationId, operationId }: Facts, run: number, nowMs: Ms): RowWrite {
  const isFirst = run === 0;
  return putCheckpoint({
    actorId: readActorOf(installationId),
    installationId,
    objectName: OBJECT_NAME,
    run,
    page: isFirst ? 0 : 1,
    operationId: isFirst ? null : operationId,
    readType: isFirst ? null : run === 1 ? 'backfill' : 'scheduled',
    sinceMs: run <= 1 ? null : nowMs - HOUR_MS,
    untilMs: isFirst ? null : nowMs,
    cursor: null,
    recordsRead: 0,
    watermarkMs: isFirst ? null : nowMs,
    connectionId: null,
    workspaceRef: null,
    owesBackfill: 0,
  });
}
