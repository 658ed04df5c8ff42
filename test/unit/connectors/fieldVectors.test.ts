// The cases of a public connector library for fields that are created and changed. Where ours differs on purpose: it
// reads what there is before it changes it, shows a first option first, and makes a select of several values of
// checkboxes, since HubSpot's `select` takes one.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ProviderCall } from '../../../src/connectors/contract.ts';
import type { FieldDefinition } from '../../../src/connectors/fieldWriter.ts';
import { createHubspotFieldWriter } from '../../../src/connectors/hubspot/fieldWriter.ts';
import { createSalesforceFieldWriter } from '../../../src/connectors/salesforce/fieldWriter.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/core/json.ts';
import { answer } from './provider.ts';

const FOLDER = '../shared/reference/vectors';

interface Vector {
  readonly name: string;
  readonly input: { readonly fields: Readonly<Record<string, readonly FieldDefinition[]>> } | null;
  readonly exchanges: readonly {
    readonly when: { readonly method: string; readonly path: string; readonly bodyJson?: JsonValue };
    readonly respond: { readonly status: number; readonly bodyJson?: JsonValue; readonly bodyText?: string };
  }[];
  readonly expect: {
    readonly result?: { readonly fields: Readonly<Record<string, JsonObject>> };
    readonly errors?: readonly (string | { readonly text: string })[];
  };
}

function casesOf(provider: string): readonly Vector[] {
  const path = `${FOLDER}/${provider}/upsert-metadata.json`;
  if (!existsSync(path)) return [];
  const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: readonly Vector[] };
  // The others are of its interface: no input at all, and no token.
  return cases.filter(({ input, exchanges }) => input !== null && exchanges.length > 0);
}

function wishesOf({ input }: Vector) {
  return Object.entries(input?.fields ?? {}).flatMap(([objectName, definitions]) =>
    definitions.map((definition) => ({ objectName, definition })),
  );
}

/** Without the differences above. */
function alike(value: JsonValue | undefined): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(alike);
  if (!isJsonObject(value)) return value ?? null;
  const { displayOrder, ...rest } = value;
  const entries = Object.entries(rest).map(([key, part]) => [key, alike(part)] as const);
  const isMulti = rest['fieldType'] === 'checkbox';
  return Object.fromEntries([
    ...entries,
    ...(isMulti ? [['fieldType', 'select'] as const] : []),
    ...(displayOrder === undefined || displayOrder === 0 ? [] : [['displayOrder', displayOrder] as const]),
  ]);
}

describe.skipIf(casesOf('hubspot').length === 0)('hubspot', () => {
  it.each(casesOf('hubspot'))('$name', async (vector) => {
    const call: ProviderCall = ({ method, path, body }) => {
      if (method === 'GET' && path === '/crm/v3/properties/Contact')
        return Promise.resolve(answer(200, { results: [] }));
      const { when, respond } =
        vector.exchanges.find((one) => one.when.method === method && one.when.path === path) ?? {};
      expect(alike(body)).toEqual(when?.bodyJson ?? null);
      return Promise.resolve(answer(respond?.status ?? 500, respond?.bodyJson ?? null));
    };
    const wishes = wishesOf(vector);
    const outcomes = await createHubspotFieldWriter(() => 0).upsert(wishes, call);
    for (const [index, { objectName, definition }] of wishes.entries()) {
      const { action, metadata = {} } = (vector.expect.result?.fields[objectName]?.[definition.fieldName] ??
        {}) as JsonObject;
      expect(outcomes[index]).toMatchObject({ action, metadata, failure: null });
    }
  });
});

describe.skipIf(casesOf('salesforce').length === 0)('salesforce', () => {
  it.each(casesOf('salesforce'))('$name', async (vector) => {
    const call: ProviderCall = ({ method, path, xml }) => {
      if (xml?.afterToken.includes('<readMetadata>') === true) {
        const nothing = '<Envelope><Body><readMetadataResponse/></Body></Envelope>';
        return Promise.resolve(answer(200, nothing));
      }
      const { respond } = vector.exchanges.find(({ when }) => when.method === method && when.path === path) ?? {};
      return Promise.resolve(answer(respond?.status ?? 500, respond?.bodyText ?? ''));
    };
    const [outcome] = await createSalesforceFieldWriter(() => 0).upsert(wishesOf(vector), call);
    expect(outcome?.failure?.code).toBe('bad_request');
    for (const error of vector.expect.errors ?? []) {
      if (typeof error !== 'string') expect(outcome?.failure?.message).toContain(error.text);
    }
  });
});
