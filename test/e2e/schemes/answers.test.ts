// What token endpoints answer in ways of their own: lifetimes as text or not at all, forms, other statuses and types,
// errors with status 200, refresh tokens that come, stay away or end. Each is met when connecting and when renewing.

import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../../src/core/json.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, toRfc3339 } from '../../../src/core/time.ts';
import { until } from '../../support/drive.ts';
import type { SchemeServer } from '../../support/schemeServer.ts';
import {
  called,
  connected,
  consented,
  installed,
  reasonOf,
  shown,
  storedCounts,
  tokensOf,
  type World,
  worldOfTest,
} from '../../support/schemes.ts';

const PROVIDERS = ['github', 'slack', 'typeform', 'dropbox'] as const;

function behind({ origin }: SchemeServer): JsonObject {
  const oauth2Opts = { authURL: `${origin}/authorize`, tokenURL: `${origin}/token`, explicitScopesRequired: false };
  const entries = PROVIDERS.map((provider) => [provider, { baseURL: `${origin}/api`, oauth2Opts }]);
  const laid = Object.fromEntries(entries) as Record<string, JsonObject>;
  return { ...laid, slack: { ...laid['slack'], tenon: { accountLookup: { url: `${origin}/api/auth.test` } } } };
}

async function startWorld(): Promise<World> {
  const world = await worldOfTest(behind);
  for (const provider of PROVIDERS) await world.tenon.addProviderApp(provider, `app-${provider}`, 'secret');
  return world;
}

/** When the token of a connection ends, as the API says it; null where it does not. */
async function endOf(world: World, id: string): Promise<JsonValue> {
  const { oauth2AuthorizationCode } = await shown(world, id, '?includeCreds=true');
  const { accessToken } = oauth2AuthorizationCode as { accessToken: { token: string; expiresAt?: string } };
  expect(accessToken.token).toBe(tokensOf(world, id).accessToken);
  return accessToken.expiresAt ?? null;
}

describe('a lifetime', () => {
  it.each([
    ['as a number', 3600, HOUR_MS],
    ['as text', '3600', HOUR_MS],
    ['with a fraction', 1800.5, 1_800_500],
    ['that is missing', null, null],
    ['of zero', 0, null],
    ['below zero', -1, null],
    ['of words', 'never', null],
    ['of a thousand million years', 1e17, null],
  ])('%s (%j) is read as it is meant', async (_what, expires_in, lifetimeMs) => {
    const world = await startWorld();
    const { server, clock } = world;
    server.once('/token', { body: server.grant({ expires_in }) });
    const { id } = await connected(world, 'dropbox');
    expect(await endOf(world, id)).toBe(lifetimeMs === null ? null : toRfc3339(clock.nowMs() + lifetimeMs));
    expect(await called(world, await installed(world, 'dropbox'))).toBe(200);
  });

  it('that nobody states is taken for an hour, after which the token is renewed and goes on being used', async () => {
    const world = await startWorld();
    const { server, clock } = world;
    server.on('/token', () => ({ body: server.grant({ expires_in: null }) }));
    const { id } = await connected(world, 'dropbox');
    const installation = await installed(world, 'dropbox');
    await clock.advance(50 * MINUTE_MS);
    expect(await called(world, installation)).toBe(200);
    expect(server.callsTo('/token')).toHaveLength(1);
    await clock.advance(HOUR_MS);
    expect(await called(world, installation)).toBe(200);
    await until(world, 'the next token', () => tokensOf(world, id).accessToken === 'access-2', 0);
  });

  it('of a token that never ends, without a refresh token, asks for nothing', async () => {
    const world = await startWorld();
    const { server, clock } = world;
    server.on('/token', () => ({ body: server.grant({ expires_in: null, refresh_token: null }) }));
    await connected(world, 'github');
    const installation = await installed(world, 'github');
    await clock.advance(100 * DAY_MS);
    expect(await called(world, installation)).toBe(200);
    expect(server.callsTo('/token')).toHaveLength(1);
  });
});

describe('an answer', () => {
  it.each([
    ['as a form', { body: 'access_token=access-9&token_type=bearer&refresh_token=refresh-9&scope=a%2Cb' }],
    ['with status 201', { status: 201, body: { access_token: 'access-9', refresh_token: 'refresh-9' } }],
    ['of type bot', { body: { access_token: 'access-9', refresh_token: 'refresh-9', token_type: 'bot', ok: true } }],
    ['without a type', { body: { access_token: 'access-9', refresh_token: 'refresh-9' } }],
    ['as text that is JSON', { body: '{"access_token":"access-9","refresh_token":"refresh-9"}' }],
  ])('%s connects, and its token goes along as a bearer token', async (_what, answer) => {
    const world = await startWorld();
    const { server } = world;
    server.once('/token', answer);
    const { id } = await connected(world, 'typeform');
    expect(tokensOf(world, id)).toMatchObject({ accessToken: 'access-9', refreshToken: 'refresh-9' });
    server.on('/api/x', () => ({}));
    expect(await called(world, await installed(world, 'typeform'))).toBe(200);
    expect(server.callsTo('/api/x')[0]?.headers['authorization']).toBe('Bearer access-9');
  });

  it.each([null, ''])('with %j for a refresh token has none', async (refresh_token) => {
    const world = await startWorld();
    world.server.once('/token', { body: { access_token: 'access-9', refresh_token, expires_in: 3600 } });
    const { id } = await connected(world, 'typeform');
    expect(tokensOf(world, id).refreshToken).toBeUndefined();
    const installation = await installed(world, 'typeform');
    await world.clock.advance(HOUR_MS);
    expect(await called(world, installation)).toBe(424);
    expect(world.server.callsTo('/token')).toHaveLength(1);
  });

  it.each<[string, string, { status?: number; body: JsonValue }, number, string]>([
    [
      'GitHub with 200 and an error',
      'github',
      { body: { error: 'bad_verification_code' } },
      400,
      'bad_verification_code',
    ],
    ['GitHub with 200 and a form', 'github', { body: 'error=bad_verification_code' }, 400, 'bad_verification_code'],
    [
      'GitHub of a wrong secret',
      'github',
      { body: { error: 'incorrect_client_credentials' } },
      424,
      'incorrect_client',
    ],
    ['Slack with 200 and ok: false', 'slack', { body: { ok: false, error: 'invalid_code' } }, 400, 'invalid_code'],
    // The secret of these tests is "secret", which is never shown.
    ['Slack of a wrong secret', 'slack', { body: { ok: false, error: 'bad_client_secret' } }, 424, 'bad_client_['],
    ['Slack that is busy', 'slack', { body: { ok: false, error: 'ratelimited' } }, 502, 'could not complete'],
    ['any with 200 and a token that is null', 'typeform', { body: { access_token: null } }, 502, 'could not complete'],
    ['any with 200 and a list', 'typeform', { body: [] }, 502, 'could not complete'],
    ['any with 200 and a page', 'typeform', { body: '<html>Sign in</html>' }, 502, 'could not complete'],
    ['any with 200 and nothing', 'typeform', { body: '' }, 502, 'could not complete'],
    ['any with a redirect', 'typeform', { status: 302, body: '' }, 400, 'http_302'],
    [
      'any with an error in an error',
      'typeform',
      { status: 400, body: { error: { code: 7, message: 'no' } } },
      400,
      '7 no',
    ],
  ])('of %s connects nobody, and the page says why', async (_what, provider, answer, status, says) => {
    const world = await startWorld();
    world.server.once('/token', answer);
    const ending = await consented(world, provider);
    expect([ending.status, reasonOf(ending)]).toEqual([status, expect.stringContaining(says)]);
    expect(storedCounts(world)).toEqual({ connections: 0, credentials: 0, oauthStates: 0 });
  });
});

describe('a renewal', () => {
  const typed = async () => {
    const world = await startWorld();
    const { id } = await connected(world, 'typeform');
    return { world, id, installation: await installed(world, 'typeform') };
  };

  it('without a new refresh token goes on with the one there is', async () => {
    const { world, id, installation } = await typed();
    const { server, clock } = world;
    server.on('/token', () => ({ body: server.grant({ refresh_token: null, scope: null }) }));
    for (const round of [2, 3]) {
      await clock.advance(HOUR_MS);
      expect(await called(world, installation)).toBe(200);
      expect(server.callsTo('/token')).toHaveLength(round);
      expect(server.callsTo('/token').at(-1)?.form).toMatchObject({ refresh_token: 'refresh-1' });
    }
    expect(tokensOf(world, id).refreshToken).toBe('refresh-1');
  });

  it('that Slack refuses with 200 ends the connection', async () => {
    const world = await startWorld();
    const { id } = await connected(world, 'slack');
    const installation = await installed(world, 'slack');
    world.server.on('/token', () => ({ body: { ok: false, error: 'invalid_refresh_token' } }));
    await world.clock.advance(HOUR_MS);
    expect(await called(world, installation)).toBe(424);
    expect((await shown(world, id))['status']).toBe('bad_credentials');
  });

  it('that is answered with a page may have worked, and is tried again where that does no harm', async () => {
    const world = await startWorld();
    const { server, clock } = world;
    const { id } = await connected(world, 'dropbox');
    const installation = await installed(world, 'dropbox');
    server.once('/token', { body: '<html>maintenance</html>' });
    await clock.advance(HOUR_MS);
    const answer = called(world, installation);
    await until(world, 'a third request', () => server.callsTo('/token').length === 3, MINUTE_MS);
    expect(await answer).toBe(200);
    expect((await shown(world, id))['status']).toBe('working');
  });

  it.each(['refresh_token_expires_in', 'refresh_expires_in', 'x_refresh_token_expires_in'])(
    'comes before the grant ends that %s says, although nobody asks',
    async (name) => {
      const world = await startWorld();
      const { server, clock } = world;
      const startedAtMs = clock.nowMs();
      server.on('/token', () => ({ body: server.grant({ [name]: (2 * DAY_MS) / SECOND_MS }) }));
      const { id } = await connected(world, 'dropbox');
      await until(world, 'a second token', () => server.callsTo('/token').length === 2, 2 * DAY_MS);
      expect(clock.nowMs() - startedAtMs).toBeLessThanOrEqual(DAY_MS);
      expect(tokensOf(world, id).refreshToken).toBe('refresh-2');
    },
  );
});
