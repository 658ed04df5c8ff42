// `tenon catalog …` as its user meets it: processes of their own, their exit codes and what they print.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../src/core/json.ts';
import { openForWriting } from '../../src/store/sqlite.ts';
import { runTenon } from '../support/cli.ts';
import { startTenon, type Tenon } from '../support/tenon.ts';
import { FIXTURES, ownEntries } from '../unit/catalog/mutations.ts';

const REFERENCE = '../shared/reference/upstream-catalog.json';
const ENTRIES = ownEntries();
const stripe = ENTRIES['stripe'] ?? {};

const folder = mkdtempSync(join(tmpdir(), 'tenon-catalog-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function fileOf(content: string | Readonly<Record<string, JsonValue>>): string {
  const file = join(folder, `file-${++files}.json`);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify({ catalog: content }));
  return file;
}

/** On no data folder, unless `env` names one. */
async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { code, out, error } = await runTenon(['catalog', ...args], { TENON_DATA_DIR: join(folder, 'none'), ...env });
  const linesOf = (text: string) => text.split('\n').slice(0, -1);
  return { code, out, lines: linesOf(out), errors: linesOf(error) };
}

describe('tenon catalog fails with one line', () => {
  it.concurrent.each<[string, readonly string[], string]>([
    [
      'for a name that is nobody',
      ['show', 'hubspto'],
      'provider "hubspto" is not in the catalog; did you mean hubspot?',
    ],
    ['for a file that is not there', ['check', join(folder, 'none.json')], 'none.json: no such file.'],
    ['for a folder', ['diff', folder], 'is not a file.'],
    ['for a file of nothing', ['check', fileOf('')], ':1:1: is not JSON.'],
    ['at the place of a mistake', ['check', fileOf('{\n  "catalog": {\n    "a": b\n')], ':3:10: is not JSON.'],
    ['at the end of half a file', ['diff', fileOf('{"catalog": {\n')], ':2:1: is not JSON.'],
    ['for a file that is no catalog', ['check', fileOf('{"stripe": {}}')], 'a catalog must be {"catalog": {…}}'],
    ['for a refresh without a server', ['refresh'], 'there is no Tenon data in'],
  ])('%s', async (_what, args, says) => {
    const { code, out, errors } = await run(args);
    expect([code, out, errors]).toEqual([1, '', [expect.stringContaining(says)]]);
    expect(errors[0]).toMatch(/^error: /);
  });

  it('for a file of the operator that does not fit', async () => {
    const env = { TENON_CATALOG_FILE: fileOf(JSON.stringify({ stripe: { baseURL: 7 } })) };
    const { code, errors } = await run(['list'], env);
    expect([code, errors]).toEqual([1, [expect.stringContaining('catalog override of "stripe": baseURL')]]);
  });

  it('and with 2 for half a command', async () => {
    expect(await run(['check'])).toMatchObject({
      code: 2,
      errors: [expect.stringContaining("'file'"), expect.anything()],
    });
  });
});

describe('tenon catalog check', () => {
  it('names every bad entry on a line and exits with 1', async () => {
    const file = fileOf({
      ...ENTRIES,
      stripe: { ...stripe, baseURL: 'https://{{workspace}}.stripe.com' },
      hubspot: { ...ENTRIES['hubspot'], authType: 'oauth3' },
      freshdesk: [],
    });
    const { code, lines, errors } = await run(['check', file]);
    expect([code, errors]).toEqual([1, []]);
    expect(lines).toEqual([
      'freshdesk: must be an object',
      expect.stringMatching(/^hubspot: authType: Invalid option/),
      'stripe: baseURL: must be an https address, with {{.name}} for variables',
      `${Object.keys(ENTRIES).length} entries, 3 bad`,
    ]);
  });

  it('takes a key that it does not know for a misspelling, unless it is told to judge as a refresh does', async () => {
    const file = fileOf({ stripe: { ...stripe, baseUrl: 'x', newFact: 1 } });
    const strict = await run(['check', file]);
    expect([strict.code, strict.lines]).toEqual([
      1,
      ['stripe: baseUrl: is a key that this version does not know (and 1 more)', '1 entry, 1 bad'],
    ]);
    const lenient = await run(['check', '--lenient', file]);
    expect([lenient.code, lenient.lines, lenient.errors.length]).toEqual([0, ['1 entry, 0 bad'], 1]);
  });

  it.skipIf(!existsSync(REFERENCE))(
    'accepts the whole published catalog (skipped where it is not at hand)',
    async () => {
      expect(await run(['check', REFERENCE])).toMatchObject({ code: 0, lines: ['238 entries, 0 bad'], errors: [] });
    },
  );
});

describe('tenon catalog list and show', () => {
  it('need no data, and print columns or an array', async () => {
    const { code, lines, errors } = await run(['list']);
    expect([code, errors]).toEqual([0, []]);
    const line = lines.find((candidate) => candidate.startsWith('hubspot '));
    expect(line).toMatch(/^hubspot +HubSpot +CRM +oauth2 +read write delete proxy subscribe search$/);
    const starts = lines.map((text) => text.search(/(oauth2|apiKey|basic|custom)\b/));
    expect(new Set(starts).size).toBe(1);
    const items = JSON.parse((await run(['list', '--json'])).out) as JsonObject[];
    expect(items.map(({ name }) => name)).toEqual(lines.map((text) => text.split(' ')[0]));
    expect(items.find(({ name }) => name === 'stripe')).toMatchObject({
      ...{ name: 'stripe', displayName: 'Stripe', category: 'finance', authType: 'apiKey', grantType: null },
      support: stripe['support'],
      origin: { isBuiltIn: true, isUpstream: false, isOverridden: false },
    });
  });

  it('count in the operator’s file', async () => {
    const env = { TENON_CATALOG_FILE: fileOf(JSON.stringify({ stripe: { baseURL: 'http://127.0.0.1:4010' } })) };
    const { code, out } = await run(['show', 'stripe'], env);
    expect([code, out]).toEqual([0, expect.stringContaining('http://127.0.0.1:4010')]);
    expect(out).toContain('built in, then TENON_CATALOG_FILE');
    expect(out).toContain('API key in the header Authorization');
    const published = JSON.parse((await run(['show', 'stripe', '--json'], env)).out) as JsonObject;
    expect(published).toEqual({ ...stripe, baseURL: 'http://127.0.0.1:4010' });
  });
});

describe('tenon catalog diff', () => {
  it('says what a file would change, hosts first of all', async () => {
    const file = fileOf({
      fixtureCustom: FIXTURES['fixtureCustom'] ?? {},
      stripe: { ...stripe, baseURL: 'https://stripe.evil.example' },
      hubspot: ENTRIES['hubspot'] ?? {},
      freshdesk: {},
    });
    const { code, lines, errors } = await run(['diff', file]);
    expect([code, errors]).toEqual([0, []]);
    expect(lines).toEqual([
      '+ fixtureCustom',
      '~ stripe',
      '    baseURL: "https://api.stripe.com" → "https://stripe.evil.example"',
      '    ! credentials would go to https://stripe.evil.example, no longer to https://api.stripe.com (baseURL)',
      expect.stringMatching(/^x freshdesk: name: .*; stays as it is$/),
      expect.stringMatching(/^- not in the file, stays as it is: .*salesforce/),
      expect.stringMatching(/^1 added, 1 changed, \d+ removed, 1 refused$/),
    ]);
    const json = JSON.parse((await run(['diff', '--json', file])).out) as JsonObject;
    expect(json).toMatchObject({
      added: ['fixtureCustom'],
      removed: expect.arrayContaining(['salesforce']),
      changed: [{ name: 'stripe', fields: [{ field: 'baseURL' }], hosts: [{ to: 'https://stripe.evil.example' }] }],
      refused: [{ name: 'freshdesk' }],
    });
  });
});

describe('with data', () => {
  const file = fileOf({ fixtureCustom: FIXTURES['fixtureCustom'] ?? {}, stripe, nobody: {} });
  let tenon: Tenon;
  let env: Readonly<Record<string, string>>;

  beforeAll(async () => {
    tenon = await startTenon({ env: { TENON_CATALOG_URL: file } });
    env = { TENON_DATA_DIR: join(tenon.folder, 'data') };
  });

  afterAll(() => tenon.stop());

  it('commands ask the server that runs on it', async () => {
    const asked = await run(['refresh', '--json'], env);
    expect([asked.code, asked.errors]).toEqual([0, []]);
    expect(JSON.parse(asked.out)).toMatchObject({ url: file, entries: 2, refusedCount: 1, lastError: null });
    const { code, lines } = await run(['status'], env);
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^upstream +\S+\.json$/);
    expect(lines).toContainEqual(expect.stringMatching(/^next attempt +\d{4}-.* \(in \d+ minutes\)$/));
    expect(lines.slice(-2)).toEqual(['refused (1)', expect.stringMatching(/^ {2}nobody: name: /)]);
  });

  it('the catalog is as the server has it, while it runs', async () => {
    const shown = await run(['show', 'fixtureCustom'], env);
    expect([shown.code, shown.errors]).toEqual([0, []]);
    expect(shown.out).toMatch(new RegExp(`comes from +upstream ${file} of \\d{4}-`));
    const { lines } = await run(['list'], env);
    expect(lines).toContainEqual(expect.stringMatching(/^fixtureCustom /));
    expect((await run(['diff', file], env)).lines.at(-1)).toMatch(/^0 added, 0 changed, \d+ removed, 1 refused$/);
  });

  it('and after it was stopped', async () => {
    await tenon.halt();
    const { code, lines } = await run(['status'], env);
    expect([code, lines.at(-1)]).toEqual([0, expect.stringContaining('nobody: name')]);
    expect(lines).toContainEqual(expect.stringMatching(/^last success +\d{4}-/));
    expect((await run(['list'], env)).lines).toContainEqual(expect.stringMatching(/^fixtureCustom /));
    expect(await run(['refresh'], env)).toMatchObject({ code: 1, errors: [expect.stringContaining('no server runs')] });
    await tenon.resume();
  });

  it('that another version wrote, built-in providers are all there is, and that is said', async () => {
    const data = join(folder, 'newer');
    const newer = await startTenon({ env: { TENON_DATA_DIR: data } });
    await newer.stop();
    const database = openForWriting(join(data, 'tenon.db'));
    database.pragma('user_version = 999');
    database.close();
    const { code, errors, lines } = await run(['list'], { TENON_DATA_DIR: data });
    expect([code, lines.length > 3]).toEqual([0, true]);
    expect(errors).toEqual([expect.stringMatching(/^without what upstream said: .* another version of Tenon$/)]);
  });
});
