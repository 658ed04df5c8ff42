// What installation and credential actors ask for: bring reads and the subscription in line with the config, and pass
// on news. Lists are read from tables here, so that machines hold none.

import type { ReplayableHandler, Settlement } from '../../../actors/dispatch.ts';
import type { Message } from '../../../actors/host.ts';
import type { ApplyConfigEffect, Effect, TellInstallationsEffect, TellReadsEffect } from '../../../machines/effects.ts';
import { actorIdOf, type ConnectionId } from '../../core/ids.ts';
import { EFFECT_DEADLINE_MS } from '../../core/limits.ts';
import type { Ms } from '../../core/time.ts';
import { agendaOf, type EffectiveRead } from '../../manifest/effective.ts';
import type { RowWrite } from '../../store/port.ts';
import { readConnection, setConnectionStatus } from '../../store/tables/connections.ts';
import { readInboxDepth } from '../../store/tables/inbox.ts';
import {
  beginCheckpoint,
  readCheckpointsOf,
  readInstallation,
  readInstallationsOfConnection,
  setInstallationHealth,
} from '../../store/tables/installations.ts';
import { readSnapshot } from '../../store/tables/snapshots.ts';
import { type Appended, NOTHING_APPENDED } from '../deliver/append.ts';
import { connectionFailed } from '../notify/events.ts';
import { readActorId, readsOf, scheduledAtMs } from '../read/reads.ts';
import { watchConfigured, watchTold } from '../schemaWatch/schedule.ts';
import type { Services } from '../services.ts';
import { subscriptionConfigured, subscriptionTold } from '../subscribe/tell.ts';

/** These handlers only read tables: there is no failure to tell an actor of, so they are tried again. */
function replayable<E extends Effect>(perform: (effect: E) => Settlement): ReplayableHandler<E> {
  return { kind: 'replayable', deadlineMs: EFFECT_DEADLINE_MS, perform: async (effect) => perform(effect) };
}

export function applyConfigHandler(services: Services): ReplayableHandler<ApplyConfigEffect> {
  return replayable(({ installationId, configRevision }) => {
    const event = { type: 'config.applied', configRevision };
    const installation = readInstallation(services.store.reads, installationId);
    if (installation === undefined) return { event };
    const nowMs = services.clock.nowMs();
    const rows = readCheckpointsOf(services.store.reads, installationId);
    const known = new Set(rows.map(({ actorId }) => actorId));
    const effective = readsOf(services, installation);
    const wanted = new Set(effective.map(({ objectName }) => readActorId(installationId, objectName)));
    const dropped = rows.filter(({ actorId }) => !wanted.has(actorId));
    const messages = [
      ...effective.map((read): Message => configuredMessage(installationId, read, nowMs)),
      ...dropped.map(
        ({ actorId, objectName }): Message => ({ to: actorId, event: unscheduled(installationId, objectName) }),
      ),
      ...watchConfigured(services, installation),
    ];
    // Also the list of an installation's reads: whoever must be told is found here.
    const writes = effective.flatMap(({ objectName }): RowWrite[] => {
      const actorId = readActorId(installationId, objectName);
      const { installationId: of } = installation;
      return known.has(actorId) ? [] : [beginCheckpoint({ actorId, installationId: of, objectName })];
    });
    const subscribed = subscriptionConfigured(services, installation);
    return {
      event,
      messages: [...messages, ...subscribed.messages],
      writes: [...writes, ...subscribed.writes],
    };
  });
}

function configuredMessage(installationId: string, read: EffectiveRead, nowMs: Ms): Message {
  const { objectName, hasBackfill } = agendaOf(read);
  return {
    to: readActorId(installationId, objectName),
    event: {
      type: 'read.configured',
      installationId,
      objectName,
      hasBackfill,
      nextRunAtMs: scheduledAtMs(read, nowMs),
    },
  };
}

/** An object that config or manifest no longer name: its position is kept, in case it comes back. */
function unscheduled(installationId: string, objectName: string): Message['event'] {
  return { type: 'read.configured', installationId, objectName, hasBackfill: false, nextRunAtMs: null };
}

export function tellReadsHandler(services: Services): ReplayableHandler<TellReadsEffect> {
  return replayable(({ installationId, event, objects }) => {
    const nowMs = services.clock.nowMs();
    const wanted = objects === null ? null : new Set(objects.map((name) => name.toLowerCase()));
    const rows = readCheckpointsOf(services.store.reads, installationId);
    const messages = [
      ...rows
        .filter(({ objectName }) => wanted === null || wanted.has(objectName.toLowerCase()))
        .map(({ actorId }): Message => ({ to: actorId, event: { type: event } })),
      ...inboxMessages(services, installationId, event),
      ...watchTold(services, installationId, event),
      ...subscriptionTold(services, installationId, event),
    ];
    if (event === 'read.removed') return { event: { type: 'reads.removed' }, messages };
    const health = { 'read.blocked': 'unhealthy', 'read.unblocked': 'healthy' } as const;
    const writes =
      event === 'read.blocked' || event === 'read.unblocked'
        ? [setInstallationHealth(installationId, health[event], nowMs)]
        : [];
    return { event: null, messages, writes };
  });
}

/** What its inbox has to know of it. One where nothing waits is not blocked, and one that never was has not to end. */
function inboxMessages({ store }: Services, installationId: string, event: TellReadsEffect['event']): Message[] {
  const to = actorIdOf('inbox', installationId);
  const isUnblocked = event === 'read.unblocked' && readInboxDepth(store.reads, installationId, 1).events > 0;
  if (isUnblocked) return [{ to, event: { type: 'inbox.unblocked' } }];
  const isOver = event === 'read.removed' && readSnapshot(store.reads, to) !== undefined;
  return isOver ? [{ to, event: { type: 'inbox.removed' } }] : [];
}

export function tellInstallationsHandler(services: Services): ReplayableHandler<TellInstallationsEffect> {
  return replayable((effect) => {
    const { connectionId, event } = effect;
    const told = event === 'connection.revoked' ? endOf(services, effect) : NOTHING_APPENDED;
    const fates = readInstallationsOfConnection(services.store.reads, connectionId).map(
      ({ installationId }): Message => ({
        to: actorIdOf('installation', installationId),
        event: { type: event === 'connection.held' ? 'connection.restored' : event, connectionId },
      }),
    );
    return {
      event: null,
      writes: [...statusWrites(services, effect), ...told.writes],
      messages: [...fates, ...told.messages],
      onCommitted: () => services.tokens.forget(connectionId as ConnectionId),
    };
  });
}

/** What the builder is told of a connection that ended; nothing if it was connected again meanwhile. */
function endOf(services: Services, { connectionId, generation, reason }: TellInstallationsEffect): Appended {
  const connection = readConnection(services.store.reads, connectionId);
  if (connection?.generation !== generation) return NOTHING_APPENDED;
  return connectionFailed(services, connection, reason ?? 'the provider no longer accepts the credential');
}

/** Connecting again writes the status of its own generation. */
function statusWrites({ clock }: Services, { connectionId, generation, event }: TellInstallationsEffect): RowWrite[] {
  if (event === 'connection.restored') return [];
  const status = event === 'connection.revoked' ? 'bad_credentials' : 'created';
  return [setConnectionStatus(connectionId, generation, status, clock.nowMs())];
}
