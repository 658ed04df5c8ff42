// Fills a running Tenon with customers through its public API, as a builder would: a manifest, then connections and
// installations. Two kinds, so that both kinds of limit are met on every call and neither ever refuses one: Stripe with
// an API key (100 calls a second and account), Salesforce with OAuth tokens (25 calls at a time and account).

import { parseAllowList } from '../../src/egress/address.ts';
import { createEgress } from '../../src/egress/egress.ts';
import type { TenonReady } from './tenon.ts';

/** 512 accounts may make 51,200 calls a second together, more than one process can forward. */
const STRIPE_CUSTOMERS = 512;
/** Each in its own org: 100 calls at a time, for 64 connections. */
export const SALESFORCE_ORGS = ['acme', 'brill', 'corex', 'delta'] as const;

const MANIFEST = `specVersion: 1.0.0
integrations:
  - {name: stripe, provider: stripe, proxy: {enabled: true}}
  - {name: salesforce, provider: salesforce, proxy: {enabled: true}}
`;

/** Installation ids by integration. */
export interface Customers {
  readonly stripe: readonly string[];
  readonly salesforce: readonly string[];
}

export async function connectCustomers(
  { port, projectId, apiKey }: TenonReady,
  stripeCustomers = STRIPE_CUSTOMERS,
): Promise<Customers> {
  const call = async <Answer>(method: string, path: string, body: object): Promise<Answer> => {
    const response = await fetch(`http://127.0.0.1:${port}/v1${path}`, {
      method,
      headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text.startsWith('http') ? text : JSON.parse(text)) as Answer;
  };
  const project = `/projects/${projectId}`;
  await call('POST', `${project}/provider-apps`, {
    provider: 'salesforce',
    clientId: 'sf',
    clientSecret: 'secret-for-sf',
  });
  const integrations = await call<{ id: string; name: string }[]>('PUT', `${project}/integrations:batch`, {
    sourceYaml: MANIFEST,
  });
  const install = async (name: 'stripe' | 'salesforce', groupRef: string): Promise<string> => {
    const integrationId = integrations.find((integration) => integration.name === name)?.id;
    const path = `${project}/integrations/${integrationId}/installations`;
    const { id } = await call<{ id: string }>('POST', path, { groupRef, config: { content: { provider: name } } });
    return id;
  };

  const stripe: string[] = [];
  for (let index = 0; index < stripeCustomers; index++) {
    const groupRef = `stripe-${index}`;
    const who = { provider: 'stripe', groupRef, consumerRef: groupRef, apiKey: `sk_test_${index}` };
    await call('POST', `${project}/connections:generate`, who);
    stripe.push(await install('stripe', groupRef));
  }
  const salesforce: string[] = [];
  for (const org of SALESFORCE_ORGS) {
    const who = { provider: 'salesforce', groupRef: org, consumerRef: org, providerWorkspaceRef: org };
    await consent(await call<string>('POST', '/oauth-connect', { projectIdOrName: projectId, ...who }));
    salesforce.push(await install('salesforce', org));
  }
  return { stripe, salesforce };
}

/** Follows the redirects of a consent that the sandbox gives by itself. Its hosts resolve only in Tenon's egress. */
async function consent(start: string): Promise<void> {
  const browser = createEgress({ allowList: parseAllowList('127.0.0.1/32') });
  let url = start;
  for (;;) {
    const { status, headers, body } = await browser.request({
      url,
      method: 'GET',
      headers: {},
      timeoutMs: 5000,
      responseBytesMax: 1_000_000,
    });
    const location = headers['location'];
    if (location !== undefined && status >= 300 && status < 400) {
      url = new URL(location, url).href;
      continue;
    }
    await browser.close();
    if (status === 200) return;
    throw new Error(`the consent ended with ${status}: ${body}`);
  }
}
