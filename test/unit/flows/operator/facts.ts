// Facts of an installation that is well, to be changed one at a time: what diagnoses are made of.

import type { CredentialContext } from '../../../../machines/credentialEvents.ts';
import type { DeliveryContext } from '../../../../machines/delivery.ts';
import type { InboxContext } from '../../../../machines/inbox.ts';
import type { InstallationContext } from '../../../../machines/installation.ts';
import type { ProviderContext } from '../../../../machines/provider.ts';
import type { ReadContext } from '../../../../machines/readEvents.ts';
import type { SchemaWatchContext } from '../../../../machines/schemaWatch.ts';
import type { SubscriptionContext } from '../../../../machines/subscription.ts';
import { actorIdOf } from '../../../../src/core/ids.ts';
import { HOUR_MS, MINUTE_MS } from '../../../../src/core/time.ts';
import type { ActorFacts, Facts, LaneFacts, ReadFacts } from '../../../../src/flows/operator/facts.ts';
import type { Past, PastStep } from '../../../../src/flows/operator/past.ts';

export const NOW_MS = Date.UTC(2026, 0, 5, 12);

/** Steps with their type, the state after them and how many minutes ago they were. */
export function past(stateBefore: string | null, ...steps: readonly [string, string, number][]): () => Past {
  return () => ({
    stateBefore,
    steps: steps.map(
      ([type, state, minutesAgo], index): PastStep => ({
        revision: index + 1,
        atMs: NOW_MS - minutesAgo * MINUTE_MS,
        type,
        details: {},
        state,
        effects: [],
      }),
    ),
  });
}

function actor<Context>(id: string, state: string, context: Context): ActorFacts<Context> {
  const [machine = '', key = ''] = id.split(':');
  return {
    actorId: actorIdOf(machine, key),
    state,
    context,
    wakeAtMs: null,
    pausedReason: null,
    pausedAtMs: null,
    past: past(null),
  };
}

export const INSTALLATION = actor<InstallationContext>('installation:i1', 'present.active', {
  installationId: 'i1',
  connectionId: 'c1',
  configRevision: 1,
  appliedRevision: 1,
});

const CREDENTIAL = actor<CredentialContext>('credential:c1', 'fresh', {
  connectionId: 'c1',
  generation: 1,
  endsAtMs: NOW_MS + HOUR_MS,
  canRefresh: true,
  rotation: 'stable',
  grantEndsAtMs: null,
  isProbe: false,
  suspicions: 0,
  isProven: false,
  attempt: 0,
  wakeAtMs: null,
  lastError: null,
  lastErrorAtMs: null,
  lostAnswerAtMs: null,
});

export function credential(
  state: string,
  context: Partial<CredentialContext>,
  rest: Partial<ActorFacts<CredentialContext>> = {},
): ActorFacts<CredentialContext> {
  return { ...CREDENTIAL, state, context: { ...CREDENTIAL.context, ...context }, ...rest };
}

export function circuit(state: string, context: Partial<ProviderContext>): ActorFacts<ProviderContext> {
  const closed = { providerKey: 'hubspot/app', trips: 0, wakeAtMs: null, lastError: null };
  return { ...actor('provider:hubspot/app', state, { ...closed, ...context }), wakeAtMs: context.wakeAtMs ?? null };
}

export function read(
  state: string,
  context: Partial<ReadContext>,
  rest: Partial<Omit<ReadFacts, 'context'>> = {},
): ReadFacts {
  const objectName = rest.objectName ?? 'contacts';
  const idle = {
    installationId: 'i1',
    objectName,
    run: 1,
    readType: null,
    page: 0,
    turn: 1,
    attempt: 0,
    deferrals: 0,
    isBackfillOwed: false,
    hasBackfill: false,
    trigger: null,
    triggers: [],
    nextRunAtMs: null,
    wakeAtMs: null,
    lastError: null,
  };
  return {
    ...actor<ReadContext>(`read:i1/${objectName}`, state, { ...idle, ...context }),
    wakeAtMs: context.wakeAtMs ?? null,
    objectName,
    isDisabled: false,
    destination: 'hook',
    hasDestination: true,
    recordsRead: 0,
    ...rest,
  };
}

export function subscription(state: string, context: Partial<SubscriptionContext>): ActorFacts<SubscriptionContext> {
  const active = {
    installationId: 'i1',
    turn: 1,
    attempt: 0,
    isTold: false,
    isStale: false,
    isBlocked: false,
    isRemoved: false,
    isConnectionKept: false,
    wakeAtMs: null,
    lastError: null,
  };
  const facts = actor<SubscriptionContext>('subscription:i1', state, { ...active, ...context });
  return { ...facts, wakeAtMs: context.wakeAtMs ?? null };
}

export function inbox(
  state: string,
  context: Partial<InboxContext>,
  rest: Partial<ActorFacts<InboxContext>> = {},
): ActorFacts<InboxContext> {
  const resting = {
    ...{ installationId: 'i1', turn: 1, attempt: 0, deferrals: 0, hasMore: false, isUnblocked: false },
    ...{ wakeAtMs: null, lastError: null },
  };
  const of = actor<InboxContext>('inbox:i1', state, { ...resting, ...context });
  return { ...of, wakeAtMs: context.wakeAtMs ?? null, ...rest };
}

export function laneActor(state: string, context: Partial<DeliveryContext>): ActorFacts<DeliveryContext> {
  const resting = {
    laneId: 'd1',
    round: 1,
    hasMore: false,
    wakeAtMs: null,
    failingSinceMs: null,
    lastFailureAtMs: null,
  };
  return actor<DeliveryContext>('delivery:d1', state, { ...resting, ...context });
}

export function lane(differences: Partial<LaneFacts>): LaneFacts {
  return {
    actor: null,
    destinationId: 'd1',
    name: 'hook',
    queued: 0,
    queuedBytes: 0,
    dead: 0,
    lastDead: null,
    failing: null,
    ...differences,
  };
}

/** Looks at fields, the next time in an hour. */
export function schemaWatch(context: Partial<SchemaWatchContext>): ActorFacts<SchemaWatchContext> {
  const nextLookAtMs = NOW_MS + HOUR_MS;
  const idle = {
    installationId: 'i1',
    turn: 3,
    isLookOpen: false,
    after: '',
    attempt: 0,
    deferrals: 0,
    nextLookAtMs,
    wakeAtMs: nextLookAtMs,
    lastError: null,
    unseen: null,
  };
  return {
    ...actor<SchemaWatchContext>('schemaWatch:i1', 'idle', { ...idle, ...context }),
    wakeAtMs: nextLookAtMs,
  };
}

/** Well, its next read of contacts in eight minutes. */
export const WELL: Facts = {
  nowMs: NOW_MS,
  isServing: true,
  isDiskHealthy: true,
  installationId: 'i1',
  subject: '"crm" of Acme (HubSpot)',
  providerName: 'HubSpot',
  installation: INSTALLATION,
  credential: CREDENTIAL,
  circuit: null,
  subscription: null,
  reads: [read('idle', { wakeAtMs: NOW_MS + 8 * MINUTE_MS })],
  schemaWatch: null,
  inbox: null,
  inboxDepth: { events: 0, bytes: 0, oldestAtMs: null },
  receiver: null,
  lanes: [lane({})],
};
