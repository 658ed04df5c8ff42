// What a case of the vectors says of a request, and whether one is as it says.

import { expect } from 'vitest';
import type { ProviderRequest } from '../../../src/connectors/contract.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/core/json.ts';
import { parseTimestamp } from '../../../src/core/time.ts';

export interface Condition {
  readonly method?: string;
  readonly path?: string;
  readonly query?: Readonly<Record<string, readonly string[]>>;
  readonly bodyJson?: JsonValue;
  readonly any?: readonly Condition[];
}

/** A case of a write. */
export interface WriteVector {
  readonly name: string;
  readonly input: {
    readonly objectName?: string;
    readonly type?: 'create' | 'update';
    readonly recordId?: string;
    readonly batch?: readonly { readonly record: JsonObject }[];
    readonly payloads?: Readonly<Record<string, { readonly inputs: readonly JsonObject[] }>>;
  };
  readonly exchanges: readonly {
    readonly when: Condition;
    readonly respond: { readonly status?: number; readonly bodyJson?: JsonValue; readonly bodyText?: string };
  }[];
  readonly expect: { readonly result?: JsonObject; readonly errors?: readonly (string | JsonObject)[] };
}

/** Whether a request is the one that an answer of a case is for. */
export function isMet(condition: Condition, request: ProviderRequest): boolean {
  const url = new URL(request.path, 'http://provider');
  if (condition.method !== undefined && condition.method !== request.method) return false;
  if (condition.path !== undefined && !isPath(condition.path, decodeURIComponent(url.pathname))) return false;
  for (const [name, values] of Object.entries(condition.query ?? {})) {
    if (JSON.stringify(url.searchParams.getAll(name)) !== JSON.stringify(values)) return false;
  }
  if (condition.bodyJson !== undefined && normal(condition.bodyJson) !== normal(request.body ?? null)) return false;
  return condition.any === undefined || condition.any.some((one) => isMet(one, request));
}

/** The library searches at the address of a later version, which takes and answers the same. */
function isPath(expected: string, path: string): boolean {
  return path === expected || path === expected.replace('/crm/objects/2026-03/', '/crm/v3/objects/');
}

/** JSON with keys in order and times to the second, since the library writes them in the zone they came in. */
function normal(value: JsonValue): string {
  return JSON.stringify(value, (_key, part: JsonValue) => {
    if (typeof part === 'string' && /^\d{4}-\d\d-\d\dT/.test(part)) {
      return Math.floor((parseTimestamp(part) ?? 0) / 1000);
    }
    return isJsonObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part;
  });
}

/** That a call fails as a case says: in its words, or with one of the codes that ours has for the name of an error. */
export async function expectErrors(
  call: Promise<unknown>,
  errors: readonly (string | JsonObject)[],
  codes: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const { code, message } = await call.then(
    () => ({ code: 'none', message: 'it worked' }),
    (error: { code: string; message: string }) => error,
  );
  for (const error of errors) {
    if (typeof error === 'string') expect(codes[error] ?? [], `${error}: ${message}`).toContain(code);
    else expect(message).toContain(String(error['text']));
  }
}
