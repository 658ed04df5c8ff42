// What must hold in every database that a process left behind, however it ended: a step is there whole or not at all,
// and whatever is to happen has somebody to make it happen. Looks at committed rows only, with plain SQL.

import { replay } from '../../actors/replay.ts';
import { MACHINES } from '../../actors/runtime.ts';
import type { ActorId } from '../../src/core/ids.ts';
import { machineOf } from '../../src/core/ids.ts';
import type { JsonObject, JsonValue } from '../../src/core/json.ts';
import type { Reads } from '../../src/store/port.ts';
import type { ConnectionRow } from '../../src/store/tables/connections.ts';
import type { CheckpointRow, InstallationRow, OperationRow } from '../../src/store/tables/installations.ts';
import type { LaneRow } from '../../src/store/tables/outbox.ts';
import { readHistory, readSnapshot } from '../../src/store/tables/snapshots.ts';

interface StoredActor {
  readonly actorId: ActorId;
  readonly revision: number;
  readonly wakeAtMs: number | null;
  readonly pausedReason: string | null;
  /** Null where the actor has ended and only its revision counts. */
  readonly value: JsonValue;
  readonly context: JsonObject;
}

interface StoredEffect {
  readonly effectId: string;
  readonly actorId: ActorId;
  readonly payload: JsonObject & { readonly type: string };
}

/** Committed state, read once. */
interface Left {
  readonly actors: ReadonlyMap<ActorId, StoredActor>;
  readonly effects: readonly StoredEffect[];
  readonly reads: Reads;
}

/** What is wrong, in words; nothing in a sound database. */
export function faultsOf(reads: Reads): string[] {
  const left = leftIn(reads);
  return [
    ...integrityFaults(left),
    ...effectFaults(left),
    ...livenessFaults(left),
    ...historyFaults(left),
    ...installationFaults(left),
    ...connectionFaults(left),
    ...checkpointFaults(left),
    ...laneFaults(left),
  ];
}

function leftIn(reads: Reads): Left {
  const snapshots = reads.all<Omit<StoredActor, 'value' | 'context'> & { state: string }>(
    'SELECT actorId, revision, wakeAtMs, pausedReason, state FROM snapshots',
  );
  const effects = reads.all<{ effectId: string; actorId: ActorId; payload: string }>(
    'SELECT effectId, actorId, payload FROM effects ORDER BY seq',
  );
  return {
    reads,
    actors: new Map(
      snapshots.map(({ state, ...row }) => {
        const { value, context } = (state === '' ? { value: null, context: {} } : JSON.parse(state)) as StoredActor;
        return [row.actorId, { ...row, value, context }];
      }),
    ),
    effects: effects.map((row) => ({ ...row, payload: JSON.parse(row.payload) as StoredEffect['payload'] })),
  };
}

function integrityFaults({ reads, actors }: Left): string[] {
  const { integrity_check: verdict } = reads.get<{ integrity_check: string }>('PRAGMA integrity_check') ?? {};
  const paused = [...actors.values()].filter(({ pausedReason }) => pausedReason !== null);
  return [
    ...(verdict === 'ok' ? [] : [`the database is damaged: ${verdict}`]),
    ...paused.map(({ actorId, pausedReason }) => `${actorId} is paused: ${pausedReason}`),
    ...reads
      .all<{ actorId: string; error: string }>('SELECT actorId, error FROM quarantine')
      .map(({ actorId, error }) => `an event of ${actorId} was set aside: ${error}`),
  ];
}

/** An effect was issued by a step of its actor that is committed too. */
function effectFaults({ actors, effects }: Left): string[] {
  return effects.flatMap(({ effectId, actorId }) => {
    const actor = actors.get(actorId);
    const [revision = Number.NaN] = effectId
      .slice(actorId.length + 1)
      .split(':')
      .map(Number);
    if (!effectId.startsWith(`${actorId}:`) || Number.isNaN(revision))
      return [`${effectId} names no step of ${actorId}`];
    if (actor === undefined) return [`${effectId} belongs to nobody`];
    return revision <= actor.revision ? [] : [`${effectId} is ahead of ${actorId}, which is at ${actor.revision}`];
  });
}

/** States in which an actor waits for an answer, and the effect that brings it. */
const ANSWERED_BY: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  credential: { refreshing: 'effect.refresh' },
  read: { reading: 'effect.readPage' },
  inbox: { working: 'effect.processInbox' },
  delivery: { sending: 'effect.deliver' },
  installation: { removing: 'effect.tellReads' },
};
/** States in which an actor waits for its alarm. */
const WOKEN: Readonly<Record<string, readonly string[]>> = {
  credential: ['backingOff', 'uncertain'],
  read: ['waiting'],
  inbox: ['waiting', 'held', 'blocked'],
  provider: ['open'],
};

/** Whoever is not at rest has an alarm or an effect. */
function livenessFaults({ actors, effects }: Left): string[] {
  const asked = new Set(effects.map(({ actorId, payload }) => `${actorId} ${payload.type}`));
  return [...actors.values()].flatMap(({ actorId, value, context, wakeAtMs }) => {
    const machine = machineOf(actorId);
    const state = typeof value === 'string' ? value : '';
    const effect = ANSWERED_BY[machine]?.[state];
    if (effect !== undefined && !asked.has(`${actorId} ${effect}`)) return [`${actorId} is ${state} without ${effect}`];
    if (WOKEN[machine]?.includes(state) && wakeAtMs === null) return [`${actorId} is ${state} without an alarm`];
    const isApplied = context['configRevision'] === context['appliedRevision'];
    if (machine === 'installation' && typeof value === 'object' && value !== null && !isApplied) {
      return asked.has(`${actorId} effect.applyConfig`) ? [] : [`${actorId} never hears of its config`];
    }
    return [];
  });
}

/** The events that are kept of an actor lead to the state that is stored of it. */
function historyFaults({ reads, actors }: Left): string[] {
  return [...actors.values()].flatMap(({ actorId }) => {
    const definition = MACHINES.find(({ name }) => name === machineOf(actorId));
    const [history, stored] = [readHistory(reads, actorId), readSnapshot(reads, actorId)];
    if (definition === undefined || history === undefined || stored === undefined) return [`${actorId} has no history`];
    const { kind } = replay(definition, history, stored);
    return kind === 'same' ? [] : [`the history of ${actorId} leads elsewhere (${kind})`];
  });
}

/** The row and the actor of an installation come and go together. */
function installationFaults({ reads, actors }: Left): string[] {
  const rows = reads.all<InstallationRow>('SELECT * FROM installations');
  const stored = new Set(rows.map(({ installationId }) => `installation:${installationId}`));
  const present = [...actors.values()].filter(
    ({ actorId, value }) => machineOf(actorId) === 'installation' && typeof value === 'object' && value !== null,
  );
  const alive = new Set<string>(present.map(({ actorId }) => actorId));
  return [
    ...[...stored].filter((actorId) => !alive.has(actorId)).map((actorId) => `${actorId} has a row and no actor`),
    ...[...alive].filter((actorId) => !stored.has(actorId)).map((actorId) => `${actorId} has an actor and no row`),
  ];
}

/** Row, sealed credential and actor of a connection are of one generation. */
function connectionFaults({ reads, actors, effects }: Left): string[] {
  const rows = reads.all<ConnectionRow & { sealedGeneration: number | null }>(
    `SELECT connections.*, credentials.generation AS sealedGeneration
     FROM connections LEFT JOIN credentials ON credentials.connectionId = connections.connectionId`,
  );
  const ids = new Set(rows.map(({ connectionId }) => `credential:${connectionId}`));
  const orphans = [...actors.values()].filter(
    ({ actorId, value }) => machineOf(actorId) === 'credential' && value !== null && !ids.has(actorId),
  );
  const isTold = (connectionId: string) =>
    effects.some(
      ({ payload }) => payload.type === 'effect.tellInstallations' && payload['connectionId'] === connectionId,
    );
  const torn = rows.flatMap(({ connectionId, generation, sealedGeneration, status }) => {
    const actor = actors.get(`credential:${connectionId}` as ActorId);
    const generations = [generation, sealedGeneration, actor?.context['generation']];
    if (new Set(generations).size !== 1) return [`connection ${connectionId} is torn: ${generations.join(', ')}`];
    const isRevoked = actor?.value === 'revoked';
    if (isRevoked === (status === 'bad_credentials') || isTold(connectionId)) return [];
    return [`connection ${connectionId} is ${status} and its actor ${JSON.stringify(actor?.value)}`];
  });
  return [...orphans.map(({ actorId }) => `${actorId} has an actor and no row`), ...torn];
}

/** Position, operation and actor of a read stand at the same page. */
function checkpointFaults({ reads, actors, effects }: Left): string[] {
  const operations = new Map(
    reads.all<OperationRow>('SELECT * FROM operations').map((row) => [row.operationId as string, row]),
  );
  return reads.all<CheckpointRow>('SELECT * FROM checkpoints').flatMap((checkpoint) => {
    const { actorId, run, page, operationId, recordsRead } = checkpoint;
    const actor = actors.get(actorId);
    if (actor === undefined || actor.value === null) {
      const isComing = effects.some(({ payload }) => payload.type === 'effect.send' && payload['to'] === actorId);
      const isClosing = effects.some(
        (effect) => effect.actorId === actorId && effect.payload.type === 'effect.closeRun',
      );
      return isComing || isClosing ? [] : [`${actorId} has a checkpoint and no actor`];
    }
    const { run: actorRun, page: actorPage, readType } = actor.context;
    // The last page of a run ends it; the actor goes on from there with the first page of the next.
    const expected = actorRun !== run ? 0 : readType === null ? Math.max(0, page - 1) : page;
    const isAhead = actorRun !== run && actorRun !== run + 1;
    if (isAhead || actorPage !== expected) {
      return [`${actorId} is at run ${actorRun} page ${actorPage}, its checkpoint at run ${run} page ${page}`];
    }
    const told = JSON.parse(operations.get(operationId ?? '')?.metadata ?? '{}') as {
      progress?: { recordsProcessed: number };
    };
    const recordsTold = operationId === null ? 0 : told.progress?.recordsProcessed;
    return recordsTold === recordsRead ? [] : [`the operation of ${actorId} counts otherwise`];
  });
}

/** A lane counts what its outbox holds, and what waits there will be sent. */
function laneFaults({ reads, actors, effects }: Left): string[] {
  const counted = new Map(
    reads
      .all<LaneRow>(
        `SELECT laneId, sum(bytes * (isDead = 0)) AS queuedBytes, sum(isDead = 0) AS queued, 0 AS delivered,
         sum(isDead) AS dead FROM outbox GROUP BY laneId`,
      )
      .map((row) => [row.laneId, row]),
  );
  return reads.all<LaneRow>('SELECT * FROM lanes').flatMap(({ laneId, queued, queuedBytes, dead }) => {
    const rows = counted.get(laneId) ?? { queued: 0, queuedBytes: 0, dead: 0 };
    if (rows.queued !== queued || rows.queuedBytes !== queuedBytes || rows.dead !== dead) {
      return [`lane ${laneId} counts ${queued}/${queuedBytes}/${dead}, its outbox ${JSON.stringify(rows)}`];
    }
    const actorId = `delivery:${laneId}` as ActorId;
    const actor = actors.get(actorId);
    const isNudged = effects.some(({ payload }) => payload.type === 'effect.send' && payload['to'] === actorId);
    const isMoving = actor?.value === 'sending' || (actor?.wakeAtMs ?? null) !== null || isNudged;
    return queued === 0 || isMoving ? [] : [`lane ${laneId} has ${queued} messages that nobody will send`];
  });
}
