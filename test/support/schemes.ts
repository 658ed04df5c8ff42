// A driven Tenon whose providers stand behind a scheme server, and the words in which tests of auth schemes speak to
// it: connect, call through the proxy, look at what was stored. Every connection that the API answers is compared with
// the published schema where that is on the machine.

import { expect, onTestFinished } from 'vitest';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/core/json.ts';
import { type Driven, startDriven } from './drive.ts';
import { PublishedSchemas, publishedIsMissing } from './published.ts';
import { type SchemeServer, startSchemeServer } from './schemeServer.ts';
import type { ApiAnswer, Page, Published } from './tenon.ts';

const schemas = publishedIsMissing === null ? new PublishedSchemas() : null;

export interface World extends Driven {
  readonly server: SchemeServer;
}

/** The callback page of a consent, with the message it has for its opener. */
export interface Ending extends Page {
  readonly message: JsonValue;
}

export interface Consent {
  readonly groupRef?: string;
  readonly workspace?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** What the provider says besides the code. */
  readonly brings?: Readonly<Record<string, string>>;
}

/** `overrides` says how providers are put behind the server; each gets an integration of its name with the proxy on. */
export async function startWorld(overrides: (server: SchemeServer) => JsonObject): Promise<World> {
  const server = await startSchemeServer();
  const laid = overrides(server);
  const driven = await startDriven({ overrides: laid });
  const integrations = Object.keys(laid).map((provider) => ({ name: provider, provider, proxy: { enabled: true } }));
  await driven.tenon.deploy(JSON.stringify({ specVersion: '1.0.0', integrations }));
  const { tenon, clock } = driven;
  const stop = async () => {
    await tenon.stop();
    await server.close();
  };
  return { tenon, clock, server, [Symbol.asyncDispose]: stop };
}

/** Like `startWorld`, for one test: it ends with it. */
export async function worldOfTest(overrides: (server: SchemeServer) => JsonObject): Promise<World> {
  const world = await startWorld(overrides);
  onTestFinished(() => world[Symbol.asyncDispose]());
  return world;
}

/** Fails the test unless it is a connection as published. */
export function publishedConnection(json: JsonValue): Published {
  if (!isJsonObject(json) || typeof json['id'] !== 'string') {
    throw new Error(`not a connection: ${JSON.stringify(json)}`);
  }
  expect(schemas?.value('api', 'Connection', json) ?? []).toEqual([]);
  return json as Published;
}

/** `POST connections:generate`, whatever it answers. */
export function generate({ tenon }: World, provider: string, body: JsonObject, groupRef = 'acme'): Promise<ApiAnswer> {
  const who = { provider, groupRef, consumerRef: 'ada' };
  return tenon.api('POST', tenon.inProject('/connections:generate'), { ...who, ...body });
}

/** The connection that `generate` must make. */
export async function generated(
  world: World,
  provider: string,
  body: JsonObject,
  groupRef?: string,
): Promise<Published> {
  const answer = await generate(world, provider, body, groupRef);
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return publishedConnection(answer.json);
}

/** `POST oauth-connect`, whatever it answers. */
export function asked({ tenon }: World, provider: string, consent: Consent = {}): Promise<ApiAnswer> {
  const { groupRef = 'acme', workspace, metadata = {} } = consent;
  const items = Object.entries(metadata).map(([name, value]) => [name, { value, source: 'input' }]);
  return tenon.api('POST', '/oauth-connect', {
    projectIdOrName: tenon.projectId,
    ...{ provider, groupRef, consumerRef: 'ada', providerMetadata: Object.fromEntries(items) as JsonObject },
    ...(workspace === undefined ? {} : { providerWorkspaceRef: workspace }),
  });
}

/** A customer who agrees, without a consent page: the callback comes with a code and what else the provider says. */
export async function consented(world: World, provider: string, consent: Consent = {}): Promise<Ending> {
  const answer = await asked(world, provider, consent);
  expect([answer.status, answer.text]).toEqual([200, expect.stringMatching(/^http/)]);
  return returned(world, new URL(answer.text).searchParams.get('state') ?? '', consent.brings);
}

/** The browser comes back with a code. */
export async function returned(
  { tenon }: World,
  state: string,
  brings: Readonly<Record<string, string>> = {},
): Promise<Ending> {
  const query = new URLSearchParams({ state, code: 'a-code', ...brings });
  const page = await tenon.visit(`${tenon.origin}/callbacks/v1/oauth?${query}`);
  return { ...page, message: JSON.parse(/const message = (.*);\n/.exec(page.text)?.[1] ?? 'null') as JsonValue };
}

/** The connection of a customer who agrees. */
export async function connected(world: World, provider: string, consent: Consent = {}): Promise<Published> {
  const ending = await consented(world, provider, consent);
  expect([ending.status, ending.message]).toEqual([200, expect.anything()]);
  const query = `provider=${provider}&groupRef=${consent.groupRef ?? 'acme'}`;
  const [connection = null] = await world.tenon.ok<JsonObject[]>('GET', world.tenon.inProject(`/connections?${query}`));
  return publishedConnection(connection);
}

/** Why the callback page says that nobody was connected. */
export function reasonOf({ status, message }: Ending): string {
  expect(status).toBeGreaterThanOrEqual(400);
  expect(message).toMatchObject({ eventType: 'AUTHORIZATION_FAILED', data: { error: expect.any(String) } });
  return isJsonObject(message) ? String(message['message']) : '';
}

/** The connection as the API shows it now. */
export async function shown({ tenon }: World, connectionId: string, query = ''): Promise<Published> {
  return publishedConnection(
    await tenon.ok<JsonObject>('GET', tenon.inProject(`/connections/${connectionId}${query}`)),
  );
}

export function patched({ tenon }: World, id: string, updateMask: readonly string[], connection: JsonObject) {
  return tenon.api('PATCH', tenon.inProject(`/connections/${id}`), { updateMask, connection });
}

/** The tokens that are stored. */
export function tokensOf({ tenon }: World, connectionId: string) {
  const credential = tenon.credentialOf(connectionId);
  if (credential.scheme !== 'oauth2') throw new Error(`the credential is of scheme ${credential.scheme}`);
  return credential;
}

export async function installed({ tenon }: World, provider: string, groupRef = 'acme'): Promise<string> {
  return (await tenon.install(provider, { provider }, groupRef)).id;
}

/** The status of a proxied call, once its answer was read. */
export async function called({ tenon }: World, installationId: string, path = '/x'): Promise<number> {
  const response = await tenon.proxy(installationId, path);
  await response.text();
  return response.status;
}

/** How many connections, credentials and open states there are: what a refusal must not change. */
export function storedCounts({ tenon }: World): JsonObject {
  const { reads } = tenon.running.services.store;
  const tables = ['connections', 'credentials', 'oauthStates'];
  return Object.fromEntries(
    tables.map((table) => [table, reads.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? -1]),
  );
}
