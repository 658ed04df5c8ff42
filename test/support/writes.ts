// A customer of the simulated HubSpot or Salesforce whose records may be written, and what is in their account then.

import type { JsonObject } from '../../src/core/json.ts';
import { type Driven, manifest, startDriven } from './drive.ts';
import type { ApiAnswer, Tenon } from './tenon.ts';

export type Provider = 'hubspot' | 'salesforce';

/** The people of each. */
export const OBJECT: Readonly<Record<Provider, string>> = { hubspot: 'contacts', salesforce: 'Contact' };

/** Records that are there before anything is written. */
export const COUNT = 5;

/** Reads it as "people" with names of its own, which writes may inherit. */
const READ = {
  objects: [
    {
      objectName: 'contacts',
      mapToName: 'people',
      destination: 'hook',
      requiredFields: [
        { fieldName: 'email', mapToName: 'mail' },
        { fieldName: 'lifecyclestage', mapToName: 'stage' },
      ],
      optionalFields: [{ mapToName: 'notes', prompt: 'where your notes are' }],
    },
  ],
};
const READ_CONFIG = { objects: { contacts: { selectedValueMappings: { lifecyclestage: { ours: 'lead' } } } } };

/** A driven Tenon with one customer, whose config of the object is `config`. */
export async function writing(
  provider: Provider,
  config: JsonObject = {},
  { inherits = false, env = {} }: { readonly inherits?: boolean; readonly env?: Record<string, string> } = {},
): Promise<{ readonly driven: Driven; readonly installationId: string }> {
  const driven = await startDriven({
    env,
    sandbox: { hubspotContacts: COUNT, hubspotCompanies: COUNT, salesforceContacts: COUNT },
  });
  const { tenon } = driven;
  await tenon.addWebhook('hook');
  const objectName = OBJECT[provider];
  const write = { objects: [{ objectName, ...(inherits ? { inheritMapping: true } : {}) }] };
  const read = inherits ? { read: READ } : {};
  await tenon.deploy(manifest({ name: provider, provider, proxy: { enabled: true }, write, ...read }));
  await tenon.connect(provider, provider === 'salesforce' ? { workspace: 'acme' } : {});
  const content = { provider, write: { objects: { [objectName]: { objectName, ...config } } } };
  const { id } = await tenon.install(provider, { ...content, ...(inherits ? { read: READ_CONFIG } : {}) });
  return { driven, installationId: id };
}

/** Asks for a write of the customer's. */
export function ask(tenon: Tenon, provider: Provider, body: JsonObject, object = OBJECT[provider]): Promise<ApiAnswer> {
  const path = tenon.inProject(`/integrations/${provider}/objects/${object}`);
  return tenon.api('POST', path, { groupRef: 'acme', ...body });
}

/** How many records there are now that were not there at the start. */
export async function created(tenon: Tenon, installationId: string, provider: Provider): Promise<number> {
  const path =
    provider === 'hubspot'
      ? '/crm/v3/objects/contacts?limit=100'
      : `/services/data/v60.0/query?q=${encodeURIComponent('SELECT Id FROM Contact')}`;
  const json = (await (await tenon.proxy(installationId, path)).json()) as Record<string, readonly JsonObject[]>;
  return (json[provider === 'hubspot' ? 'results' : 'records']?.length ?? 0) - COUNT;
}

/** Fields of records as the provider has them now. */
export async function records(
  tenon: Tenon,
  installationId: string,
  provider: Provider,
  ids: readonly string[],
  fields: readonly string[],
): Promise<readonly JsonObject[]> {
  const path =
    provider === 'hubspot'
      ? '/crm/v3/objects/contacts/batch/read'
      : `/services/data/v60.0/composite/sobjects/${OBJECT[provider]}`;
  const body = provider === 'hubspot' ? { inputs: ids.map((id) => ({ id })), properties: fields } : { ids, fields };
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const json = (await (await tenon.proxy(installationId, path, init)).json()) as JsonObject;
  if (provider === 'salesforce') return json as unknown as readonly JsonObject[];
  return (json['results'] as unknown as readonly { properties: JsonObject }[]).map(({ properties }) => properties);
}
