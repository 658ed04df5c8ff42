// Reads of objects with more fields than an address takes, from their backfill to a change.

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { ADDRESS_CHARS_MAX, FIELDS_UPSERTED_MAX } from '../../src/core/limits.ts';
import { MINUTE_MS } from '../../src/core/time.ts';
import {
  type Driven,
  integration,
  manifest,
  operations,
  pass,
  readObject,
  settled,
  startDriven,
} from '../support/drive.ts';

const SCOPES = ['crm.objects.contacts.read', 'crm.schemas.contacts.write'];
/** Together they take twice the room that there is in an address. */
const ADDED = Array.from(
  { length: 4 * FIELDS_UPSERTED_MAX },
  (_, n) => `a_field_with_a_very_long_name_indeed_${100 + n}`,
);
/** More than one page of each provider. */
const RECORDS = { hubspotContacts: 120, salesforceAccounts: 620 };

/** Connected, the fields added to the object, and all of them chosen. */
async function wide(provider: 'hubspot' | 'salesforce', objectName: string): Promise<{ driven: Driven; id: string }> {
  const driven = await startDriven({ sandbox: RECORDS });
  const { tenon, clock } = driven;
  await tenon.addProviderApp(provider, undefined, undefined, provider === 'hubspot' ? SCOPES : []);
  await tenon.addWebhook('hook');
  await tenon.deploy(manifest(integration(provider, readObject(objectName))));
  await tenon.connect(provider, provider === 'salesforce' ? { workspace: 'acme' } : {});
  for (let from = 0; from < ADDED.length; from += FIELDS_UPSERTED_MAX) {
    const added = ADDED.slice(from, from + FIELDS_UPSERTED_MAX);
    const fields = { [objectName]: added.map((name) => ({ fieldName: name, displayName: name, valueType: 'string' })) };
    const body = { groupRef: 'acme', fields };
    const path = tenon.inProject(`/providers/${provider}/object-metadata`);
    const { status, text } = await tenon.api('PUT', path, body);
    expect([status, status === 200 ? '' : text.slice(0, 500)]).toEqual([200, '']);
    await clock.advance(MINUTE_MS);
  }
  const chosen = { [objectName]: { selectedFieldsAuto: 'all' } };
  const { id } = await tenon.install(provider, { provider, read: { objects: chosen } });
  await settled(driven);
  return { driven, id };
}

function entriesOf({ tenon }: Driven): JsonObject[] {
  return tenon.receiver.state().messages.flatMap(({ result }) => result as JsonObject[]);
}

describe('a read of more fields than an address takes', () => {
  it.each([
    ['hubspot', 'contacts', 'portal-1', 'jobtitle', RECORDS.hubspotContacts],
    ['salesforce', 'account', 'acme', 'Website', RECORDS.salesforceAccounts],
  ] as const)(
    'has all of them at %s, in a backfill and after a change',
    async (provider, object, account, field, count) => {
      expect(ADDED.join('%2C').length).toBeGreaterThan(2 * ADDRESS_CHARS_MAX);
      const { driven, id } = await wide(provider, object);
      await using _ = driven;
      const all = entriesOf(driven);
      expect(all.length).toBe(count);
      const names = (entry: JsonObject | undefined) =>
        Object.keys(entry?.['fields'] as JsonObject).map((name) => name.toLowerCase());
      const own = provider === 'salesforce' ? ADDED.map((name) => `${name}__c`) : ADDED;
      expect(names(all.at(-1))).toEqual(expect.arrayContaining(own));
      driven.tenon.sandbox.change({
        kind: 'modify',
        provider,
        account,
        object: provider === 'hubspot' ? object : 'Account',
        count: 1,
        values: { [field]: 'changed' },
      });
      await pass(driven, 15 * MINUTE_MS);
      const changed = entriesOf(driven).slice(count);
      expect(changed.length).toBe(1);
      expect(changed[0]?.['fields']).toMatchObject({
        [provider === 'hubspot' ? field : field.toLowerCase()]: 'changed',
      });
      expect(names(changed[0])).toEqual(expect.arrayContaining(own));
      expect((await operations(driven, provider, id)).every(({ status }) => status === 'success')).toBe(true);
    },
  );
});
