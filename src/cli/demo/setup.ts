// What a builder does once and each customer does once: provider apps, destinations and the manifest; then consent and
// the installation, which starts the backfill. Invariant: everything goes through the published API or the command
// line, nothing is written past them.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { browse, callApi } from './client.ts';
import { type Customer, clientSecretOf, GROUP_REF } from './customers.ts';
import { TENON_COMMAND } from './server.ts';
import type { Stage } from './stage.ts';

const MANIFEST = join(import.meta.dirname, 'amp.yaml');

const run = promisify(execFile);
const identified = z.object({ id: z.string() });
const webhook = z.object({ id: z.string(), secrets: z.object({ webhookSigningKey: z.string() }) });

/** A customer whose account is connected and whose integration is installed. */
export interface Installation {
  readonly customer: Customer;
  readonly projectId: string;
  readonly integrationId: string;
  readonly installationId: string;
  readonly destinationId: string;
}

export type Builder = Pick<Installation, 'customer' | 'projectId' | 'destinationId'>;

/** The project of the first API key. */
export async function readProjectId(stage: Stage): Promise<string> {
  return z.tuple([identified]).parse(await callApi(stage, 'GET', '/projects'))[0].id;
}

/** The provider app and the destination for one customer's integration. */
export async function prepare(stage: Stage, projectId: string, customer: Customer): Promise<Builder> {
  const { provider, clientId, scopes, destination } = customer;
  const project = `/projects/${projectId}`;
  const clientSecret = clientSecretOf(customer);
  await callApi(stage, 'POST', `${project}/provider-apps`, { provider, clientId, clientSecret, scopes });
  const path = `/${destination}`;
  const metadata = { url: stage.receiver.origin + path };
  await callApi(stage, 'POST', `${project}/destinations`, { name: destination, type: 'webhook', metadata });
  const made = await callApi(stage, 'GET', `${project}/destinations/${destination}?includeSecrets=true`);
  const { id, secrets } = webhook.parse(made);
  stage.signingSecrets.set(path, secrets.webhookSigningKey);
  return { customer, projectId, destinationId: id };
}

/** `tenon deploy amp.yaml`, as its own process. Rejects with what it printed. */
export async function deployManifest({ server }: Stage): Promise<void> {
  // The key goes by environment: arguments are visible to every user of the machine.
  const env = { ...process.env, TENON_URL: server.url, TENON_API_KEY: server.apiKey };
  await run(process.execPath, [TENON_COMMAND, 'deploy', MANIFEST], { env });
}

/** The customer's consent: to the provider's page and back to Tenon's callback. */
export async function connect(stage: Stage, { customer, projectId }: Builder): Promise<void> {
  const { provider, workspaceRef } = customer;
  const asked = await callApi(stage, 'POST', '/oauth-connect', {
    projectIdOrName: projectId,
    provider,
    groupRef: GROUP_REF,
    consumerRef: 'wile.e.coyote',
    ...(workspaceRef === null ? {} : { providerWorkspaceRef: workspaceRef }),
  });
  await browse(stage, z.string().parse(asked));
}

/** Installs the integration for the customer; its backfill begins at once. */
export async function install(stage: Stage, builder: Builder): Promise<Installation> {
  const { customer, projectId } = builder;
  const { provider, objectName, integration } = customer;
  const path = `/projects/${projectId}/integrations/${integration}`;
  const integrationId = identified.parse(await callApi(stage, 'GET', path)).id;
  const read = { objects: { [objectName]: { objectName } } };
  const made = await callApi(stage, 'POST', `${path}/installations`, {
    groupRef: GROUP_REF,
    config: { content: { provider, read } },
  });
  return { ...builder, integrationId, installationId: identified.parse(made).id };
}
