// What installations and connections pass on, as data: whom they tell, and what commits with it.

import { describe, expect, it } from 'vitest';
import type { Settlement } from '../../../../actors/dispatch.ts';
import type { TellInstallationsEffect, TellReadsEffect } from '../../../../machines/effects.ts';
import { createWebhook } from '../../../../src/flows/destinations.ts';
import { deployManifest } from '../../../../src/flows/install/deploy.ts';
import {
  applyConfigHandler,
  tellInstallationsHandler,
  tellReadsHandler,
} from '../../../../src/flows/install/effects.ts';
import { createInstallation } from '../../../../src/flows/install/installations.ts';
import { readActorId } from '../../../../src/flows/read/reads.ts';
import { createEventTopicRoute, createTopic, createTopicDestinationRoute } from '../../../../src/flows/topics.ts';
import { configureInstallation, readInstallation } from '../../../../src/store/tables/installations.ts';
import { type Flows, manifestOf, startFlows } from './tenon.ts';

const OBJECTS = ['customers', 'Invoices', 'plans'];
const SIGNAL = new AbortController().signal;

async function start(
  content = {},
): Promise<Flows & { readonly installationId: string; readonly connectionId: string }> {
  const flows = await startFlows();
  const billing = { name: 'billing', provider: 'stripe', objects: OBJECTS };
  await deployManifest(flows.services, flows.projectId, manifestOf(billing, { ...billing, name: 'more' }), 'amp.yaml');
  const { connectionId } = await flows.connect();
  const groupRef = 'acme';
  const { installationId } = await createInstallation(flows.services, flows.integration('billing'), {
    groupRef,
    content,
  });
  return { ...flows, installationId, connectionId };
}

const chosen = (...names: readonly string[]) => ({
  read: { objects: Object.fromEntries(names.map((name) => [name, {}])) },
});

function toldBy({ messages = [] }: Settlement): [string, string][] {
  return messages.map(({ to, event }) => [to, event.type]);
}

function statementsOf({ writes = [] }: Settlement): string[] {
  return writes.map(({ statement }) => statement);
}

describe('a config that is applied', () => {
  const apply = ({ services }: Flows, installationId: string) => {
    const effect = { type: 'effect.applyConfig', installationId, configRevision: 7 } as const;
    return applyConfigHandler(services).perform(effect, SIGNAL);
  };

  it('asks nothing of an installation that is gone, and still answers', async () => {
    const flows = await startFlows();
    expect(await apply(flows, 'nobody')).toEqual({ event: { type: 'config.applied', configRevision: 7 } });
  });

  it('configures the chosen objects, by the name of the manifest, and gives new ones a position', async () => {
    const flows = await start();
    const { installationId } = flows;
    expect(toldBy(await apply(flows, installationId))).toEqual([]);
    const config = JSON.stringify(chosen('CUSTOMERS', 'invoices'));
    await configure(flows, config);
    const settlement = await apply(flows, installationId);
    expect(toldBy(settlement)).toEqual([
      [readActorId(installationId, 'customers'), 'read.configured'],
      [readActorId(installationId, 'Invoices'), 'read.configured'],
    ]);
    expect(statementsOf(settlement)).toEqual(['checkpoints.begin', 'checkpoints.begin']);
    expect(settlement.messages?.[0]?.event).toMatchObject({ hasBackfill: false, nextRunAtMs: expect.any(Number) });
  });

  it('takes the schedule of objects that are no longer chosen away and keeps their position', async () => {
    const flows = await start(chosen('customers', 'plans'));
    const { installationId } = flows;
    await expect.poll(() => checkpointsOf(flows).length).toBe(2);
    const config = JSON.stringify(chosen('plans'));
    await configure(flows, config);
    const settlement = await apply(flows, installationId);
    expect(settlement.messages?.map(({ to, event }) => [to, event['nextRunAtMs'] === null])).toEqual([
      [readActorId(installationId, 'plans'), false],
      [readActorId(installationId, 'customers'), true],
    ]);
    expect(statementsOf(settlement)).toEqual([]);
  });
});

function checkpointsOf({ services, installationId }: Flows & { readonly installationId: string }) {
  return services.store.reads.all('SELECT actorId FROM checkpoints WHERE installationId = ?', installationId);
}

/** Saves another config behind the back of the actor. */
async function configure({ services, installationId }: Flows & { readonly installationId: string }, config: string) {
  const row = readInstallation(services.store.reads, installationId);
  if (row === undefined) throw new Error('the installation is gone');
  await services.store.commit([configureInstallation({ ...row, config }, row)]);
}

describe('news for reads', () => {
  const tell = (
    { services }: Flows,
    installationId: string,
    event: TellReadsEffect['event'],
    objects: string[] | null,
  ) => {
    const effect = { type: 'effect.tellReads', installationId, event, objects } as const;
    return tellReadsHandler(services).perform(effect, SIGNAL);
  };

  it.each<[TellReadsEffect['event'], string[] | null, string[], string[]]>([
    ['read.paused', null, OBJECTS, []],
    ['read.paused', ['INVOICES', 'nothing'], ['Invoices'], []],
    ['read.paused', [], [], []],
    ['read.resumed', ['customers'], ['customers'], []],
    ['read.blocked', null, OBJECTS, ['installations.setHealth']],
    ['read.unblocked', null, OBJECTS, ['installations.setHealth']],
    ['read.removed', null, OBJECTS, []],
  ])('%s for %j reach them', async (event, objects, told, writes) => {
    const flows = await start(chosen(...OBJECTS));
    const { installationId } = flows;
    await expect.poll(() => checkpointsOf(flows).length).toBe(OBJECTS.length);
    const settlement = await tell(flows, installationId, event, objects);
    expect(toldBy(settlement).sort()).toEqual(told.map((name) => [readActorId(installationId, name), event]).sort());
    expect(statementsOf(settlement)).toEqual(writes);
    // Only a removal is waited for.
    expect(settlement.event).toEqual(event === 'read.removed' ? { type: 'reads.removed' } : null);
  });
});

describe('news of a connection', () => {
  it('that ended say why, unless it was connected again meanwhile, or is believed again', async () => {
    const flows = await start();
    const { services, projectId, connectionId } = flows;
    const { topicId } = await createTopic(services, projectId, 'ops');
    const metadata = { url: 'https://hooks.example.com/in' };
    const { destinationId } = await createWebhook(services, projectId, { name: 'told', metadata });
    await createEventTopicRoute(services, projectId, { eventType: 'connection.error', topicId });
    await createTopicDestinationRoute(services, projectId, { topicId, destinationId });
    const told = async (effect: Omit<TellInstallationsEffect, 'type' | 'connectionId'>) => {
      const settlement = await tellInstallationsHandler(services).perform(
        { type: 'effect.tellInstallations', connectionId, ...effect },
        SIGNAL,
      );
      return (settlement.writes ?? []).flatMap(({ statement, params }) =>
        statement === 'outbox.insert' ? [JSON.parse(String(params[3])).data.errors] : [],
      );
    };
    expect(await told({ generation: 1, event: 'connection.restored', reason: null })).toEqual([]);
    expect(await told({ generation: 1, event: 'connection.held', reason: 'gone' })).toEqual([]);
    expect(await told({ generation: 0, event: 'connection.revoked', reason: 'gone' })).toEqual([]);
    expect(await told({ generation: 1, event: 'connection.revoked', reason: 'gone' })).toEqual([['gone']]);
    // As earlier versions have left it.
    const [[words] = []] = await told({ generation: 1, event: 'connection.revoked' });
    expect(words).toContain('no longer accepts');
  });

  it.each(['connection.revoked', 'connection.restored'] as const)(
    '%s reach every installation of it',
    async (event) => {
      const flows = await start();
      const { services, connectionId, installationId } = flows;
      const input = { groupRef: 'acme', content: {} };
      const second = await createInstallation(services, flows.integration('more'), input);
      await flows.connect('another');
      await createInstallation(services, flows.integration('more'), { ...input, groupRef: 'another' });
      const effect = { type: 'effect.tellInstallations', connectionId, generation: 1, event } as const;
      const settlement = await tellInstallationsHandler(services).perform(effect, SIGNAL);
      expect(toldBy(settlement).sort()).toEqual(
        [installationId, second.installationId].map((id) => [`installation:${id}`, event]).sort(),
      );
      // One that is moved before it hears of this is none of those any more.
      for (const { event: fate } of settlement.messages ?? []) expect(fate).toMatchObject({ connectionId });
    },
  );
});
