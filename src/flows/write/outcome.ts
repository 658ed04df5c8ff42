// What became of a write, as its operation shows it and as its caller is told. A provider may say anything: its words
// are scrubbed and cut before they are kept or told.

import type { BatchOutcome, RecordOutcome } from '../../connectors/contract.ts';
import { countOutcome, countsOf, WRITE_OUTCOMES } from '../../core/counts.ts';
import type { OperationId } from '../../core/ids.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import {
  ERROR_MESSAGE_CHARS_MAX,
  WRITE_ERRORS_MAX,
  WRITE_RAW_CHARS_MAX,
  WRITE_WARNINGS_MAX,
} from '../../core/limits.ts';
import { scrubbed } from '../../core/scrub.ts';
import type { RowWrite } from '../../store/port.ts';
import {
  type InstallationRow,
  insertOperation,
  type OperationRow,
  readIntegration,
} from '../../store/tables/installations.ts';
import type { Services } from '../services.ts';
import type { WriteType } from './request.ts';

/** A write that is over, in plain words. */
export interface WriteSummary {
  readonly objectName: string;
  readonly type: WriteType;
  readonly isBatch: boolean;
  readonly successCount: number;
  readonly failureCount: number;
  readonly successfulRecordIds: readonly string[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** The facts of an operation that a write has come to. */
type Closing = Pick<OperationRow, 'status' | 'result' | 'metadata'>;

export function summaryOf(
  facts: Pick<WriteSummary, 'objectName' | 'type' | 'isBatch'>,
  count: number,
  { results, errors, warnings = [] }: BatchOutcome,
): WriteSummary {
  const ofRecords = results.flatMap((result) => result.warnings);
  const successes = results.filter(({ isWritten }) => isWritten);
  return {
    ...facts,
    successCount: successes.length,
    failureCount: count - successes.length,
    successfulRecordIds: successes.flatMap(({ recordId }) => recordId ?? []),
    errors: errorsOf(results, errors, facts.isBatch),
    warnings: [...warnings, ...ofRecords].slice(0, WRITE_WARNINGS_MAX).map(told),
  };
}

/** Nothing of it was written, or nobody knows. */
export function failureOf(
  facts: Pick<WriteSummary, 'objectName' | 'type' | 'isBatch'>,
  count: number,
  message: string,
): WriteSummary {
  return summaryOf(facts, count, { results: [], errors: [message] });
}

/** Those of records name them, and come once, whether the provider said them of the batch as well or not. */
function errorsOf(
  results: readonly RecordOutcome[],
  batchErrors: readonly JsonValue[],
  isBatch: boolean,
): readonly string[] {
  const ofRecords = results.flatMap(({ errors }, index) =>
    errors.map((error) => (isBatch ? `record ${index}: ${messageOf(error)}` : messageOf(error))),
  );
  const known = new Set(results.flatMap(({ errors }) => errors.map((error) => JSON.stringify(error))));
  const others = batchErrors.filter((error) => !known.has(JSON.stringify(error))).map(messageOf);
  return [...others, ...ofRecords].slice(0, WRITE_ERRORS_MAX);
}

/** Providers have a code and words: Salesforce in `statusCode` or `errorCode`, HubSpot in `code` or `category`. */
function messageOf(error: JsonValue): string {
  if (!isJsonObject(error)) return told(String(error));
  const { statusCode, errorCode, code, category, message } = error;
  const words = [statusCode ?? errorCode ?? code ?? category, message];
  return told(words.filter((word) => typeof word === 'string' && word !== '').join(' ') || 'refused without a reason');
}

function told(words: string): string {
  return scrubbed(words.slice(0, 2 * ERROR_MESSAGE_CHARS_MAX)).slice(0, ERROR_MESSAGE_CHARS_MAX);
}

/** The provider's answer to a write that failed, for the builder. */
export function rawAnswer(body: Buffer): string {
  // Half a credential at the cut would not be known as one, so what is cut off last was looked through.
  return scrubbed(body.toString().slice(0, 2 * WRITE_RAW_CHARS_MAX)).slice(0, WRITE_RAW_CHARS_MAX);
}

const VERBS: Readonly<Record<WriteType, string>> = { create: 'created', update: 'updated', delete: 'deleted' };

/** A part that was written makes it a success, as published. `errors` and `warnings` are additions of ours. */
export function closingOf(summary: WriteSummary, retry?: JsonObject): Closing {
  const { objectName, type, isBatch, successCount, failureCount, errors, warnings } = summary;
  const metadata = {
    objects: [objectName],
    successfulRecordIds: summary.successfulRecordIds,
    ...(retry === undefined ? {} : { retry }),
    ...(errors.length === 0 ? {} : { errors }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
  const failed = `[${objectName}] Error writing to provider: ${errors[0] ?? 'refused without a reason'}`;
  const single = successCount > 0 ? `[${objectName}] Record ${VERBS[type]}` : failed;
  const batch = `Batch write completed (${successCount} succeeded, ${failureCount} failed)`;
  return {
    status: successCount > 0 ? 'success' : 'failure',
    result: isBatch ? batch : single,
    metadata: JSON.stringify(metadata),
  };
}

/** The row of a write that has not ended. */
export function begunOperation(
  { clock }: Pick<Services, 'clock'>,
  { projectId, integrationId, installationId, configId }: InstallationRow,
  operationId: OperationId,
  objectName: string,
): RowWrite {
  const facts = { projectId, integrationId, installationId, configId, actionType: 'write' } as const;
  const metadata = JSON.stringify({ objects: [objectName] });
  const begun = { status: 'in_progress', result: null, metadata, createdAtMs: clock.nowMs() } as const;
  return insertOperation({ operationId, ...facts, ...begun });
}

/** Counts a write that is over. */
export function countWrite(
  { counts, store }: Pick<Services, 'counts' | 'store'>,
  { projectId, integrationId }: InstallationRow,
  { successCount, failureCount }: WriteSummary,
): void {
  const provider = readIntegration(store.reads, projectId, integrationId)?.provider;
  if (provider === undefined) return;
  const counted = countsOf(counts, provider);
  const some = failureCount === 0 ? 'written' : 'partly';
  countOutcome(counted.writes, WRITE_OUTCOMES, successCount === 0 ? 'failed' : some);
  counted.recordsWritten += successCount;
}
