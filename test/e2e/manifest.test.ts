// The published samples: all are deployed, the quickstart is also installed and read. Skipped where they are missing.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { JsonObject } from '../../src/core/json.ts';
import { MINUTE_MS } from '../../src/core/time.ts';
import { withTextsForClients } from '../../src/manifest/hydrate.ts';
import { pass, settled, startDriven } from '../support/drive.ts';
import { PublishedSchemas } from '../support/published.ts';
import { startTenon } from '../support/tenon.ts';

const SAMPLES = '../shared/reference/manifests';
const QUICKSTART = `${SAMPLES}/quickstart.yaml`;
const NAME = 'mailmonkey-salesforce';

describe.skipIf(!existsSync(SAMPLES))('the published samples (skipped where they are missing)', () => {
  it('deploy, are given back as they were written, and in a form that clients take', async () => {
    await using tenon = await startTenon();
    const published = new PublishedSchemas();
    const samples = readdirSync(SAMPLES).filter((name) => name.endsWith('.yaml'));
    for (const sample of samples) {
      const text = readFileSync(join(SAMPLES, sample), 'utf8');
      const written = (parse(text) as { integrations: JsonObject[] }).integrations;
      // Several samples name their integration alike, of different providers.
      const renamed = written.map((one, index) => ({ ...one, name: `${sample}-${index}` }));
      const deployed = await tenon.deploy(JSON.stringify({ specVersion: '1.0.0', integrations: renamed }));
      const contents = deployed.map((one) => (one['latestRevision'] as { content: JsonObject }).content);
      expect(contents, sample).toEqual(renamed.map(withTextsForClients));
      const problems = contents.flatMap((content) => published.value('manifest', 'Integration', content));
      expect(problems, sample).toEqual([]);
      await tenon.deploy(JSON.stringify({ specVersion: '1.0.0', integrations: renamed }));
    }
    const revisions = tenon.running.services.store.reads.get('SELECT count(*) AS count FROM revisions');
    const integrations = tenon.running.services.store.reads.get('SELECT count(*) AS count FROM integrations');
    expect(revisions).toEqual(integrations);
  });
});

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
