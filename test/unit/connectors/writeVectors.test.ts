// The write cases of a public connector library, run against ours: what a provider is asked to write and what comes of
// its answer. Where we differ on purpose the reason is listed, and a case that begins to agree must leave the list.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type {
  BatchOutcome,
  ProviderCall,
  ProviderRequest,
  RecordOutcome,
  WriteConnector,
  WriteRecord,
} from '../../../src/connectors/contract.ts';
import { associateAll } from '../../../src/connectors/hubspot/associations.ts';
import { createHubspotWriter } from '../../../src/connectors/hubspot/writer.ts';
import { createSalesforceWriter } from '../../../src/connectors/salesforce/writer.ts';
import type { JsonObject, JsonValue } from '../../../src/core/json.ts';
import { expectErrors, isMet, type WriteVector } from './exchanges.ts';
import { answer } from './provider.ts';

const FOLDER = '../shared/reference/vectors';
const FILES = [
  'hubspot/batch-write',
  'hubspot/batch-create',
  'hubspot/delete',
  'salesforce/batch-write',
  'salesforce/write',
  'salesforce/delete',
] as const;

const NOT_CHECKED_HERE = 'an object, a type, a record and an id are asked for where a write comes in';
const PARDOT = 'a module that ours does not write';
const WORDS = 'the words are ours';

/** Why a case is not expected to pass. */
const DIFFERENCES: readonly (readonly [file: string, name: RegExp, reason: string])[] = [
  ['hubspot/batch-write', /At least one object|type is missing/, NOT_CHECKED_HERE],
  ['hubspot/batch-write', /without the body/, 'a refusal without words still is told as one'],
  ['hubspot/delete', /must be included/, NOT_CHECKED_HERE],
  ['salesforce/batch-write', /At least one object|type is missing/, NOT_CHECKED_HERE],
  ['salesforce/batch-write', /General high level error.*create/, 'a batch that was refused as a whole has no results'],
  ['salesforce/batch-write', /without the body/, WORDS],
  ['salesforce/write', /must be included|needs data payload/, NOT_CHECKED_HERE],
  ['salesforce/write', /prospect/, PARDOT],
  ['salesforce/write', /unknown field/, WORDS],
  ['salesforce/delete', /must be included/, NOT_CHECKED_HERE],
  ['salesforce/delete', /prospect|missing record/, PARDOT],
];

/** Sentinels of the library and the codes that say the same. */
const CODES: Readonly<Record<string, readonly string[]>> = {
  ErrBadRequest: ['bad_request', 'schema_drift_missing_object', 'schema_drift_missing_field'],
};

interface Outcome {
  readonly success: boolean;
  readonly recordId: string;
  readonly data: JsonObject;
  readonly errors: readonly JsonValue[];
}

function writerOf(file: string): WriteConnector {
  return file.startsWith('hubspot') ? createHubspotWriter(() => 0) : createSalesforceWriter(() => 0);
}

function scripted({ exchanges }: WriteVector): ProviderCall {
  return (request: ProviderRequest) => {
    const exchange = exchanges.find(({ when }) => isMet(when, request));
    if (exchange === undefined) return Promise.resolve(answer(500, { error: { message: 'condition failed' } }));
    const { status = 200, bodyJson, bodyText } = exchange.respond;
    return Promise.resolve(answer(status, bodyText ?? bodyJson ?? ''));
  };
}

function recordOf({ id, ...fields }: JsonObject): WriteRecord {
  return { recordId: id === undefined ? null : String(id), fields, associations: [] };
}

async function run(file: string, vector: WriteVector): Promise<void> {
  const call = scripted(vector);
  const { objectName = '', type = 'create', batch = [], recordId, payloads } = vector.input;
  const params = { objectName, type, headers: {}, writeId: 'op' };
  const { result, errors } = vector.expect;
  const wanted = (result ?? {}) as JsonObject;
  if (file === 'hubspot/batch-create') {
    const warnings = await associateAll(objectName, associatings(payloads ?? {}), call, () => 0);
    expect([warnings.length === 0, warnings]).toEqual([wanted['success'], warnings]);
    return;
  }
  const writer = writerOf(file);
  if (file.endsWith('batch-write')) {
    const records = batch.map(({ record }) => recordOf(record));
    compareBatch(await writer.writeBatch(params, records, false, call), records.length, wanted);
    return;
  }
  const done: Promise<RecordOutcome | undefined> = file.endsWith('delete')
    ? writer.remove(params, recordId ?? '', call).then(() => undefined)
    : writer.write(params, { recordId: recordId ?? null, fields: {}, associations: [] }, call);
  if (errors === undefined) {
    const outcome = await done;
    if (outcome !== undefined) compare(told(outcome), wanted);
    return;
  }
  await expectErrors(done, errors, CODES);
}

function associatings(payloads: Readonly<Record<string, { readonly inputs: readonly JsonObject[] }>>) {
  return Object.values(payloads).flatMap(({ inputs }) =>
    inputs.map(({ from, ...association }) => ({
      fromId: String((from as JsonObject)['id']),
      associations: [association],
    })),
  );
}

function told({ isWritten, recordId, data, errors }: RecordOutcome): Outcome {
  return { success: isWritten, recordId: recordId ?? '', data: data ?? {}, errors };
}

function compare(outcome: Outcome, wanted: JsonObject): void {
  expect(outcome).toMatchObject({ success: wanted['success'], recordId: wanted['recordId'] ?? '' });
  expect(outcome.data).toMatchObject((wanted['data'] ?? {}) as JsonObject);
  if (wanted['errors'] !== undefined) expect(outcome.errors).toEqual(errorsOf(wanted));
}

function compareBatch({ results, errors }: BatchOutcome, count: number, wanted: JsonObject): void {
  const successCount = results.filter(({ isWritten }) => isWritten).length;
  expect([successCount, count - successCount]).toEqual([wanted['successCount'], wanted['failureCount']]);
  if (wanted['errors'] !== undefined) expect(errors).toEqual(errorsOf(wanted));
  const wantedResults = (wanted['results'] ?? []) as readonly JsonObject[];
  expect(results.length).toBe(wantedResults.length);
  for (const [index, one] of wantedResults.entries()) compare(told(results[index] as RecordOutcome), one);
}

function errorsOf(wanted: JsonObject): readonly JsonValue[] {
  return (wanted['errors'] as readonly JsonValue[]).map((error) => (error as JsonObject)['json'] ?? error);
}

for (const file of FILES) {
  const path = `${FOLDER}/${file}.json`;
  describe.skipIf(!existsSync(path))(`${file} (skipped where the vectors are missing)`, () => {
    const { cases = [] } = existsSync(path)
      ? (JSON.parse(readFileSync(path, 'utf8')) as { cases: readonly WriteVector[] })
      : {};
    it.each(cases)('$name', async (vector) => {
      const name = `${vector.name} ${vector.input.type ?? ''}`;
      const difference = DIFFERENCES.find(([of, pattern]) => of === file && pattern.test(name));
      if (difference === undefined) return run(file, vector);
      const [, , reason] = difference;
      const isSame = await run(file, vector).then(
        () => true,
        () => false,
      );
      expect(isSame, `no longer different: ${reason}`).toBe(false);
    });
  });
}
