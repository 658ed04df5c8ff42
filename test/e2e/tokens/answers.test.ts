// Rows 5, 7, 8, 9 and 18 of the table of failure modes: what an answer says, and whose fault it is.

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { BUFFERED_CALL_TIMEOUT_MS, FUTILE_REFRESH_PAUSE_MS, REFRESH_BACKOFF_MS_MAX } from '../../../src/core/limits.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import { pass, settled } from '../../support/drive.ts';
import type { TokenAnswer } from '../../support/tokenServer.ts';
import {
  askForNext,
  call,
  connectionRow,
  credentialOf,
  customer,
  healthOf,
  refusal,
  startWorld,
  type World,
  why,
} from './world.ts';

function answerRefreshes({ server }: World, answer: TokenAnswer): void {
  server.answering = ({ form }) => (form.get('grant_type') === 'refresh_token' ? answer : null);
}

function asForm(fields: Readonly<Record<string, string>>): TokenAnswer {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return { status: 200, body: new URLSearchParams(fields).toString(), headers };
}

describe('row 5: HTTP 200 with an error body, and form-encoded bodies', () => {
  it.each<[string, TokenAnswer, string, JsonObject?]>([
    ['an error as a form', asForm({ error: 'bad_refresh_token', error_description: 'it is gone' }), 'revoked'],
    ['ok: false', { status: 200, body: { ok: false, error: 'invalid_refresh_token' } }, 'revoked'],
    ['an error object', { status: 200, body: { error: { code: 'invalid_grant', message: 'gone' } } }, 'revoked'],
    ['a client error', { status: 200, body: { ok: false, error: 'invalid_client_id' } }, 'appFault'],
    ['a passing error', { status: 200, body: { ok: false, error: 'ratelimited' } }, 'backingOff'],
    ['a page', { status: 200, body: '<html>We will be back soon</html>' }, 'backingOff'],
    [
      'a failure that only the catalog knows',
      { status: 200, body: { access_token: 'x', state: 'nok', reason: 'invalid_grant' } },
      'revoked',
      { hiddenErrors: [{ path: 'state', equals: 'nok', codePath: 'reason' }] },
    ],
  ])('%s is taken as what it says', async (_what, answer, state, facts = {}) => {
    const world = await startWorld({ facts: { rotation: 'stable', ...facts } });
    const one = await customer(world);
    answerRefreshes(world, answer);
    await askForNext(world, one);
    await settled(world);
    expect(credentialOf(world, one)).toMatchObject({ state, generation: 1 });
    expect(connectionRow(world, one).status).toBe(state === 'revoked' ? 'bad_credentials' : 'created');
  });

  it('a token as a form is a token', async () => {
    const world = await startWorld();
    const one = await customer(world);
    world.server.answering = (request) => {
      const { body } = world.server.usual(request);
      return asForm(Object.fromEntries(Object.entries(body as JsonObject).map(([key, value]) => [key, String(value)])));
    };
    for (const generation of [2, 3]) {
      await world.clock.advance(HOUR_MS);
      expect(await call(world, one)).toEqual([200, '']);
      expect(connectionRow(world, one)).toMatchObject({ generation, expiresAtMs: world.clock.nowMs() + HOUR_MS });
    }
    expect(world.server.reused).toEqual([]);
  });
});

describe('row 7: transient trouble that looks permanent', () => {
  it.each<[string, TokenAnswer]>([
    ['429', { status: 429, body: '', headers: { 'retry-after': '30' } }],
    ['503', { status: 503, body: { error: 'invalid_grant' } }],
    ['an HTML error page', { status: 502, body: '<html>invalid_grant</html>' }],
    ['an HTML page with 200', { status: 200, body: '<html>invalid_grant</html>' }],
    ['temporarily_unavailable', refusal('temporarily_unavailable')],
    ['a dropped connection', { status: 0, body: '' }],
  ])('%s is tried again, more and more rarely, on the token at hand', async (_what, answer) => {
    const world = await startWorld({ facts: { rotation: 'stable' } });
    const one = await customer(world);
    await world.clock.advance(50 * MINUTE_MS);
    answerRefreshes(world, answer);
    await askForNext(world, one, false);
    await settled(world);
    expect(credentialOf(world, one).state).toBe('backingOff');
    expect(await call(world, one)).toEqual([200, '']);
    await pass(world, 2 * HOUR_MS);
    const tries = world.server.refreshes().length;
    expect(tries).toBeGreaterThan((2 * HOUR_MS) / REFRESH_BACKOFF_MS_MAX - 1);
    expect(tries).toBeLessThan(120);
    expect(connectionRow(world, one).status).not.toBe('bad_credentials');
    expect(await healthOf(world, one)).toBe('healthy');
    expect(why(world, one)).toMatchObject({ name: 'tokenEndpointFailing', fault: 'provider' });

    world.server.answering = () => null;
    await pass(world, REFRESH_BACKOFF_MS_MAX);
    expect(await call(world, one)).toEqual([200, '']);
  });

  it('an endpoint that never answers is given up after its time', async () => {
    const world = await startWorld({ facts: { rotation: 'stable' } });
    const one = await customer(world);
    const arrived = Promise.withResolvers<void>();
    world.server.answering = () => {
      arrived.resolve();
      return new Promise(() => {});
    };
    await askForNext(world, one, false);
    await arrived.promise;
    // The next try may come at once, and must not wait for ever like the first.
    world.server.answering = () => refusal('temporarily_unavailable');
    await world.clock.advance(BUFFERED_CALL_TIMEOUT_MS);
    await settled(world);
    expect(credentialOf(world, one).state).toBe('backingOff');
    expect(await call(world, one)).toEqual([200, '']);
    world.server.answering = () => null;
    await pass(world, MINUTE_MS);
    expect(credentialOf(world, one)).toMatchObject({ state: 'fresh', generation: 2 });
  });
});

describe('row 8: a revoked grant', () => {
  it('is asked for once and never again, and says why, when and by whose word', async () => {
    const world = await startWorld({ hasReads: true });
    const one = await customer(world);
    world.server.revoke(one.account);
    const refusedAtMs = world.clock.nowMs();
    await askForNext(world, one);
    await settled(world);
    expect(world.server.refreshes()).toHaveLength(1);
    expect(connectionRow(world, one).status).toBe('bad_credentials');
    for (let day = 0; day < 7; day++) {
      await pass(world, DAY_MS);
      expect(await call(world, one)).toEqual([424, 'auth_invalidated']);
      await askForNext(world, one);
    }
    expect(world.server.refreshes()).toHaveLength(1);
    expect(credentialOf(world, one)).toMatchObject({ state: 'revoked', lastErrorAtMs: refusedAtMs, wakeAtMs: null });
    expect(why(world, one)).toMatchObject({
      name: 'grantRevoked',
      fault: 'customer',
      since: new Date(refusedAtMs).toISOString(),
      says: expect.stringContaining('It said: "invalid_grant"'),
    });
  });
});

describe('row 9: a 401 of the API', () => {
  it('that means a missing permission costs one refresh, and goes to its caller', async () => {
    const world = await startWorld();
    const one = await customer(world);
    world.server.api = ({ path }) => (path === '/forbidden' ? 401 : null);
    await world.clock.advance(5 * MINUTE_MS);
    for (let calls = 0; calls < 20; calls++) {
      expect((await call(world, one, '/forbidden'))[0]).toBe(401);
      await world.clock.advance(10 * SECOND_MS);
    }
    expect(world.server.refreshes()).toHaveLength(1);
    expect(await call(world, one)).toEqual([200, '']);
    expect(connectionRow(world, one).status).toBe('working');
    await world.clock.advance(FUTILE_REFRESH_PAUSE_MS);
    expect((await call(world, one, '/forbidden'))[0]).toBe(401);
    expect(world.server.refreshes()).toHaveLength(2);
    expect(credentialOf(world, one).state).toBe('fresh');
  });

  it('that means an ended token is one refresh however many meet it, and nobody hears of it', async () => {
    const world = await startWorld();
    const one = await customer(world);
    await world.clock.advance(5 * MINUTE_MS);
    world.server.expireAccessTokens();
    const calls = await Promise.all(Array.from({ length: 50 }, () => call(world, one)));
    expect(calls).toEqual(Array.from({ length: 50 }, () => [200, '']));
    expect(world.server.refreshes()).toHaveLength(1);
  });
});

describe('row 18: a refresh that is bound to a source address', () => {
  it.each(['ip restricted', 'The IP address 203.0.113.9 is not allowed for this app'])(
    'is no revoked grant (%s): the operator is told, and it goes on when the address is let in',
    async (words) => {
      const world = await startWorld();
      const one = await customer(world);
      answerRefreshes(world, refusal('invalid_grant', words));
      await askForNext(world, one);
      await settled(world);
      expect(credentialOf(world, one).state).toBe('backingOff');
      expect(connectionRow(world, one).status).not.toBe('bad_credentials');
      expect(await healthOf(world, one)).toBe('healthy');
      expect(await call(world, one)).toEqual([200, '']);
      expect(why(world, one)).toMatchObject({
        name: 'addressRefused',
        fault: 'operator',
        remedy: expect.stringContaining('Have the address that this server calls from allowed at the provider'),
      });
      await pass(world, HOUR_MS);
      expect(connectionRow(world, one).status).not.toBe('bad_credentials');
      world.server.answering = () => null;
      await pass(world, REFRESH_BACKOFF_MS_MAX);
      expect(credentialOf(world, one).state).toBe('fresh');
    },
  );
});
