// Destinations: where messages go. A webhook gets a signing secret of its own when it is created, sealed from
// then on; another one may take its place, and both sign for a while.

import type { SealedPlace, Vault } from '../auth/vault.ts';
import { errorFacts, IntegrationError } from '../core/errors.ts';
import { actorIdOf, type DestinationId, newId, type ProjectId } from '../core/ids.ts';
import { DESTINATIONS_PER_PROJECT_MAX, SIGNING_SECRET_OVERLAP_MS, SIGNING_SECRETS_MAX } from '../core/limits.ts';
import type { Clock, Ms } from '../core/time.ts';
import type { RowWrite } from '../store/port.ts';
import {
  type DestinationRow,
  deleteDestination,
  insertDestination,
  readDestination,
  readDestinations,
  updateDestination,
} from '../store/tables/accounts.ts';
import { newSigningSecret } from '../webhook/sign.ts';
import { changedMeanwhile, missingMember } from './apiKeys.ts';
import type { Services } from './services.ts';

const SIGNING_PURPOSE = 'signingSecrets';
/** RFC 9110, 5.1 and 5.5. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]{0,4096}$/;
/** Framing, and what says who signed what. */
const RESERVED_HEADERS = /^(content-(type|length|encoding)|transfer-encoding|connection|host|(svix|webhook)-.*)$/i;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export interface WebhookMetadata {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

type MetadataChanges = { readonly url?: string | undefined } & Pick<WebhookMetadata, 'headers'>;

/** What may be changed of a destination (wire); `type` only to what it is. */
export const DESTINATION_MASKS = ['name', 'type', 'metadata', 'metadata.url', 'metadata.headers'] as const;

/**
 * Rejects with `bad_request` for a name or address that cannot be, `conflict` if the name is taken. Whether the
 * address may be called is asked again at every delivery: what a name resolves to changes.
 */
export async function createWebhook(
  services: Services,
  projectId: ProjectId,
  input: { readonly name: string; readonly metadata: WebhookMetadata },
): Promise<DestinationRow> {
  const { store, vault, clock } = services;
  checkName(services, projectId, input.name);
  checkMetadata(services, input.metadata);
  if (readDestinations(store.reads, projectId).length >= DESTINATIONS_PER_PROJECT_MAX) {
    throw new IntegrationError('invalid_input', `a project has at most ${DESTINATIONS_PER_PROJECT_MAX} destinations`);
  }
  const destinationId = newId<DestinationId>();
  const row = {
    destinationId,
    projectId,
    name: input.name,
    type: 'webhook',
    metadata: JSON.stringify(input.metadata),
    sealedSecrets: vault.seal(JSON.stringify([newSigningSecret()]), signingPlace(destinationId)),
    createdAtMs: clock.nowMs(),
  };
  await store.commit([insertDestination(row)]).catch((error: unknown) => {
    throw errorFacts(error).code === 'invalid_input' ? taken(input.name) : error;
  });
  return { ...row, disabledAtMs: null, updatedAtMs: null };
}

/**
 * Changes the named facts; naming the address or headers, also as they are, enables a destination that was disabled:
 * what waited is sent when it is due. Rejects as `createWebhook`, and with `bad_request` for a masked member without a
 * value.
 */
export async function editWebhook(
  services: Services,
  before: DestinationRow,
  mask: readonly (typeof DESTINATION_MASKS)[number][],
  changes: { readonly name?: string | undefined; readonly metadata?: MetadataChanges | undefined },
): Promise<DestinationRow> {
  if (mask.length === 0) return before;
  const name = mask.includes('name') ? changes.name : before.name;
  if (name === undefined) throw missingMember('destination', 'name');
  if (name !== before.name) checkName(services, before.projectId, name);
  const metadata = metadataAfter(JSON.parse(before.metadata) as WebhookMetadata, mask, changes.metadata ?? {});
  checkMetadata(services, metadata);
  const named = { ...before, name, metadata: JSON.stringify(metadata), updatedAtMs: laterThan(services, before) };
  if (mask.every((member) => member === 'name' || member === 'type')) {
    await services.store.commit([updateDestination(named, before)]).catch(changedMeanwhile);
    return named;
  }
  const row = { ...named, disabledAtMs: null };
  await changeLane(services, before, [updateDestination(row, before)]).catch(changedMeanwhile);
  return row;
}

/** Messages that wait for it become dead letters. Rejects with `conflict` if it was changed at the same moment. */
export async function removeDestination(services: Services, row: DestinationRow): Promise<void> {
  const writes = deleteDestination(row);
  // A lane that sends finds out by itself.
  const removed = row.disabledAtMs === null ? services.store.commit(writes) : changeLane(services, row, writes);
  await removed.catch(changedMeanwhile);
}

/** Rows of a destination that change what its lane has to expect. */
async function changeLane(
  { runtime }: Services,
  { destinationId }: DestinationRow,
  writes: readonly RowWrite[],
): Promise<void> {
  await runtime.send(actorIdOf('delivery', destinationId), { type: 'destination.changed' }, { writes });
}

function metadataAfter(
  before: WebhookMetadata,
  mask: readonly (typeof DESTINATION_MASKS)[number][],
  given: MetadataChanges,
): WebhookMetadata {
  const isWhole = mask.includes('metadata');
  const url = isWhole || mask.includes('metadata.url') ? given.url : before.url;
  if (url === undefined) throw missingMember('destination.metadata', 'url');
  const headers = isWhole || mask.includes('metadata.headers') ? given.headers : before.headers;
  return headers === undefined ? { url } : { url, headers };
}

/**
 * Another secret for what is sent from now on. Until a day later messages are signed with the former one too, so that
 * a receiver has time to learn it.
 */
export async function rotateSigningSecret(services: Services, before: DestinationRow): Promise<DestinationRow> {
  const { vault, clock, store } = services;
  const untilMs = clock.nowMs() + SIGNING_SECRET_OVERLAP_MS;
  const former = storedSecrets(vault, before).map(({ secret, untilMs: until }) => ({
    secret,
    untilMs: Math.min(until ?? untilMs, untilMs),
  }));
  const secrets = [newSigningSecret(), ...former.slice(0, SIGNING_SECRETS_MAX - 1)];
  const sealedSecrets = vault.seal(JSON.stringify(secrets), signingPlace(before.destinationId));
  const row = { ...before, sealedSecrets, updatedAtMs: laterThan(services, before) };
  await store.commit([updateDestination(row, before)]).catch(changedMeanwhile);
  return row;
}

/** The secrets that messages to a destination are signed with, the current one first. */
export function openSigningSecrets(
  { vault, clock }: { readonly vault: Vault; readonly clock: Clock },
  destination: DestinationRow,
): readonly string[] {
  const nowMs = clock.nowMs();
  return storedSecrets(vault, destination)
    .filter(({ untilMs }) => untilMs === null || untilMs > nowMs)
    .map(({ secret }) => secret);
}

interface StoredSecret {
  readonly secret: string;
  /** Null for the current one. */
  readonly untilMs: Ms | null;
}

function storedSecrets(vault: Vault, { sealedSecrets, destinationId }: DestinationRow): readonly StoredSecret[] {
  const plain = vault.open(sealedSecrets, signingPlace(destinationId));
  const stored = JSON.parse(plain.toString()) as readonly (string | StoredSecret)[];
  return stored.map((one) => (typeof one === 'string' ? { secret: one, untilMs: null } : one));
}

/** Times tell versions of a row apart. */
function laterThan({ clock }: Services, { updatedAtMs }: DestinationRow): Ms {
  return Math.max(clock.nowMs(), (updatedAtMs ?? 0) + 1);
}

function checkName({ store }: Services, projectId: ProjectId, name: string): void {
  if (!NAME.test(name)) {
    const issues = [{ in: 'body' as const, name: 'name', detail: 'is not a valid name' }];
    const message = 'a destination name has letters, digits, dashes and underscores, at most 64';
    throw new IntegrationError('bad_request', message, { issues });
  }
  if (readDestination(store.reads, projectId, name) !== undefined) throw taken(name);
}

function checkMetadata({ egress }: Services, { url, headers }: WebhookMetadata): void {
  egress.checkUrl(url);
  checkHeaders(headers ?? {});
}

function taken(name: string): IntegrationError {
  return new IntegrationError('conflict', `the project already has a destination named "${name}"`);
}

/** Wrong headers are refused now and not found out by 28 hours of failed deliveries. */
function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    const isReserved = RESERVED_HEADERS.test(name);
    if (HEADER_NAME.test(name) && HEADER_VALUE.test(value) && !isReserved) continue;
    throw new IntegrationError('bad_request', `the header "${name.slice(0, 80)}" cannot be sent`, {
      issues: [{ in: 'body', name: 'metadata.headers', detail: isReserved ? 'is set by Tenon' : 'is not valid HTTP' }],
    });
  }
}

/** Where the signing secrets of a destination are sealed for. */
export function signingPlace(destinationId: string): SealedPlace {
  return { connectionId: destinationId, generation: 0, purpose: SIGNING_PURPOSE };
}
