// Grants of another system, brought in by `tenon import`: a Tenon in a process of its own, simulated providers that say
// yes or no, and files with good and bad lines.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { type Ran, runTenon } from '../support/cli.ts';
import { startTenonProcess } from '../support/process.ts';
import type { Tenon } from '../support/tenon.ts';

let tenon: Tenon;

beforeAll(async () => {
  tenon = await startTenonProcess({ hubspotContacts: 5 });
  await tenon.addProviderApp('hubspot');
});

afterAll(() => tenon.stop());

function bring(lines: readonly (JsonObject | string)[], ...options: readonly string[]): Promise<Ran> {
  const file = join(tenon.folder, 'grants.jsonl');
  writeFileSync(file, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return runTenon(['import', file, ...options], { TENON_DATA_DIR: join(tenon.folder, 'data') });
}

/** A pair of tokens that the provider gave somebody else: of a connection that is then forgotten. */
async function tokensOf(groupRef: string): Promise<{ accessToken: string; refreshToken: string }> {
  const { id } = await tenon.connect('hubspot', { groupRef });
  const path = tenon.inProject(`/connections/${id}`);
  const shown = await tenon.ok<{
    oauth2AuthorizationCode: { accessToken: { token: string }; refreshToken: { token: string } };
  }>('GET', `${path}?includeCreds=true&includeRefreshToken=true`);
  await tenon.ok('DELETE', path);
  const { accessToken, refreshToken } = shown.oauth2AuthorizationCode;
  return { accessToken: accessToken.token, refreshToken: refreshToken.token };
}

const connections = () => tenon.ok<JsonObject[]>('GET', tenon.inProject('/connections'));

describe('lines that are refused', () => {
  const secret = 'sk_test_never-to-be-seen';

  it('are told by their numbers, stop no other and store nothing, and no secret is printed', async () => {
    const { code, out, error } = await bring([
      'not json at all',
      { provider: 'hubspot' },
      { provider: 'hubspot', groupRef: 'a', accesToken: secret },
      { provider: 'noSuchProvider', groupRef: 'a', apiKey: secret },
      { provider: 'hubspot', groupRef: 'b', expiresAt: '2026-01-01T00:00:00Z' },
      { provider: 'hubspot', groupRef: 'c', refreshToken: secret },
      { provider: 'hubspot', groupRef: 'c', refreshToken: secret },
      { provider: 'hubspot', groupRef: 'd', refreshToken: secret, providerApp: 'another' },
    ]);
    expect(code).toBe(1);
    expect(error.trimEnd().split('\n')).toEqual([
      'line 1: not a JSON object on one line',
      'line 2: "groupRef" is missing',
      'line 3: "accesToken" is not a member of a grant',
      expect.stringMatching(/^line 4: noSuchProvider of a: /),
      'line 5: "expiresAt" stands without a token',
      expect.stringMatching(/^line 6: hubspot of c: /),
      'line 7: line 6 is of the same customer and provider',
      expect.stringMatching(/^line 8: hubspot of d: the project has no provider app "another" for hubspot/),
    ]);
    expect(out).toContain('refused  8 lines');
    expect(`${out}${error}`).not.toContain(secret);
    expect(await connections()).toEqual([]);
  });

  it('are told as JSON too, and a file that is not there ends it', async () => {
    const { out } = await bring(['{}'], '--json');
    expect(JSON.parse(out)).toMatchObject({ imported: 0, refused: [{ line: 1, code: 'invalid_input' }] });
    const none = await runTenon(['import', '/nowhere.jsonl'], { TENON_DATA_DIR: join(tenon.folder, 'data') });
    expect([none.code, none.error]).toEqual([1, expect.stringContaining('/nowhere.jsonl cannot be read')]);
  });
});

describe('grants that work', () => {
  it('are imported once, however often the file is run, and a dry run stores nothing', async () => {
    const [ada, bob] = [await tokensOf('ada'), await tokensOf('bob')];
    const lines = [
      { provider: 'hubspot', groupRef: 'ada', groupName: 'Ada Ltd', ...ada, scopes: 'crm.objects.contacts.read' },
      { provider: 'hubspot', groupRef: 'bob', refreshToken: bob.refreshToken, providerApp: 'app-hubspot' },
    ];
    const dry = await bring(lines, '--dry-run');
    expect([dry.code, dry.out]).toEqual([0, expect.stringContaining('would be imported  2 grants')]);
    expect(await connections()).toEqual([]);

    const first = await bring(lines);
    expect([first.error, first.code, first.out]).toEqual(['', 0, expect.stringContaining('imported  2 grants')]);
    const groups = (await connections()).map(({ group }) => (group as JsonObject)['groupName']);
    expect(groups.toSorted()).toEqual(['Ada Ltd', 'bob']);
    for (const output of [dry, first]) expect(JSON.stringify(output)).not.toContain(bob.refreshToken);

    const again = await bring(lines);
    expect([again.code, again.out]).toEqual([0, expect.stringContaining('2 customers connected before')]);
    expect(again.out).toContain('imported  0 grants');
    expect(await connections()).toHaveLength(2);
  });

  it('need a running server', async () => {
    await tenon.halt();
    const { code, error } = await bring([{ provider: 'hubspot', groupRef: 'eve', refreshToken: 'x' }]);
    expect([code, error]).toEqual([1, expect.stringContaining('Start it with `tenon serve`')]);
  });
});
