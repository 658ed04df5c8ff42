// A token renewal, as a reconcile effect: the attempt is committed before the first byte, the request is never
// aborted, the provider's raw answer is sealed and committed before it is read, and only when the next generation is
// on disk is anybody told. After a crash the stored answer is read, or, if there is none, the credential machine
// decides by what the provider does to a refresh token that is used twice.

import type { ReconcileHandler, Settlement } from '../../../actors/dispatch.ts';
import { CREDENTIAL_PURPOSE } from '../../../actors/tokenManager.ts';
import type { MachineEvent, RefreshEffect } from '../../../machines/effects.ts';
import { canRenew, type OAuth2Credential, parseCredential, secretsOf } from '../../auth/credential.ts';
import { dueAtMs, endsAtMs, keepAliveAtMs } from '../../auth/lifetime.ts';
import type { TokenRequest } from '../../auth/oauth.ts';
import { buildRenewalRequest, isFromSource } from '../../auth/renewal.ts';
import {
  mergeRenewed,
  processTokenResponse,
  type TokenGranted,
  type TokenRefused,
  type TokenResponse,
} from '../../auth/tokenResponse.ts';
import type { ProviderDeclaration } from '../../catalog/schema.ts';
import { fullJitterMs } from '../../core/backoff.ts';
import { countOutcome, countsOf, REFRESH_OUTCOMES } from '../../core/counts.ts';
import { type ErrorFacts, IntegrationError } from '../../core/errors.ts';
import { actorIdOf, type ConnectionId } from '../../core/ids.ts';
import {
  EFFECT_DEADLINE_MS,
  REFRESH_BACKOFF_BASE_MS,
  REFRESH_BACKOFF_MS_MAX,
  REFRESH_RETRY_AFTER_MS_MAX,
} from '../../core/limits.ts';
import { without } from '../../core/scrub.ts';
import type { Ms } from '../../core/time.ts';
import { readProviderApp } from '../../store/tables/accounts.ts';
import {
  type ConnectionRow,
  putCredential,
  readConnection,
  readCredential,
  refreshedConnection,
} from '../../store/tables/connections.ts';
import { connectionChanged } from '../notify/events.ts';
import { openClient } from '../providerApps.ts';
import type { Services } from '../services.ts';
import { variablesOf } from '../targets.ts';
import { releasedAtMs } from './fleet.ts';
import { appOpener, sendTokenRequest } from './requestToken.ts';

const ANSWER_PURPOSE = 'refreshAnswer';

/** The provider's answer as it is sealed: everything that `processTokenResponse` needs, whenever it runs. */
interface RawAnswer extends TokenResponse {
  readonly receivedAtMs: Ms;
  /** When it was asked for, refused grants of the provider app were not believed. */
  readonly wasSuspect: boolean;
}

interface PreparedRefresh {
  readonly effect: RefreshEffect;
  readonly request: TokenRequest;
  readonly wasSuspect: boolean;
}

/** What is asked of the credential actor by an answer that is not a new token. */
type Failure = 'refresh.failed' | 'refresh.outcomeUnknown';

export function refreshHandler(services: Services): ReconcileHandler<RefreshEffect, PreparedRefresh> {
  return {
    kind: 'reconcile',
    deadlineMs: EFFECT_DEADLINE_MS,
    prepare: (effect) => prepare(services, effect),
    send: (prepared) => send(services, prepared),
    process: async (effect, result) => heard(services, effect, processAnswer(services, effect, result)),
    failed: (effect, error) => heard(services, effect, notSent(services, effect, error)),
    outcomeUnknown: (effect, { message }) =>
      heard(services, effect, settled(services, effect, 'refresh.outcomeUnknown', message)),
  };
}

const OUTCOMES: Readonly<Record<string, (typeof REFRESH_OUTCOMES)[number]>> = {
  'refresh.succeeded': 'renewed',
  'refresh.refused': 'refused',
  'refresh.appRefused': 'app_refused',
  'refresh.failed': 'failed',
  'refresh.outcomeUnknown': 'unknown',
};

/** Whoever waits for the token hears of every answer: a wait for one that is held back, or due in minutes, is over. */
function heard(services: Services, { connectionId }: RefreshEffect, settlement: Settlement): Settlement {
  const { tokens, counts, store } = services;
  const outcome = OUTCOMES[settlement.event?.type ?? ''];
  const provider = readConnection(store.reads, connectionId)?.provider;
  if (outcome !== undefined && provider !== undefined) {
    countOutcome(countsOf(counts, provider).refreshes, REFRESH_OUTCOMES, outcome);
  }
  const onCommitted = () => {
    settlement.onCommitted?.();
    tokens.wake(connectionId as ConnectionId);
  };
  return { ...settlement, onCommitted };
}

function notSent(services: Services, effect: RefreshEffect, { code, message, retryAtMs }: ErrorFacts): Settlement {
  if (code === 'app_fault') return { event: appRefused(effect, message) };
  return settled(services, effect, 'refresh.failed', message, (retryAtMs ?? 0) - services.clock.nowMs());
}

function settled(services: Services, effect: RefreshEffect, type: Failure, message: string, atLeastMs = 0): Settlement {
  const jitteredMs = fullJitterMs(effect.attempt, REFRESH_BACKOFF_BASE_MS, REFRESH_BACKOFF_MS_MAX);
  const waitMs = Math.max(Math.min(atLeastMs, REFRESH_RETRY_AFTER_MS_MAX), jitteredMs);
  return { event: { type, ...answerTo(effect), message, retryAtMs: services.clock.nowMs() + waitMs } };
}

function appRefused(effect: RefreshEffect, message: string): MachineEvent {
  return { type: 'refresh.appRefused', ...answerTo(effect), message };
}

function answerTo({ generation, attempt }: RefreshEffect): { fromGeneration: number; attempt: number } {
  return { fromGeneration: generation, attempt };
}

/** The first try is with the refresh token; where that failed and there is a source, the next one is from there. */
function isSourceAttempt(credential: OAuth2Credential, { attempt }: RefreshEffect): boolean {
  return isFromSource(credential, attempt > 1);
}

function processAnswer(services: Services, effect: RefreshEffect, result: Uint8Array): Settlement {
  const answer = openAnswer(services, effect, result);
  const connection = readConnection(services.store.reads, effect.connectionId);
  if (connection?.generation !== effect.generation) {
    // Reconnected meanwhile: the machine ignores this answer, and its row goes.
    return settled(services, effect, 'refresh.failed', 'the credential was replaced meanwhile');
  }
  const declaration = services.catalog.get(connection.provider);
  const outcome = processTokenResponse(declaration, answer, answer.receivedAtMs);
  if (outcome.kind === 'granted')
    return granted(services, effect, declaration, connection, outcome, answer.receivedAtMs);
  if (outcome.kind === 'transient') {
    const message = `the token endpoint answered ${answer.status} (${outcome.reason})`;
    // Only "come back later" says that nothing happened. A broken answer or a gateway's error may hide a rotation.
    const type = outcome.reason === 'rate_limited' ? 'refresh.failed' : 'refresh.outcomeUnknown';
    return settled(services, effect, type, message, outcome.retryAfterMs);
  }
  return refused(services, effect, declaration, connection, outcome, answer);
}

/** Whose fault a refusal is, and what that means for the others of the same provider app. */
function refused(
  services: Services,
  effect: RefreshEffect,
  declaration: ProviderDeclaration,
  connection: ConnectionRow,
  outcome: TokenRefused,
  { wasSuspect }: RawAnswer,
): Settlement {
  const { fleets, log } = services;
  const { connectionId, provider, providerAppId } = connection;
  const credential = openCredential(services, connection);
  const words = without(`${outcome.providerError} ${outcome.description}`.trim(), [
    ...secretsOf(credential),
    ...clientSecrets(services, providerAppId),
  ]);
  if (outcome.reason === 'sourceRefused') {
    log.error({ provider, err: words }, 'the provider does not let the address of this server in');
    return settled(services, effect, 'refresh.failed', words, REFRESH_BACKOFF_MS_MAX);
  }
  if (outcome.reason === 'invalidRequest') {
    log.error({ provider, err: words }, 'the provider does not understand how its tokens are asked for');
    return settled(services, effect, 'refresh.failed', words, REFRESH_BACKOFF_MS_MAX);
  }
  const isSource = isSourceAttempt(credential, effect);
  // Its refresh token is gone, what it came from is not.
  if (credential.source !== undefined && !isSource) return settled(services, effect, 'refresh.failed', words);
  const refusal = { type: 'refresh.refused', ...answerTo(effect), message: words };
  // A client that the customer typed, or a tenant that took its consent back: no provider app has to do with it.
  const isTheirs = providerAppId === null || (isSource && isConsentGone(declaration, outcome));
  if (isTheirs) return { event: { ...refusal, isSuspect: false } };
  if (outcome.reason === 'appFault') {
    log.error({ provider, providerAppId, err: words }, 'the provider refuses the provider app');
    return { event: appRefused(effect, words), ...fleets.appRefused(providerAppId, connectionId, words) };
  }
  if (wasSuspect && !fleets.isSuspect(providerAppId)) {
    // Of the incident that ended while it was on its way: released like those that were held until then.
    const retryAtMs = releasedAtMs(connectionId, services.clock.nowMs());
    const released = { to: actorIdOf('credential', connectionId), event: { type: 'grant.released', retryAtMs } };
    return { event: { ...refusal, isSuspect: true }, messages: [released] };
  }
  // A token that was used before is refused for that reason: a kill may lose many answers at once, and is no incident.
  const { isSuspect, news } = fleets.grantRefused(providerAppId, connectionId, words, effect.isAfterLoss);
  return { event: { ...refusal, isSuspect }, ...news };
}

/** None if the provider app was deleted meanwhile. */
function clientSecrets(services: Services, providerAppId: string | null): readonly string[] {
  const app = providerAppId === null ? undefined : readProviderApp(services.store.reads, providerAppId);
  return app === undefined ? [] : [openClient(services, app.providerAppId).clientSecret];
}

/** Microsoft says this of a tenant from which the app was removed. */
function isConsentGone({ auth }: ProviderDeclaration, { providerError }: TokenRefused): boolean {
  const isConsent = auth.scheme === 'custom' && auth.exchange?.kind === 'consent';
  return isConsent && providerError.toLowerCase() === 'unauthorized_client';
}

async function prepare(services: Services, effect: RefreshEffect): Promise<PreparedRefresh> {
  const { store, catalog, fleets, endpointBudget, clock } = services;
  const connection = readConnection(store.reads, effect.connectionId);
  if (connection?.generation !== effect.generation) {
    throw new IntegrationError('conflict', 'the credential was replaced meanwhile');
  }
  const { providerAppId } = connection;
  if (providerAppId !== null && !effect.isProbe && fleets.isAppRefused(providerAppId)) {
    throw new IntegrationError('app_fault', 'the provider refuses the provider app');
  }
  const declaration = catalog.get(connection.provider);
  const credential = openCredential(services, connection);
  const request = await buildRenewalRequest(declaration, credential, isSourceAttempt(credential, effect), {
    app: appOpener(services, providerAppId),
    variables: variablesOf(connection),
    nowMs: clock.nowMs(),
  });
  const retryAtMs = endpointBudget.take(declaration, connection, clock.nowMs());
  if (retryAtMs !== null) {
    throw new IntegrationError('budget_exhausted', 'the token endpoint allows no further request yet', { retryAtMs });
  }
  const wasSuspect = providerAppId !== null && fleets.isSuspect(providerAppId);
  return { effect, request, wasSuspect };
}

async function send(services: Services, { effect, request, wasSuspect }: PreparedRefresh): Promise<Uint8Array> {
  const response = await sendTokenRequest(services, request, effect.connectionId);
  const answer: RawAnswer = { ...response, receivedAtMs: services.clock.nowMs(), wasSuspect };
  return services.vault.seal(JSON.stringify(answer), answerPlace(effect));
}

function openAnswer({ vault }: Services, effect: RefreshEffect, result: Uint8Array): RawAnswer {
  return JSON.parse(vault.open(result, answerPlace(effect)).toString()) as RawAnswer;
}

/** Where the provider's answer to a refresh is sealed for. */
export function answerPlace({ connectionId, generation }: RefreshEffect) {
  return { connectionId, generation, purpose: ANSWER_PURPOSE };
}

function openCredential({ store, vault }: Services, { connectionId, generation }: ConnectionRow): OAuth2Credential {
  const stored = readCredential(store.reads, connectionId);
  if (stored?.generation !== generation) {
    throw new IntegrationError('conflict', 'the credential was replaced meanwhile');
  }
  const plain = vault.open(stored.sealed, { connectionId, generation, purpose: CREDENTIAL_PURPOSE });
  const credential = parseCredential(plain.toString());
  if (credential.scheme !== 'oauth2') throw new IntegrationError('conflict', 'this credential is not refreshed');
  return credential;
}

function granted(
  services: Services,
  effect: RefreshEffect,
  declaration: ProviderDeclaration,
  connection: ConnectionRow,
  { credential: renewed, expiresAtMs, grantEndsAtMs }: TokenGranted,
  issuedAtMs: Ms,
): Settlement {
  const { connectionId, providerAppId } = connection;
  const generation = connection.generation + 1;
  const previous = openCredential(services, connection);
  const credential = mergeRenewed(previous, renewed, isSourceAttempt(previous, effect));
  const times = { issuedAtMs, expiresAtMs, grantEndsAtMs };
  const refreshAtMs = dueAtMs(declaration, credential, times, connectionId);
  const place = { connectionId, generation, purpose: CREDENTIAL_PURPOSE };
  const told = connectionChanged(services, 'refreshed', connection);
  const { messages = [] } = providerAppId === null ? {} : services.fleets.grantWorked(providerAppId);
  return {
    event: {
      type: 'refresh.succeeded',
      ...answerTo(effect),
      generation,
      endsAtMs: endsAtMs(declaration, times),
      canRefresh: canRenew(credential),
      keepAliveAtMs: keepAliveAtMs(declaration, credential, times, connectionId),
      grantEndsAtMs,
    },
    writes: [
      putCredential(connectionId, generation, services.vault.seal(JSON.stringify(credential), place)),
      refreshedConnection({ connectionId, generation, issuedAtMs, expiresAtMs, refreshAtMs }),
      ...told.writes,
    ],
    messages: [...messages, ...told.messages],
    onCommitted: () => services.tokens.forget(connectionId),
  };
}
