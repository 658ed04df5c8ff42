// A write whose caller waits for what becomes of it. Its operation is on disk before the first byte is sent and closed
// before the answer; one that a crash leaves open is closed by `closeInterrupted`, since nobody knows how it ended. It
// is sent once: whoever waits can ask again, and knows whether that is safe.

import type { BatchOutcome, ProviderCall } from '../../connectors/contract.ts';
import { errorFacts } from '../../core/errors.ts';
import { newId, type OperationId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import type { BufferedResponse } from '../../egress/buffered.ts';
import { type InstallationRow, updateOperation } from '../../store/tables/installations.ts';
import { closeInterruptedWrites, hasInterruptedWrites } from '../../store/tables/writes.ts';
import { providerCalls } from '../providerCall.ts';
import type { Services } from '../services.ts';
import {
  begunOperation,
  closingOf,
  countWrite,
  failureOf,
  rawAnswer,
  summaryOf,
  type WriteSummary,
} from './outcome.ts';
import { isRefusal, recordsFor, sendWrite } from './perform.ts';
import { type WriteRequest, type Writing, writingOf } from './request.ts';

/** As published. Not a success: the provider has refused all of it. */
export interface WriteAnswer {
  readonly isSuccess: boolean;
  readonly body: JsonObject;
}

/**
 * Writes, and answers what became of it. Rejects as `writingOf`, and with the code of a call that says nothing about
 * the records; `outcome_unknown` where they may be written.
 */
export async function writeNow(
  services: Services,
  installation: InstallationRow,
  request: WriteRequest,
): Promise<WriteAnswer> {
  const writing = writingOf(services, installation, request);
  const operationId = newId<OperationId>();
  const { objectName } = writing.write;
  const facts = { objectName, type: request.type, isBatch: request.isBatch };
  await services.store.commit([begunOperation(services, installation, operationId, objectName)]);
  const refusal = new LastRefusal(providerCalls(services, writing.target, 'interactive'));
  try {
    const outcome = await performed(services, writing, request, operationId, refusal.call);
    const summary = summaryOf(facts, request.records.length, outcome);
    await close(services, installation, operationId, summary);
    return request.isBatch
      ? batchAnswer(operationId, outcome, summary)
      : singleAnswer(operationId, outcome, summary, refusal);
  } catch (error) {
    const { message } = errorFacts(error);
    const summary = failureOf(facts, request.records.length, isRefusal(error) ? error.publicDetail : message);
    await close(services, installation, operationId, summary);
    if (!isRefusal(error)) throw error;
    const outcome = { results: [], errors: [] };
    return request.isBatch
      ? batchAnswer(operationId, outcome, summary)
      : singleAnswer(operationId, outcome, summary, refusal);
  }
}

async function performed(
  services: Services,
  writing: Writing,
  request: WriteRequest,
  operationId: OperationId,
  call: ProviderCall,
): Promise<BatchOutcome> {
  return sendWrite(services, writing, request, await recordsFor(writing, request, call), operationId, call);
}

/** What the provider did is told whether the disk takes it or not: an error now would have it done again. */
async function close(
  services: Services,
  installation: InstallationRow,
  operationId: OperationId,
  summary: WriteSummary,
): Promise<void> {
  const { store, clock, log } = services;
  countWrite(services, installation, summary);
  try {
    await store.commit([updateOperation(operationId, closingOf(summary), clock.nowMs())]);
  } catch (error) {
    log.error({ operationId, err: errorFacts(error).message }, 'the end of a write could not be stored');
  }
}

/** Calls, and the answer to the last one that was refused. */
class LastRefusal {
  #response: BufferedResponse | null = null;
  readonly call: ProviderCall;

  constructor(call: ProviderCall) {
    this.call = async (request) => {
      const response = await call(request);
      if (response.status >= 400) this.#response = response;
      return response;
    };
  }

  get raw(): string | null {
    return this.#response === null ? null : rawAnswer(this.#response.body);
  }
}

function singleAnswer(
  operationId: OperationId,
  { results: [result] }: BatchOutcome,
  { errors, warnings }: WriteSummary,
  refusal: LastRefusal,
): WriteAnswer {
  if (result?.isWritten === true) return { isSuccess: true, body: { operationId, result: resultJson(result) } };
  const { raw } = refusal;
  const body = {
    operationId,
    errors: errors.map((message) => ({ message })),
    result: { success: false },
    ...(raw === null ? {} : { rawResponse: raw }),
    ...(warnings.length === 0 ? {} : { warnings: warnings.map((message) => ({ message })) }),
  };
  return { isSuccess: false, body };
}

function batchAnswer(
  operationId: OperationId,
  { results }: BatchOutcome,
  { successCount, failureCount, errors }: WriteSummary,
): WriteAnswer {
  const body = {
    operationId,
    successCount,
    failureCount,
    ...(results.length === 0 ? {} : { results: results.map(resultJson) }),
    ...(errors.length === 0 ? {} : { errors: errors.map((message) => ({ message })) }),
  };
  return { isSuccess: successCount > 0, body };
}

function resultJson({ isWritten, recordId, data }: BatchOutcome['results'][number]): JsonObject {
  return {
    success: isWritten,
    ...(recordId === null ? {} : { recordId }),
    ...(data === null ? {} : { data }),
  };
}

/** At a start: writes that were sent, or about to be, when the process ended. Nobody waits for them any more. */
export async function closeInterrupted({ store, clock }: Pick<Services, 'store' | 'clock'>): Promise<void> {
  if (!hasInterruptedWrites(store.reads)) return;
  const message = 'the process ended before the provider had answered: whether it was written is not known';
  await store.commit([closeInterruptedWrites(`Error writing to provider: ${message}`, clock.nowMs())]);
}
