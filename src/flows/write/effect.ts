// One attempt of an asynchronous write, as a reconcile effect: the attempt is committed before its first byte, and what
// the provider made of it, sealed, before anyone reads it. After a crash the stored answer counts; where there is none,
// a change is sent again, since twice comes to the same as once, and a creation is not: its operation then says that
// nobody knows. The end of an operation, its request and its notification are in the commit of the machine's last step.

import type { ReconcileHandler, ReplayableHandler, Settlement } from '../../../actors/dispatch.ts';
import type { CloseWriteEffect, WriteEffect } from '../../../machines/effects.ts';
import type { BatchOutcome, ProviderCall, WriteRecord } from '../../connectors/contract.ts';
import { fullJitterMs } from '../../core/backoff.ts';
import { ERROR_CODES, type ErrorCode, type ErrorFacts, errorFacts, IntegrationError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import {
  EFFECT_DEADLINE_MS,
  WRITE_BACKOFF_BASE_MS,
  WRITE_BACKOFF_MS_MAX,
  WRITE_EFFECT_DEADLINE_MS,
} from '../../core/limits.ts';
import { type Ms, toRfc3339 } from '../../core/time.ts';
import { readInstallation, readOperation, updateOperation } from '../../store/tables/installations.ts';
import { deleteWriteRequests } from '../../store/tables/writes.ts';
import type { Appended } from '../deliver/append.ts';
import { NOTHING_APPENDED } from '../deliver/append.ts';
import { writeAsyncDone } from '../notify/events.ts';
import { providerCalls } from '../providerCall.ts';
import type { Services } from '../services.ts';
import { closingOf, countWrite, failureOf, summaryOf, type WriteSummary } from './outcome.ts';
import { NOT_KNOWN, recordsFor, sendWrite } from './perform.ts';
import { type WriteRequest, type Writing, writingOf } from './request.ts';
import { requestOf } from './stored.ts';

interface PreparedWrite {
  readonly effect: WriteEffect;
  readonly writing: Writing;
  readonly request: WriteRequest;
  readonly records: readonly WriteRecord[];
  readonly call: ProviderCall;
}

/** The provider's answer as it is sealed: everything that is needed to settle, whenever that is. */
type Answer =
  | { readonly kind: 'judged'; readonly count: number; readonly isBatch: boolean; readonly outcome: BatchOutcome }
  | { readonly kind: 'refused'; readonly message: string; readonly mayRetry: boolean; readonly retryAtMs: Ms | null };

export function writeHandler(services: Services): ReconcileHandler<WriteEffect, PreparedWrite> {
  return {
    kind: 'reconcile',
    deadlineMs: WRITE_EFFECT_DEADLINE_MS,
    prepare: (effect) => prepare(services, effect),
    send: async (prepared) => {
      const answer = await send(services, prepared);
      return services.vault.seal(JSON.stringify(answer), writeAnswerPlace(prepared.effect));
    },
    process: async (effect, result) => {
      const { vault } = services;
      const answer = JSON.parse(vault.open(result, writeAnswerPlace(effect)).toString()) as Answer;
      if (answer.kind === 'judged') return ended(services, effect, answer);
      return failed(services, effect, answer.message, answer.mayRetry, answer.retryAtMs ?? 0);
    },
    failed: (effect, error) => failed(services, effect, error.message, isPassing(error.code), error.retryAtMs ?? 0),
    outcomeUnknown: (effect, error) => unknown(services, effect, error),
  };
}

/** Where the answer to an attempt is sealed for. */
export function writeAnswerPlace({ operationId, attempt }: WriteEffect) {
  return { connectionId: operationId, generation: attempt, purpose: 'writeAnswer' };
}

/** The process may have been down since it was decided, a backup was restored, or a look took long. */
function checkInTime({ clock }: Services, { deadlineAtMs }: WriteEffect): void {
  if (clock.nowMs() > (deadlineAtMs ?? Infinity)) {
    throw new IntegrationError('timeout', 'its time was over before it could be sent');
  }
}

async function prepare(services: Services, effect: WriteEffect): Promise<PreparedWrite> {
  checkInTime(services, effect);
  const installation = readInstallation(services.store.reads, effect.installationId);
  const request = requestOf(services, effect.operationId);
  if (installation === undefined || request === null) {
    throw new IntegrationError('not_found', 'the installation was deleted');
  }
  const writing = writingOf(services, installation, request);
  const call = providerCalls(services, writing.target, 'write');
  return { effect, writing, request, records: await recordsFor(writing, request, call), call };
}

async function send(services: Services, { effect, writing, request, records, call }: PreparedWrite): Promise<Answer> {
  checkInTime(services, effect);
  try {
    const outcome = await sendWrite(services, writing, request, records, effect.operationId, call);
    if (isAllPassing(outcome)) {
      const [message = 'no record was written'] = summaryOf(effectFacts(effect), records.length, outcome).errors;
      return { kind: 'refused', message, mayRetry: true, retryAtMs: null };
    }
    return { kind: 'judged', count: records.length, isBatch: request.isBatch, outcome };
  } catch (error) {
    const isAnswer = error instanceof IntegrationError && error.upstreamStatus !== undefined;
    if (!isAnswer || error.code === 'provider_malformed') throw error;
    const mayRetry = error.isRetryable || isPassing(error.code);
    return { kind: 'refused', message: errorFacts(error).message, mayRetry, retryAtMs: error.retryAtMs ?? null };
  }
}

/** Nothing was written, and of no record is it the record's fault. Where a part was written, that is the end of it. */
function isAllPassing({ results }: BatchOutcome): boolean {
  return results.length > 0 && results.every(({ isWritten, isWorthRepeating }) => !isWritten && isWorthRepeating);
}

function effectFacts({ objectName, writeType: type }: WriteEffect) {
  return { objectName, type, isBatch: true };
}

/** Nothing was written, and nothing is wrong with the records. What a builder has to mend may be mended in time. */
function isPassing(code: ErrorCode): boolean {
  return ERROR_CODES[code].isRetryable || WAITED_FOR.has(code);
}

/** `outcome_unknown` is of what came before the write here. */
const WAITED_FOR: ReadonlySet<ErrorCode> = new Set(['auth_invalidated', 'app_fault', 'outcome_unknown', 'invariant']);

function failed(
  { clock }: Services,
  { attempt }: WriteEffect,
  message: string,
  mayRetry: boolean,
  askedAtMs: Ms,
): Settlement {
  const backoffMs = fullJitterMs(attempt - 1, WRITE_BACKOFF_BASE_MS, WRITE_BACKOFF_MS_MAX);
  const retryAtMs = mayRetry ? Math.max(askedAtMs, clock.nowMs() + backoffMs) : null;
  return { event: { type: 'write.failed', attempt, message, retryAtMs } };
}

/** What failed with a bug of ours, or an operator gave up, is not tried once more; it may have been made too. */
function unknown(services: Services, effect: WriteEffect, { code, message }: ErrorFacts): Settlement {
  if (effect.writeType === 'update') return failed(services, effect, message, code !== 'invariant', 0);
  const words = message.includes(NOT_KNOWN) ? message : `${message}; ${NOT_KNOWN}`;
  return failed(services, effect, `${words}, so it is not sent again`, false, 0);
}

function ended(services: Services, effect: WriteEffect, answer: Extract<Answer, { kind: 'judged' }>): Settlement {
  const { objectName, writeType: type, attempt } = effect;
  const summary = summaryOf({ objectName, type, isBatch: answer.isBatch }, answer.count, answer.outcome);
  const { writes, messages } = closing(services, effect, summary);
  return { event: { type: 'write.ended', attempt }, writes, messages };
}

export function closeWriteHandler(services: Services): ReplayableHandler<CloseWriteEffect> {
  return {
    kind: 'replayable',
    deadlineMs: EFFECT_DEADLINE_MS,
    perform(effect) {
      const { operationId, objectName, writeType: type, message } = effect;
      if (readOperation(services.store.reads, operationId)?.status !== 'in_progress') {
        return Promise.resolve({ event: null, writes: [deleteWriteRequests(operationId)] });
      }
      const request = requestOf(services, operationId);
      const isBatch = request?.isBatch ?? false;
      const summary = failureOf({ objectName, type, isBatch }, request?.records.length ?? 1, message);
      return Promise.resolve({ event: null, ...closing(services, effect, summary) });
    },
  };
}

/** The end of an operation, and who is told of it. */
function closing(
  services: Services,
  { installationId, operationId, attempt }: WriteEffect | CloseWriteEffect,
  summary: WriteSummary,
): Appended {
  const { store, clock } = services;
  const nowMs = clock.nowMs();
  const installation = readInstallation(store.reads, installationId);
  const { objectName, failureCount, successfulRecordIds, errors } = summary;
  const outcome = { objectName, isSuccess: failureCount === 0, successfulRecordIds, errors };
  if (installation !== undefined) countWrite(services, installation, summary);
  const told = installation === undefined ? NOTHING_APPENDED : writeAsyncDone(services, installation, outcome);
  const retry: JsonObject = { attempts: attempt, lastAttempt: toRfc3339(nowMs) };
  return {
    writes: [
      updateOperation(operationId, closingOf(summary, retry), nowMs),
      deleteWriteRequests(operationId),
      ...told.writes,
    ],
    messages: told.messages,
  };
}
