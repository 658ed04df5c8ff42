// The published quickstart manifest as it is: deployed, installed and read. Skipped where the published manifests are
// missing.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { MINUTE_MS } from '../../src/core/time.ts';
import { pass, settled, startDriven } from '../support/drive.ts';

const QUICKSTART = '../shared/reference/manifests/quickstart.yaml';
const NAME = 'mailmonkey-salesforce';

describe.skipIf(!existsSync(QUICKSTART))('the published quickstart (skipped where it is missing)', () => {
  it('deploys as it is, and what a customer installs is read in full and then on schedule', async () => {
    await using driven = await startDriven({ sandbox: { salesforceContacts: 120 } });
    const { tenon } = driven;
    const { receiver, sandbox } = tenon;
    for (const destination of ['contactWebhook', 'leadsWebhook']) await tenon.addWebhook(destination);
    const [deployed, ...others] = await tenon.deploy(readFileSync(QUICKSTART, 'utf8'));
    expect([deployed?.['name'], deployed?.['provider'], others]).toEqual([NAME, 'salesforce', []]);
    await tenon.connect('salesforce', { workspace: 'mailmonkey' });
    await tenon.install(NAME, {
      provider: 'salesforce',
      read: {
        objects: {
          contact: {
            selectedFields: { phone: true, salutation: false },
            selectedFieldMappings: { linkedin_url: 'title' },
          },
          lead: { selectedFieldsAuto: 'all', selectedFieldMappings: { priority: 'status' } },
        },
      },
    });
    await settled(driven);
    const { recordsByObject, recordsRepeated, signatureFailures, messages } = receiver.state();
    expect(Object.fromEntries(recordsByObject)).toEqual({ contact: 120, lead: 500 });
    expect([recordsRepeated, signatureFailures]).toEqual([0, 0]);
    const entryOf = (objectName: string) => {
      const message = messages.find((one) => one['objectName'] === objectName);
      return (message?.['result'] as JsonObject[] | undefined)?.[0] as { fields: JsonObject; mappedFields: JsonObject };
    };
    const contact = entryOf('contact');
    expect(Object.keys(contact.fields).sort()).toEqual(['email', 'firstname', 'lastname', 'phone']);
    expect(Object.keys(contact.mappedFields)).toEqual(['linkedin_url']);
    const lead = entryOf('lead');
    expect(Object.keys(lead.fields)).toEqual(expect.arrayContaining(['email', 'firstname', 'lastname', 'company']));
    expect(Object.keys(lead.mappedFields)).toEqual(['priority']);

    sandbox.change({ kind: 'create', provider: 'salesforce', account: 'mailmonkey', object: 'Lead', count: 3 });
    await pass(driven, 30 * MINUTE_MS);
    expect(Object.fromEntries(receiver.state().recordsByObject)).toEqual({ contact: 120, lead: 503 });
  });
});
