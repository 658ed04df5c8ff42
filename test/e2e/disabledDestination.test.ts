// A destination that takes nothing for days, on a driven clock: it is disabled, who asked for it is told and it is not,
// what waits is kept, and its builder has it go on.

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { DAY_MS, HOUR_MS, parseTimestamp } from '../../src/core/time.ts';
import { whyOf } from '../../src/flows/operator/why.ts';
import { type LaneRow, readLane } from '../../src/store/tables/outbox.ts';
import { type Destination, startDestination } from '../support/destination.ts';
import { type Driven, integration, manifest, pass, readObject, settled, startDriven } from '../support/drive.ts';
import { faultsOf, notificationsIn, routeEvents } from '../support/notifications.ts';
import { PublishedSchemas, publishedIsMissing } from '../support/published.ts';
import type { Published } from '../support/tenon.ts';

const HALF_A_DAY_MS = 12 * HOUR_MS;

interface Failing {
  readonly driven: Driven;
  readonly destination: Destination;
  readonly hook: Published;
  readonly connection: Published;
  [Symbol.asyncDispose](): Promise<void>;
}

/** `hook` fails and is told of each change of the connection; `told` is told as well, and both of disabled ones. */
async function startFailing(): Promise<Failing> {
  const driven = await startDriven({ sandbox: { hubspotContacts: 3 } });
  const { tenon } = driven;
  const destination = await startDestination();
  destination.answer = () => ({ status: 500 });
  const body = { name: 'hook', type: 'webhook', metadata: { url: destination.origin } };
  const hook = await tenon.ok('POST', tenon.inProject('/destinations'), body);
  const told = await tenon.addWebhook('told');
  await routeEvents(tenon, hook.id, 'failing', ['connection.updated', 'destination.webhook.disabled']);
  await routeEvents(tenon, told.id, 'ops', ['destination.webhook.disabled']);
  const connection = await tenon.connect('hubspot');
  return {
    driven,
    destination,
    hook,
    connection,
    async [Symbol.asyncDispose]() {
      await destination[Symbol.asyncDispose]();
      await tenon.stop();
    },
  };
}

/** Something to tell `hook`. */
function change({ driven: { tenon }, connection }: Failing): Promise<Published> {
  const patch = { updateMask: ['providerWorkspaceRef'], connection: { providerWorkspaceRef: 'acme-inc' } };
  return tenon.ok('PATCH', tenon.inProject(`/connections/${connection.id}`), patch);
}

/** Tells it something twice a day. */
async function failFor(failing: Failing, days: number): Promise<void> {
  for (let times = 0; times < 2 * days; times += 1) {
    await change(failing);
    await pass(failing.driven, HALF_A_DAY_MS);
  }
}

function shown({ driven: { tenon } }: Failing): Promise<Published> {
  return tenon.ok('GET', tenon.inProject('/destinations/hook'));
}

function patchHook({ driven: { tenon } }: Failing, updateMask: readonly string[], destination: JsonObject) {
  return tenon.ok('PATCH', tenon.inProject('/destinations/hook'), { updateMask, destination });
}

function lane({ driven: { tenon }, hook }: Failing): LaneRow | undefined {
  return readLane(tenon.running.services.store.reads, hook.id);
}

describe('a destination that takes nothing', () => {
  it('is disabled after five days, which others are told and it is not', async () => {
    await using failing = await startFailing();
    const { driven, destination, hook } = failing;
    const { tenon, clock } = driven;
    const startedAtMs = clock.nowMs();
    await failFor(failing, 4.5);
    expect((await shown(failing))['disabledTime']).toBeUndefined();
    await failFor(failing, 1);
    const row = await shown(failing);
    const disabledAtMs = parseTimestamp(String(row['disabledTime'])) ?? 0;
    expect((disabledAtMs - startedAtMs) / DAY_MS).toBeGreaterThanOrEqual(5);
    expect((disabledAtMs - startedAtMs) / DAY_MS).toBeLessThan(5.5);
    if (publishedIsMissing === null) expect(new PublishedSchemas().value('api', 'Destination', row)).toEqual([]);

    const requests = destination.requests.length;
    const before = lane(failing);
    expect(before?.queued).toBeGreaterThan(0);
    await failFor(failing, 2);
    expect([destination.requests.length, lane(failing)]).toEqual([requests, before]);
    expect(destination.requests.filter(({ body }) => body.includes('disabled'))).toEqual([]);
    const told = notificationsIn(tenon.receiver.state().messages);
    expect(told).toEqual([
      {
        notificationType: 'destination.webhook.disabled',
        data: {
          projectId: tenon.projectId,
          destinationId: hook.id,
          destinationName: 'hook',
          url: destination.origin,
        },
      },
    ]);
    const [notification] = told;
    if (publishedIsMissing === null && notification !== undefined)
      expect(faultsOf(new PublishedSchemas(), notification)).toEqual([]);
  });

  it('goes on where it stood when its address is named again, also after a restart', async () => {
    await using failing = await startFailing();
    const { driven, destination } = failing;
    await failFor(failing, 5.5);
    await driven.tenon.halt();
    destination.answer = () => ({ status: 200 });
    await driven.clock.advance(DAY_MS);
    await driven.tenon.resume();
    await settled(driven);
    const { queued = 0, dead } = lane(failing) ?? {};
    const requests = destination.requests.length;
    await patchHook(failing, ['name'], { name: 'hook' });
    await settled(driven);
    expect([destination.requests.length, (await shown(failing))['disabledTime']]).toEqual([
      requests,
      expect.any(String),
    ]);
    const changed = await patchHook(failing, ['metadata.url'], { metadata: { url: destination.origin } });
    expect(changed['disabledTime']).toBeUndefined();
    await settled(driven);
    expect(destination.requests.length).toBe(requests + queued);
    expect(lane(failing)).toMatchObject({ queued: 0, queuedBytes: 0, delivered: queued, dead });
    await change(failing);
    await settled(driven);
    expect(lane(failing)).toMatchObject({ delivered: queued + 1 });
    expect((await shown(failing))['disabledTime']).toBeUndefined();
  });

  it('and fails on when it is enabled weeks later leaves dead letters that are kept from then on', async () => {
    await using failing = await startFailing();
    const { driven, destination } = failing;
    await failFor(failing, 5.5);
    await pass(driven, 20 * DAY_MS);
    const { queued = 0, dead } = lane(failing) ?? {};
    expect(queued).toBeGreaterThan(1);
    expect(dead).toBe(0);
    await patchHook(failing, ['metadata.url'], { metadata: { url: destination.origin } });
    await pass(driven, 2 * DAY_MS);
    expect(lane(failing)).toMatchObject({ queued: 0, dead: queued });
    await pass(driven, 11 * DAY_MS);
    expect(lane(failing)).toMatchObject({ queued: 0, dead: queued });
    await pass(driven, 4 * DAY_MS);
    expect(lane(failing)).toMatchObject({ queued: 0, dead: 0 });
  });

  it('counts anew when its address was changed, although it fails on', async () => {
    await using failing = await startFailing();
    await failFor(failing, 4.5);
    await patchHook(failing, ['metadata'], { metadata: { url: failing.destination.origin } });
    await failFor(failing, 4.5);
    expect((await shown(failing))['disabledTime']).toBeUndefined();
    await failFor(failing, 1);
    expect((await shown(failing))['disabledTime']).toEqual(expect.any(String));
  });

  it('is not disabled if it took one message meanwhile, or was not asked for more than a day', async () => {
    await using failing = await startFailing();
    const { driven, destination } = failing;
    await failFor(failing, 4);
    destination.answer = ({ body }) => ({ status: body.includes('acme') ? 200 : 500 });
    await change(failing);
    await settled(driven);
    destination.answer = () => ({ status: 500 });
    await failFor(failing, 4);
    expect((await shown(failing))['disabledTime']).toBeUndefined();
    await pass(driven, 5 * DAY_MS);
    await change(failing);
    await pass(driven, DAY_MS);
    expect((await shown(failing))['disabledTime']).toBeUndefined();
  });

  it('and is deleted while it is disabled leaves dead letters, and no lane that waits', async () => {
    await using failing = await startFailing();
    const { driven, destination, hook } = failing;
    const { tenon } = driven;
    await failFor(failing, 5.5);
    const { queued = 0, dead = 0 } = lane(failing) ?? {};
    expect(queued).toBeGreaterThan(0);
    const requests = destination.requests.length;
    await tenon.ok('DELETE', tenon.inProject('/destinations/hook'));
    await settled(driven);
    expect([lane(failing), destination.requests.length]).toMatchObject([{ queued: 0, dead: dead + queued }, requests]);
    expect(tenon.running.services.runtime.peek(`delivery:${hook.id}` as never).value).toBe('idle');
  });

  it('keeps the results of reads, which go on, and says so to whoever asks why', async () => {
    await using failing = await startFailing();
    const { driven, destination } = failing;
    const { tenon } = driven;
    await failFor(failing, 5.5);
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts', { schedule: '0 0 1 1 *' }))));
    const { id } = await tenon.install('hubspot', { provider: 'hubspot', read: { objects: { contacts: {} } } });
    await settled(driven);
    const { queued = 0 } = lane(failing) ?? {};
    const why = whyOf({ ...tenon.running.services, isServing: true }, id);
    expect([why.name, why.fault]).toEqual(['destinationDisabled', 'destination']);
    expect(destination.requests.some(({ body }) => body.includes(id))).toBe(false);
    destination.answer = () => ({ status: 200 });
    await patchHook(failing, ['metadata.url'], { metadata: { url: destination.origin } });
    await settled(driven);
    expect(lane(failing)).toMatchObject({ queued: 0, delivered: queued });
    expect(destination.requests.filter(({ body }) => body.includes(id)).length).toBe(1);
    expect(whyOf({ ...tenon.running.services, isServing: true }, id).name).not.toBe('destinationDisabled');
  });
});
