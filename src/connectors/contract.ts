// What the product asks of a provider's code. A connector turns a question into requests and answers into records;
// it has no credential, no clock and no network of its own: `call` is a leased, guarded, budgeted call that the
// flow hands in. Invariant: a cursor is opaque to everybody but the connector that made it.

import { type ErrorCode, IntegrationError } from '../core/errors.ts';
import { type JsonObject, type JsonValue, parseJson } from '../core/json.ts';
import type { Ms } from '../core/time.ts';
import type { BufferedResponse } from '../egress/buffered.ts';
import { limitsSaid } from '../limits/headers/limitsSaid.ts';
import type { FieldMetadata } from '../manifest/hydrate.ts';
import type { FieldWriter } from './fieldWriter.ts';

/** A request to the provider of a connection. `path` begins with a slash and goes to its base address. */
export interface ProviderRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
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

export interface ReadConnector {
  /**
   * Reads one page. Rejects with the codes of `providerFailure`; `cursor_gone` when the cursor has expired,
   * `schema_drift_missing_field` or `schema_drift_missing_object` when the customer changed their schema.
   */
  read(params: ReadParams, call: ProviderCall): Promise<ReadPage>;
  /** Names of all fields of an object. */
  listFields(objectName: string, call: ProviderCall): Promise<readonly string[]>;
  /** What an object is for people, and its fields. Rejects like `read`. */
  describe?(
    objectName: string,
    call: ProviderCall,
  ): Promise<{ readonly displayName?: string; readonly fields: readonly FieldMetadata[] }>;
  /** Creates and changes fields of objects, where the provider's API can. */
  readonly fieldWriter?: FieldWriter;
  /** What the provider calls the account behind a new connection, e.g. HubSpot's portal id. */
  identifyAccount?(call: ProviderCall): Promise<string>;
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
