// Whom the demo connects: one customer at each provider, with what its manifest (`amp.yaml`) reads there and one record
// that can be asked for through the proxy. Pure data for the steps and for the audit.

import { hubspotIdOf } from '../../sandbox/hubspotObjects.ts';
import { salesforceIdOf } from '../../sandbox/salesforceObjects.ts';

/** Per customer, so twice as many in all. */
export const RECORDS_EACH = 10_000;

export const GROUP_REF = 'acme';

const ACCOUNT_PREFIX = '001';

export interface Customer {
  readonly provider: 'hubspot' | 'salesforce';
  readonly providerName: string;
  /** As `amp.yaml` calls them. */
  readonly integration: string;
  readonly objectName: string;
  readonly deliveredName: string;
  readonly destination: string;
  /** The builder's OAuth client; the sandbox takes any id. */
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Where the provider needs to know whose login page to show. */
  readonly workspaceRef: string | null;
  /** The id of the customer's record at an index from 0 to RECORDS_EACH. */
  recordIdOf(index: number): string;
  recordPathOf(id: string): string;
  /** A short call to try out. */
  readonly samplePath: string;
}

const hubspot: Customer = {
  provider: 'hubspot',
  providerName: 'HubSpot',
  integration: 'hubspot-contacts',
  objectName: 'contacts',
  deliveredName: 'contacts',
  destination: 'contacts',
  clientId: 'demo-hubspot-app',
  scopes: ['crm.objects.contacts.read'],
  workspaceRef: null,
  recordIdOf: hubspotIdOf,
  recordPathOf: (id) => `/crm/v3/objects/contacts/${id}`,
  samplePath: `/crm/v3/objects/contacts/${hubspotIdOf(0)}`,
};

const salesforce: Customer = {
  provider: 'salesforce',
  providerName: 'Salesforce',
  integration: 'salesforce-accounts',
  objectName: 'account',
  deliveredName: 'companies',
  destination: 'companies',
  clientId: 'demo-salesforce-app',
  scopes: [],
  workspaceRef: 'acme',
  recordIdOf: (index) => salesforceIdOf(ACCOUNT_PREFIX, index),
  recordPathOf: (id) => `/services/data/v60.0/sobjects/Account/${id}`,
  samplePath: '/services/data/v60.0/limits',
};

export const CUSTOMERS = { hubspot, salesforce } as const;

/** Of the builder's OAuth client; HubSpot signs webhooks with it too. */
export function clientSecretOf({ clientId }: Customer): string {
  return `secret-for-${clientId}`;
}
