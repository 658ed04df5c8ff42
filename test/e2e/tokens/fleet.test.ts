// Rows 6, 14 and 16 of the table of failure modes: whose fault a refusal is when it is not the customer's.

import { describe, expect, it } from 'vitest';
import {
  CALLER_WAIT_MS_MAX,
  FLEET_PROBE_BASE_MS,
  FLEET_SPREAD_MS,
  FLEET_SUSPECT_MS_MAX,
  GRANT_STORM_MIN,
} from '../../../src/core/limits.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import { createProviderApp } from '../../../src/flows/providerApps.ts';
import { pass, settled, until } from '../../support/drive.ts';
import {
  appState,
  CLIENT_ID,
  type Customer,
  call,
  connectionRow,
  credentialOf,
  customers,
  healthOf,
  refreshAll,
  refusal,
  startWorld,
  statesOf,
  type World,
  why,
} from './world.ts';

/** Everybody is refused; answers how many requests came since. */
function refuseAll({ server }: World, error: string): () => number {
  server.answering = ({ form }) => (form.get('grant_type') === 'refresh_token' ? refusal(error) : null);
  const before = server.refreshes().length;
  return () => server.refreshes().length - before;
}

function recover({ server }: World): void {
  server.answering = () => null;
}

/** So many customers refused in a row that the provider app is suspected. */
async function storm(count = GRANT_STORM_MIN + 3): Promise<{ world: World; whom: Customer[] }> {
  const world = await startWorld({ hasReads: true });
  const whom = await customers(world, count);
  refuseAll(world, 'invalid_grant');
  await refreshAll(world, whom.slice(0, GRANT_STORM_MIN));
  return { world, whom };
}

const statuses = (world: World, whom: readonly Customer[]) => whom.map((one) => connectionRow(world, one).status);
const all = (whom: readonly Customer[], state: string) => whom.map(() => state);

describe.each(['invalid_client', 'unauthorized_client'])('row 6: %s is a fault of the provider app', (error) => {
  it('marks no customer, sends nothing but probes, and ends with another secret', async () => {
    const world = await startWorld();
    const { tenon, server } = world;
    const whom = await customers(world, 7);
    const requests = refuseAll(world, error);
    await refreshAll(world, whom);
    expect(appState(world)).toBe('faulty');
    expect(statesOf(world, whom)).toEqual(all(whom, 'appFault'));
    expect(statuses(world, whom)).toEqual(all(whom, 'created'));
    expect(requests()).toBe(1);
    expect(why(world, whom[3] as Customer)).toMatchObject({ name: 'appRefused', fault: 'builder' });
    // The old token still works for calls.
    expect(await call(world, whom[1] as Customer)).toEqual([200, '']);

    // Two hours: probes after 1, 3, 7, 15, 31, 61 and 91 minutes and nobody else.
    await pass(world, 2 * HOUR_MS - MINUTE_MS);
    expect(requests()).toBe(1 + 7);
    expect(await call(world, whom[1] as Customer)).toEqual([424, 'app_fault']);
    expect(requests()).toBe(1 + 7);
    expect(await healthOf(world, whom[1] as Customer)).toBe('healthy');

    server.answering = ({ form }) => (form.get('client_secret') === 'second-secret' ? null : refusal(error));
    const path = tenon.inProject(`/provider-apps/${world.providerAppId}`);
    const body = { updateMask: ['clientSecret'], providerApp: { clientSecret: 'second-secret' } };
    await tenon.ok('PATCH', path, body);
    await pass(world, FLEET_SPREAD_MS + MINUTE_MS);
    expect(appState(world)).toBe('trusted');
    expect(statesOf(world, whom)).toEqual(all(whom, 'fresh'));
    expect(server.reused).toEqual([]);
  });
});

describe('row 6: a provider app that is refused', () => {
  it('costs no read its run: it waits, and goes on when the app is accepted', async () => {
    const world = await startWorld({ hasReads: true });
    const whom = await customers(world, 2);
    refuseAll(world, 'invalid_client');
    await pass(world, 2 * HOUR_MS);
    expect(why(world, whom[0] as Customer).name).toBe('appRefused');
    const { reads } = world.tenon.running.services.store;
    const failed = () => reads.all("SELECT * FROM operations WHERE status = 'failure'");
    expect(failed()).toEqual([]);
    recover(world);
    // Reads may wait in memory for a token that is due in seconds, so that the clock must not wait for them.
    const endMs = world.clock.nowMs() + HOUR_MS;
    while (world.clock.nowMs() < endMs) await world.clock.advance(10 * SECOND_MS);
    await settled(world);
    expect(failed()).toEqual([]);
    expect(why(world, whom[0] as Customer)).toMatchObject({ isWell: true });
  });

  it('is tried through somebody else when the one that was refused first is gone', async () => {
    const world = await startWorld();
    const { tenon } = world;
    const whom = await customers(world, 3);
    refuseAll(world, 'invalid_client');
    await refreshAll(world, whom);
    const [gone] = whom as [Customer];
    await tenon.ok('DELETE', tenon.inProject(`/integrations/hubspot/installations/${gone.installationId}`));
    await settled(world);
    await tenon.api('DELETE', tenon.inProject(`/connections/${gone.connectionId}`));
    recover(world);
    await until(world, 'the probe', () => appState(world) === 'trusted', 2 * FLEET_PROBE_BASE_MS);
  });

  it('is accepted again when a customer can connect through it', async () => {
    const world = await startWorld();
    const whom = await customers(world, 2);
    refuseAll(world, 'invalid_client');
    await refreshAll(world, whom);
    expect(appState(world)).toBe('faulty');
    recover(world);
    await customers(world, 1);
    expect(appState(world)).toBe('trusted');
  });
});

describe('row 14: one client in two environments', () => {
  it('is refused, in the words of what to do instead', async () => {
    const world = await startWorld();
    const { tenon } = world;
    const other = { provider: 'hubspot', clientId: CLIENT_ID, clientSecret: 's' };
    const making = createProviderApp(tenon.running.services, 'another-project' as never, other);
    await expect(making).rejects.toMatchObject({
      code: 'conflict',
      message: 'another project of this server uses this client of hubspot',
      remedy: expect.stringContaining('a client of its own for each environment'),
    });
  });
});

describe('row 16: a storm of refused grants', () => {
  it('pulls the first ones back and holds the rest, and nobody is asked to connect again', async () => {
    const world = await startWorld({ hasReads: true });
    const whom = await customers(world, 8);
    const requests = refuseAll(world, 'invalid_grant');
    await refreshAll(world, whom.slice(0, 4));
    expect(statuses(world, whom.slice(0, 4))).toEqual(all(whom.slice(0, 4), 'bad_credentials'));
    expect(await healthOf(world, whom[0] as Customer)).toBe('unhealthy');

    await refreshAll(world, whom.slice(4));
    expect(appState(world)).toBe('suspect');
    expect(statesOf(world, whom)).toEqual(all(whom, 'suspect'));
    expect(statuses(world, whom)).not.toContain('bad_credentials');
    expect(await Promise.all(whom.map((one) => healthOf(world, one)))).toEqual(all(whom, 'healthy'));
    expect(requests()).toBe(8);
    // Reads go on with the token at hand, also those of the first ones.
    const reading = world.server.calls.length;
    expect(await call(world, whom[0] as Customer)).toEqual([200, '']);
    await pass(world, 11 * MINUTE_MS);
    expect(why(world, whom[0] as Customer).name).toBe('grantSuspect');
    expect(world.server.calls.length).toBeGreaterThan(reading);
    const { reads } = world.tenon.running.services.store;
    const blocked = reads.all(
      `SELECT 1 FROM snapshots WHERE actorId LIKE 'read:%' AND state ->> '$.value' = 'blocked'`,
    );
    expect(blocked).toEqual([]);
  });

  it('is tried with one probe at a time, ever more rarely, and the same candidates for hours', async () => {
    const world = await startWorld();
    const whom = await customers(world, 8);
    refuseAll(world, 'invalid_grant');
    await refreshAll(world, whom);
    let underWay = 0;
    let most = 0;
    const times: number[] = [];
    world.server.answering = async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      times.push(world.clock.nowMs());
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      return refusal('invalid_grant');
    };
    const startMs = world.clock.nowMs();
    await pass(world, 5 * HOUR_MS);
    expect(most).toBe(1);
    const minutes = times.map((atMs) => Math.round((atMs - startMs) / MINUTE_MS));
    expect(minutes.slice(0, 7)).toEqual([1, 3, 7, 15, 31, 61, 91]);
    // Somebody who is tried often is no more guilty than the others.
    expect(statuses(world, whom)).toEqual(all(whom, 'created'));
  });

  it('that passes lets everybody go, spread over time', async () => {
    const { world, whom } = await storm(12);
    await refreshAll(world, whom.slice(GRANT_STORM_MIN));
    expect(statesOf(world, whom)).toEqual(all(whom, 'suspect'));
    recover(world);
    const before = world.server.refreshes().length;
    await until(world, 'the probe', () => appState(world) === 'trusted', 5 * MINUTE_MS);
    const releasedMs = world.clock.nowMs();
    await pass(world, FLEET_SPREAD_MS + MINUTE_MS);
    expect(statesOf(world, whom)).toEqual(all(whom, 'fresh'));
    expect(statuses(world, whom)).not.toContain('bad_credentials');
    const afterwards = world.server.refreshes().slice(before + 1);
    expect(afterwards).toHaveLength(whom.length - 1);
    expect(new Set(afterwards.map(({ atMs }) => atMs)).size).toBe(afterwards.length);
    const last = Math.max(...afterwards.map(({ atMs }) => atMs)) - releasedMs;
    expect(last).toBeGreaterThan(FLEET_SPREAD_MS / 3);
    expect(last).toBeLessThanOrEqual(FLEET_SPREAD_MS);
    expect(world.server.reused).toEqual([]);
  });

  it('is not taken for over because a customer could connect meanwhile', async () => {
    const { world, whom } = await storm();
    await customers(world, 1);
    expect(appState(world)).toBe('suspect');
    await pass(world, FLEET_SPREAD_MS);
    expect(statuses(world, whom)).not.toContain('bad_credentials');
  });

  it('that a restart interrupts is counted on, and the first ones are pulled back all the same', async () => {
    const world = await startWorld();
    const whom = await customers(world, 6);
    refuseAll(world, 'invalid_grant');
    await refreshAll(world, whom.slice(0, 3));
    await world.tenon.halt();
    await world.tenon.resume();
    await refreshAll(world, whom.slice(3, 5));
    expect(appState(world)).toBe('suspect');
    expect(statesOf(world, whom.slice(0, 5))).toEqual(all(whom.slice(0, 5), 'suspect'));
    await world.tenon.halt();
    await world.tenon.resume();
    expect(appState(world)).toBe('suspect');
    recover(world);
    await pass(world, 5 * MINUTE_MS + FLEET_SPREAD_MS);
    expect(statesOf(world, whom.slice(0, 5))).toEqual(all(whom.slice(0, 5), 'fresh'));
  });

  it('of grants that are really gone is believed after a day', async () => {
    const world = await startWorld();
    const whom = await customers(world, 7);
    for (const { account } of whom) world.server.revoke(account);
    await refreshAll(world, whom);
    expect(statesOf(world, whom)).toEqual(all(whom, 'suspect'));
    await pass(world, FLEET_SUSPECT_MS_MAX - HOUR_MS);
    expect(statuses(world, whom)).not.toContain('bad_credentials');
    await pass(world, 2 * HOUR_MS);
    expect(statuses(world, whom)).toEqual(all(whom, 'bad_credentials'));
    expect(appState(world)).toBe('trusted');
    expect(await healthOf(world, whom[6] as Customer)).toBe('unhealthy');
    const asked = world.server.refreshes().length;
    await pass(world, FLEET_SUSPECT_MS_MAX);
    expect(world.server.refreshes()).toHaveLength(asked);
  });

  it('leaves a token that has ended to be told as what it is, without a wait', async () => {
    const { world, whom } = await storm();
    await pass(world, HOUR_MS + MINUTE_MS);
    const startMs = world.clock.nowMs();
    expect(await call(world, whom[0] as Customer)).toEqual([503, 'circuit_open']);
    expect(world.clock.nowMs() - startMs).toBeLessThan(CALLER_WAIT_MS_MAX);
    expect(credentialOf(world, whom[0] as Customer).state).toBe('suspect');
  });
});
