// Customers who install and configure an integration with the published React library's InstallIntegration, in a real
// browser: from nothing to installed, every way to change it, and back. What was chosen is asked of the API.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JsonValue, jsonAt } from '../../../src/core/json.ts';
import { browserIsMissing, type Visit } from '../../support/browser/visit.ts';
import { type BrowserWorld, type Mode, startBrowserWorld } from '../../support/browser/world.ts';
import type { Published } from '../../support/tenon.ts';

const MANIFEST = `
specVersion: 1.0.0
integrations:
  - name: crm
    displayName: CRM
    provider: hubspot
    read:
      objects:
        - objectName: contacts
          destination: records
          schedule: "*/30 * * * *"
          requiredFields:
            - fieldName: email
            - { fieldName: lastname, mapToName: surname }
            - { mapToName: stage, mapToDisplayName: Stage, prompt: Where they are in your funnel }
          optionalFields:
            - fieldName: phone
            - fieldName: city
            - { mapToName: priority, mapToDisplayName: Priority, default: hs_lead_status }
        - objectName: companies
          mapToName: accounts
          mapToDisplayName: Accounts
          destination: records
          schedule: "*/30 * * * *"
          requiredFields:
            - fieldName: name
          optionalFieldsAuto: all
    write:
      objects:
        - objectName: contacts
        - objectName: companies
    proxy: { enabled: true }
  - name: proxied
    provider: stripe
    proxy: { enabled: true }
`;

describe.skipIf(browserIsMissing !== null)(`InstallIntegration (${browserIsMissing ?? 'in a browser'})`, () => {
  let world: BrowserWorld;

  beforeAll(async () => {
    world = await startBrowserWorld();
    await world.tenon.addProviderApp('hubspot');
    await world.tenon.addWebhook('records');
    await world.tenon.deploy(MANIFEST);
  });

  afterAll(() => world?.stop());

  function visit(integration: string, groupRef: string, more: object = {}, mode?: Mode): Promise<Visit> {
    const props = { integration, groupRef, consumerRef: 'ada', groupName: `Group ${groupRef}`, ...more };
    return world.visit({ component: 'InstallIntegration', props }, mode);
  }

  async function installationOf(integration: string, groupRef: string): Promise<Published | undefined> {
    const path = world.tenon.inProject(`/integrations/${integration}/installations?groupRef=${groupRef}`);
    return (await world.tenon.ok<Published[]>('GET', path))[0];
  }

  /** The config of one object as it is stored. */
  async function readOf(groupRef: string, object: string): Promise<JsonValue | undefined> {
    return jsonAt((await installationOf('crm', groupRef)) ?? {}, `config.content.read.objects.${object}`);
  }

  /** Picks a field for the nth mapping that is shown. */
  async function map(customer: Visit, nth: number, field: string): Promise<void> {
    await customer.page.getByRole('combobox').nth(nth).click();
    await customer.page.getByRole('option', { name: field, exact: true }).click();
  }

  const tab = (customer: Visit, name: string) => customer.page.getByRole('tab', { name }).click();
  const check = (customer: Visit, label: string) => customer.page.getByLabel(label, { exact: true }).check();
  const save = (customer: Visit) => customer.answered('PATCH', /installations/, () => customer.press('Save'));

  it('says that the project cannot be loaded with a key that opens nothing', async () => {
    const customer = await visit('crm', 'stranger', {}, 'wrongKey');
    await customer.see('Error loading project');
    await customer.picture('refused');
    await customer.end([/status of 401/, /Error \(401\)/, /the API key is missing or not valid/, /Remedy/]);
  });

  it('installs an object, changes it, adds another, writes, stops, goes on and uninstalls', async () => {
    const { id: connectionId } = await world.consented('hubspot', 'full', 'portal-full');
    const customer = await visit('crm', 'full');
    await customer.see('reads the following fields');
    await customer.picture('start');
    await customer.press('Install');
    await customer.see('* required');
    await customer.picture('required');
    await map(customer, 0, 'Lifecycle Stage');
    await check(customer, 'City');
    await customer.picture('chosen');
    const made = await customer.answered('POST', /installations$/, () => customer.press('Install'));
    expect(made).toMatchObject({ status: 201, body: { groupRef: 'full', connectionId } });
    const [told] = await customer.told('onInstallSuccess');
    const installed = await installationOf('crm', 'full');
    expect(told?.said[0]).toBe(installed?.id);
    expect(await readOf('full', 'contacts')).toMatchObject({
      selectedFields: { city: true },
      selectedFieldMappings: { stage: 'lifecyclestage', priority: 'hs_lead_status' },
    });

    // The library goes on to what is not configured yet.
    await customer.see('Company name');
    await check(customer, 'Industry');
    await customer.picture('second-object');
    expect(await save(customer)).toMatchObject({
      status: 200,
      body: { updateMask: ['config.content.read.objects.companies'] },
    });
    expect(await readOf('full', 'companies')).toMatchObject({ selectedFields: { industry: true } });
    expect(await readOf('full', 'contacts')).toMatchObject({ selectedFields: { city: true } });

    await customer.see('to write to these objects');
    await check(customer, 'Contacts');
    await customer.picture('write');
    expect(await save(customer)).toMatchObject({ status: 200, body: { updateMask: ['config.content.write.objects'] } });
    expect(jsonAt((await installationOf('crm', 'full')) ?? {}, 'config.content.write.objects')).toEqual({
      contacts: expect.objectContaining({ objectName: 'contacts' }),
    });

    await tab(customer, 'Contacts');
    await customer.see('Reading from Contacts is enabled');
    await check(customer, 'Phone Number');
    await map(customer, 1, 'Company Name');
    await save(customer);
    await customer.see('Reading from Contacts is enabled');
    expect(await customer.page.getByText('pending').count()).toBe(0);
    await customer.picture('changed');
    expect(await readOf('full', 'contacts')).toMatchObject({
      selectedFields: { city: true, phone: true },
      selectedFieldMappings: { stage: 'lifecyclestage', priority: 'company' },
    });

    await customer.press(/^Stop reading from/);
    const stopped = await customer.answered('PATCH', /installations/, () => customer.press('Stop reading'));
    expect(stopped).toMatchObject({ body: { updateMask: ['config.content.read.objects.contacts.disabled'] } });
    await customer.see('Reading is currently disabled');
    await customer.picture('stopped');
    expect(await readOf('full', 'contacts')).toMatchObject({ disabled: true, selectedFields: { phone: true } });
    await customer.answered('PATCH', /installations/, () => customer.press(/^Re-enable reading/));
    await customer.see('Reading from Contacts is enabled');
    expect(await readOf('full', 'contacts')).toMatchObject({ disabled: false, selectedFields: { phone: true } });

    await tab(customer, 'Manage');
    await customer.see('Connection details');
    await customer.picture('manage');
    expect(await customer.answered('DELETE', /installations/, () => customer.press('Yes, uninstall'))).toMatchObject({
      status: 204,
    });
    await customer.see('Integration successfully uninstalled.');
    await customer.picture('uninstalled');
    expect((await customer.told('onUninstallSuccess')).at(-1)?.said).toEqual([installed?.id]);
    expect(await installationOf('crm', 'full')).toBeUndefined();
    await customer.press('Reinstall Integration');
    await customer.see('Set up HubSpot integration');
    await customer.end([/required fields not met/]);
  });

  it('offers the values of a field for those of the builder', async () => {
    await world.consented('hubspot', 'values', 'portal-values');
    const stages = ['new', 'warm', 'hot', 'offered', 'talking', 'won'];
    const mappedValues = stages.map((value) => ({ mappedValue: value, mappedDisplayValue: value.toUpperCase() }));
    const fieldMapping = { contacts: [{ mapToName: 'status', mapToDisplayName: 'Status', mappedValues }] };
    const customer = await visit('crm', 'values', { fieldMapping });
    await customer.see('reads the following fields');
    await map(customer, 0, 'Job Title');
    await map(customer, 2, 'Lifecycle Stage');
    await customer.see('Map the values for');
    await map(customer, 3, 'Lead');
    await map(customer, 4, 'Customer');
    await customer.picture('values');
    const made = await customer.answered('POST', /installations$/, () => customer.press('Install'));
    expect(made.status).toBe(201);
    expect(await readOf('values', 'contacts')).toMatchObject({
      selectedFieldMappings: { stage: 'jobtitle', status: 'lifecyclestage' },
      selectedValueMappings: { lifecyclestage: { new: 'lead', warm: 'customer' } },
      dynamicMappingsInput: [{ mapToName: 'status', mappedValues }],
    });
    await customer.end([/Field name is missing/]);
  });

  it('installs an integration that there is nothing to choose for', async () => {
    const customer = await visit('proxied', 'proxied', {}, 'getToken');
    await customer.page.locator('#apiKey').fill('sk_test_1');
    await customer.press('Next');
    await customer.see('You have successfully installed your Stripe integration');
    await customer.picture('installed');
    expect(jsonAt((await installationOf('proxied', 'proxied')) ?? {}, 'config.content')).toEqual({
      provider: 'stripe',
      proxy: { enabled: true },
    });
    await customer.answered('DELETE', /installations/, () => customer.press('Uninstall'));
    await customer.see('Integration successfully uninstalled.');
    await customer.end();
  });

  it('installs several objects with the wizard', async () => {
    await world.consented('hubspot', 'wizard', 'portal-wizard');
    const customer = await visit('crm', 'wizard', { variant: 'wizard' }, 'getToken');
    await customer.see('You have successfully connected your HubSpot account');
    await customer.press('Next');
    await customer.see('Select Objects');
    for (const name of ['Contacts', 'Companies']) {
      await customer.page.getByRole('checkbox', { name }).first().click();
    }
    await customer.page.getByLabel('Enable write for Companies').press(' ');
    await customer.picture('objects');
    await customer.press('Next');
    await customer.see('These fields are always read');
    await customer.press('Next');
    await map(customer, 0, 'Lifecycle Stage');
    await customer.picture('mappings');
    await customer.press('Next');
    await check(customer, 'City');
    await customer.picture('additional');
    await customer.press('Next');
    await customer.see('These fields are always read');
    await customer.press('Next');
    await customer.picture('companies');
    await customer.press('Next');
    await customer.see('Review & Create');
    await customer.picture('review');
    const made = await customer.answered('POST', /installations$/, () => customer.press('Create Installation'));
    expect(made.status).toBe(201);
    await customer.see('Integration Installation Successful');
    await customer.picture('installed');
    expect(jsonAt((await installationOf('crm', 'wizard')) ?? {}, 'config.content')).toMatchObject({
      read: {
        objects: {
          contacts: { selectedFields: { city: true }, selectedFieldMappings: { stage: 'lifecyclestage' } },
          companies: { objectName: 'companies' },
        },
      },
      write: { objects: { companies: { objectName: 'companies' } } },
    });
    await customer.end();
  });

  it('lets a customer connect again whose grant has ended', async () => {
    const { tenon } = world;
    const { id: connectionId } = await world.consented('hubspot', 'ended', 'portal-ended');
    const contacts = { objectName: 'contacts', selectedFieldMappings: { stage: 'lifecyclestage' } };
    const { id } = await tenon.install('crm', { provider: 'hubspot', read: { objects: { contacts } } }, 'ended');
    const call = async () => (await tenon.proxy(id, '/crm/v3/objects/contacts?limit=1')).status;
    expect(await call()).toBe(200);
    tenon.sandbox.revokeGrants('hubspot', 'portal-ended');
    const path = tenon.inProject(`/connections/${connectionId}`);
    await tenon.api('GET', `${path}?refresh=force`);
    const status = async () => (await tenon.ok('GET', path))['status'];
    expect(await status()).toBe('bad_credentials');
    const customer = await visit('crm', 'ended');
    await customer.see('HubSpot no longer accepts this connection. Connect again to choose fields.');
    await customer.picture('refused');
    await tab(customer, 'Manage');
    await customer.see('Connection details');
    await customer.picture('ended');
    const popup = await customer.popup(() => customer.press('Next'));
    await popup.getByLabel('Account').fill('portal-ended');
    await popup.getByRole('button', { name: 'Allow' }).click();
    await customer.see('Connection updated successfully');
    await customer.picture('again');
    expect([await status(), await call()]).toEqual(['working', 200]);
    await customer.end();
  });
});
