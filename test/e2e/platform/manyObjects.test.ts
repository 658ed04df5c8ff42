// Many objects that a provider is asked about while somebody waits: it may take its time with each, and nobody waits
// for all of that.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OBJECTS_ASKED_BATCH, OBJECTS_ASKED_MS_MAX } from '../../../src/core/limits.ts';
import type { FaultRule } from '../../../src/sandbox/faults.ts';
import { type FakeClock, fakeClock } from '../../support/clock.ts';
import { startTenon, type Tenon } from '../../support/tenon.ts';

const OBJECTS = ['companies', 'deals', 'tickets', 'products', 'calls', 'emails', 'meetings', 'notes', 'contacts'];
const MANIFEST = `specVersion: 1.0.0
integrations:
  - name: crm
    provider: hubspot
    read:
      objects:
${OBJECTS.map((name) => `        - {objectName: ${name}, destination: hook, schedule: "0 * * * *"}`).join('\n')}
`;
const CONTENT = { provider: 'hubspot', read: { objects: Object.fromEntries(OBJECTS.map((name) => [name, {}])) } };

let clock: FakeClock;
let tenon: Tenon;
let connectionId: string;

beforeEach(async () => {
  clock = fakeClock();
  tenon = await startTenon({ clock });
  await tenon.addWebhook('hook');
  await tenon.deploy(MANIFEST);
  connectionId = (await tenon.connect('hubspot')).id;
});
afterEach(() => tenon.stop());

/** A provider that answers no call of the kind until it is let go. */
function held(method: string, pathPrefix: string): FaultRule {
  return tenon.sandbox.faults.next({ method, pathPrefix }, { kind: 'slowHead' }, 10 * OBJECTS.length);
}

describe('objects that a provider takes its time to describe', () => {
  it('say so in their place when the time for all of them is over', async () => {
    const rule = held('GET', '/crm/v3/properties');
    const path = tenon.inProject('/integrations/crm');
    const { id, latestRevision } = await tenon.ok<{ id: string; latestRevision: { id: string } }>('GET', path);
    const hydrate = `/integrations/${id}/revisions/${latestRevision.id}:hydrate?connectionId=${connectionId}`;
    const asked = tenon.ok<{ content: { read: { objects: { error: string }[] } } }>('GET', tenon.inProject(hydrate));
    await rule.reached;
    await clock.advance(OBJECTS_ASKED_MS_MAX);
    const { content } = await asked;
    const late = 'HubSpot takes too long to say which fields there are. Please try again.';
    expect(content.read.objects.map(({ error }) => error)).toEqual(OBJECTS.map(() => late));
    expect(rule.hits).toBeLessThanOrEqual(OBJECTS_ASKED_BATCH);
    rule.release();
  });
});

describe('a config whose objects the provider takes its time to read', () => {
  const path = '/integrations/crm/installations';

  it('is saved when the time for a sample is over', async () => {
    const rule = held('GET', '/crm/v3/objects');
    const saved = tenon.api('POST', tenon.inProject(path), { groupRef: 'acme', config: { content: CONTENT } });
    await rule.reached;
    await clock.advance(OBJECTS_ASKED_MS_MAX);
    expect((await saved).status).toBe(201);
    rule.release();
  });

  it('is refused for what was found out in that time', async () => {
    // In a batch of its own, after the others were answered.
    const rule = held('GET', '/crm/v3/objects/contacts');
    const wrong = { fieldFilters: [{ fieldName: 'no such field', operator: 'eq', value: 1 }] };
    const content = { ...CONTENT, read: { objects: { ...CONTENT.read.objects, companies: wrong } } };
    const refused = tenon.api('POST', tenon.inProject(path), { groupRef: 'acme', config: { content } });
    await rule.reached;
    await clock.advance(OBJECTS_ASKED_MS_MAX);
    const { status, text } = await refused;
    expect([status, text]).toEqual([422, expect.stringContaining('config.content.read.objects.companies')]);
    rule.release();
  });
});
