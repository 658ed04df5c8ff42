// Webhooks of HubSpot over loopback: what is refused, and what is in the inbox when it is answered with 200.

import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { InstallationId } from '../../src/core/ids.ts';
import type { JsonObject } from '../../src/core/json.ts';
import {
  INBOX_BYTES_MAX,
  INBOX_EVENTS_MAX,
  INBOX_STUCK_MS,
  WEBHOOK_BODY_BYTES_MAX,
  WEBHOOK_TEXTS_BYTES_MAX,
} from '../../src/core/limits.ts';
import { createLog } from '../../src/core/log.ts';
import { eraseInstallation } from '../../src/flows/operator/erase.ts';
import { whyOf } from '../../src/flows/operator/why.ts';
import { receiverOf } from '../../src/flows/subscribe/address.ts';
import { closeInbox, insertInboxEvent, readWaitingEvents } from '../../src/store/tables/inbox.ts';
import { deleteInstallation } from '../../src/store/tables/installations.ts';
import { manifest } from '../support/drive.ts';
import { scrapeOf, totalOf } from '../support/metrics.ts';
import { startTenon, type Tenon } from '../support/tenon.ts';
import { type Customer, contactMade, eventsTaken, sendHubspot, subscribed } from '../support/webhooks.ts';

const MINUTE_MS = 60_000;
const TOKEN = 'metrics-token-0123456789';

async function started(...groups: readonly string[]) {
  const lines: string[] = [];
  const log = createLog({ level: 'info', stream: { write: (line: string) => void lines.push(line) } });
  const tenon = await startTenon({ log, env: { TENON_METRICS_TOKEN: TOKEN } });
  onTestFinished(() => tenon.stop());
  const { integrationId, customers } = await subscribed(tenon, ...groups);
  const path = `/v1/projects/${tenon.projectId}/integrations/${integrationId}`;
  const [customer] = customers as readonly [Customer];
  const receiver = (of: 'integration' | 'installation', id: string) =>
    receiverOf(tenon.running.services.downloadKey, of, id);
  return { tenon, lines, path, url: tenon.origin + path, integrationId, customer, customers, receiver };
}

/** An integration of Salesforce that subscribes to new accounts, with the address of its only installation. */
async function salesforceInstalled(tenon: Tenon) {
  const of = { objectName: 'account', destination: 'hook' };
  const read = { objects: [{ ...of, requiredFields: [{ fieldName: 'name' }] }] };
  const accounts = { ...of, inheritFieldsAndMapping: true, createEvent: { enabled: 'always' } };
  await tenon.deploy(manifest({ name: 'sf', provider: 'salesforce', read, subscribe: { objects: [accounts] } }));
  await tenon.connect('salesforce', { groupRef: 'acme', workspace: 'acme' });
  const config = { provider: 'salesforce', read: { objects: { account: {} } } };
  const installation = await tenon.install('sf', config, 'acme');
  const path = `/../tenon/v1${tenon.inProject('/integrations/sf/installations')}/${installation.id}/webhook`;
  const { url } = await tenon.ok<{ url: string }>('GET', path);
  return { installation, url };
}

/** As EventBridge brings it. */
function changeEvent(header: JsonObject, fields: JsonObject): string {
  const of = { entityName: 'Account', changeType: 'CREATE', transactionKey: 'k', sequenceNumber: 1 };
  const ChangeEventHeader = { ...of, recordIds: ['001000000000001AAA'], ...header };
  return JSON.stringify({ detail: { payload: { ChangeEventHeader, ...fields } } });
}

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

async function refused(tenon: Tenon, customer: Customer, response: Response, status: number, code: string) {
  expect([response.status, response.headers.get('content-type'), await codeOf(response)]).toEqual([
    status,
    'application/problem+json',
    code,
  ]);
  expect(eventsTaken(tenon, customer)).toBe(0);
}

describe('a webhook is refused', () => {
  it('where nothing proves it, in the same words whether there is such an integration or not', async () => {
    const { tenon, url, customer } = await started('acme');
    const events = [contactMade(customer.portal, 1)];
    const now = Date.now();
    const origin = `${tenon.origin}/v1/projects`;
    const answers = [
      await sendHubspot({ url, events, atMs: now, secret: 'secret-for-another' }),
      await sendHubspot({ url, events, atMs: now - 6 * MINUTE_MS }),
      await sendHubspot({ url: `${url}?more=1`, events, atMs: now, sentTo: url }),
      await sendHubspot({ url: `${origin}/${tenon.projectId}/integrations/none`, events, atMs: now }),
      await sendHubspot({ url: `${origin}/none/integrations/crm`, events, atMs: now }),
      await fetch(url, { method: 'POST', body: JSON.stringify(events) }),
      await fetch(url, { method: 'POST', body: '{}' }),
    ];
    const told = await Promise.all(
      answers.map(async (answer) => {
        const { detail, remedy, code } = (await answer.json()) as Record<string, string>;
        return JSON.stringify([answer.status, code, detail, remedy]);
      }),
    );
    expect(new Set(told).size).toBe(1);
    expect(told[0]).toContain('[401,"unauthenticated"');
    expect(eventsTaken(tenon, customer)).toBe(0);
  });

  it('that is too large, no JSON, no list, or has too many events', async () => {
    const { tenon, url, customer } = await started('acme');
    const send = (events: Parameters<typeof sendHubspot>[0]['events']) =>
      sendHubspot({ url, events, atMs: Date.now() });
    await refused(tenon, customer, await send(' '.repeat(WEBHOOK_BODY_BYTES_MAX + 1)), 413, 'payload_too_large');
    await refused(tenon, customer, await send('[{'), 400, 'malformed');
    await refused(tenon, customer, await send('{}'), 400, 'malformed');
    await refused(tenon, customer, await send([{}]), 400, 'malformed');
    const many = Array.from({ length: 1001 }, (_, index) => contactMade(customer.portal, index));
    await refused(tenon, customer, await send(many), 413, 'payload_too_large');
  });

  it('that says of many records what is too large to store with each of them', async () => {
    const { tenon } = await started();
    const { url, installation } = await salesforceInstalled(tenon);
    const customer = { installation, portal: '' };
    const recordIds = Array.from({ length: 100 }, (_, index) => `001${String(index).padStart(12, '0')}AAA`);
    const send = (characters: number) =>
      fetch(url, { method: 'POST', body: changeEvent({ recordIds }, { Name: 'x'.repeat(characters) }) });
    await refused(tenon, customer, await send(WEBHOOK_TEXTS_BYTES_MAX / 100), 413, 'payload_too_large');
    expect((await send(WEBHOOK_TEXTS_BYTES_MAX / 200)).status).toBe(200);
    expect(eventsTaken(tenon, customer)).toBe(100);
  });

  it('at a receiver that is not ours, is for something else, or has another path behind it', async () => {
    const { tenon, path, integrationId, customer, receiver } = await started('acme');
    const { id } = customer.installation;
    const right = receiver('integration', integrationId);
    const installation = receiver('installation', id);
    // Not the last, of which some bits count for nothing.
    const wrong = `${right.slice(0, -2)}${right.at(-2) === 'A' ? 'B' : 'A'}${right.at(-1)}`;
    const elsewhere = `/v1/projects/${tenon.projectId}/integrations/none`;
    for (const address of [
      `/${wrong}/v1`,
      `/${wrong}${path}`,
      `/wh-x/v1`,
      `/wh-${integrationId}-/v1`,
      `/${installation}/v1`,
      `/${installation}${path}`,
      `/${right}${path}/installations/${id}`,
      `/${right}${elsewhere}`,
      `/${installation}${elsewhere}/installations/${id}`,
      `/${installation}${path}/installations/${integrationId}`,
    ]) {
      const answer = await sendHubspot({
        url: tenon.origin + address,
        events: [contactMade(customer.portal, 1)],
        atMs: Date.now(),
      });
      await refused(tenon, customer, answer, 404, 'not_found');
    }
  });

  it('with another method than POST, unless its provider looks so whether somebody is there', async () => {
    const { tenon, path, integrationId, customer, receiver } = await started('acme');
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await fetch(`${tenon.origin}/${receiver('integration', integrationId)}${path}`, { method });
      expect(answer.headers.get('allow')).toBe('POST');
      await refused(tenon, customer, answer, 405, 'method_not_allowed');
    }
  });
});

/** The inbox of a customer, with as many events as it may have. */
async function filled({ running }: Tenon, customer: Customer, receivedAtMs: number): Promise<void> {
  const installationId = customer.installation.id as InstallationId;
  const events = Array.from({ length: INBOX_EVENTS_MAX }, (_, index) =>
    insertInboxEvent({ installationId, eventKey: `old-${index}`, event: '{}', receivedAtMs }),
  );
  await running.services.store.commit(events);
}

describe('an inbox without room', () => {
  it('loses what comes when it has been full for a day, and has the address fail for nobody', async () => {
    const { tenon, url, customers, lines } = await started('acme', 'globex');
    const [acme, globex] = customers as [Customer, Customer];
    await filled(tenon, acme, Date.now() - INBOX_STUCK_MS - MINUTE_MS);
    const events = [contactMade(acme.portal, 1), contactMade(acme.portal, 2), contactMade(globex.portal, 1)];
    expect((await sendHubspot({ url, events, atMs: Date.now() })).status).toBe(200);
    expect([eventsTaken(tenon, acme), eventsTaken(tenon, globex)]).toEqual([INBOX_EVENTS_MAX, 1]);
    const lost = totalOf(await scrapeOf(tenon, TOKEN), 'tenon_webhook_events_total', { outcome: 'overflow' });
    expect(lost).toBe(2);
    expect(lines.filter((line) => line.includes('events are lost') && line.includes('"events":2'))).toHaveLength(1);
    const why = whyOf({ ...tenon.running.services, isServing: true }, acme.installation.id);
    expect(why).toMatchObject({ name: 'inboxFull', isWell: false });
  });

  it('has the provider come again, and keeps no other customer from being told', async () => {
    const { tenon, url, customers } = await started('acme', 'globex');
    const [acme, globex] = customers as [Customer, Customer];
    await filled(tenon, acme, Date.now() - INBOX_STUCK_MS + MINUTE_MS);
    const events = [contactMade(acme.portal, 1), contactMade(globex.portal, 1)];
    const answer = await sendHubspot({ url, events, atMs: Date.now() });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '60']);
    expect([eventsTaken(tenon, acme), eventsTaken(tenon, globex)]).toEqual([INBOX_EVENTS_MAX, 1]);
    await tenon.running.services.store.commit(closeInbox(acme.installation.id));
    expect((await sendHubspot({ url, events, atMs: Date.now() })).status).toBe(200);
    expect([eventsTaken(tenon, acme), eventsTaken(tenon, globex)]).toEqual([1, 1]);
  });
});

it('an inbox takes no more bytes than it may, whatever waits in it already', async () => {
  const { tenon, url, customer } = await started('acme');
  const { store } = tenon.running.services;
  const almostAll = INBOX_BYTES_MAX - 1000;
  const params = ['large', '{}', almostAll, Date.now(), customer.installation.id] as const;
  await store.commit([{ statement: 'inbox.insert', params }]);
  const send = (...events: JsonObject[]) => sendHubspot({ url, events, atMs: Date.now() });
  expect((await send(contactMade(customer.portal, 1, { padding: 'x'.repeat(1000) }))).status).toBe(503);
  expect(eventsTaken(tenon, customer)).toBe(1);
  expect((await send(contactMade(customer.portal, 2))).status).toBe(200);
});

describe('what was told', () => {
  it('goes with its installation, and with all its keys where that is erased', async () => {
    const { tenon, url, customers } = await started('acme', 'globex');
    const [acme, globex] = customers as [Customer, Customer];
    const ids = [acme, globex].map(({ installation }) => installation.id as InstallationId);
    const waiting = ids.map((installationId) =>
      insertInboxEvent({ installationId, eventKey: 'waits', event: '{}', receivedAtMs: 1 }),
    );
    const events = [contactMade(acme.portal, 1), contactMade(globex.portal, 1)];
    expect((await sendHubspot({ url, events, atMs: Date.now() })).status).toBe(200);
    const { services } = tenon.running;
    await services.store.commit(waiting);
    expect([eventsTaken(tenon, acme), eventsTaken(tenon, globex)]).toEqual([2, 2]);
    await tenon.ok('DELETE', tenon.inProject(`/integrations/crm/installations/${acme.installation.id}`));
    expect(readWaitingEvents(services.store.reads, acme.installation.id, 10, 1000)).toEqual([]);
    const erased = await eraseInstallation(services, globex.installation.id, { isConnectionKept: false });
    expect(erased.rows['inbox']).toBe(2);
    expect(eventsTaken(tenon, globex)).toBe(0);
    expect((await sendHubspot({ url, events, atMs: Date.now() })).status).toBe(200);
    expect(eventsTaken(tenon, globex)).toBe(0);
  });
});

describe('an account that HubSpot does not name when it is connected', () => {
  const unnamed = ({ sandbox }: Tenon) =>
    sandbox.faults.next(
      { provider: 'hubspot', method: 'GET', pathPrefix: '/account-info' },
      { kind: 'status', status: 429 },
    );

  it('is not the one that its customer typed, of which somebody else is told', async () => {
    const { tenon, url, customer } = await started('acme');
    unnamed(tenon);
    const connection = await tenon.connect('hubspot', { groupRef: 'evil', workspace: customer.portal });
    expect(connection['providerWorkspaceRef']).toBeUndefined();
    const content = { provider: 'hubspot', read: { objects: { contacts: {} } } };
    const evil = { installation: await tenon.install('crm', content, 'evil'), portal: customer.portal };
    expect((await sendHubspot({ url, events: [contactMade(customer.portal, 1)], atMs: Date.now() })).status).toBe(200);
    expect([eventsTaken(tenon, customer), eventsTaken(tenon, evil)]).toEqual([1, 0]);
  });

  it('is the one that was known before', async () => {
    const { tenon, url, customer } = await started('acme');
    unnamed(tenon);
    const again = await tenon.connect('hubspot', { groupRef: 'acme' });
    expect(again['providerWorkspaceRef']).toBe(customer.portal);
    expect((await sendHubspot({ url, events: [contactMade(customer.portal, 1)], atMs: Date.now() })).status).toBe(200);
    expect(eventsTaken(tenon, customer)).toBe(1);
  });
});

describe('a search at the same address', () => {
  it('is one by its key or by its group, and answered as before', async () => {
    const { tenon, path } = await started('acme');
    const search = { objectName: 'contacts', fieldFilters: [{ fieldName: 'email', operator: 'eq', value: 'nobody' }] };
    const found = await tenon.api('POST', `${path.slice('/v1'.length)}?groupRef=acme`, search);
    expect([found.status, found.json]).toEqual([200, { result: [], results: [] }]);
    expect((await tenon.api('POST', path.slice('/v1'.length), search)).status).toBe(400);
    expect((await tenon.api('POST', `${path.slice('/v1'.length)}?groupRef=acme`, [search])).status).toBe(400);
    const body = JSON.stringify(search);
    const unknown = await fetch(`${tenon.origin}${path}?groupRef=acme`, { method: 'POST', body });
    expect([unknown.status, await unknown.json()]).toMatchObject([
      401,
      { detail: 'the API key is missing or not valid' },
    ]);
  });
});

describe('a webhook is taken', () => {
  it('at the published address, at that behind a receiver, and at the receiver alone', async () => {
    const { tenon, path, integrationId, customer, receiver } = await started('acme');
    const addresses = [path, `/${receiver('integration', integrationId)}${path}`];
    addresses.push(`/${receiver('integration', integrationId)}/v1`);
    addresses.push(
      `/${receiver('installation', customer.installation.id)}${path}/installations/${customer.installation.id}`,
    );
    for (const [index, address] of addresses.entries()) {
      const events = [contactMade(customer.portal, index)];
      const answer = await sendHubspot({ url: tenon.origin + address, events, atMs: Date.now() });
      expect([answer.status, await answer.text()]).toEqual([200, '']);
      expect(eventsTaken(tenon, customer)).toBe(index + 1);
    }
  });

  it('for the accounts that its events are of, and those of nobody or that nobody wants are left out', async () => {
    const { tenon, url, customers } = await started('acme', 'globex');
    const [acme, globex] = customers as [Customer, Customer];
    expect(acme.portal).not.toBe(globex.portal);
    const events = [
      contactMade(acme.portal, 1),
      contactMade(globex.portal, 1),
      contactMade(globex.portal, 2),
      contactMade('404404', 3),
      contactMade(acme.portal, 4, { subscriptionType: 'object.deletion' }),
      contactMade(acme.portal, 5, { objectTypeId: '0-3' }),
    ];
    expect((await sendHubspot({ url, events, atMs: Date.now() })).status).toBe(200);
    expect([eventsTaken(tenon, acme), eventsTaken(tenon, globex)]).toEqual([1, 2]);
  });

  it('once, however often it is delivered', async () => {
    const { tenon, url, customer } = await started('acme');
    const first = contactMade(customer.portal, 1);
    const again = [{ ...first, attemptNumber: 1 }, contactMade(customer.portal, 2)];
    for (const events of [[first], [first], again, again]) {
      expect((await sendHubspot({ url, events, atMs: Date.now() })).status).toBe(200);
    }
    expect(eventsTaken(tenon, customer)).toBe(2);
  });

  it('once, also where two deliveries of it come at the same moment', async () => {
    const { tenon, url, customer } = await started('acme');
    const events = Array.from({ length: 20 }, (_, index) => contactMade(customer.portal, index));
    const sent = Array.from({ length: 8 }, () => sendHubspot({ url, events, atMs: Date.now() }));
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual(new Array(8).fill(200));
    expect(eventsTaken(tenon, customer)).toBe(20);
  });

  it('and wakes nobody where nothing waits any more when it is on disk', async () => {
    const { tenon, url, customer } = await started('acme');
    const { store, runtime } = tenon.running.services;
    const commit = store.commit.bind(store);
    const dispatched = vi.spyOn(runtime.dispatcher, 'dispatch');
    // Deleted by another request just before.
    vi.spyOn(store, 'commit').mockImplementationOnce(async (writes) => {
      await commit([deleteInstallation(customer.installation.id)]);
      await commit(writes);
    });
    expect((await sendHubspot({ url, events: [contactMade(customer.portal, 1)], atMs: Date.now() })).status).toBe(200);
    expect(eventsTaken(tenon, customer)).toBe(0);
    const wakes = dispatched.mock.calls.filter(([{ actorId }]) => actorId.startsWith('inbox:'));
    expect(wakes).toEqual([]);
  });

  it('that any provider app of the project proves', async () => {
    const { tenon, url, customer } = await started('acme');
    await tenon.addProviderApp('hubspot', 'second');
    const events = [contactMade(customer.portal, 1)];
    const answer = await sendHubspot({ url, events, atMs: Date.now(), secret: 'secret-for-second' });
    expect([answer.status, eventsTaken(tenon, customer)]).toEqual([200, 1]);
  });

  it('of Salesforce at the address of its installation, unsigned, which is in no log', async () => {
    const { tenon, lines } = await started();
    const { installation, ...told } = await salesforceInstalled(tenon);
    const send = (url: string) => fetch(url, { method: 'POST', body: changeEvent({}, { Name: 'Ada' }) });
    expect((await send(`${told.url}/more`)).status).toBe(404);
    expect((await send(told.url.replace(/wh-[^/]+/, 'wh-x'))).status).toBe(404);
    expect((await send(told.url)).status).toBe(200);
    expect(eventsTaken(tenon, { installation, portal: '' })).toBe(1);
    const route = '/:receiver{wh-[\\\\w-]+}/v1/projects/:project/integrations/:integration/installations/:installation';
    expect(lines.some((line) => line.includes(`"plane":"webhook"`) && line.includes(route))).toBe(true);
    const receiver = /wh-[^/]+/.exec(told.url)?.[0] ?? 'none';
    expect(lines.filter((line) => line.includes(receiver.slice(-20)))).toEqual([]);
  });

  it('and counted by its provider', async () => {
    const { tenon, url, customer } = await started('acme');
    const send = (id: number, secret?: string, portal = customer.portal) =>
      sendHubspot({
        url,
        events: [contactMade(portal, id)],
        atMs: Date.now(),
        ...(secret === undefined ? {} : { secret }),
      });
    await send(1);
    await send(1);
    await send(2, 'wrong');
    await send(3, undefined, '404404');
    const samples = await scrapeOf(tenon, TOKEN);
    const count = (name: string, outcome: string) => totalOf(samples, name, { provider: 'hubspot', outcome });
    expect([count('tenon_webhooks_total', 'received'), count('tenon_webhooks_total', 'refused')]).toEqual([3, 1]);
    const events = (outcome: string) => count('tenon_webhook_events_total', outcome);
    expect([events('stored'), events('duplicate'), events('unclaimed')]).toEqual([1, 1, 1]);
    expect(totalOf(samples, 'tenon_requests_total', { plane: 'webhook' })).toBe(4);
  });
});
