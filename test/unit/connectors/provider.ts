// A provider that answers a connector by script, and what it was asked. Connectors have no network of their own, so
// this is all that their tests need.

import type { ProviderCall, ProviderRequest, ReadParams } from '../../../src/connectors/contract.ts';
import type { JsonValue } from '../../../src/core/json.ts';
import type { BufferedResponse } from '../../../src/egress/buffered.ts';

export function answer(
  status: number,
  body: JsonValue | string,
  headers: Record<string, string> = {},
): BufferedResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers, body: Buffer.from(text) };
}

export interface ScriptedProvider {
  readonly call: ProviderCall;
  readonly requests: readonly ProviderRequest[];
}

/** Gives the answers in order; the last one again and again. */
export function providerAnswering(...answers: readonly BufferedResponse[]): ScriptedProvider {
  const requests: ProviderRequest[] = [];
  return {
    requests,
    call: (request) => {
      const next = answers[Math.min(requests.length, answers.length - 1)];
      requests.push(request);
      return next === undefined ? Promise.reject(new Error('nothing to answer')) : Promise.resolve(next);
    },
  };
}

/** A full read of contacts, with what the test is about laid over it. */
export function readParams(differences: Partial<ReadParams> = {}): ReadParams {
  return {
    objectName: 'contacts',
    fields: ['email'],
    sinceMs: null,
    untilMs: null,
    filters: [],
    cursor: null,
    ...differences,
  };
}
