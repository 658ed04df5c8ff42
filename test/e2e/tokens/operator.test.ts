// Row 16 once more: an operator looks at what is held and decides, over a running server and on the folder of one that
// is down.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FLEET_PROBE_BASE_MS, FLEET_SPREAD_MS, FLEET_SUSPECT_MS_MAX } from '../../../src/core/limits.ts';
import { DAY_MS, MINUTE_MS, toRfc3339 } from '../../../src/core/time.ts';
import type { HeldAppsPage } from '../../../src/flows/operator/grants.ts';
import { runTenon } from '../../support/cli.ts';
import { pass, settled } from '../../support/drive.ts';
import { tempFolder } from '../../support/store.ts';
import {
  appState,
  type Customer,
  connectionRow,
  customers,
  refreshAll,
  refusal,
  startWorld,
  statesOf,
  type World,
} from './world.ts';

async function held(error: string, count = 6): Promise<{ world: World; whom: Customer[] }> {
  const world = await startWorld();
  const whom = await customers(world, count);
  world.server.answering = ({ form }) =>
    form.get('grant_type') === 'refresh_token' ? refusal(error, 'go away') : null;
  await refreshAll(world, whom);
  return { world, whom };
}

async function run({ tenon }: World, ...args: readonly string[]): Promise<[number | null, string, string]> {
  const { code, out, error } = await runTenon(args, { TENON_DATA_DIR: join(tenon.folder, 'data') });
  return [code, out, error];
}

const statuses = (world: World, whom: readonly Customer[]) => whom.map((one) => connectionRow(world, one).status);
const all = (whom: readonly Customer[], state: string) => whom.map(() => state);

describe('row 16: an operator', () => {
  it('sees what is held and why, in the list, in the actor and as JSON', async () => {
    const { world, whom } = await held('invalid_grant');
    const sinceMs = world.clock.nowMs();
    const { providerAppId: id } = world;
    const [code, json] = await run(world, 'grants', 'list', '--json');
    expect([code, JSON.parse(json) as HeldAppsPage]).toEqual([
      0,
      {
        providerApps: [
          {
            id,
            provider: 'hubspot',
            projectId: world.tenon.projectId,
            state: 'suspect',
            since: toRfc3339(sinceMs),
            nextProbeAt: toRfc3339(sinceMs + FLEET_PROBE_BASE_MS),
            believedAt: toRfc3339(sinceMs + FLEET_SUSPECT_MS_MAX),
            probes: 0,
            candidates: whom.slice(0, 5).map(({ connectionId }) => connectionId),
            lastError: 'invalid_grant go away',
            held: 6,
          },
        ],
        cursor: null,
      },
    ]);
    const [, list] = await run(world, 'grants', 'list');
    expect(list).toContain(
      'grants were refused together\n  it said: invalid_grant go away\n  6 customers held; tried 0',
    );
    const [, shown] = await run(world, 'actor', 'show', `providerApp:${id}`);
    expect(shown).toMatch(/state {5}suspect since 2026-01-05 09:00:00 UTC/);
    expect(shown).toMatch(/sinceMs {8}2026-01-05 09:00:00 UTC/);
    expect(shown).toContain(`candidates     ${whom[0]?.connectionId}, ${whom[1]?.connectionId}`);
    expect(shown).toContain(`works with\n  credential:`);
    const [, customerShown] = await run(world, 'actor', 'show', `credential:${whom[0]?.connectionId}`);
    expect(customerShown).toContain(`works with\n  providerApp:${id}\n`);
  });

  it('releases everybody: each tries again at an instant of its own', async () => {
    const { world, whom } = await held('invalid_grant');
    world.server.answering = () => null;
    const [code, out] = await run(world, 'grants', 'release', world.providerAppId);
    expect([code, out]).toEqual([0, `${world.providerAppId}: 6 customers held, each tries again\n`]);
    await settled(world);
    expect(statesOf(world, whom)).toEqual(all(whom, 'backingOff'));
    await pass(world, FLEET_SPREAD_MS + MINUTE_MS);
    expect(statesOf(world, whom)).toEqual(all(whom, 'fresh'));
    expect(world.server.reused).toEqual([]);
    expect(await run(world, 'grants', 'list')).toEqual([0, 'no grants are held\n', '']);
  });

  it('who releases too early holds them again, each having asked once more', async () => {
    const { world, whom } = await held('invalid_grant');
    await run(world, 'grants', 'release', world.providerAppId);
    await pass(world, FLEET_SPREAD_MS + MINUTE_MS);
    expect(appState(world)).toBe('suspect');
    expect(statesOf(world, whom)).toEqual(all(whom, 'suspect'));
    expect(statuses(world, whom)).not.toContain('bad_credentials');
  });

  it('confirms that grants are gone, and a later incident does not take that back', async () => {
    const { world, whom } = await held('invalid_grant');
    expect((await run(world, 'grants', 'confirm', world.providerAppId))[0]).toBe(0);
    await settled(world);
    expect(statuses(world, whom)).toEqual(all(whom, 'bad_credentials'));
    const others = await customers(world, 5);
    await refreshAll(world, others);
    expect(appState(world)).toBe('suspect');
    expect(statesOf(world, whom)).toEqual(all(whom, 'revoked'));
    expect(statesOf(world, others)).toEqual(all(others, 'suspect'));
    const asked = world.server.refreshes(whom[0]?.account).length;
    await pass(world, DAY_MS);
    expect(world.server.refreshes(whom[0]?.account)).toHaveLength(asked);
  });

  it('decides while the server is down, for its next start', async () => {
    const { world, whom } = await held('invalid_client');
    world.server.answering = () => null;
    await world.tenon.halt();
    const [, list] = await run(world, 'grants', 'list');
    expect(list).toContain('the provider refuses the provider app');
    const released = await run(world, 'grants', 'release', world.providerAppId);
    expect(released).toEqual([
      0,
      `${world.providerAppId}: 6 customers held, each tries again when the server starts\n`,
      '',
    ]);
    await world.tenon.resume();
    await pass(world, FLEET_SPREAD_MS + MINUTE_MS);
    expect(statesOf(world, whom)).toEqual(all(whom, 'fresh'));
  });

  it('decides about a project that was moved while it was held', async () => {
    const { world } = await held('invalid_grant');
    const { providerAppId: id } = world;
    await world.tenon.halt();
    const folder = tempFolder();
    const moved = { TENON_DATA_DIR: join(folder, 'moved'), TENON_PASSPHRASE: 'correct horse battery' };
    const from = { ...moved, TENON_DATA_DIR: join(world.tenon.folder, 'data') };
    const file = join(folder, 'whole.jsonl');
    expect((await runTenon(['export', '--with-secrets', file], from)).code).toBe(0);
    expect((await runTenon(['import', file], moved)).code).toBe(0);
    const { out } = await runTenon(['grants', 'list', '--json'], moved);
    expect(JSON.parse(out)).toMatchObject({ providerApps: [{ id, state: 'suspect', held: 6 }] });
    const released = await runTenon(['grants', 'release', id], moved);
    expect([released.code, released.out]).toEqual([0, expect.stringContaining('6 customers held, each tries again')]);
  });

  it('is told what cannot be decided', async () => {
    const { world } = await held('invalid_client', 2);
    const { providerAppId: id } = world;
    const refused = async (...args: string[]) => (await run(world, 'grants', ...args)).slice(0, 3);
    expect(await refused('confirm', id)).toEqual([1, '', expect.stringContaining('says nothing of its grants')]);
    expect(await refused('release', 'x')).toEqual([1, '', expect.stringContaining('there is no provider app x')]);
    const near = `${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`;
    expect(await refused('release', near)).toEqual([1, '', expect.stringContaining(id.slice(0, 8))]);
    expect((await refused('release', `providerApp:${id}`))[0]).toBe(0);
    await settled(world);
    expect(await refused('release', id)).toEqual([
      1,
      '',
      expect.stringContaining('nothing of this provider app is held'),
    ]);
  });
});
