// What the tests of tokens share: a whole Tenon on a driven clock with customers at one token server, and the questions
// that are asked of them. Accounts are numbered as they connect, from 1.

import { onTestFinished } from 'vitest';
import type { CredentialContext } from '../../../machines/credentialEvents.ts';
import { actorIdOf } from '../../../src/core/ids.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { type WhyView, whyOf } from '../../../src/flows/operator/why.ts';
import { type ConnectionRow, readConnection } from '../../../src/store/tables/connections.ts';
import { fakeClock } from '../../support/clock.ts';
import { type Driven, integration, manifest, readObject, settled } from '../../support/drive.ts';
import { startTenon, type TenonOptions } from '../../support/tenon.ts';
import { startTokenServer, type TokenServer, type TokenServerOptions } from '../../support/tokenServer.ts';

export const CLIENT_ID = 'builder';

export interface World extends Driven {
  readonly server: TokenServer;
  readonly providerAppId: string;
}

export interface Customer {
  readonly installationId: string;
  readonly connectionId: string;
  /** As the token server calls it. */
  readonly account: string;
}

/** `hasReads`: the integration reads contacts every ten minutes. */
export interface WorldOptions extends Partial<Omit<TokenServerOptions, 'clock'>> {
  readonly hasReads?: boolean;
  readonly log?: TenonOptions['log'];
}

export async function startWorld({ hasReads = false, log, ...options }: WorldOptions = {}): Promise<World> {
  const clock = fakeClock();
  const server = await startTokenServer({ clock, ...options });
  const logging = log === undefined ? {} : { log };
  const tenon = await startTenon({ clock, overrides: server.catalogOverrides(), ...logging });
  const stop = async () => {
    await tenon.stop();
    await server.close();
  };
  onTestFinished(stop);
  const { id } = await tenon.addProviderApp('hubspot', CLIENT_ID, 'first-secret-c4n4ry');
  if (hasReads) await tenon.addWebhook('hook');
  const { read, ...calling } = integration('hubspot', readObject('contacts'));
  await tenon.deploy(manifest({ ...calling, ...(hasReads ? { read } : {}) }));
  return { tenon, clock, server, providerAppId: id, [Symbol.asyncDispose]: stop };
}

/** Connects and installs so many further customers. */
export async function customers(world: World, count: number): Promise<Customer[]> {
  const { tenon, server } = world;
  const made: Customer[] = [];
  for (let n = 0; n < count; n++) {
    const account = String(server.calls.filter(({ form }) => form.has('code')).length + 1);
    const groupRef = `g${account}`;
    const connection = await tenon.connect('hubspot', { groupRef });
    const objects = tenon.running.services.store.reads.get('SELECT 1 FROM destinations') === undefined ? {} : READS;
    const { id } = await tenon.install('hubspot', { provider: 'hubspot', ...objects }, groupRef);
    made.push({ account, connectionId: connection.id, installationId: id });
  }
  await settled(world);
  return made;
}

const READS: JsonObject = { read: { objects: { contacts: {} } } };

export async function customer(world: World): Promise<Customer> {
  const [made] = await customers(world, 1);
  if (made === undefined) throw new Error('nobody connected');
  return made;
}

/** A proxied call, to its end: the status and what a problem is called. */
export async function call({ tenon }: World, { installationId }: Customer, path = '/x'): Promise<[number, string]> {
  const response = await tenon.proxy(installationId, path);
  const json = (await response.json()) as { readonly code?: string };
  return [response.status, json.code ?? ''];
}

/** A credential actor as it stands. */
export function credentialOf({ tenon }: World, { connectionId }: Customer): CredentialContext & { state: string } {
  const { value, context } = tenon.running.services.runtime.peek(actorIdOf('credential', connectionId));
  return { ...(context as CredentialContext), state: String(value) };
}

export function statesOf(world: World, whom: readonly Customer[]): string[] {
  return whom.map((one) => credentialOf(world, one).state);
}

/** `trusted`, `suspect` or `faulty`. */
export function appState({ tenon, providerAppId }: World): string {
  return String(tenon.running.services.runtime.peek(actorIdOf('providerApp', providerAppId)).value);
}

export function connectionRow({ tenon }: World, { connectionId }: Customer): ConnectionRow {
  const row = readConnection(tenon.running.services.store.reads, connectionId);
  if (row === undefined) throw new Error(`there is no connection ${connectionId}`);
  return row;
}

export async function healthOf({ tenon }: World, { installationId }: Customer): Promise<unknown> {
  const rows = await tenon.ok<{ id: string; healthStatus: string }[]>('GET', tenon.inProject('/installations'));
  return rows.find(({ id }) => id === installationId)?.healthStatus;
}

export function why({ tenon }: World, { installationId }: Customer): WhyView {
  return whyOf({ ...tenon.running.services, isServing: true }, installationId);
}

/** A refusal in the words of RFC 6749. */
export function refusal(error: string, description = ''): { status: number; body: JsonObject } {
  return { status: 400, body: { error, ...(description === '' ? {} : { error_description: description }) } };
}

/** Asks for another token, as somebody whose call was refused with this one does; nobody waits for it. */
export async function askForNext({ tenon }: World, one: Customer, isRefused = true): Promise<void> {
  const { generation } = connectionRow({ tenon } as World, one);
  const event = { type: 'refresh.requested', generation, isRefused };
  await tenon.running.services.runtime.send(actorIdOf('credential', one.connectionId), event);
}

/** Asks for all of them one after the other, each to its end. */
export async function refreshAll(world: World, whom: readonly Customer[]): Promise<void> {
  for (const one of whom) {
    await askForNext(world, one);
    await settled(world);
  }
}
