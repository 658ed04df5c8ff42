// Grants without a browser: client credentials and user name with password. What the customer typed stays sealed and is
// the way to the next token; a refusal is theirs alone.

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { HOUR_MS, MINUTE_MS } from '../../../src/core/time.ts';
import { until } from '../../support/drive.ts';
import { basicOf, type SchemeServer } from '../../support/schemeServer.ts';
import {
  called,
  generate,
  generated,
  installed,
  patched,
  shown,
  storedCounts,
  tokensOf,
  worldOfTest,
} from '../../support/schemes.ts';

function behind({ origin, port }: SchemeServer) {
  const oauth2Opts = { tokenURL: `${origin}/token` };
  return {
    helpScoutMailbox: {
      baseURL: `${origin}/api`,
      oauth2Opts,
      authHealthCheck: { url: `${origin}/api/me` },
    },
    marketo: {
      baseURL: `http://{{.workspace}}.localhost:${port}/api`,
      oauth2Opts: { tokenURL: `http://{{.workspace}}.localhost:${port}/token` },
    },
    domo: { baseURL: `${origin}/api`, oauth2Opts },
    payPal: { baseURL: `${origin}/api`, oauth2Opts: { ...oauth2Opts, explicitScopesRequired: true } },
    sugarCRM: {
      baseURL: `http://{{.workspace}}.localhost:${port}/api`,
      oauth2Opts: { tokenURL: `http://{{.workspace}}.localhost:${port}/token` },
    },
  };
}

const NOTHING = { connections: 0, credentials: 0, oauthStates: 0 };
const client = { clientId: 'the-id', clientSecret: 'the secret: of & the = customer' };
const oauth2ClientCredentials = client;

describe('client credentials', () => {
  it.each([
    ['nothing typed', {}, 'connected with oauth2ClientCredentials'],
    ['a key of another scheme', { apiKey: 'key' }, 'connected with oauth2ClientCredentials'],
    ['an empty client id', { oauth2ClientCredentials: { ...client, clientId: '' } }, 'not valid'],
    ['no client secret', { oauth2ClientCredentials: { clientId: 'the-id' } }, 'not valid'],
  ])('are refused with %s, before anything is sent', async (_what, body, says) => {
    const world = await worldOfTest(behind);
    const answer = await generate(world, 'helpScoutMailbox', body);
    expect(answer.json).toMatchObject({ status: 400, detail: expect.stringContaining(says) });
    expect([storedCounts(world), world.server.calls]).toEqual([NOTHING, []]);
  });

  it('are refused without scopes where the provider needs them, and sent with them', async () => {
    const world = await worldOfTest(behind);
    const none = await generate(world, 'payPal', { oauth2ClientCredentials });
    expect(none.json).toMatchObject({ status: 400, detail: expect.stringContaining('needs the scopes') });
    expect(world.server.calls).toEqual([]);
    await generated(world, 'payPal', { oauth2ClientCredentials: { ...client, scopes: ['a', 'b'] } });
    expect(world.server.callsTo('/token')[0]?.form).toMatchObject({ scope: 'a b' });
  });

  it.each([
    [{ status: 401, body: { error: 'invalid_client', error_description: 'unknown client' } }, 400, 'invalid_client'],
    [{ status: 400, body: { error: 'invalid_scope' } }, 400, 'invalid_scope'],
    [{ status: 403, body: 'Forbidden' }, 400, 'http_403'],
    [{ status: 200, body: '<html>sign in</html>' }, 502, 'could not complete'],
    [{ status: 503, body: {} }, 502, 'could not complete'],
    [{ status: 429, body: {}, headers: { 'retry-after': '10' } }, 502, 'could not complete'],
  ])('that the provider answers with %j are told as such, and nothing is stored', async (answer, status, says) => {
    const world = await worldOfTest(behind);
    world.server.once('/token', answer);
    const refused = await generate(world, 'helpScoutMailbox', { oauth2ClientCredentials });
    expect(refused.json).toMatchObject({ status, detail: expect.stringContaining(says) });
    expect(refused.text).not.toContain(client.clientSecret);
    expect(storedCounts(world)).toEqual(NOTHING);
  });

  it('whose token the provider does not take at its own check are refused, and nothing is stored', async () => {
    const world = await worldOfTest(behind);
    world.server.once('/api/me', { status: 403 });
    const answer = await generate(world, 'helpScoutMailbox', { oauth2ClientCredentials });
    expect(answer.json).toMatchObject({ status: 400, detail: expect.stringContaining('refuses the credential (403)') });
    expect(storedCounts(world)).toEqual(NOTHING);
  });

  it('give a token that works, and the next one when it ends, without a refresh token', async () => {
    const world = await worldOfTest(behind);
    const { server, clock } = world;
    server.on('/token', () => ({ body: server.grant({ refresh_token: null }) }));
    const { id } = await generated(world, 'helpScoutMailbox', { oauth2ClientCredentials });
    expect(server.callsTo('/token')[0]?.form).toEqual({
      grant_type: 'client_credentials',
      client_id: client.clientId,
      client_secret: client.clientSecret,
    });
    const installation = await installed(world, 'helpScoutMailbox');
    expect(await called(world, installation)).toBe(200);
    for (const round of [2, 3]) {
      await clock.advance(HOUR_MS);
      expect(await called(world, installation)).toBe(200);
      expect(server.callsTo('/token')).toHaveLength(round);
      expect(server.callsTo('/token').at(-1)?.form).toMatchObject({ grant_type: 'client_credentials' });
    }
    expect(tokensOf(world, id)).toMatchObject({ source: { grant: 'clientCredentials', client } });
    expect(tokensOf(world, id).refreshToken).toBeUndefined();
    expect((await shown(world, id))['status']).toBe('working');
  });

  it('are renewed before their end while calls go on with the old token', async () => {
    const world = await worldOfTest(behind);
    const { server, clock } = world;
    await generated(world, 'marketo', { oauth2ClientCredentials, providerWorkspaceRef: '123-ABC-456' });
    const installation = await installed(world, 'marketo');
    expect(server.calls[0]).toMatchObject({ host: '123-abc-456.localhost', path: '/token' });
    await clock.advance(HOUR_MS - 2 * MINUTE_MS);
    expect(await called(world, installation)).toBe(200);
    await until(world, 'a second token', () => server.callsTo('/token').length === 2, 0);
  });

  it('go in a Basic header, both parts form-encoded, where the provider wants that', async () => {
    const world = await worldOfTest(behind);
    await generated(world, 'domo', { oauth2ClientCredentials: { ...client, scopes: ['data'] } });
    const [call] = world.server.callsTo('/token');
    expect(call === undefined ? null : basicOf(call)).toBe('the-id:the+secret%3A+of+%26+the+%3D+customer');
    expect(call?.form).toEqual({ grant_type: 'client_credentials', scope: 'data' });
  });

  it('that stop working end that customer’s connection and nobody else’s, until they are changed', async () => {
    const world = await worldOfTest(behind);
    const { server, clock } = world;
    const ended = new Set<string>();
    server.on('/token', ({ form }) =>
      ended.has(String(form['client_id']))
        ? { status: 401, body: { error: 'invalid_client' } }
        : { body: server.grant({ refresh_token: null }) },
    );
    const clientOf = (clientId: string) => ({ oauth2ClientCredentials: { ...client, clientId } });
    // More than make an incident where one provider app stands behind them: here each client is its customer's own.
    const groups = ['g1', 'g2', 'g3', 'g4', 'g5', 'g6', 'g7'];
    const customers: { readonly id: string; readonly installation: string }[] = [];
    for (const group of groups) {
      const { id } = await generated(world, 'helpScoutMailbox', clientOf(group), group);
      customers.push({ id, installation: await installed(world, 'helpScoutMailbox', group) });
    }
    for (const group of groups.slice(0, 6)) ended.add(group);
    await clock.advance(HOUR_MS);
    const statuses: number[] = [];
    for (const { installation } of customers) statuses.push(await called(world, installation));
    expect(statuses).toEqual([424, 424, 424, 424, 424, 424, 200]);
    const [first = { id: '', installation: '' }] = customers;
    expect((await shown(world, first.id))['status']).toBe('bad_credentials');
    const asked = server.callsTo('/token').length;
    expect(await called(world, first.installation)).toBe(424);
    expect(server.callsTo('/token')).toHaveLength(asked);

    const wrong = await patched(world, first.id, ['oauth2ClientCredentials'], clientOf('g2'));
    expect(wrong.json).toMatchObject({ status: 400, detail: expect.stringContaining('invalid_client') });
    const right = await patched(world, first.id, ['oauth2ClientCredentials'], clientOf('g8'));
    expect(right.json).toMatchObject({ id: first.id, status: 'created' });
    expect(await called(world, first.installation)).toBe(200);
  });
});

describe('a user name with its password', () => {
  const oauth2PasswordCredentials = { ...client, username: 'ada', password: 'pass & word' };
  const typed = { oauth2PasswordCredentials, providerWorkspaceRef: 'acme' };

  it.each([
    ['without a workspace', { oauth2PasswordCredentials }, 'needs "workspace"'],
    ['without a client', { ...typed, oauth2PasswordCredentials: { username: 'ada', password: 'p' } }, 'not valid'],
    [
      'as client credentials',
      { ...typed, oauth2PasswordCredentials: undefined, oauth2ClientCredentials },
      'connected with',
    ],
  ])('%s is refused, before anything is sent', async (_what, body, says) => {
    const world = await worldOfTest(behind);
    const answer = await generate(world, 'sugarCRM', body as JsonObject);
    expect(answer.json).toMatchObject({ status: 400, detail: expect.stringContaining(says) });
    expect([storedCounts(world), world.server.calls]).toEqual([NOTHING, []]);
  });

  it('that the provider refuses is told as such, and nothing is stored', async () => {
    const world = await worldOfTest(behind);
    const error_description = `no user ada with password ${oauth2PasswordCredentials.password}`;
    world.server.once('/token', { status: 400, body: { error: 'need_login', error_description } });
    const answer = await generate(world, 'sugarCRM', typed);
    expect(answer.json).toMatchObject({ status: 400, detail: expect.stringContaining('need_login') });
    expect(storedCounts(world)).toEqual(NOTHING);
  });

  it('gives tokens; then the refresh token is used, and the password again where that one is refused', async () => {
    const world = await worldOfTest(behind);
    const { server, clock } = world;
    const { id } = await generated(world, 'sugarCRM', typed);
    const [call] = server.calls;
    expect(call).toMatchObject({ host: 'acme.localhost', headers: { 'content-type': 'application/json' } });
    const { clientId: client_id, clientSecret: client_secret, username, password } = oauth2PasswordCredentials;
    expect(call?.form).toEqual({ grant_type: 'password', username, password, client_id, client_secret });
    const installation = await installed(world, 'sugarCRM');

    await clock.advance(HOUR_MS);
    expect(await called(world, installation)).toBe(200);
    expect(server.callsTo('/token').at(-1)?.form).toMatchObject({
      grant_type: 'refresh_token',
      refresh_token: 'refresh-1',
    });
    expect(tokensOf(world, id).refreshToken).toBe('refresh-2');

    server.on('/token', ({ form }) =>
      form['grant_type'] === 'refresh_token'
        ? { status: 400, body: { error: 'invalid_grant' } }
        : { body: server.grant({ refresh_token: null }) },
    );
    await clock.advance(HOUR_MS);
    const answer = called(world, installation);
    await until(world, 'the password was used again', () => server.callsTo('/token').length === 4, MINUTE_MS);
    expect(await answer).toBe(200);
    const grants = server.callsTo('/token').map(({ form }) => form['grant_type']);
    expect(grants).toEqual(['password', 'refresh_token', 'refresh_token', 'password']);
    // The one that was refused is not kept beside what came instead.
    expect(tokensOf(world, id).refreshToken).toBeUndefined();

    await clock.advance(HOUR_MS);
    expect(await called(world, installation)).toBe(200);
    expect(server.callsTo('/token').at(-1)?.form).toMatchObject({ grant_type: 'password', username });
  });

  it('that was changed at the provider ends the connection', async () => {
    const world = await worldOfTest(behind);
    const { server, clock } = world;
    const { id } = await generated(world, 'sugarCRM', typed);
    const installation = await installed(world, 'sugarCRM');
    server.on('/token', () => ({ status: 400, body: { error: 'invalid_grant' } }));
    await clock.advance(HOUR_MS);
    const answer = called(world, installation);
    await until(world, 'both were refused', () => server.callsTo('/token').length === 3, MINUTE_MS);
    expect(await answer).toBe(424);
    expect((await shown(world, id))['status']).toBe('bad_credentials');
  });
});
