// Tells the builder of an event: one message for each destination that the event's topics lead to, in the outbox of the
// commit that the event is part of, so that there is no event without its message and no message without its event.
// From there on it goes the way of every message: signed, tried again, buried, retained. An event that leads nowhere
// costs one look into an index. Reads wait while a destination is far behind; events do not, and are not kept for it.

import { countOutcome, DELIVERY_OUTCOMES } from '../../core/counts.ts';
import type { ProjectId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { NOTIFICATION_CONFIG_BYTES_MAX } from '../../core/limits.ts';
import type { RowWrite } from '../../store/port.ts';
import { insertBlob, newBlobId } from '../../store/tables/outbox.ts';
import { readDestinationIdsOfEvent } from '../../store/tables/topics.ts';
import { type Appended, appendToLane, isLaneFull, NOTHING_APPENDED } from '../deliver/append.ts';
import type { Services } from '../services.ts';
import type { EventType } from '../topics.ts';

/** What a notification says. */
export interface Notice {
  /** The installation or connection that it is about: it is erased with that. Null for what is no customer's. */
  readonly subjectId: string | null;
  readonly data: JsonObject;
  /** The config of the installation, and the one before a change; as published, in `data` or behind a link. */
  readonly config?: JsonObject;
  readonly lastConfig?: JsonObject;
}

export type NotifyServices = Pick<Services, 'store' | 'clock' | 'counts'>;

/** What goes with the commit of an event. `say` is called only if somebody is to be told. */
export function notify(
  services: NotifyServices,
  projectId: ProjectId,
  type: EventType,
  say: () => Notice,
  isTold: (destinationId: string) => boolean = () => true,
): Appended {
  const destinationIds = readDestinationIdsOfEvent(services.store.reads, projectId, type).filter(
    (destinationId) => isTold(destinationId) && hasRoom(services, destinationId),
  );
  if (destinationIds.length === 0) return NOTHING_APPENDED;
  const { subjectId, data, ...configs } = say();
  const config = placed(services, projectId, subjectId, 'config', configs.config);
  const lastConfig = placed(services, projectId, subjectId, 'lastConfig', configs.lastConfig);
  const body = JSON.stringify({ notificationType: type, data: { ...data, ...config.data, ...lastConfig.data } });
  const apart = { blobId: config.blobId, lastBlobId: lastConfig.blobId, blobBytes: config.bytes + lastConfig.bytes };
  const message = { operationId: null, subjectId, body, ...apart };
  const appended = destinationIds.map((destinationId) => appendToLane(services, destinationId, [message]));
  return {
    writes: [...config.writes, ...lastConfig.writes, ...appended.flatMap(({ writes }) => writes)],
    messages: appended.flatMap(({ messages }) => messages),
  };
}

/** What fleets tell of, such as each renewal, must not fill the disk while a destination is down. */
function hasRoom({ store, counts }: NotifyServices, destinationId: string): boolean {
  const isFull = isLaneFull({ store }, destinationId);
  if (isFull) countOutcome(counts.deliveries, DELIVERY_OUTCOMES, 'dropped');
  return !isFull;
}

interface Placed {
  /** What of it is in the message. */
  readonly data: JsonObject;
  readonly blobId: string | null;
  /** Of the blob. */
  readonly bytes: number;
  readonly writes: readonly RowWrite[];
}

/** Where a config goes: into the message, or apart if it is too large, once for all destinations. */
function placed(
  { clock }: NotifyServices,
  projectId: ProjectId,
  subjectId: string | null,
  name: 'config' | 'lastConfig',
  config: JsonObject | undefined,
): Placed {
  if (config === undefined) return { data: {}, blobId: null, bytes: 0, writes: [] };
  const text = JSON.stringify(config);
  const bytes = Buffer.byteLength(text);
  if (bytes <= NOTIFICATION_CONFIG_BYTES_MAX) return { data: { [name]: config }, blobId: null, bytes: 0, writes: [] };
  const blobId = newBlobId(subjectId ?? projectId);
  return { data: {}, blobId, bytes, writes: [insertBlob(blobId, projectId, text, clock.nowMs())] };
}

/** The body of a notification whose configs are stored apart, with links to them. */
export function linkedNotification(body: JsonObject, configUrl: string | null, lastConfigUrl: string | null): string {
  const links = {
    ...(configUrl === null ? {} : { configURL: configUrl }),
    ...(lastConfigUrl === null ? {} : { lastConfigURL: lastConfigUrl }),
  };
  return JSON.stringify({ ...body, data: { ...(body['data'] as JsonObject), ...links } });
}
