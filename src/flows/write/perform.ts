// A write in two halves. The first makes records for the provider of those of the builder, which may ask the provider
// what it has already; the second sends them. Only the second changes anything.

import { type BatchOutcome, type ProviderCall, type WriteRecord, written } from '../../connectors/contract.ts';
import { type ErrorCode, IntegrationError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { isFieldPath } from '../../manifest/fieldPath.ts';
import { compileUnmapping } from '../../manifest/unmapping.ts';
import type { Services } from '../services.ts';
import { sendPastLocks } from './lockedRows.ts';
import type { WriteRequest, Writing } from './request.ts';

interface Unmapped extends WriteRecord {
  readonly onlyIfEmpty: readonly string[];
}

/** Records in the provider's words. Rejects with the codes of `WriteConnector.current`; nothing has changed then. */
export async function recordsFor(
  { write, connector }: Writing,
  { type, records: given }: WriteRequest,
  call: ProviderCall,
): Promise<readonly WriteRecord[]> {
  if (type === 'delete') return given.map(({ record }) => recordOf(String(record['id']), {}));
  const unmap = compileUnmapping(write);
  const records = given.map(({ record, associations, earlier = [] }): Unmapped => {
    const isChange = type === 'update';
    const before = earlier.map(withoutId);
    const { record: fields, onlyIfEmpty } = unmap(isChange ? withoutId(record) : record, type, before);
    return { recordId: isChange ? String(record['id']) : null, fields, associations, onlyIfEmpty };
  });
  const asking = records.filter(({ onlyIfEmpty }) => onlyIfEmpty.length > 0);
  if (asking.length === 0) return records;
  const names = [...new Set(asking.flatMap(({ onlyIfEmpty }) => onlyIfEmpty))];
  const nested = names.find(isFieldPath);
  if (nested !== undefined) {
    throw new IntegrationError('bad_request', `${nested} is a path: whether it is empty cannot be looked up`);
  }
  const ids = [...new Set(asking.map(({ recordId }) => recordId ?? ''))];
  const current = await connector.current(write.objectName, ids, names, call).catch((error: unknown) => {
    throw repeatable(error);
  });
  return records.map((record) => withoutFilled(record, current.get(record.recordId ?? '') ?? {}));
}

function withoutId({ id: _id, ...fields }: JsonObject): JsonObject {
  return fields;
}

function recordOf(recordId: string, fields: JsonObject): WriteRecord {
  return { recordId, fields, associations: [] };
}

/** A record that the provider does not have is sent whole, so that the provider says so. */
function withoutFilled({ onlyIfEmpty, ...record }: Unmapped, current: JsonObject): WriteRecord {
  const kept = new Set(onlyIfEmpty.map((name) => name.toLowerCase()).filter((key) => !isEmpty(current[key])));
  const fields = Object.entries(record.fields).filter(([name]) => !kept.has(name.toLowerCase()));
  return { ...record, fields: Object.fromEntries(fields) };
}

function isEmpty(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

/**
 * Sends records and answers what the provider made of them. Rejects with the codes of `WriteConnector`, and with
 * `outcome_unknown` where they may have been made although the provider says no; `timeout` where a change or a deletion
 * may have been done.
 */
export async function sendWrite(
  { clock, rowLanes }: Pick<Services, 'clock' | 'rowLanes'>,
  writing: Writing,
  request: WriteRequest,
  records: readonly WriteRecord[],
  writeId: string,
  call: ProviderCall,
): Promise<BatchOutcome> {
  const { connector, target } = writing;
  const send = (some: readonly WriteRecord[]) => sendOnce(writing, request, some, writeId, call);
  const rowsLockedBy = connector.rowsLockedBy?.bind(connector);
  if (rowsLockedBy === undefined) return await send(records);
  const { isAllOrNone } = request;
  const repeating = { clock, lanes: rowLanes, rowsLockedBy, accountKey: target.accountKey, isAllOrNone };
  return await sendPastLocks(repeating, records, send);
}

async function sendOnce(
  { write, connector }: Writing,
  { type, isBatch, isAllOrNone, headers }: WriteRequest,
  records: readonly WriteRecord[],
  writeId: string,
  call: ProviderCall,
): Promise<BatchOutcome> {
  const { objectName } = write;
  const [first] = records;
  if (first === undefined) return { results: [], errors: [] };
  try {
    if (type === 'delete') {
      await connector.remove({ objectName, headers }, first.recordId ?? '', call);
      return { results: [written(first.recordId, null)], errors: [] };
    }
    const params = { objectName, type, headers, writeId };
    if (isBatch) return await connector.writeBatch(params, records, isAllOrNone, call);
    return { results: [await connector.write(params, first, call)], errors: [] };
  } catch (error) {
    throw unsure(error, type === 'create');
  }
}

/** Of a record that may have been made. */
export const NOT_KNOWN = 'whether it was made is not known';

/**
 * Only "come back later" says that nothing was made, and HubSpot's 477 for an account that it moves: behind the errors
 * of a gateway there may be a record.
 */
const NOTHING_DONE: ReadonlySet<number | undefined> = new Set([503, 477]);

/** Changing or deleting the same once more comes to the same, so there a failure is a failure. */
function unsure(error: unknown, isCreation: boolean): unknown {
  if (!isCreation) return repeatable(error);
  if (!(error instanceof IntegrationError)) return error;
  const { code, upstreamStatus, message } = error;
  const isGateway = code === 'provider_5xx' && !NOTHING_DONE.has(upstreamStatus);
  if (!isGateway && code !== 'provider_malformed' && code !== 'outcome_unknown') return error;
  return new IntegrationError('outcome_unknown', `${message}; ${NOT_KNOWN}`, { cause: error });
}

/** Of what may be done twice: whether it was done need not be known. */
function repeatable(error: unknown): unknown {
  if (!(error instanceof IntegrationError) || error.code !== 'outcome_unknown') return error;
  return new IntegrationError('timeout', error.message, { publicDetail: error.publicDetail, cause: error });
}

/** Failures of a call that say nothing about the records. */
const OF_THE_CALL: ReadonlySet<ErrorCode> = new Set(['auth_invalidated', 'rate_limited', 'provider_malformed']);

/** Whether the provider has judged what it was sent, and will not judge it otherwise next time. */
export function isRefusal(error: unknown): error is IntegrationError {
  if (!(error instanceof IntegrationError) || error.isRetryable || OF_THE_CALL.has(error.code)) return false;
  return (error.upstreamStatus ?? 0) >= 400 && (error.upstreamStatus ?? 0) < 500;
}
