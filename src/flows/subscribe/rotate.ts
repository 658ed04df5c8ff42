// Replaces the address of an installation's webhooks, which is a secret and may have leaked. One commit makes the new
// one and says until when the former is taken, so that a crash leaves the one or the other; the end of that time needs
// no timer, because it is looked at whenever something comes. The subscription of the installation, where it has one,
// is told in the same commit and asks the provider again with the new address. Invariants: at most two addresses of
// an installation are taken at the same time; one that somebody had refused is never taken again.

import type { IssuedEffect } from '../../../actors/host.ts';
import type { EventSource } from '../../connectors/events.ts';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { RECEIVER_USE_NOTED_MS } from '../../core/limits.ts';
import { isWithin, type Ms, toRfc3339 } from '../../core/time.ts';
import type { RowWrite } from '../../store/port.ts';
import { insertEffect } from '../../store/tables/effects.ts';
import { readInstallation } from '../../store/tables/installations.ts';
import {
  closeFormerReceiver,
  isFormerTaken,
  readReceiver,
  rotateReceiver,
  useFormerReceiver,
  useReceiver,
} from '../../store/tables/receivers.ts';
import { readSubscription } from '../../store/tables/subscriptions.ts';
import type { Services } from '../services.ts';
import type { Addressee, OpenedReceiver } from './address.ts';
import { sourceOf } from './receive.ts';
import { subscriptionActorId } from './tell.ts';

type Installed = Extract<Addressee, { of: 'installation' }>;

/**
 * Makes a new address; the one before is taken for `graceMs` more. Rejects with `bad_request` where installations have
 * no address of their own, `conflict` while the address before that one is still taken, `not_found` if the
 * installation was deleted at the same moment.
 */
export async function rotateAddress(services: Services, addressee: Installed, graceMs: Ms): Promise<void> {
  const { store, clock, log, runtime } = services;
  const { installationId } = addressee.installation;
  assertOwnAddress(sourceOf(services, addressee.integration), addressee);
  const row = readReceiver(store.reads, installationId);
  const nowMs = clock.nowMs();
  if (row !== undefined && isFormerTaken(row, nowMs)) throw underWay(row.formerUntilMs);
  const rotated = {
    installationId,
    nonce: newId<string>(),
    formerNonce: row?.nonce ?? '',
    formerUntilMs: nowMs + graceMs,
    rotatedAtMs: nowMs,
  };
  const told = subscriptionTold(services, installationId);
  const closed = graceMs > 0 ? [] : [closeFormerReceiver(installationId, nowMs)];
  const writes = [rotateReceiver(rotated), ...closed, ...told.map(effectRow)];
  await store.commit(writes).catch((error: unknown) => {
    if (errorFacts(error).code !== 'invalid_input') throw error;
    if (readInstallation(store.reads, installationId) === undefined) {
      throw new IntegrationError('not_found', 'no such installation');
    }
    throw underWay(readReceiver(store.reads, installationId)?.formerUntilMs ?? nowMs);
  });
  for (const issued of told) runtime.dispatcher.dispatch(issued);
  log.info({ installationId, formerUntil: toRfc3339(rotated.formerUntilMs) }, 'an address of webhooks was replaced');
}

/** The address before is refused from now on. May be asked for again. Rejects with `bad_request` as `rotateAddress`. */
export async function finishRotation(services: Services, addressee: Installed): Promise<void> {
  const { installationId } = addressee.installation;
  assertOwnAddress(sourceOf(services, addressee.integration), addressee);
  await services.store.commit([closeFormerReceiver(installationId, services.clock.nowMs())]);
}

/**
 * A proven webhook came at an address, of which somebody who replaced it wants to know: the first at the new one, and
 * the last at the former, to the minute.
 */
export async function noteUse({ store, clock }: Services, { row, isFormer }: OpenedReceiver): Promise<void> {
  if (row === undefined) return;
  const nowMs = clock.nowMs();
  if (!isFormer) {
    if (row.usedAtMs === null) await store.commit([useReceiver(row, nowMs)]);
    return;
  }
  if (row.formerUsedAtMs !== null && isWithin(nowMs, row.formerUsedAtMs, RECEIVER_USE_NOTED_MS)) return;
  await store.commit([useFormerReceiver(row, nowMs)]);
}

function assertOwnAddress(source: EventSource | undefined, { integration: { provider } }: Installed): void {
  if (source?.addressedTo === 'installation') return;
  throw new IntegrationError('bad_request', `installations of ${provider} have no address of webhooks of their own`, {
    remedy:
      source === undefined
        ? 'No webhooks of it are known: its objects are read.'
        : 'That of the integration is no secret: webhooks are proved by what they are signed with. Replace that.',
  });
}

/** Whoever enters addresses may not have come to the last one yet: a third would have refused the one in use. */
function underWay(formerUntilMs: Ms): IntegrationError {
  const until = toRfc3339(formerUntilMs);
  return new IntegrationError('conflict', `the address was replaced, and the one before is taken until ${until}`, {
    remedy:
      'Enter the one that `tenon webhooks` tells; `tenon webhooks rotate --finish` refuses the one before at once.',
  });
}

/** Nothing where nobody asks the provider. */
function subscriptionTold({ store }: Services, installationId: string): readonly IssuedEffect[] {
  if (readSubscription(store.reads, installationId) === undefined) return [];
  const actorId = subscriptionActorId(installationId);
  const effect = { type: 'effect.send', to: actorId, event: { type: 'subscription.configured' } } as const;
  // Under the id of a message of the actor to itself, which it never sends.
  return [{ effectId: `${actorId}:${newId<string>()}`, actorId, effect }];
}

function effectRow({ effectId, actorId, effect }: IssuedEffect): RowWrite {
  return insertEffect(effectId, actorId, actorId, JSON.stringify(effect));
}
