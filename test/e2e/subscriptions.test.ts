// Installations that subscribe to Salesforce, on a driven clock: what the org has of them from their first config to
// the end of their connection.

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/core/time.ts';
import { subscriptionFamilies } from '../../src/flows/metrics/state.ts';
import { eraseInstallation } from '../../src/flows/operator/erase.ts';
import { whyOf } from '../../src/flows/operator/why.ts';
import { subscriptionPlace } from '../../src/flows/subscribe/places.ts';
import { openState } from '../../src/flows/subscribe/stored.ts';
import { subscriptionActorId } from '../../src/flows/subscribe/tell.ts';
import { deleteSubscription, readSubscription, settleSubscription } from '../../src/store/tables/subscriptions.ts';
import { flush } from '../support/clock.ts';
import { type Driven, manifest, pass, settled, startDriven, until } from '../support/drive.ts';
import { faultsOf, notificationsIn, routeEvents } from '../support/notifications.ts';
import { startTenonProcess } from '../support/process.ts';
import { PublishedSchemas } from '../support/published.ts';
import type { Published, Tenon } from '../support/tenon.ts';

const RELAY = { TENON_SALESFORCE_EVENT_RELAY: 'arn:aws:US-EAST-1:123456789012' };
const TOOLING = '/services/data/v60.0/tooling';
const PATH = '/integrations/salesforce/installations';

/** An integration that subscribes to all events of some objects. */
function subscribing(...objectNames: readonly string[]): JsonObject {
  const always = { enabled: 'always' };
  const objects = objectNames.map((objectName) => ({
    objectName,
    destination: 'hook',
    inheritFieldsAndMapping: true,
    createEvent: always,
    updateEvent: { ...always, watchFieldsAuto: 'all' },
    deleteEvent: always,
  }));
  // Read only when something happens.
  const read = objectNames.map((objectName) => ({
    objectName,
    destination: 'hook',
    enabled: 'always',
    requiredFields: [{ fieldName: 'id' }],
  }));
  const actions = { proxy: { enabled: true }, read: { objects: read }, subscribe: { objects } };
  return { name: 'salesforce', provider: 'salesforce', ...actions };
}

/** The config that switches an object off. */
function without(objectName: string): JsonObject {
  const never = { enabled: 'never' };
  return { [objectName]: { createEvent: never, updateEvent: never, deleteEvent: never } };
}

async function start(env: Readonly<Record<string, string>> = RELAY): Promise<Driven> {
  const driven = await startDriven({ env });
  const { id } = await driven.tenon.addWebhook('hook');
  await routeEvents(driven.tenon, id, 'ops', ['subscribe.create.error']);
  await driven.tenon.deploy(manifest(subscribing('account', 'contact')));
  return driven;
}

async function install(driven: Driven, groupRef = 'acme'): Promise<Published> {
  await driven.tenon.connect('salesforce', { groupRef, workspace: groupRef });
  const installation = await driven.tenon.install('salesforce', { provider: 'salesforce' }, groupRef);
  await settled(driven);
  return installation;
}

/** What the org has, without the names that are the same in each. */
function there(tenon: Tenon, org = 'acme'): string[] {
  return tenon.sandbox.channelEntities(org).map((line) => line.replace(/tenon_[0-9a-f]{32}/, 'T'));
}

const CHANNEL = ['PlatformEventChannel T__chn', 'NamedCredential T', 'EventRelayConfig T RUN'];
const memberOf = (objectName: string) => `PlatformEventChannelMember T_chn_${objectName}ChangeEvent`;
const BOTH = [...CHANNEL, memberOf('account'), memberOf('contact')];

function row({ tenon }: Driven, { id }: Published) {
  return readSubscription(tenon.running.services.store.reads, id);
}

async function connections({ tenon }: Driven): Promise<string[]> {
  return (await tenon.ok<Published[]>('GET', tenon.inProject('/connections'))).map(({ id }) => id);
}

async function remove(driven: Driven, { id }: Published): Promise<void> {
  const { status } = await driven.tenon.api('DELETE', driven.tenon.inProject(`${PATH}/${id}`));
  expect(status).toBe(204);
}

function configure({ tenon }: Driven, { id }: Published, objects: JsonObject): Promise<Published> {
  const mask = Object.keys(objects).map((name) => `config.content.subscribe.objects.${name}`);
  const installation = { config: { content: { subscribe: { objects } } } };
  return tenon.ok('PATCH', tenon.inProject(`${PATH}/${id}?skipSampling=true`), { updateMask: mask, installation });
}

/** To a connection of another org; its id. */
async function moveToBrill(driven: Driven, installation: Published): Promise<string> {
  const { tenon } = driven;
  // The newest connection is the one that was made.
  await pass(driven, MINUTE_MS);
  const { id } = await tenon.connect('salesforce', { workspace: 'brill', consumerRef: 'bob' });
  const body = { updateMask: ['connectionId'], installation: { connectionId: id } };
  await tenon.ok('PATCH', tenon.inProject(`${PATH}/${installation.id}?skipSampling=true`), body);
  await settled(driven);
  return id;
}

function told({ tenon }: Driven) {
  return notificationsIn(tenon.receiver.state().messages);
}

function failFor(driven: Driven, method: string, status: number, times: number): void {
  driven.tenon.sandbox.faults.next({ method, pathPrefix: TOOLING }, { kind: 'status', status }, times);
}

async function revoke(driven: Driven, { id }: Published): Promise<void> {
  const { tenon } = driven;
  tenon.sandbox.revokeGrants('salesforce', 'acme');
  tenon.sandbox.expireAccessTokens();
  await until(driven, 'the grant is gone', async () => {
    await (await tenon.proxy(id, '/services/data/v60.0/limits')).text();
    await settled(driven);
    const { healthStatus } = await tenon.ok<{ healthStatus: string }>('GET', tenon.inProject(`${PATH}/${id}`));
    return healthStatus === 'unhealthy';
  });
}

describe('an operator who has named no account of Amazon', () => {
  it('is told how to mend it, the builder once, and Salesforce is not asked', async () => {
    await using driven = await start({});
    const { tenon } = driven;
    const installation = await install(driven);
    expect(row(driven, installation)).toMatchObject({ status: 'failed', sealed: null });
    await pass(driven, DAY_MS);
    expect(there(tenon)).toEqual([]);
    const [notification, another] = told(driven);
    expect(notification).toMatchObject({
      notificationType: 'subscribe.create.error',
      data: { installationId: installation.id, error: expect.stringContaining('TENON_SALESFORCE_EVENT_RELAY') },
    });
    expect(another).toBeUndefined();
    if (notification !== undefined) expect(faultsOf(new PublishedSchemas(), notification)).toEqual([]);
    const { services } = tenon.running;
    const { store, catalog, clock } = services;
    const [unmade] = subscriptionFamilies(services);
    expect(unmade?.samples).toEqual([expect.objectContaining({ value: 1, labels: { status: 'failed' } })]);
    const why = whyOf({ store, catalog, clock, isServing: true }, installation.id);
    expect(why).toMatchObject({ name: 'subscriptionFailed', fault: 'operator' });
    await remove(driven, installation);
    await settled(driven);
    expect([row(driven, installation), await connections(driven)]).toEqual([undefined, []]);
  });
});

describe('a subscription that Salesforce refuses', () => {
  it('is told once for each config, and is looked at again', async () => {
    await using driven = await start();
    await driven.tenon.deploy(manifest(subscribing('account', 'spaceship')));
    const installation = await install(driven);
    expect(row(driven, installation)).toMatchObject({ status: 'failed', objects: '[]' });
    expect(there(driven.tenon)).toEqual(CHANNEL);
    await pass(driven, DAY_MS);
    expect(told(driven)).toHaveLength(1);
    await configure(driven, installation, { account: { updateEvent: { enabled: 'never' } } });
    await pass(driven, HOUR_MS);
    expect(told(driven)).toHaveLength(2);
    await driven.tenon.deploy(manifest(subscribing('account')), '?destructive=true');
    await pass(driven, MINUTE_MS);
    expect(row(driven, installation)).toMatchObject({ status: 'success', objects: '["account"]', error: null });
    expect(there(driven.tenon)).toEqual([...CHANNEL, memberOf('account')]);
  });

  it('is tried for a while where that may help', async () => {
    await using driven = await start();
    failFor(driven, 'POST', 503, 3);
    const installation = await install(driven);
    expect(row(driven, installation)).toMatchObject({ status: 'pending' });
    await until(driven, 'it is subscribed to', () => row(driven, installation)?.status === 'success');
    expect(there(driven.tenon)).toEqual(BOTH);
    expect(told(driven)).toEqual([]);
  });
});

describe('an installation that subscribes', () => {
  it('has a channel of its own with its objects, which follows config and manifest', async () => {
    await using driven = await start();
    const { tenon } = driven;
    const installation = await install(driven);
    expect(there(tenon)).toEqual(BOTH);
    expect(row(driven, installation)).toMatchObject({ status: 'success', objects: '["account","contact"]' });

    await configure(driven, installation, without('contact'));
    await settled(driven);
    expect(there(tenon)).toEqual(BOTH.slice(0, 4));
    await tenon.deploy(manifest(subscribing('account', 'contact', 'lead')));
    await pass(driven, MINUTE_MS);
    expect(there(tenon)).toEqual([...BOTH.slice(0, 4), memberOf('lead')]);
    const before = tenon.sandbox.stats().requestsByProvider.salesforce;
    await configure(driven, installation, { lead: { updateEvent: { enabled: 'never' } } });
    await settled(driven);
    expect(tenon.sandbox.stats().requestsByProvider.salesforce).toBe(before);
    await configure(driven, installation, { ...without('account'), ...without('lead') });
    await settled(driven);
    expect(there(tenon)).toEqual([]);
    expect(row(driven, installation)).toMatchObject({ status: 'success', sealed: null });
  });

  it('since before the provider was asked is seen to with the next revision', async () => {
    await using driven = await start();
    const installation = await install(driven);
    const { runtime } = driven.tenon.running.services;
    await runtime.remove([subscriptionActorId(installation.id)], [deleteSubscription(installation.id)]);
    await driven.tenon.deploy(manifest({ ...subscribing('account', 'contact'), displayName: 'CRM' }));
    await pass(driven, MINUTE_MS);
    expect(row(driven, installation)).toMatchObject({ status: 'success', objects: '["account","contact"]' });
    expect(there(driven.tenon)).toEqual(BOTH);
  });

  it('of which nothing is subscribed to has no row and no actor', async () => {
    await using driven = await start();
    await driven.tenon.connect('salesforce', { workspace: 'acme' });
    const objects = { ...without('account'), ...without('contact') };
    const content = { provider: 'salesforce', subscribe: { objects } };
    const installation = await driven.tenon.install('salesforce', content);
    await settled(driven);
    expect(row(driven, installation)).toBeUndefined();
    const { state } = driven.tenon.running.services.runtime.peek(`subscription:${installation.id}` as never) as never;
    expect(state).toBeUndefined();
    await remove(driven, installation);
    expect(await connections(driven)).toEqual([]);
  });

  it('takes all of it back when it is deleted, and then its connection', async () => {
    await using driven = await start();
    const installation = await install(driven);
    const other = await install(driven, 'other');
    await remove(driven, installation);
    await settled(driven);
    expect(there(driven.tenon)).toEqual([]);
    expect(row(driven, installation)).toBeUndefined();
    expect(there(driven.tenon, 'other')).toEqual(BOTH);
    expect(await connections(driven)).toHaveLength(1);
    expect(row(driven, other)).toMatchObject({ status: 'success' });
  });

  it('moves to another connection with all that was subscribed to', async () => {
    await using driven = await start();
    const installation = await install(driven);
    const id = await moveToBrill(driven, installation);
    expect([there(driven.tenon), there(driven.tenon, 'brill')]).toEqual([[], BOTH]);
    expect(row(driven, installation)).toMatchObject({ connectionId: id, status: 'success' });
  });

  it('moves when its former org lets it, and keeps in mind what is there until then', async () => {
    await using driven = await start();
    const installation = await install(driven);
    const { connectionId } = row(driven, installation) ?? {};
    failFor(driven, 'DELETE', 503, 3);
    const id = await moveToBrill(driven, installation);
    expect(row(driven, installation)).toMatchObject({ connectionId, status: 'pending' });
    expect(there(driven.tenon, 'brill')).toEqual([]);
    await until(driven, 'it is moved', () => row(driven, installation)?.status === 'success');
    expect([there(driven.tenon), there(driven.tenon, 'brill')]).toEqual([[], BOTH]);
    expect(row(driven, installation)).toMatchObject({ connectionId: id, error: null });
    expect(told(driven)).toEqual([]);
  });

  it('moves without what its former org does not let go', async () => {
    await using driven = await start();
    const installation = await install(driven);
    failFor(driven, 'DELETE', 503, 1000);
    const id = await moveToBrill(driven, installation);
    await until(driven, 'it is moved', () => row(driven, installation)?.status === 'success', 2 * HOUR_MS);
    expect([there(driven.tenon), there(driven.tenon, 'brill')]).toEqual([BOTH, BOTH]);
    expect(row(driven, installation)).toMatchObject({ connectionId: id });
  });
});

describe('a connection that is authorised for another org', () => {
  it('has all of it made there, where nothing was known of it', async () => {
    await using driven = await start();
    const { tenon } = driven;
    const installation = await install(driven);
    const { connectionId } = row(driven, installation) ?? {};
    const again = await tenon.connect('salesforce', { workspace: 'brill' });
    expect(again.id).toBe(connectionId);
    await settled(driven);
    expect(there(tenon, 'brill')).toEqual(BOTH);
    // Nobody may take it back any more.
    expect(there(tenon)).toEqual(BOTH);
    await configure(driven, installation, without('contact'));
    await settled(driven);
    expect(there(tenon, 'brill')).toEqual(BOTH.slice(0, 4));
    expect(row(driven, installation)).toMatchObject({ status: 'success', objects: '["account"]' });
    await remove(driven, installation);
    await settled(driven);
    expect([there(tenon, 'brill'), await connections(driven)]).toEqual([[], []]);
  });

  it('is asked anew where its grant was gone', async () => {
    await using driven = await start();
    const installation = await install(driven);
    await revoke(driven, installation);
    await driven.tenon.connect('salesforce', { workspace: 'brill' });
    await settled(driven);
    expect(there(driven.tenon, 'brill')).toEqual(BOTH);
    expect(row(driven, installation)).toMatchObject({ status: 'success', objects: '["account","contact"]' });
  });

  it('is asked anew also where nobody wrote down which org it was', async () => {
    await using driven = await start();
    const installation = await install(driven);
    const { store, vault } = driven.tenon.running.services;
    const before = row(driven, installation);
    if (before?.sealed == null) throw new Error('nothing is subscribed to');
    const { installationId, generation } = before;
    const { account: _, ...state } = openState({ vault }, before) ?? {};
    const sealed = vault.seal(JSON.stringify(state), subscriptionPlace(installationId, generation + 1));
    await store.commit([settleSubscription({ ...before, sealed })]);
    await driven.tenon.connect('salesforce', { workspace: 'brill' });
    await settled(driven);
    expect(there(driven.tenon, 'brill')).toEqual(BOTH);
  });

  it('is asked for nothing where it is the same org as before', async () => {
    await using driven = await start();
    const installation = await install(driven);
    const before = row(driven, installation);
    await driven.tenon.connect('salesforce', { workspace: 'acme' });
    await settled(driven);
    expect(row(driven, installation)).toEqual(before);
  });
});

describe('a connection that is to go with its installation', () => {
  it('lives as long as something is to be taken back, and no longer than an hour or two', async () => {
    await using driven = await start();
    const installation = await install(driven);
    failFor(driven, 'DELETE', 503, 2);
    await remove(driven, installation);
    await settled(driven);
    expect(await connections(driven)).toHaveLength(1);
    await until(driven, 'it is gone', async () => (await connections(driven)).length === 0);
    expect(there(driven.tenon)).toEqual([]);

    const second = await install(driven);
    failFor(driven, 'DELETE', 503, 100);
    await remove(driven, second);
    await until(driven, 'it is gone', async () => (await connections(driven)).length === 0, 2 * HOUR_MS);
    expect(row(driven, second)).toBeUndefined();
    expect(there(driven.tenon)).not.toEqual([]);
  });

  it('stays if its customer connects again meanwhile', async () => {
    await using driven = await start();
    const installation = await install(driven);
    failFor(driven, 'DELETE', 503, 2);
    await remove(driven, installation);
    await settled(driven);
    await driven.tenon.connect('salesforce', { workspace: 'acme' });
    await until(driven, 'all is taken back', () => row(driven, installation) === undefined);
    expect(there(driven.tenon)).toEqual([]);
    expect(await connections(driven)).toHaveLength(1);
  });

  it('goes with the last of those that take something back with it', async () => {
    await using driven = await start();
    const first = await install(driven);
    const second = { ...subscribing('lead'), name: 'another' };
    await driven.tenon.deploy(manifest(subscribing('account', 'contact'), second));
    const other = await driven.tenon.install('another', { provider: 'salesforce' });
    await settled(driven);
    expect(there(driven.tenon)).toHaveLength(9);
    const path = driven.tenon.inProject(`/integrations/another/installations/${other.id}`);
    await Promise.all([remove(driven, first), driven.tenon.ok('DELETE', path)]);
    await settled(driven);
    expect([there(driven.tenon), await connections(driven)]).toEqual([[], []]);
    expect([row(driven, first), row(driven, other)]).toEqual([undefined, undefined]);
  });

  it.each([false, true])('goes at once where the installation is erased (deleted before: %s)', async (isDeleted) => {
    await using driven = await start();
    const installation = await install(driven);
    failFor(driven, 'DELETE', 503, 100);
    if (isDeleted) await remove(driven, installation);
    await settled(driven);
    const { services } = driven.tenon.running;
    await eraseInstallation(services, installation.id, { isConnectionKept: false });
    expect([row(driven, installation), await connections(driven)]).toEqual([undefined, []]);
    await pass(driven, 2 * HOUR_MS);
    const left = services.store.reads.all("SELECT actorId FROM snapshots WHERE actorId LIKE 'subscription:%'");
    expect(left).toEqual([]);
  });

  it('does not wait where its grant is gone', async () => {
    await using driven = await start();
    const installation = await install(driven);
    await revoke(driven, installation);
    await remove(driven, installation);
    await settled(driven);
    expect([row(driven, installation), await connections(driven)]).toEqual([undefined, []]);
  });
});

describe('a grant that is gone', () => {
  it('keeps what was configured meanwhile until the customer connects again', async () => {
    await using driven = await start();
    const { tenon } = driven;
    const installation = await install(driven);
    await revoke(driven, installation);
    await configure(driven, installation, without('contact'));
    await pass(driven, DAY_MS);
    expect(there(tenon)).toEqual(BOTH);
    await tenon.connect('salesforce', { workspace: 'acme' });
    await settled(driven);
    expect(there(tenon)).toEqual(BOTH.slice(0, 4));
    expect(row(driven, installation)).toMatchObject({ status: 'success', objects: '["account"]' });
  });
});

describe('a process that is stopped', () => {
  it('while an object is added leaves nothing of it that nobody wants when it is back', async () => {
    await using driven = await start();
    const { tenon, clock } = driven;
    await tenon.deploy(manifest(subscribing('account', 'contact', 'lead')));
    await tenon.connect('salesforce', { workspace: 'acme' });
    const subscribe = { objects: without('lead') };
    const installation = await tenon.install('salesforce', { provider: 'salesforce', subscribe });
    await settled(driven);
    expect(there(tenon)).toEqual(BOTH);
    const match = { method: 'POST', pathPrefix: `${TOOLING}/sobjects/PlatformEventChannelMember` };
    const held = tenon.sandbox.faults.next(match, { kind: 'slowHead' });
    const always = { enabled: 'always' };
    await configure(driven, installation, { lead: { createEvent: always, updateEvent: always, deleteEvent: always } });
    await held.reached;
    // Heard during the turn, and taken up by the turn that is made again.
    await configure(driven, installation, without('lead'));
    await flush();
    const halted = tenon.halt();
    await clock.advanceTo(clock.nowMs() + HOUR_MS);
    await halted;
    held.release();
    while (there(tenon).length < 6) await flush(1);
    await tenon.resume();
    await until(driven, 'it is settled', () => row(driven, installation)?.status === 'success');
    await settled(driven);
    expect(there(tenon)).toEqual(BOTH);
  });
});

describe('a process that is killed', () => {
  it.each([
    'POST NamedCredential',
    'POST EventRelayConfig',
    'PATCH EventRelayConfig',
    'POST PlatformEventChannelMember',
  ])('while it waits for %s makes nothing twice', async (step) => {
    await using tenon = await startTenonProcess({}, 'SIGKILL', () => RELAY);
    await tenon.halt();
    await tenon.resume();
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(subscribing('account', 'contact')));
    await tenon.connect('salesforce', { workspace: 'acme' });
    const [method = '', type = ''] = step.split(' ');
    const match = { method, pathPrefix: `${TOOLING}/sobjects/${type}` };
    const held = tenon.sandbox.faults.next(match, { kind: 'slowHead' });
    await tenon.install('salesforce', { provider: 'salesforce' });
    await held.reached;
    await tenon.halt();
    held.release();
    await tenon.resume();
    while (there(tenon).length < BOTH.length || !there(tenon).includes(CHANNEL[2] ?? '')) await flush(1);
    expect(there(tenon)).toEqual(BOTH);
  });
});
