// Grants that die of idleness: each is used by its alarm although nobody asks, again and again, also after a restart;
// one that is in use anyway is not used once more.

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { KEEP_ALIVE_IDLE_SHARE, KEEP_ALIVE_JITTER_SHARE } from '../../../src/core/limits.ts';
import { DAY_MS, HOUR_MS } from '../../../src/core/time.ts';
import { pass, until } from '../../support/drive.ts';
import type { SchemeServer } from '../../support/schemeServer.ts';
import {
  called,
  connected,
  generated,
  installed,
  shown,
  tokensOf,
  type World,
  worldOfTest,
} from '../../support/schemes.ts';

const IDLE_MS = 30 * DAY_MS;
const LATEST_MS = IDLE_MS * KEEP_ALIVE_IDLE_SHARE;
const EARLIEST_MS = LATEST_MS * (1 - KEEP_ALIVE_JITTER_SHARE);

function behind({ origin }: SchemeServer): JsonObject {
  const oauth2Opts = { authURL: `${origin}/authorize`, tokenURL: `${origin}/token` };
  const plain = { baseURL: `${origin}/api`, oauth2Opts };
  return {
    typeform: { ...plain, tenon: { tokens: { rotation: 'stable', idleLifetimeMs: IDLE_MS } } },
    // In the published form, which is looked at first.
    dropbox: { ...plain, oauth2Opts: { ...oauth2Opts, keepAliveIntervalHours: 48 } },
    helpScoutMailbox: { baseURL: `${origin}/api`, oauth2Opts: { tokenURL: `${origin}/token` } },
  };
}

async function startWorld(): Promise<World> {
  const world = await worldOfTest(behind);
  for (const provider of ['typeform', 'dropbox']) {
    await world.tenon.addProviderApp(provider, `app-${provider}`, 'secret', ['one']);
  }
  return world;
}

const renewals = ({ server }: World) =>
  server.callsTo('/token').filter(({ form }) => form['grant_type'] === 'refresh_token');

/** How long it takes from now until one renewal more. */
async function nextAfterMs(world: World): Promise<number> {
  const startedAtMs = world.clock.nowMs();
  const before = renewals(world).length;
  await until(world, 'a renewal', () => renewals(world).length > before, IDLE_MS);
  return world.clock.nowMs() - startedAtMs;
}

describe('a grant that nobody uses', () => {
  it('is used long before it dies, each time with the newest token, and works afterwards', async () => {
    const world = await startWorld();
    const { id } = await connected(world, 'typeform');
    for (const round of [1, 2, 3]) {
      const afterMs = await nextAfterMs(world);
      expect(afterMs).toBeGreaterThanOrEqual(EARLIEST_MS - HOUR_MS);
      expect(afterMs).toBeLessThanOrEqual(LATEST_MS);
      expect(renewals(world).at(-1)?.form).toMatchObject({ refresh_token: `refresh-${round}` });
      expect(tokensOf(world, id).refreshToken).toBe(`refresh-${round + 1}`);
    }
    expect(await called(world, await installed(world, 'typeform'))).toBe(200);
    expect((await shown(world, id))['status']).toBe('working');
  });

  it('is used as often as its catalog entry says', async () => {
    const world = await startWorld();
    await connected(world, 'dropbox');
    for (let round = 0; round < 2; round++) expect(await nextAfterMs(world)).toBeLessThanOrEqual(2 * DAY_MS);
  });

  it('is used after a restart, however long that took', async () => {
    const world = await startWorld();
    const { id } = await connected(world, 'typeform');
    await world.tenon.halt();
    await world.clock.advance(LATEST_MS + DAY_MS);
    await world.tenon.resume();
    await until(world, 'a renewal', () => tokensOf(world, id).refreshToken === 'refresh-2', HOUR_MS);
    expect(renewals(world)).toHaveLength(1);
  });

  it('is tried again when its provider is down, and ends when the provider says so', async () => {
    const world = await startWorld();
    const { id } = await connected(world, 'typeform');
    world.server.once('/token', { status: 503 });
    world.server.once('/token', { status: 503 });
    await until(world, 'a third try', () => tokensOf(world, id).refreshToken === 'refresh-2', LATEST_MS);
    expect(renewals(world)).toHaveLength(3);
    world.server.once('/token', { status: 400, body: { error: 'invalid_grant' } });
    await until(world, 'the end', async () => (await shown(world, id))['status'] === 'bad_credentials', LATEST_MS);
    const asked = renewals(world).length;
    await pass(world, IDLE_MS);
    expect(renewals(world)).toHaveLength(asked);
  });

  it('without a refresh token is left alone', async () => {
    const world = await startWorld();
    const { server } = world;
    server.on('/token', () => ({ body: server.grant({ refresh_token: null }) }));
    const oauth2ClientCredentials = { clientId: 'id', clientSecret: 'secret' };
    await generated(world, 'helpScoutMailbox', { oauth2ClientCredentials });
    await connected(world, 'dropbox');
    server.forget();
    await pass(world, 2 * IDLE_MS);
    expect(server.calls).toEqual([]);
  });

  it('and was deleted is not used', async () => {
    const world = await startWorld();
    const { id } = await connected(world, 'typeform');
    await world.tenon.api('DELETE', world.tenon.inProject(`/connections/${id}`));
    world.server.forget();
    await pass(world, IDLE_MS);
    expect(world.server.calls).toEqual([]);
  });
});

describe('a grant in use', () => {
  it('is renewed for its calls and not once more', async () => {
    const world = await startWorld();
    await connected(world, 'typeform');
    const installation = await installed(world, 'typeform');
    const days = Math.ceil(LATEST_MS / DAY_MS) + 2;
    for (let day = 1; day <= days; day++) {
      await pass(world, DAY_MS);
      expect(await called(world, installation)).toBe(200);
      expect(renewals(world)).toHaveLength(day);
    }
  });
});
