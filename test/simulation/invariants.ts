// What Tenon promises, one function each. A function answers what is wrong, or null. Those that look at a single moment
// are asked by the witness when it comes; the others when a process has ended or started, and when all is at rest.

import { stateNameOf } from '../../actors/replay.ts';
import { CREDENTIAL_PURPOSE } from '../../actors/tokenManager.ts';
import { parseCredential } from '../../src/auth/credential.ts';
import type { Vault } from '../../src/auth/vault.ts';
import { actorIdOf, machineOf } from '../../src/core/ids.ts';
import { GRANT_HELD_MS_MAX, INCREMENTAL_OVERLAP_MS } from '../../src/core/limits.ts';
import { type Ms, SECOND_MS } from '../../src/core/time.ts';
import { readActorId, readsOf } from '../../src/flows/read/reads.ts';
import type { Services } from '../../src/flows/services.ts';
import type { EventType } from '../../src/flows/topics.ts';
import type { Reads, RowWrite } from '../../src/store/port.ts';
import type { ConnectionRow } from '../../src/store/tables/connections.ts';
import type { CheckpointRow, InstallationRow } from '../../src/store/tables/installations.ts';
import type { LaneRow, OutboxRow } from '../../src/store/tables/outbox.ts';
import type { Account } from './accounts.ts';
import { type Destinations, recordsIn } from './destination.ts';
import { hasSecret, type RefreshTokenFacts, refreshTokenFacts } from './grants.ts';

type Broken = string | null;

/**
 * States in which nothing is outstanding, by machine. An actor in any other must have an alarm or an effect.
 * `halfOpen` rests because only the next call can be its probe.
 */
const RESTING: Readonly<Record<string, readonly string[]>> = {
  installation: ['absent', 'present.active', 'present.needsReauth'],
  credential: ['absent', 'fresh', 'revoked'],
  providerApp: ['trusted'],
  read: ['absent', 'idle', 'blocked', 'paused'],
  inbox: ['idle'],
  delivery: ['idle'],
  provider: ['closed', 'halfOpen'],
};

/** The effect whose answer such a state waits for; all other waiting states wait for an alarm. */
const ANSWERED_BY: Readonly<Record<string, string>> = {
  'installation removing': 'effect.tellReads',
  'credential refreshing': 'effect.refresh',
  'read reading': 'effect.readPage',
  'inbox working': 'effect.processInbox',
  'delivery sending': 'effect.deliver',
};

interface StoredActor {
  readonly actorId: string;
  readonly state: string;
  readonly wakeAtMs: Ms | null;
  readonly pausedReason: string | null;
}

interface ActorState {
  readonly name: string;
  readonly context: Readonly<Record<string, unknown>>;
}

function stateOf({ state }: StoredActor): ActorState {
  const { value, context } = JSON.parse(state) as { value: unknown; context: ActorState['context'] };
  return { name: stateNameOf(value), context };
}

/** Actors that have a state; of the others only the revision is kept. */
function storedActors(reads: Reads): StoredActor[] {
  return reads.all(`SELECT actorId, state, wakeAtMs, pausedReason FROM snapshots WHERE state <> ''`);
}

/** At every commit and in every crash: whoever waits is woken by an alarm or answered by an effect. */
export function everyWaitingActorHasAWakeOrAnEffect(reads: Reads): Broken {
  const effects = reads.all<{ actorId: string; type: string }>(
    `SELECT actorId, payload ->> '$.type' AS type FROM effects`,
  );
  const asked = new Set(effects.map(({ actorId, type }) => `${actorId} ${type}`));
  for (const actor of storedActors(reads)) {
    const { actorId, wakeAtMs } = actor;
    const { name, context } = stateOf(actor);
    const machine = machineOf(actorId as never);
    const isConfigOwed = context['configRevision'] !== context['appliedRevision'] && name !== 'removing';
    if (isConfigOwed && !asked.has(`${actorId} effect.applyConfig`))
      return `${actorId} owes its config and nobody acts`;
    const isScheduled = name === 'idle' && typeof context['nextRunAtMs'] === 'number';
    if (RESTING[machine]?.includes(name) === true && !isScheduled) continue;
    const effect = ANSWERED_BY[`${machine} ${name}`];
    const isAwaited = effect === undefined ? wakeAtMs !== null : asked.has(`${actorId} ${effect}`);
    if (!isAwaited) return `${actorId} is ${name} without ${effect ?? 'an alarm'}`;
  }
  return null;
}

/** A lane with messages that are not dead sends them, or knows when it will. */
export function everyMessageHasItsTurn(reads: Reads): Broken {
  const lanes = reads.all<{ laneId: string }>('SELECT DISTINCT laneId FROM outbox WHERE isDead = 0');
  for (const { laneId } of lanes) {
    const actorId = actorIdOf('delivery', laneId);
    const actor = reads.get<StoredActor>('SELECT * FROM snapshots WHERE actorId = ?', actorId);
    if (actor !== undefined && (actor.wakeAtMs !== null || stateOf(actor).name === 'sending')) continue;
    // The nudge may still be on its way.
    const sent = reads.get(`SELECT 1 FROM effects WHERE payload ->> '$.to' = ?`, actorId);
    if (sent === undefined) return `lane ${laneId} has messages and neither a round nor an alarm`;
  }
  return null;
}

/** The counters that back-pressure is decided by are those of the rows. */
export function lanesCountTheirMessages(reads: Reads): Broken {
  for (const lane of reads.all<LaneRow>('SELECT * FROM lanes')) {
    const rows = reads.all<OutboxRow>('SELECT * FROM outbox WHERE laneId = ?', lane.laneId);
    const alive = rows.filter(({ isDead }) => isDead === 0);
    const queuedBytes = alive.reduce((sum, { bytes }) => sum + bytes, 0);
    const isSame =
      lane.queued === alive.length && lane.queuedBytes === queuedBytes && lane.dead === rows.length - alive.length;
    if (!isSame) return `lane ${lane.laneId} counts ${JSON.stringify(lane)}, its rows are ${alive.length}`;
  }
  return null;
}

/** No machine meets an event that it cannot handle. */
export function noActorIsSetAside(reads: Reads): Broken {
  const paused = reads.get<StoredActor>('SELECT * FROM snapshots WHERE pausedReason IS NOT NULL');
  if (paused !== undefined) return `${paused.actorId} is paused: ${paused.pausedReason}`;
  const row = reads.get<{ actorId: string; error: string }>('SELECT * FROM quarantine');
  return row === undefined ? null : `an event of ${row.actorId} was set aside: ${row.error}`;
}

/** When an alarm's time has come it rings; `graceMs` is how late it may. */
export function noAlarmIsForgotten(reads: Reads, nowMs: Ms, graceMs: Ms): Broken {
  const late = storedActors(reads).find(({ wakeAtMs }) => wakeAtMs !== null && wakeAtMs < nowMs - graceMs);
  return late === undefined ? null : `the alarm of ${late.actorId} is ${nowMs - (late.wakeAtMs ?? 0)} ms late`;
}

/** What the API said yes to is there, whatever ended afterwards; what it deleted is gone. */
export function nothingAcknowledgedIsLost(reads: Reads, promised: ReadonlyMap<string, boolean>): Broken {
  for (const [key, isPresent] of promised) {
    const [table = '', id = ''] = key.split(' ');
    const row = reads.get(`SELECT 1 FROM ${table} WHERE ${table.slice(0, -1)}Id = ?`, id);
    if ((row !== undefined) !== isPresent) return `${key} was ${isPresent ? 'promised' : 'deleted'} and is not so`;
  }
  return null;
}

/**
 * Every record that an account had up to the watermark of a read, less what searches may lag, was told to the
 * destination in that version or a later one, or is in a message that waits or died.
 */
export function everyRecordIsTold(reads: Reads, destinations: Destinations, accountOf: AccountOf): Broken {
  const told = new Map(destinations.told);
  for (const { body } of reads.all<OutboxRow>('SELECT * FROM outbox')) {
    for (const { key, version } of recordsIn(body)) told.set(key, Math.max(version, told.get(key) ?? 0));
  }
  const rows = reads.all<CheckpointRow & InstallationRow>(
    'SELECT * FROM checkpoints JOIN installations USING (installationId) WHERE watermarkMs IS NOT NULL',
  );
  for (const row of rows) {
    const { installationId, objectName, watermarkMs } = row;
    const upToMs = (watermarkMs ?? 0) - INCREMENTAL_OVERLAP_MS;
    for (const { id, version, modifiedMs } of accountOf(row)?.records(objectName) ?? []) {
      if (modifiedMs > upToMs) continue;
      const toldVersion = told.get(`${installationId}/${objectName}/${id}`) ?? 0;
      if (toldVersion >= version) continue;
      return `${objectName} ${id} of ${installationId} has version ${version}, told was ${toldVersion}`;
    }
  }
  return null;
}

/** What an installation is told comes from its own customer's account, whoever connected again and however often. */
export function nobodySeesAnothersRecords(reads: Reads, destinations: Destinations, accountOf: AccountOf): Broken {
  for (const key of destinations.told.keys()) {
    const [installationId = '', objectName = '', recordId] = key.split('/');
    const row = reads.get<InstallationRow>('SELECT * FROM installations WHERE installationId = ?', installationId);
    const account = row === undefined ? undefined : accountOf(row);
    const isOwn = account?.records(objectName).some(({ id }) => String(id) === recordId) !== false;
    if (!isOwn) return `${installationId} was told ${objectName} ${recordId}, which is not of ${account?.name}`;
  }
  return null;
}

/** The account behind an installation. */
export type AccountOf = (installation: Pick<InstallationRow, 'connectionId'>) => Account | undefined;

/** The refresh token that is stored for a connection; null without one. */
export function storedRefreshToken(reads: Reads, vault: Vault, connectionId: string): string | null {
  const row = reads.get<{ generation: number; sealed: Uint8Array }>(
    'SELECT generation, sealed FROM credentials WHERE connectionId = ?',
    connectionId,
  );
  if (row === undefined) return null;
  const place = { connectionId, generation: row.generation, purpose: CREDENTIAL_PURPOSE };
  const credential = parseCredential(vault.open(row.sealed, place).toString());
  return credential.scheme === 'oauth2' ? (credential.refreshToken ?? null) : null;
}

/** The newest refresh token of a grant that a process had in its hands and had no reason to lose. */
export type NewestOf = (grantId: string) => number;

/** A rotated refresh token that reached a process is the stored one, or a later one is. */
export function noReceivedRotationIsLost(reads: Reads, vault: Vault, newestOf: NewestOf): Broken {
  for (const { connectionId } of reads.all<ConnectionRow>('SELECT * FROM connections')) {
    const facts = refreshTokenFacts(storedRefreshToken(reads, vault, connectionId) ?? '');
    if (facts === null) continue;
    const newest = newestOf(facts.grantId);
    if (facts.index >= newest) continue;
    return `${connectionId} has refresh token ${facts.index} of ${facts.grantId}, ${newest} was received`;
  }
  return null;
}

/** The same at the moment of use: no process sends a refresh token whose successor it, or one before it, received. */
export function noReplacedTokenIsUsed({ grantId, index }: RefreshTokenFacts, newestOf: NewestOf): Broken {
  const newest = newestOf(grantId);
  return index >= newest ? null : `refresh token ${index} of ${grantId} was sent, ${newest} was received before`;
}

/** The effect that is marked as attempted for the stored credential of a connection; null without one. */
export function attemptOf(reads: Reads, connectionId: string): string | null {
  const row = reads.get<{ effectId: string }>(
    `SELECT effectId FROM effects JOIN credentials ON connectionId = ? WHERE actorId = ? AND isAttempted = 1
      AND payload ->> '$.type' = 'effect.refresh' AND payload ->> '$.generation' = generation`,
    connectionId,
    actorIdOf('credential', connectionId),
  );
  return row?.effectId ?? null;
}

/** A refresh is marked as attempted on disk before its first byte. */
export function attemptIsOnDisk(connectionId: string, effectId: string | null): Broken {
  return effectId === null ? `${connectionId} is refreshed and no row says so` : null;
}

/** No grant is refreshed while an answer to its last refresh may still come to this process. */
export function oneRefreshInFlight(grantId: string, isAnotherOpen: boolean): Broken {
  return isAnotherOpen ? `${grantId} is refreshed twice at the same time` : null;
}

/** The answer to a refresh is on disk before the step that uses it, unless the disk refused it. */
export function answerIsSealedFirst(reads: Reads, effectId: string): Broken {
  const row = reads.get<{ result: Uint8Array | null }>('SELECT result FROM effects WHERE effectId = ?', effectId);
  return row?.result === null ? `the answer to ${effectId} is used before it is stored` : null;
}

/** A message leaves the outbox only when its destination took it. */
export function messageWasAccepted(reads: Reads, seq: number, accepted: ReadonlySet<string>): Broken {
  const row = reads.get<OutboxRow>('SELECT * FROM outbox WHERE seq = ?', seq);
  if (row === undefined || accepted.has(row.messageId)) return null;
  return `${row.messageId} is deleted and was never accepted`;
}

/** What a builder is told of, by the statement that makes it so, with the place of its subject among the parameters. */
const EVENTS: Readonly<Record<string, readonly [type: EventType, subject: number]>> = {
  'connections.insert': ['connection.created', 0],
  'connections.reconnect': ['connection.updated', 13],
  'connections.refreshed': ['connection.refreshed', 5],
  'connections.delete': ['connection.deleted', 0],
  'installations.insert': ['installation.created', 0],
  'installations.delete': ['installation.deleted', 0],
};
export const TOLD_EVENTS = Object.values(EVENTS).map(([type]) => type);
const SUBJECT_OF_MESSAGE = 8;

/** A step that makes an event tells of it, once, and no step tells of an event that it does not make. */
export function eventsAreTold(writes: readonly RowWrite[]): Broken {
  const made = writes.flatMap(({ statement, params }) => {
    const event = EVENTS[statement];
    return event === undefined ? [] : [`${event[0]} ${params[event[1]]}`];
  });
  const told = writes.flatMap(({ statement, params }) => {
    if (statement !== 'outbox.insert' || params[SUBJECT_OF_MESSAGE] === null) return [];
    const { notificationType } = JSON.parse(String(params[3])) as { readonly notificationType: string };
    return [`${notificationType} ${params[SUBJECT_OF_MESSAGE]}`];
  });
  const [makes, tells] = [made, told].map((events) => events.toSorted().join(', '));
  return makes === tells ? null : `a step makes [${makes}] and tells [${tells}]`;
}

/** Nobody is asked to connect again unless the provider refused the grant, or an answer was or may have been lost. */
export function reconnectHasItsReason(connectionId: string, reasons: ReadonlySet<string>): Broken {
  return reasons.has(connectionId) ? null : `${connectionId} is marked bad and nothing happened to it`;
}

/**
 * A customer whose grant the provider still honours is not left asking to connect again after an incident. `refused`
 * are those who were refused while everybody was.
 */
export function noCustomerIsMarkedBadInAnIncident(
  { connectionId, status }: Pick<ConnectionRow, 'connectionId' | 'status'>,
  refused: ReadonlySet<string>,
  isHonoured: boolean,
): Broken {
  if (status !== 'bad_credentials' || !isHonoured || !refused.has(connectionId)) return null;
  return `${connectionId} is marked bad, was refused together with others, and its grant is honoured`;
}

/** A customer is held back while their provider app is in doubt, and released with it. */
export function nobodyIsHeldForNothing(connectionId: string, forMs: number, withinMs: number): Broken {
  return forMs <= withinMs ? null : `${connectionId} is held for ${forMs} ms with a provider app that is trusted`;
}

/** An event of a credential actor, as its history has it. */
export interface PastEvent {
  readonly type: string;
  readonly nowMs: Ms;
}

/** What lets a refresh token that was refused be sent again: a probe, a release, or six hours in which nobody came. */
export function refusedTokenHasAReason(connectionId: string, events: readonly PastEvent[]): Broken {
  const at = events.findLastIndex(({ type }) => type === 'refresh.refused');
  const refused = events[at];
  const later = events.slice(at + 1);
  if (refused === undefined || later.some(({ type }) => /^(refresh\.succeeded|credential\.stored)$/.test(type))) {
    return null;
  }
  const isAllowed = later.some(
    ({ type, nowMs }) =>
      type === 'grant.probed' ||
      type === 'grant.released' ||
      (type === 'alarm.fired' && nowMs >= refused.nowMs + GRANT_HELD_MS_MAX),
  );
  return isAllowed ? null : `${connectionId} sends a refused refresh token again`;
}

/** A checkpoint accounts for exactly the records in messages that are committed with it or were before. */
export function checkpointIsNeverAhead(operationId: string, recordsRead: number, told: number): Broken {
  if (recordsRead === told) return null;
  return `operation ${operationId} accounts for ${recordsRead} records, told are ${told}`;
}

/** When all is at rest every read of every installation has finished a run since `sinceMs` and waits for the next. */
export function readsKeepTheirSchedule(services: Services, sinceMs: Ms): Broken {
  const { reads } = services.store;
  for (const installation of reads.all<InstallationRow>('SELECT * FROM installations')) {
    for (const { objectName } of readsOf(services, installation)) {
      const actorId = readActorId(installation.installationId, objectName);
      const actor = reads.get<StoredActor>('SELECT * FROM snapshots WHERE actorId = ?', actorId);
      const name = actor === undefined ? 'absent' : stateOf(actor).name;
      const checkpoint = reads.get<CheckpointRow>('SELECT * FROM checkpoints WHERE actorId = ?', actorId);
      if (name === 'idle' && actor?.wakeAtMs != null && (checkpoint?.watermarkMs ?? 0) >= sinceMs) continue;
      const lateMs = sinceMs - (checkpoint?.watermarkMs ?? 0);
      return `${actorId} is ${name}, its last finished run began ${lateMs} ms before the calm`;
    }
  }
  return null;
}

/** Of a credential when the provider is well and an operator has decided what the runtime could not know. */
const BUSY: ReadonlySet<string> = new Set(['refreshing', 'backingOff', 'suspect', 'appFault']);

/** When all is at rest no effect is left, no message that could be sent, and nobody is held back. */
export function nothingIsLeftToDo(reads: Reads): Broken {
  const effect = reads.get<{ effectId: string; payload: string }>('SELECT * FROM effects');
  if (effect !== undefined) return `effect ${effect.effectId} is left: ${effect.payload}`;
  const message = reads.get<OutboxRow>('SELECT * FROM outbox WHERE isDead = 0');
  if (message !== undefined) return `message ${message.messageId} waits after ${message.attempts} attempts`;
  const credentials = storedActors(reads).filter(({ actorId }) => actorId.startsWith('credential:'));
  const busy = credentials.find((actor) => BUSY.has(stateOf(actor).name));
  return busy === undefined ? null : `${busy.actorId} is ${stateOf(busy).name}`;
}

const OPEN_TABLES = ['snapshots', 'effects', 'quarantine', 'connections', 'installations', 'operations', 'outbox'];

/** No token is in a row that is not sealed. */
export function noSecretIsStoredOpenly(reads: Reads): Broken {
  for (const table of OPEN_TABLES) {
    const row = reads.all<object>(`SELECT * FROM ${table}`).find((row) => hasSecret(JSON.stringify(row)));
    if (row !== undefined) return `a token is in ${table}: ${JSON.stringify(row)}`;
  }
  return null;
}

/** Nor is one in a line of the log. */
export function noSecretIsLogged(line: string): Broken {
  return hasSecret(line) ? `a token is in the log: ${line}` : null;
}

/** Dead letters say why, and so do reads that stopped. */
export function everyEndHasItsReason(reads: Reads): Broken {
  const mute = reads.get<OutboxRow>('SELECT * FROM outbox WHERE isDead = 1 AND lastError IS NULL');
  return mute === undefined ? null : `message ${mute.messageId} died without a reason`;
}

/** The provider hears of a call a little later than it was counted. */
const LEAVES_WITHIN_MS = 2 * SECOND_MS;

/**
 * Times of calls within one life of the process, against a limit per window. Windows that outlive a process are asked
 * for here as soon as they are stored.
 */
export function noWindowIsOverspent(sentAtMs: readonly Ms[], limit: number, windowMs: Ms): Broken {
  const first = sentAtMs.at(-1 - limit);
  const last = sentAtMs.at(-1) ?? 0;
  if (first === undefined || last - first >= windowMs - LEAVES_WITHIN_MS) return null;
  return `${limit + 1} calls within ${last - first} ms, ${limit} are allowed in ${windowMs}`;
}
