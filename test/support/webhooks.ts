// Webhooks as HubSpot sends them, signed by its documentation and not by our code.

import { createHmac } from 'node:crypto';
import type { JsonObject } from '../../src/core/json.ts';
import { manifest } from './drive.ts';
import type { Published, Tenon } from './tenon.ts';

/** A request of HubSpot. What is not given is as it should be. */
export interface HubspotRequest {
  readonly url: string;
  /** JSON, or the text of a body that is none. */
  readonly events: readonly JsonObject[] | string;
  readonly atMs: number;
  readonly secret?: string;
  /** Where the request goes, if not to the address that is signed. */
  readonly sentTo?: string;
}

/** Source: developers.hubspot.com, "Validating requests", v3. */
export function sendHubspot({ url, events, atMs, secret, sentTo = url }: HubspotRequest): Promise<Response> {
  const body = typeof events === 'string' ? events : JSON.stringify(events);
  const signature = createHmac('sha256', secret ?? 'secret-for-app-hubspot')
    .update(`POST${url}${body}${atMs}`)
    .digest('base64');
  const headers = {
    'content-type': 'application/json',
    'x-hubspot-signature-v3': signature,
    'x-hubspot-request-timestamp': String(atMs),
  };
  return fetch(sentTo, { method: 'POST', body, headers });
}

/** A contact that was made in a portal; the number tells events apart. */
export function contactMade(portalId: string, objectId: number, differences: JsonObject = {}): JsonObject {
  const of = { portalId: Number(portalId), objectId, objectTypeId: '0-1', subscriptionType: 'object.creation' };
  return { appId: 1, eventId: objectId, occurredAt: 1_700_000_000_000, attemptNumber: 0, ...of, ...differences };
}

/** An integration that subscribes to new contacts, for the customers of these groups. */
export async function subscribed(
  tenon: Tenon,
  ...groups: readonly string[]
): Promise<{ readonly integrationId: string; readonly customers: readonly Customer[] }> {
  await tenon.addWebhook('hook');
  const of = { objectName: 'contacts', destination: 'hook' };
  const read = { objects: [{ ...of, requiredFields: [{ fieldName: 'email' }] }] };
  const contacts = { ...of, inheritFieldsAndMapping: true, createEvent: { enabled: 'always' } };
  const crm = { name: 'crm', provider: 'hubspot', read, subscribe: { objects: [contacts] } };
  const [integration] = await tenon.deploy(manifest(crm));
  const customers: Customer[] = [];
  for (const groupRef of groups) {
    const connection = await tenon.connect('hubspot', { groupRef });
    const installation = await tenon.install(
      'crm',
      { provider: 'hubspot', read: { objects: { contacts: {} } } },
      groupRef,
    );
    customers.push({ installation, portal: String(connection['providerWorkspaceRef']) });
  }
  return { integrationId: integration?.id ?? '', customers };
}

export interface Customer {
  readonly installation: Published;
  readonly portal: string;
}

/** How many events the inbox of an installation ever took. */
export function eventsTaken({ running }: Tenon, { installation }: Customer): number {
  const sql = 'SELECT count(*) AS n FROM inbox WHERE installationId = ?';
  return running.services.store.reads.get<{ n: number }>(sql, installation.id)?.n ?? -1;
}
