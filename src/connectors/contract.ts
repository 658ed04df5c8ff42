// What the product asks of a provider's code. A connector turns a question into requests and answers into records;
// it has no credential, no clock and no network of its own: `call` is a leased, guarded, budgeted call that the
// flow hands in. Invariant: a cursor is opaque to everybody but the connector that made it.

import { type ErrorCode, IntegrationError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../core/json.ts';
import type { Ms } from '../core/time.ts';
import type { BufferedResponse } from '../egress/buffered.ts';
import { limitsSaid } from '../limits/headers/limitsSaid.ts';
import type { FieldMetadata } from '../manifest/hydrate.ts';
import type { SubscribeConnector } from './events.ts';
import type { FieldWriter } from './fieldWriter.ts';

/** A request to the provider of a connection. `path` begins with a slash and goes to its base address. */
export interface ProviderRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: JsonValue;
  /** Sent as XML instead: SOAP wants the token inside, and nothing that a caller wrote can choose its place. */
  readonly xml?: { readonly beforeToken: string; readonly afterToken: string };
  /** The status that an answer amounts to, where the provider says another: SOAP answers every refusal with 500. */
  readonly statusOf?: (response: BufferedResponse) => number;
}

/** Makes one leased call. Rejects with the codes of `Egress.request` and `Leases.lease`. */
export type ProviderCall = (request: ProviderRequest) => Promise<BufferedResponse>;

export interface EqualityFilter {
  readonly fieldName: string;
  readonly value: string | number | boolean;
}

export interface ReadParams {
  readonly objectName: string;
  /** Provider fields to request; at least one. */
  readonly fields: readonly string[];
  /** Only records modified after this, exclusive or inclusive as the provider has it. Null: from the beginning. */
  readonly sinceMs: Ms | null;
  /** Only records modified up to this. Null: no bound. */
  readonly untilMs: Ms | null;
  /** Joined by AND. */
  readonly filters: readonly EqualityFilter[];
  /** Null for the first page; else what the page before gave. */
  readonly cursor: string | null;
  /** No more rows than this, of the first page only; absent: a full page. */
  readonly rowsMax?: number;
}

export interface ReadRow {
  readonly id: string;
  /** The requested fields that the record has; keys in lower case. */
  readonly fields: JsonObject;
  readonly raw: JsonObject;
}

export interface ReadPage {
  readonly rows: readonly ReadRow[];
  /** Null after the last page. */
  readonly nextCursor: string | null;
}

/** An object of a customer's account. */
export interface DescribedObject {
  readonly displayName?: string;
  readonly fields: readonly FieldMetadata[];
  /** What fields are for, in the provider's words, by their names; without those of which it says nothing. */
  readonly descriptions?: ReadonlyMap<string, string>;
}

export interface ReadConnector {
  /**
   * Reads one page. Rejects with the codes of `providerFailure`; `cursor_gone` when the cursor has expired,
   * `schema_drift_missing_field` or `schema_drift_missing_object` when the customer changed their schema.
   */
  read(params: ReadParams, call: ProviderCall): Promise<ReadPage>;
  /** Names of all fields of an object. */
  listFields(objectName: string, call: ProviderCall): Promise<readonly string[]>;
  /** What an object is for people, and its fields. Rejects like `read`. */
  describe?(objectName: string, call: ProviderCall): Promise<DescribedObject>;
  /** Creates and changes fields of objects, where the provider's API can. */
  readonly fieldWriter?: FieldWriter;
  /** Creates, changes and deletes records. */
  readonly writer?: WriteConnector;
  /**
   * Records as they are now by id, keys of their fields in lower case; one that is not there is left out. At most
   * `recordsByIdMax` ids. Rejects like `read`.
   */
  readByIds?(
    objectName: string,
    recordIds: readonly string[],
    fields: readonly string[],
    call: ProviderCall,
  ): Promise<ReadonlyMap<string, ReadRow>>;
  readonly recordsByIdMax?: number;
  /** Subscribes to them; absent where they are configured by hand in the provider's own screens. */
  readonly subscriber?: SubscribeConnector;
  /** What the provider calls the account behind a new connection, e.g. HubSpot's portal id. */
  identifyAccount?(call: ProviderCall): Promise<string>;
}

/** What all records of a write have in common. */
export interface WriteParams {
  readonly objectName: string;
  readonly type: 'create' | 'update';
  /** Of the builder, for the provider; `acceptsHeader` has let them pass. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names the write to a provider that takes such a name; a record is `<writeId>:<its index>`, whichever attempt. */
  readonly writeId: string;
}

export interface WriteRecord {
  /** Of the record that is changed; null where one is made. */
  readonly recordId: string | null;
  /** By the provider's names, without the id. */
  readonly fields: JsonObject;
  /** In the provider's form; empty where it has none. */
  readonly associations: readonly JsonObject[];
}

/** What became of one record. */
export interface RecordOutcome {
  readonly isWritten: boolean;
  /** Null where it is not known. */
  readonly recordId: string | null;
  /** The record as the provider answered it; null where it answered none. */
  readonly data: JsonObject | null;
  /** In the provider's form. */
  readonly errors: readonly JsonValue[];
  /** What else was asked for and not done, for a record that was written. */
  readonly warnings: readonly string[];
  /** Not written for a reason that passes: the same record may be sent again. */
  readonly isWorthRepeating: boolean;
}

/** What became of a batch that the provider has judged. */
export interface BatchOutcome {
  /** One for each record in its order; empty where the batch was refused as a whole. */
  readonly results: readonly RecordOutcome[];
  /** Of the batch, and those of its records. */
  readonly errors: readonly JsonValue[];
  /** What else was asked for with records that were written and not done, where it is not told of which. */
  readonly warnings?: readonly string[];
}

/**
 * Writes records. Its calls reject with the codes of `providerFailure`; what a provider has judged is refused with an
 * `upstreamStatus`. Nothing is repeated here: whoever calls knows whether that is safe.
 */
export interface WriteConnector {
  /** Whether records are written with associations. */
  readonly hasAssociations: boolean;
  /** Where the provider locks rows: those of a record, as far as is known, in names that only have to differ. */
  rowsLockedBy?(record: WriteRecord): readonly string[];
  /** Whether the builder may send this header, by its name in lower case. Never true for what carries a credential. */
  acceptsHeader(name: string): boolean;
  write(params: WriteParams, record: WriteRecord, call: ProviderCall): Promise<RecordOutcome>;
  /** At most 100 records; with `isAllOrNone` none is written if one cannot be, where the provider can. */
  writeBatch(
    params: WriteParams,
    records: readonly WriteRecord[],
    isAllOrNone: boolean,
    call: ProviderCall,
  ): Promise<BatchOutcome>;
  remove(params: Pick<WriteParams, 'objectName' | 'headers'>, recordId: string, call: ProviderCall): Promise<void>;
  /** Fields of records as they are now, keys in lower case, by id; a record that is not there is left out. */
  current(
    objectName: string,
    recordIds: readonly string[],
    fields: readonly string[],
    call: ProviderCall,
  ): Promise<ReadonlyMap<string, JsonObject>>;
}

/** A record that was written, as far as is known. */
export function written(recordId: string | null, data: JsonObject | null): RecordOutcome {
  return { isWritten: true, recordId, data, errors: [], warnings: [], isWorthRepeating: false };
}

/** A record that was not. */
export function notWritten(errors: readonly JsonValue[], isWorthRepeating = false): RecordOutcome {
  return { isWritten: false, recordId: null, data: null, errors, warnings: [], isWorthRepeating };
}

/** A JSON body. Rejects with `provider_malformed` for anything else, e.g. an HTML error page with status 200. */
export function jsonBody(response: BufferedResponse, provider: string): JsonValue {
  try {
    return parseJson(response.body.toString(), `the answer of ${provider}`);
  } catch (cause) {
    throw new IntegrationError('provider_malformed', `${provider} answered ${response.status} without valid JSON`, {
      upstreamStatus: response.status,
      cause,
    });
  }
}

const CODE_BY_STATUS: ReadonlyMap<number, ErrorCode> = new Map([
  [401, 'auth_invalidated'],
  [403, 'forbidden'],
  [404, 'not_found'],
  [408, 'network'],
  [409, 'conflict_upstream'],
  [425, 'network'],
  [429, 'rate_limited'],
]);

/** The error of a non-2xx answer by status and usual headers; `detail` is the provider's own words, if it had any. */
export function providerFailure(
  provider: string,
  response: BufferedResponse,
  nowMs: Ms,
  detail?: string,
): IntegrationError {
  const { status } = response;
  const code = CODE_BY_STATUS.get(status) ?? (status >= 500 ? 'provider_5xx' : 'bad_request');
  const { retryAtMs } = limitsSaid('generic', { status, headers: response.headers }, nowMs);
  return new IntegrationError(code, `${provider} answered ${status}${detail === undefined ? '' : `: ${detail}`}`, {
    upstreamStatus: status,
    ...(retryAtMs === null ? {} : { retryAtMs }),
  });
}

/** The text that each entry of a list has under `key`, by the `name` of the entry; without those that have none. */
export function textsByName(entries: readonly JsonValue[], key: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const entry of entries) {
    if (!isJsonObject(entry)) continue;
    const { name, [key]: text } = entry;
    if (typeof name === 'string' && typeof text === 'string' && text !== '') texts.set(name, text);
  }
  return texts;
}

/** The requested fields of a record, looked up without regard to case; keys come out in lower case. */
export function selectFields(names: readonly string[], ...sources: readonly JsonObject[]): JsonObject {
  const found = new Map<string, JsonValue | undefined>();
  for (const source of sources) {
    for (const [name, value] of Object.entries(source)) {
      const key = name.toLowerCase();
      if (!found.has(key)) found.set(key, value);
    }
  }
  const selected: Record<string, JsonValue> = Object.create(null);
  for (const name of names) {
    const key = name.toLowerCase();
    const value = found.get(key);
    if (value !== undefined) selected[key] = value;
  }
  return selected;
}
