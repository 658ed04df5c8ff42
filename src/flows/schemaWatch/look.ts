// One look at the fields of one object: ask the provider, compare with what was there, and settle. What there is now,
// the messages that tell of it and the machine's step commit in one transaction, or not at all; so after a crash the
// object is looked at again, and no change is lost or told twice by us.

import type { ReplayableHandler, Settlement } from '../../../actors/dispatch.ts';
import type { ForgetFieldsEffect, WatchSchemaEffect } from '../../../machines/effects.ts';
import type { DescribedObject } from '../../connectors/contract.ts';
import { countOutcome, countsOf, LOOK_OUTCOMES } from '../../core/counts.ts';
import { type ErrorFacts, errorFacts, IntegrationError } from '../../core/errors.ts';
import { EFFECT_DEADLINE_MS, FIELD_DESCRIPTION_CHARS_MAX, FIELD_SNAPSHOT_BYTES_MAX } from '../../core/limits.ts';
import type { EffectiveRead } from '../../manifest/effective.ts';
import { changeMessages, fieldChanges, type SchemaWatch, type WatchedField } from '../../manifest/schemaWatch.ts';
import { type DestinationRow, readDestination } from '../../store/tables/accounts.ts';
import { type ConnectionRow, readConnection } from '../../store/tables/connections.ts';
import {
  eraseFieldSnapshots,
  keepFieldSnapshots,
  putFieldSnapshot,
  readFieldSnapshot,
} from '../../store/tables/fieldSnapshots.ts';
import { type InstallationRow, readInstallation } from '../../store/tables/installations.ts';
import { type Appended, appendToLane, isLaneFull, laneRetryAtMs, NOTHING_APPENDED } from '../deliver/append.ts';
import { messageHead } from '../deliver/customer.ts';
import { describedObject } from '../install/describe.ts';
import { readsOf } from '../read/reads.ts';
import type { Services } from '../services.ts';
import { setbackOf, tooLate } from '../setback.ts';
import { HOURLY, nextLookAtMs, watchedReads, watchOf } from './schedule.ts';

/** What is to be looked at, and who is told. */
interface Look {
  readonly installation: InstallationRow;
  readonly connection: ConnectionRow;
  readonly watch: SchemaWatch;
  readonly destination: DestinationRow;
  readonly read: EffectiveRead;
}

export function watchSchemaHandler(services: Services): ReplayableHandler<WatchSchemaEffect> {
  return {
    kind: 'replayable',
    deadlineMs: EFFECT_DEADLINE_MS,
    perform: (effect, signal) => lookOnce(services, effect, signal),
    failed: (effect, error) => {
      const next = nextLook(services, effect);
      return next.kind === 'nothing' ? next.settlement : objectFailed(services, effect, next.look, tooLate(error));
    },
  };
}

export function forgetFieldsHandler(): ReplayableHandler<ForgetFieldsEffect> {
  return {
    kind: 'replayable',
    deadlineMs: EFFECT_DEADLINE_MS,
    perform: async ({ installationId, turn }) => ({
      event: { type: 'fields.forgotten', turn },
      writes: [eraseFieldSnapshots(installationId)],
    }),
  };
}

async function lookOnce(services: Services, effect: WatchSchemaEffect, signal: AbortSignal): Promise<Settlement> {
  const next = nextLook(services, effect);
  if (next.kind === 'nothing') return next.settlement;
  const { look } = next;
  const { connection, read } = look;
  try {
    // Nobody waits for it, least of all a backfill.
    const described = await describedObject(services, connection, read.objectName, 'backfill', signal);
    if (described !== undefined) return looked(services, effect, look, described);
    return ended(services, effect, look, `objects of ${connection.provider} cannot be described yet`);
  } catch (error) {
    return objectFailed(services, effect, look, errorFacts(error));
  }
}

/** As config and manifest say now: the next object, or what there is to answer instead. */
function nextLook(
  services: Services,
  effect: WatchSchemaEffect,
): { readonly kind: 'look'; readonly look: Look } | { readonly kind: 'nothing'; readonly settlement: Settlement } {
  const nothing = (settlement: Settlement) => ({ kind: 'nothing', settlement }) as const;
  const { reads } = services.store;
  const installation = readInstallation(reads, effect.installationId);
  const watch = installation === undefined ? null : watchOf(services, installation);
  if (installation === undefined || watch === null) return nothing(endedUnwatched(services, effect));
  const connection = readConnection(reads, installation.connectionId);
  // It is about to be deleted as well.
  if (connection === undefined)
    return nothing(ended(services, effect, { installation, watch }, 'there is no connection'));
  const [read] = watchedReads(services, installation)
    .filter(({ objectName }) => objectName > effect.after)
    .toSorted((a, b) => (a.objectName < b.objectName ? -1 : 1));
  if (read === undefined) return nothing(endedAfterAll(services, effect, { installation, watch }));
  const destination = readDestination(reads, installation.projectId, watch.destination);
  if (destination === undefined) {
    // What changes until there is one is told then, because what is known stays as it is.
    const message = `the project has no destination named "${watch.destination}"`;
    return nothing(ended(services, effect, { installation, watch }, message));
  }
  if (isLaneFull(services, destination.destinationId)) {
    const { turn, deferrals } = effect;
    const retryAtMs = laneRetryAtMs(services, deferrals);
    return nothing({ event: { type: 'look.deferred', turn, message: 'the destination is behind', retryAtMs } });
  }
  return { kind: 'look', look: { installation, connection, watch, destination, read } };
}

/** As the manifest says now and not when the look was begun: a deploy meanwhile has told the machine already. */
function ended(
  { clock }: Services,
  { turn }: WatchSchemaEffect,
  { installation, watch }: Pick<Look, 'installation' | 'watch'>,
  message: string | null,
): Settlement {
  const atMs = nextLookAtMs(watch.schedule, installation.installationId, clock.nowMs());
  return { event: { type: 'look.ended', turn, message, nextLookAtMs: atMs } };
}

/**
 * Whoever took the watch away tells the machine, and not this: another deploy may have brought it back meanwhile, of
 * which nobody has to be told.
 */
function endedUnwatched({ clock }: Services, { installationId, turn }: WatchSchemaEffect): Settlement {
  const atMs = nextLookAtMs(HOURLY, installationId, clock.nowMs());
  return { event: { type: 'look.ended', turn, message: null, nextLookAtMs: atMs } };
}

/** An object that is not read any more is forgotten: if it comes back, it is looked at for the first time. */
function endedAfterAll(
  services: Services,
  effect: WatchSchemaEffect,
  look: Pick<Look, 'installation' | 'watch'>,
): Settlement {
  const names = readsOf(services, look.installation).map(({ objectName }) => objectName);
  const writes = [keepFieldSnapshots(effect.installationId, names)];
  return { ...ended(services, effect, look, null), writes };
}

function looked(services: Services, { turn }: WatchSchemaEffect, look: Look, described: DescribedObject): Settlement {
  const { installationId } = look.installation;
  const { objectName } = look.read;
  const now = watchedFields(described, objectName);
  const fields = snapshotOf(now, objectName);
  const before = readFieldSnapshot(services.store.reads, installationId, objectName);
  const isSame = before?.fields === fields;
  const snapshot = { installationId, objectName, fields, updatedAtMs: services.clock.nowMs() };
  countLook(services, look, 'looked');
  const told = before === undefined || isSame ? NOTHING_APPENDED : toldOf(services, look, before.fields, now);
  return {
    event: { type: 'object.looked', turn, objectName },
    writes: [...(isSame ? [] : [putFieldSnapshot(snapshot)]), ...told.writes],
    messages: told.messages,
  };
}

/** Rejects with `provider_malformed` if there are none: no object is without, and all would be told as deleted. */
function watchedFields({ fields, descriptions }: DescribedObject, objectName: string): readonly WatchedField[] {
  if (fields.length === 0) {
    throw new IntegrationError('provider_malformed', `the provider named no field of ${objectName}`);
  }
  return fields.map((field) => {
    const description = descriptions?.get(field.fieldName)?.slice(0, FIELD_DESCRIPTION_CHARS_MAX);
    return description === undefined ? field : { ...field, description };
  });
}

/** What is remembered: the values that fields offer go first. Rejects with `provider_malformed` for too much. */
function snapshotOf(fields: readonly WatchedField[], objectName: string): string {
  const whole = JSON.stringify(fields);
  if (Buffer.byteLength(whole) <= FIELD_SNAPSHOT_BYTES_MAX) return whole;
  const lean = JSON.stringify(fields.map(({ values: _, ...field }) => field));
  if (Buffer.byteLength(lean) <= FIELD_SNAPSHOT_BYTES_MAX) return lean;
  throw new IntegrationError('provider_malformed', `${objectName} has more fields than can be watched`);
}

function toldOf(services: Services, look: Look, before: string, now: readonly WatchedField[]): Appended {
  const { installation, watch, destination, read } = look;
  const changes = fieldChanges(JSON.parse(before) as readonly WatchedField[], now);
  const envelope = {
    action: 'schema.watch',
    ...messageHead(services, installation).head,
    objectName: read.deliveredName,
  };
  const bodies = changeMessages(changes, watch.kinds, envelope);
  const subjectId = installation.installationId;
  const messages = bodies.map((body) => ({ operationId: null, subjectId, body, blobId: null }));
  return appendToLane(services, destination.destinationId, messages);
}

/**
 * An object that the provider does not show is passed over, and none of its fields is told as deleted: who may not see
 * an object hears the same as of one that is gone, and would drop columns for a permission that comes back. Its read
 * says that it is missing. When it is there again, it is compared with what was there before.
 */
function objectFailed(services: Services, effect: WatchSchemaEffect, look: Look, error: ErrorFacts): Settlement {
  const { kind, retryAtMs } = setbackOf(error, effect, services.clock.nowMs());
  countLook(services, look, kind === 'failed' ? kind : 'deferred');
  const { turn } = effect;
  const { message } = error;
  if (kind !== 'failed') return { event: { type: 'look.deferred', turn, message, retryAtMs } };
  return { event: { type: 'object.failed', turn, objectName: look.read.objectName, message, retryAtMs } };
}

function countLook({ counts }: Services, { connection }: Look, outcome: (typeof LOOK_OUTCOMES)[number]): void {
  countOutcome(countsOf(counts, connection.provider).looks, LOOK_OUTCOMES, outcome);
}
