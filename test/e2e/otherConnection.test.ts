// An installation that is moved to another connection of its group, because the first one is gone: what it waited for
// ends with the move, also where the process dies around its commit.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { flush } from '../support/clock.ts';
import { integration, manifest, readObject } from '../support/drive.ts';
import { startTenonProcess } from '../support/process.ts';
import type { ApiAnswer, Tenon } from '../support/tenon.ts';

const PRELOAD = pathToFileURL(join(import.meta.dirname, '..', 'support', 'killAt.ts')).href;

/** For the next start only: see `killAt.ts`. */
let killAt = '';

/** An installation whose customer must connect again, and another connection of the same group. */
async function waiting() {
  const tenon = await startTenonProcess({}, 'SIGKILL', () =>
    killAt === '' ? {} : { NODE_OPTIONS: `--import=${PRELOAD}`, TENON_TEST_KILL_AT: killAt },
  );
  await tenon.addWebhook('hook');
  await tenon.deploy(manifest(integration('salesforce', readObject('account'))));
  const { id: gone } = await tenon.connect('salesforce', { workspace: 'acme' });
  const read = { objects: { account: {} } };
  const { id } = await tenon.install('salesforce', { provider: 'salesforce', read });
  tenon.sandbox.revokeGrants('salesforce', 'acme');
  tenon.sandbox.expireAccessTokens();
  // A token that was made just now is not doubted: somebody calls until it is.
  await health(tenon, String(id), 'unhealthy', async () => {
    await (await tenon.proxy(String(id), '/services/data/v60.0/limits')).text();
  });
  const { id: other } = await tenon.connect('salesforce', { workspace: 'brill', consumerRef: 'bob' });
  expect(other).not.toBe(gone);
  return { tenon, id: String(id), other: String(other) };
}

/** Resolves once the installation is told to be in that health. */
async function health(tenon: Tenon, id: string, wanted: string, call = flushed): Promise<JsonObject> {
  for (;;) {
    await call();
    const path = tenon.inProject(`/integrations/salesforce/installations/${id}`);
    const installation = (await tenon.ok('GET', path)) as unknown as JsonObject;
    if (installation['healthStatus'] === wanted) return installation;
  }
}

function flushed(): Promise<void> {
  return flush(1);
}

function move(tenon: Tenon, id: string, connectionId: string): Promise<ApiAnswer> {
  return tenon.api('PATCH', tenon.inProject(`/integrations/salesforce/installations/${id}?skipSampling=true`), {
    updateMask: ['connectionId'],
    installation: { connectionId },
  });
}

it('is refused for a connection that the group does not have, and goes on with one that it has', async () => {
  const { tenon, id, other } = await waiting();
  await using _ = tenon;
  const { id: foreign } = await tenon.connect('salesforce', { workspace: 'corex', groupRef: 'another' });
  expect(await move(tenon, id, String(foreign))).toMatchObject({ status: 400 });
  expect(await health(tenon, id, 'unhealthy')).toMatchObject({ connection: { status: 'bad_credentials' } });
  expect((await move(tenon, id, other)).status).toBe(200);
  expect(await health(tenon, id, 'healthy')).toMatchObject({ connection: { id: other } });
  expect((await tenon.proxy(id, '/services/data/v60.0/limits')).status).toBe(200);
});

it.each([
  ['before', false],
  ['within', false],
  ['after', true],
] as const)('%s its commit a crash leaves all of the move or nothing', async (moment, isMoved) => {
  const { tenon, id, other } = await waiting();
  await using _ = tenon;
  await tenon.halt();
  killAt = `${moment} installations.configure`;
  await tenon.resume();
  killAt = '';
  await expect(move(tenon, id, other)).rejects.toThrow('fetch failed');
  await tenon.halt();
  await tenon.resume();
  await health(tenon, id, isMoved ? 'healthy' : 'unhealthy');
  if (!isMoved) expect((await move(tenon, id, other)).status).toBe(200);
  expect(await health(tenon, id, 'healthy')).toMatchObject({ connection: { id: other } });
});
