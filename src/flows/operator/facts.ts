// Everything that decides why an installation stands where it stands, read from committed rows: its actor, its
// connection's, its provider's circuit, its reads and the lanes they and its events go to. Diagnoses (`diagnoses.ts`)
// are made of this and nothing else. The past of an actor is replayed only when a diagnosis asks for it.

import { leaseTarget } from '../../../actors/leaseTarget.ts';
import type { CredentialContext } from '../../../machines/credentialEvents.ts';
import type { DeliveryContext } from '../../../machines/delivery.ts';
import type { InboxContext } from '../../../machines/inbox.ts';
import type { InstallationContext } from '../../../machines/installation.ts';
import type { ProviderContext } from '../../../machines/provider.ts';
import type { ReadContext } from '../../../machines/readEvents.ts';
import type { SchemaWatchContext } from '../../../machines/schemaWatch.ts';
import type { SubscriptionContext } from '../../../machines/subscription.ts';
import { type ActorId, actorIdOf, type ProjectId } from '../../core/ids.ts';
import { INBOX_EVENTS_MAX, OPERATOR_LIST_MAX } from '../../core/limits.ts';
import type { Ms } from '../../core/time.ts';
import type { EffectiveRead } from '../../manifest/effective.ts';
import { type DestinationRow, readDestination } from '../../store/tables/accounts.ts';
import { type ConnectionRow, readConnection } from '../../store/tables/connections.ts';
import { type InboxDepth, readInboxDepth } from '../../store/tables/inbox.ts';
import {
  type CheckpointRow,
  type InstallationRow,
  readCheckpointsOf,
  readInstallation,
  readIntegration,
} from '../../store/tables/installations.ts';
import { countDead, type OutboxRow, readDeadLetters, readLane, readMostTried } from '../../store/tables/outbox.ts';
import { type ReceiverRow, readReceiver } from '../../store/tables/receivers.ts';
import { readSnapshot } from '../../store/tables/snapshots.ts';
import { readActorId, readsOf } from '../read/reads.ts';
import { schemaWatchActorId, watchOf } from '../schemaWatch/schedule.ts';
import { subscriptionActorId, subscriptionsOf } from '../subscribe/tell.ts';
import type { Look } from './look.ts';
import { type Past, pastOf, restoredOf } from './past.ts';

/** One actor as it is stored. */
export interface ActorFacts<Context> {
  readonly actorId: ActorId;
  /** Dotted; null for one that has ended, has a row only because it is paused, or is in a state nobody can read. */
  readonly state: string | null;
  /** Empty without a state. */
  readonly context: Context;
  readonly wakeAtMs: Ms | null;
  readonly pausedReason: string | null;
  readonly pausedAtMs: Ms | null;
  /** Its last steps, the latest last. */
  past(): Past;
}

export interface ReadFacts extends ActorFacts<ReadContext> {
  readonly objectName: string;
  readonly isDisabled: boolean;
  /** As the manifest names it. */
  readonly destination: string | null;
  readonly hasDestination: boolean;
  readonly recordsRead: number;
}

export interface LaneFacts {
  /** Null before the first message. */
  readonly actor: ActorFacts<DeliveryContext> | null;
  readonly destinationId: string;
  readonly name: string;
  readonly queued: number;
  readonly queuedBytes: number;
  /** Dead letters that are kept, of all installations; counted up to a bound. */
  readonly dead: number;
  readonly lastDead: Pick<OutboxRow, 'lastError'> | null;
  /** The waiting message that has failed most often, if any has. */
  readonly failing: Pick<OutboxRow, 'attempts' | 'lastError' | 'nextAttemptAtMs' | 'createdAtMs'> | null;
}

export interface Facts {
  readonly nowMs: Ms;
  readonly isServing: boolean;
  readonly isDiskHealthy: boolean;
  readonly installationId: string;
  /** Whose installation of what it is, as people say it. */
  readonly subject: string;
  readonly providerName: string;
  readonly installation: ActorFacts<InstallationContext> | null;
  readonly credential: ActorFacts<CredentialContext> | null;
  readonly circuit: ActorFacts<ProviderContext> | null;
  /** Null where the provider is asked for nothing. */
  readonly subscription: ActorFacts<SubscriptionContext> | null;
  readonly reads: readonly ReadFacts[];
  /** What looks at the fields of its objects; null where nobody asked for that. */
  readonly schemaWatch: ActorFacts<SchemaWatchContext> | null;
  /** Null before the first webhook. */
  readonly inbox: ActorFacts<InboxContext> | null;
  /** What waits in it. */
  readonly inboxDepth: InboxDepth;
  /** How the address of its webhooks was replaced; null where it is the first. */
  readonly receiver: ReceiverRow | null;
  readonly lanes: readonly LaneFacts[];
}

/** Null if there is no such installation, or there is nothing left of it. */
export function factsOf(look: Look, installationId: string): Facts | null {
  const { reads } = look.store;
  const row = readInstallation(reads, installationId);
  const installation = actorFacts<InstallationContext>(look, actorIdOf('installation', installationId));
  if (row === undefined && (installation?.state ?? installation?.pausedReason ?? null) === null) return null;
  const shared = {
    nowMs: look.clock.nowMs(),
    isServing: look.isServing,
    isDiskHealthy: look.store.isHealthy,
    installationId,
    installation,
    inbox: actorFacts<InboxContext>(look, actorIdOf('inbox', installationId)),
    inboxDepth: readInboxDepth(reads, installationId, INBOX_EVENTS_MAX),
    receiver: readReceiver(reads, installationId) ?? null,
  };
  const connection = row === undefined ? undefined : readConnection(reads, row.connectionId);
  if (row === undefined || connection === undefined) {
    const subject = `The installation ${installationId}`;
    const nothing = { credential: null, circuit: null, subscription: null, reads: [], schemaWatch: null, lanes: [] };
    return { ...shared, subject, providerName: 'the provider', ...nothing };
  }
  return { ...shared, ...factsInUse(look, row, connection) };
}

function factsInUse(look: Look, row: InstallationRow, connection: ConnectionRow) {
  const { store, catalog } = look;
  const integration = readIntegration(store.reads, row.projectId, row.integrationId);
  const declaration = catalog.find(connection.provider);
  const providerName = declaration?.displayName ?? connection.provider;
  const effective = readsOf(look, row);
  const watch = watchOf(look, row);
  const delivering = [...effective, ...subscriptionsOf(look, row)];
  const named = [...delivering.map(({ destination }) => destination), watch?.destination ?? null];
  const destinations = destinationsOf(look, row.projectId, named);
  return {
    subject: `"${integration?.name ?? row.integrationId}" of ${connection.groupName} (${providerName})`,
    providerName,
    credential: actorFacts<CredentialContext>(look, actorIdOf('credential', row.connectionId)),
    circuit:
      declaration === undefined
        ? null
        : actorFacts<ProviderContext>(look, actorIdOf('provider', leaseTarget(declaration, connection).providerKey)),
    subscription: actorFacts<SubscriptionContext>(look, subscriptionActorId(row.installationId)),
    reads: readFactsOf(look, row, effective, destinations),
    schemaWatch: actorFacts<SchemaWatchContext>(look, schemaWatchActorId(row.installationId)),
    lanes: [...destinations.values()].map((destination) => laneFacts(look, destination)),
  };
}

/** Those that there are, by the name that the manifest uses. */
function destinationsOf(
  { store }: Look,
  projectId: ProjectId,
  named: readonly (string | null)[],
): ReadonlyMap<string, DestinationRow> {
  const names = new Set(named.filter((name) => name !== null));
  const rows = new Map<string, DestinationRow>();
  for (const name of names) {
    const row = readDestination(store.reads, projectId, name);
    if (row !== undefined) rows.set(name, row);
  }
  return rows;
}

function readFactsOf(
  look: Look,
  { installationId }: InstallationRow,
  effective: readonly EffectiveRead[],
  destinations: ReadonlyMap<string, DestinationRow>,
): readonly ReadFacts[] {
  const checkpoints = new Map<string, CheckpointRow>(
    readCheckpointsOf(look.store.reads, installationId).map((checkpoint) => [checkpoint.actorId, checkpoint]),
  );
  return effective.slice(0, OPERATOR_LIST_MAX).flatMap((read): ReadFacts[] => {
    const { objectName, destination, isDisabled } = read;
    const actorId = readActorId(installationId, objectName);
    const actor = actorFacts<ReadContext>(look, actorId);
    if (actor === null) return [];
    const hasDestination = destination !== null && destinations.has(destination);
    const recordsRead = checkpoints.get(actorId)?.recordsRead ?? 0;
    return [{ ...actor, objectName, isDisabled, destination, hasDestination, recordsRead }];
  });
}

function laneFacts(look: Look, { destinationId, name }: DestinationRow): LaneFacts {
  const { reads } = look.store;
  const lane = readLane(reads, destinationId);
  const tried = readMostTried(reads, destinationId);
  return {
    actor: actorFacts<DeliveryContext>(look, actorIdOf('delivery', destinationId)),
    destinationId,
    name,
    queued: lane?.queued ?? 0,
    queuedBytes: lane?.queuedBytes ?? 0,
    dead: countDead(reads, destinationId, OPERATOR_LIST_MAX),
    lastDead: readDeadLetters(reads, destinationId, 1)[0] ?? null,
    failing: tried === undefined || tried.attempts === 0 ? null : tried,
  };
}

/** As hosts say it. */
const UNREADABLE = 'the stored state cannot be read by this version';

function actorFacts<Context>(look: Look, actorId: ActorId): ActorFacts<Context> | null {
  const row = readSnapshot(look.store.reads, actorId);
  if (row === undefined) return null;
  const { wakeAtMs, pausedAtMs } = row;
  const restored = row.state === '' ? null : restoredOf(row);
  const isUnreadable = row.state !== '' && restored === null;
  let past: Past | null = null;
  return {
    actorId,
    state: restored?.state ?? null,
    context: (restored?.context ?? {}) as Context,
    wakeAtMs,
    // Its next event pauses it.
    pausedReason: row.pausedReason ?? (isUnreadable ? UNREADABLE : null),
    pausedAtMs,
    past: () => {
      past ??= pastOf(look, row);
      return past;
    },
  };
}
