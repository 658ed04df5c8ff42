// A token refresh, as a reconcile effect: the attempt is committed before the first byte, the request is never
// aborted, the provider's raw answer is sealed and committed before it is read, and only when the next generation is
// on disk is anybody told. After a crash the stored answer is read, or, if there is none, the credential machine
// decides by what the provider does to a refresh token that is used twice.

import type { ReconcileHandler, Settlement } from '../../../actors/dispatch.ts';
import { CREDENTIAL_PURPOSE } from '../../../actors/tokenManager.ts';
import type { RefreshEffect } from '../../../machines/effects.ts';
import { type OAuth2Credential, parseCredential } from '../../auth/credential.ts';
import { buildRefreshRequest, type TokenRequest } from '../../auth/oauth.ts';
import {
  mergeRefreshed,
  processTokenResponse,
  type TokenGranted,
  type TokenResponse,
} from '../../auth/tokenResponse.ts';
import { fullJitterMs } from '../../core/backoff.ts';
import { IntegrationError } from '../../core/errors.ts';
import {
  BUFFERED_CALL_TIMEOUT_MS,
  EFFECT_DEADLINE_MS,
  REFRESH_BACKOFF_BASE_MS,
  REFRESH_BACKOFF_MS_MAX,
  REFRESH_RETRY_AFTER_MS_MAX,
  TOKEN_RESPONSE_BYTES_MAX,
} from '../../core/limits.ts';
import type { Ms } from '../../core/time.ts';
import { headerRecord } from '../../egress/headers.ts';
import {
  type ConnectionRow,
  putCredential,
  readConnection,
  readCredential,
  refreshedConnection,
} from '../../store/tables/connections.ts';
import { openClient } from '../providerApps.ts';
import type { Services } from '../services.ts';
import { variablesOf } from '../targets.ts';
import { canRefresh, dueAtMs, endsAtMs } from './storeConnection.ts';

const ANSWER_PURPOSE = 'refreshAnswer';

/** The provider's answer as it is sealed: everything that `processTokenResponse` needs, whenever it runs. */
interface RawAnswer extends TokenResponse {
  readonly receivedAtMs: Ms;
}

interface PreparedRefresh {
  readonly effect: RefreshEffect;
  readonly request: TokenRequest;
}

/** What is asked of the credential actor by an answer that is not a new token. */
type Failure = 'refresh.failed' | 'refresh.refused' | 'refresh.outcomeUnknown';

export function refreshHandler(services: Services): ReconcileHandler<RefreshEffect, PreparedRefresh> {
  return {
    kind: 'reconcile',
    deadlineMs: EFFECT_DEADLINE_MS,
    prepare: (effect) => prepare(services, effect),
    send: (prepared) => send(services, prepared),
    process: (effect, result) => Promise.resolve(processAnswer(services, effect, result)),
    failed: (effect, error) => settled(services, effect, 'refresh.failed', error.message),
    outcomeUnknown: (effect, error) => settled(services, effect, 'refresh.outcomeUnknown', error.message),
  };
}

function settled(services: Services, effect: RefreshEffect, type: Failure, message: string, atLeastMs = 0): Settlement {
  const jitteredMs = fullJitterMs(effect.attempt, REFRESH_BACKOFF_BASE_MS, REFRESH_BACKOFF_MS_MAX);
  const waitMs = Math.max(Math.min(atLeastMs, REFRESH_RETRY_AFTER_MS_MAX), jitteredMs);
  return { event: { type, ...answerTo(effect), message, retryAtMs: services.clock.nowMs() + waitMs } };
}

function answerTo({ generation, attempt }: RefreshEffect): { fromGeneration: number; attempt: number } {
  return { fromGeneration: generation, attempt };
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
  if (outcome.kind === 'granted') return granted(services, effect, connection, outcome, answer.receivedAtMs);
  if (outcome.kind === 'transient') {
    const message = `the token endpoint answered ${answer.status} (${outcome.reason})`;
    // Only "come back later" says that nothing happened. A broken answer or a gateway's error may hide a rotation.
    const type = outcome.reason === 'rate_limited' ? 'refresh.failed' : 'refresh.outcomeUnknown';
    return settled(services, effect, type, message, outcome.retryAfterMs);
  }
  const words = `${outcome.providerError} ${outcome.description}`.trim();
  if (outcome.reason === 'grantRevoked') return settled(services, effect, 'refresh.refused', words);
  // The builder's app is wrong, not the customer's grant: nobody is asked to reconnect, the operator is told.
  services.log.error({ provider: connection.provider, err: words }, 'the provider refuses the provider app');
  return settled(services, effect, 'refresh.failed', words, REFRESH_BACKOFF_MS_MAX);
}

function prepare(services: Services, effect: RefreshEffect): Promise<PreparedRefresh> {
  const { store, catalog } = services;
  const connection = readConnection(store.reads, effect.connectionId);
  if (connection?.generation !== effect.generation || connection.providerAppId === null) {
    return Promise.reject(new IntegrationError('conflict', 'the credential was replaced meanwhile'));
  }
  const { refreshToken } = openCredential(services, connection);
  if (refreshToken === undefined) return Promise.reject(new IntegrationError('conflict', 'there is no refresh token'));
  const request = buildRefreshRequest(catalog.get(connection.provider), {
    client: openClient(services, connection.providerAppId),
    refreshToken,
    variables: variablesOf(connection),
  });
  return Promise.resolve({ effect, request });
}

async function send(services: Services, { effect, request }: PreparedRefresh): Promise<Uint8Array> {
  const { egress, vault, clock } = services;
  const response = await egress.request({
    url: request.url,
    method: request.method,
    headers: headerRecord(request.headers),
    body: request.body,
    timeoutMs: BUFFERED_CALL_TIMEOUT_MS,
    responseBytesMax: TOKEN_RESPONSE_BYTES_MAX,
  });
  const answer: RawAnswer = {
    status: response.status,
    headers: Object.entries(response.headers).flat(),
    bodyText: response.body.toString(),
    receivedAtMs: clock.nowMs(),
  };
  return vault.seal(JSON.stringify(answer), answerPlace(effect));
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
  if (stored?.generation !== generation)
    throw new IntegrationError('conflict', 'the credential was replaced meanwhile');
  const plain = vault.open(stored.sealed, { connectionId, generation, purpose: CREDENTIAL_PURPOSE });
  const credential = parseCredential(plain.toString());
  if (credential.scheme !== 'oauth2') throw new IntegrationError('conflict', 'this credential is not refreshed');
  return credential;
}

function granted(
  services: Services,
  effect: RefreshEffect,
  connection: ConnectionRow,
  outcome: TokenGranted,
  issuedAtMs: Ms,
): Settlement {
  const { connectionId } = connection;
  const generation = connection.generation + 1;
  const credential = mergeRefreshed(openCredential(services, connection), outcome.credential);
  const { expiresAtMs } = outcome;
  const refreshAtMs = dueAtMs(credential, issuedAtMs, expiresAtMs, connectionId);
  const place = { connectionId, generation, purpose: CREDENTIAL_PURPOSE };
  return {
    event: {
      type: 'refresh.succeeded',
      ...answerTo(effect),
      generation,
      endsAtMs: endsAtMs(issuedAtMs, expiresAtMs),
      canRefresh: canRefresh(credential),
    },
    writes: [
      putCredential(connectionId, generation, services.vault.seal(JSON.stringify(credential), place)),
      refreshedConnection({ connectionId, generation, issuedAtMs, expiresAtMs, refreshAtMs }),
    ],
    onCommitted: () => services.tokens.forget(connectionId),
  };
}
