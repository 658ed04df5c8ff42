// Rows 1, 3, 4 and 20 of the table of failure modes: what becomes of a refresh token that works once.

import { describe, expect, it } from 'vitest';
import { CALLER_WAIT_MS_MAX } from '../../../src/core/limits.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import { flush } from '../../support/clock.ts';
import { settled } from '../../support/drive.ts';
import type { TokenAnswer, TokenCall } from '../../support/tokenServer.ts';
import { askForNext, call, connectionRow, credentialOf, customer, refusal, startWorld, type World } from './world.ts';

/** The token server performs the next refresh and keeps the answer until `release`. */
function holding({ server }: World, answerOf: (call: TokenCall) => TokenAnswer = (one) => server.usual(one)) {
  const arrived = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  server.answering = async (one) => {
    if (one.form.get('grant_type') !== 'refresh_token') return null;
    server.answering = () => null;
    const answer = answerOf(one);
    arrived.resolve();
    await released.promise;
    return answer;
  };
  return { arrived: arrived.promise, release: released.resolve };
}

describe('row 1: two refreshes at once with a rotating token', () => {
  it.each([30, 200])('never happen: %i callers are one refresh, and all get its token', async (count) => {
    const world = await startWorld();
    const one = await customer(world);
    const seen: string[] = [];
    world.server.api = ({ token }) => {
      seen.push(token);
      return null;
    };
    for (const round of [1, 2]) {
      await world.clock.advance(HOUR_MS);
      const held = holding(world);
      const calls = Promise.all(Array.from({ length: count }, () => call(world, one)));
      await held.arrived;
      await flush();
      held.release();
      expect(await calls).toEqual(Array.from({ length: count }, () => [200, '']));
      expect(world.server.refreshes()).toHaveLength(round);
      expect(new Set(seen.splice(0)).size).toBe(1);
      expect(connectionRow(world, one).generation).toBe(1 + round);
    }
    expect(world.server.reused).toEqual([]);
  });

  it('never happen: whoever asks while one is under way, for whatever reason, changes nothing', async () => {
    const world = await startWorld();
    const one = await customer(world);
    const held = holding(world);
    await askForNext(world, one);
    await held.arrived;
    for (const isRefused of [true, false, true]) await askForNext(world, one, isRefused);
    const path = world.tenon.inProject(`/connections/${one.connectionId}?refresh=force`);
    const asking = world.tenon.api('GET', path);
    await flush();
    held.release();
    expect((await asking).status).toBe(200);
    await settled(world);
    expect(world.server.refreshes()).toHaveLength(1);
    expect(credentialOf(world, one)).toMatchObject({ state: 'fresh', generation: 2 });
  });

  it('never happen: a request for a token that has been replaced meanwhile is not one', async () => {
    const world = await startWorld();
    const one = await customer(world);
    const { generation } = connectionRow(world, one);
    await askForNext(world, one);
    await settled(world);
    const event = { type: 'refresh.requested', generation, isRefused: true };
    await world.tenon.running.services.runtime.send(`credential:${one.connectionId}` as never, event);
    await settled(world);
    expect(world.server.refreshes()).toHaveLength(1);
  });
});

describe('row 3: an answer that is lost on the network', () => {
  it('is waited for when its callers have gone, and is then used', async () => {
    const world = await startWorld();
    const one = await customer(world);
    await world.clock.advance(HOUR_MS);
    const held = holding(world);
    const waiting = call(world, one);
    await held.arrived;
    await world.clock.advance(CALLER_WAIT_MS_MAX + SECOND_MS);
    expect(await waiting).toEqual([504, 'timeout']);
    held.release();
    await settled(world);
    expect(credentialOf(world, one)).toMatchObject({ state: 'fresh', generation: 2 });
    expect(await call(world, one)).toEqual([200, '']);
    expect(world.server.refreshes()).toHaveLength(1);
  });

  it('is not asked for again while the old token is good, and once when it ends', async () => {
    const world = await startWorld();
    const one = await customer(world);
    const held = holding(world, (request) => {
      world.server.usual(request);
      return { status: 0, body: '' };
    });
    await world.clock.advance(30 * MINUTE_MS);
    await askForNext(world, one, false);
    held.release();
    await settled(world);
    expect(credentialOf(world, one).state).toBe('uncertain');
    await world.clock.advance(28 * MINUTE_MS);
    expect(await call(world, one)).toEqual([200, '']);
    expect(world.server.refreshes()).toHaveLength(1);
    await world.clock.advance(MINUTE_MS);
    await settled(world);
    expect(world.server.refreshes()).toHaveLength(2);
    expect(credentialOf(world, one)).toMatchObject({ state: 'revoked', lostAnswerAtMs: expect.any(Number) });
  });

  it('is asked for again at once where the refresh token stays the same', async () => {
    const world = await startWorld({ facts: { rotation: 'stable' } });
    const one = await customer(world);
    const held = holding(world, () => ({ status: 0, body: '' }));
    await askForNext(world, one);
    held.release();
    await settled(world);
    expect(credentialOf(world, one).state).toBe('backingOff');
    await world.clock.advance(10 * SECOND_MS);
    await settled(world);
    expect(credentialOf(world, one).state).toBe('fresh');
  });
});

describe('row 4: an answer without a refresh token', () => {
  it('leaves the old one in use, time after time', async () => {
    const world = await startWorld({ facts: { rotation: 'stable' } });
    const one = await customer(world);
    world.server.extra = { refresh_token: null };
    for (const generation of [2, 3, 4]) {
      await world.clock.advance(HOUR_MS);
      expect(await call(world, one)).toEqual([200, '']);
      expect(connectionRow(world, one).generation).toBe(generation);
    }
    const used = world.server.refreshes().map(({ form }) => form.get('refresh_token'));
    expect([used.length, new Set(used).size]).toEqual([3, 1]);
  });
});

describe('row 20: the loser of a race deletes nothing', () => {
  it.each<[string, (world: World) => (request: TokenCall) => TokenAnswer]>([
    ['a new token', (world) => (request) => world.server.usual(request)],
    ['a refusal', () => () => refusal('invalid_grant')],
    ['a refused client', () => () => refusal('invalid_client')],
    ['nothing', () => () => ({ status: 0, body: '' })],
    ['an error page', () => () => ({ status: 502, body: '<html>' })],
  ])('when %s comes for a grant that was replaced meanwhile', async (_what, answer) => {
    const world = await startWorld();
    const one = await customer(world);
    const held = holding(world, answer(world));
    await askForNext(world, one);
    await held.arrived;
    await world.tenon.connect('hubspot', { groupRef: `g${one.account}` });
    const stored = world.tenon.credentialOf(one.connectionId);
    held.release();
    await settled(world);
    expect(world.tenon.credentialOf(one.connectionId)).toEqual(stored);
    expect(connectionRow(world, one)).toMatchObject({ status: 'created', generation: 2 });
    expect(credentialOf(world, one)).toMatchObject({ state: 'fresh', generation: 2 });
    expect(await call(world, one)).toEqual([200, '']);
    await world.clock.advance(HOUR_MS);
    expect(await call(world, one)).toEqual([200, '']);
    expect(world.server.reused).toEqual([]);
  });

  it('when the connection is deleted while its answer is on the way', async () => {
    const world = await startWorld();
    const one = await customer(world);
    const held = holding(world);
    await askForNext(world, one);
    await held.arrived;
    const { tenon } = world;
    await tenon.ok('DELETE', tenon.inProject(`/integrations/hubspot/installations/${one.installationId}`));
    await flush();
    const other = await tenon.connect('hubspot', { groupRef: `g${one.account}` });
    held.release();
    await settled(world);
    expect(tenon.credentialOf(other.id)).toMatchObject({ scheme: 'oauth2' });
    expect(() => tenon.credentialOf(one.connectionId)).toThrow('has no credential');
    expect(tenon.running.services.store.reads.all('SELECT 1 FROM effects')).toEqual([]);
  });
});
