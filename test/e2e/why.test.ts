// What `tenon why` says of installations that are really in trouble: driven by a clock, over real HTTP against the
// simulated providers. That each reason is told well is in the unit tests; here it must be found.

import { describe, expect, it } from 'vitest';
import { CIRCUIT_CALLS_MIN } from '../../src/core/limits.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/core/time.ts';
import { type WhyView, whyOf } from '../../src/flows/operator/why.ts';
import { type Destination, startDestination } from '../support/destination.ts';
import {
  type Driven,
  installed,
  integration,
  manifest,
  pass,
  readObject,
  settled,
  startDriven,
} from '../support/drive.ts';
import { contactMade, sendHubspot } from '../support/webhooks.ts';

type Provider = 'hubspot' | 'salesforce';

/** What goes wrong before the installation is made, and after it. */
interface Situation {
  readonly provider?: Provider;
  readonly before?: (driven: Driven, destination: Destination) => void;
  readonly after?: (driven: Driven, installationId: string) => Promise<unknown>;
  readonly expected: Partial<WhyView>;
  readonly says: string;
}

function failing(status: number, count: number) {
  return ({ tenon }: Driven) =>
    void tenon.sandbox.faults.next({ pathPrefix: '/crm' }, { kind: 'status', status }, count);
}

const SITUATIONS: Readonly<Record<string, Situation>> = {
  'all is well': {
    expected: { name: 'nextScheduled', isWell: true, until: '2026-01-05T09:10:00.000Z' },
    says: 'The next read of contacts is at 2026-01-05 09:10:00 UTC',
  },
  'the grant was revoked': {
    provider: 'salesforce',
    after: async (driven) => {
      driven.tenon.sandbox.revokeGrants('salesforce', 'acme');
      await pass(driven, HOUR_MS);
    },
    expected: { name: 'grantRevoked', fault: 'customer', since: '2026-01-05T09:10:00.000Z' },
    says: 'It said: "invalid_grant',
  },
  'the provider fails each read': {
    before: failing(500, 8),
    expected: { name: 'readFailing', fault: 'provider', since: '2026-01-05T09:00:00.000Z' },
    says: 'HubSpot answered 500',
  },
  'the provider forbids the read': {
    before: failing(403, 1),
    expected: { name: 'readGivenUp', fault: 'customer', since: '2026-01-05T09:00:00.000Z', until: null },
    says: 'HubSpot answered 403',
  },
  'the provider asks for patience': {
    before: ({ tenon }) => {
      const fault = { kind: 'status', status: 429, retryAfterSeconds: 7200 } as const;
      tenon.sandbox.faults.next({ pathPrefix: '/crm' }, fault);
    },
    expected: { name: 'quotaSpent', since: '2026-01-05T09:00:00.000Z', until: '2026-01-05T11:00:00.000Z' },
    says: 'waits for HubSpot to allow more calls',
  },
  'calls of the provider app fail together': {
    after: async ({ tenon }, installationId) => {
      tenon.sandbox.faults.next({ pathPrefix: '/echo' }, { kind: 'status', status: 503 }, CIRCUIT_CALLS_MIN);
      for (let call = 0; call < CIRCUIT_CALLS_MIN; call++) await (await tenon.proxy(installationId, '/echo/x')).text();
    },
    expected: { name: 'circuitOpen', fault: 'provider', until: '2026-01-05T09:00:30.000Z' },
    says: 'The last one: "answered 503"',
  },
  'the destination fails': {
    before: (_driven, destination) => {
      destination.answer = () => ({ status: 503 });
    },
    after: (driven) => pass(driven, 20 * MINUTE_MS),
    expected: { name: 'destinationFailing', fault: 'destination', since: '2026-01-05T09:00:00.000Z' },
    says: '1 message to "hook" waits; one was tried 3 times. The last failure: "answered 503".',
  },
  'messages were refused for good': {
    before: (_driven, destination) => {
      destination.answer = () => ({ status: 503 });
    },
    after: (driven) => pass(driven, 2 * DAY_MS),
    expected: { name: 'nextScheduled', isWell: false },
    says: 'Besides: The destination "hook" refused 1 message for good',
  },
  'the builder paused its reads': {
    after: async (driven, installationId) => {
      const path = `/integrations/hubspot/installations/${installationId}:pause`;
      await driven.tenon.api('POST', driven.tenon.inProject(path));
      await pass(driven, HOUR_MS);
    },
    expected: { name: 'readsPaused', fault: 'nobody', since: '2026-01-05T09:00:00.000Z' },
    says: 'paused over the API',
  },
};

async function whyIn({ provider = 'hubspot', before, after }: Situation): Promise<WhyView> {
  await using destination = await startDestination();
  await using driven = await startDriven({ sandbox: { hubspotContacts: 50, salesforceAccounts: 50 } });
  const { tenon } = driven;
  const metadata = { url: `${destination.origin}/in` };
  await tenon.ok('POST', tenon.inProject('/destinations'), { name: 'hook', type: 'webhook', metadata });
  const object = provider === 'hubspot' ? 'contacts' : 'account';
  await tenon.deploy(manifest(integration(provider, readObject(object))));
  before?.(driven, destination);
  const { id } = await installed(driven, provider, { [object]: {} });
  await settled(driven);
  await after?.(driven, id);
  await settled(driven);
  return whyOf({ ...tenon.running.services, isServing: true }, id);
}

describe('an installation', () => {
  it.each(Object.entries(SITUATIONS))('of which %s says so', async (_name, situation) => {
    const why = await whyIn(situation);
    expect(why).toMatchObject(situation.expected);
    expect(why.text).toContain(situation.says);
  });

  it('whose events go to a destination that was disabled says so', async () => {
    await using driven = await startDriven({ sandbox: { hubspotContacts: 1 } });
    const { tenon, clock } = driven;
    await using events = await startDestination();
    events.answer = () => ({ status: 503 });
    await tenon.addWebhook('hook');
    const metadata = { url: events.origin };
    await tenon.ok('POST', tenon.inProject('/destinations'), { name: 'events', type: 'webhook', metadata });
    const contacts = { objectName: 'contacts', destination: 'events', inheritFieldsAndMapping: true };
    const subscribe = { objects: [{ ...contacts, createEvent: { enabled: 'always' } }] };
    const object = readObject('contacts', { schedule: '0 0 1 1 *' });
    const [crm] = await tenon.deploy(manifest({ ...integration('hubspot', object), subscribe }));
    const { providerWorkspaceRef } = await tenon.connect('hubspot');
    const { id } = await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    const url = `${tenon.origin}/v1/projects/${tenon.projectId}/integrations/${crm?.id}`;
    for (let day = 1; day <= 7; day++) {
      await sendHubspot({ url, events: [contactMade(String(providerWorkspaceRef), day)], atMs: clock.nowMs() });
      await pass(driven, DAY_MS);
    }
    const why = whyOf({ ...tenon.running.services, isServing: true }, id);
    expect(why).toMatchObject({ name: 'destinationDisabled', isWell: false, fault: 'destination' });
    expect(why.waitsFor).toBe('the destination "events" to be enabled');
  });

  it('that was deleted is no more', async () => {
    await using driven = await startDriven();
    const { tenon } = driven;
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
    const { id } = await installed(driven, 'hubspot', { contacts: {} });
    await tenon.api('DELETE', tenon.inProject(`/integrations/hubspot/installations/${id}`));
    await settled(driven);
    const look = { ...tenon.running.services, isServing: true };
    expect(() => whyOf(look, id)).toThrow(expect.objectContaining({ code: 'not_found' }));
  });
});
