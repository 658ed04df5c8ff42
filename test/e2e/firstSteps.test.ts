// The commands of the README's first integration and of docs/proxy.md, as a newcomer pastes them: against a server in a
// process of its own, whose provider is simulated. Only the address is another, and npm is what package.json makes of
// it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type JsonObject, jsonAt, parseJson } from '../../src/core/json.ts';
import { TENON } from '../support/cli.ts';
import { startTenonProcess } from '../support/process.ts';
import type { Tenon } from '../support/tenon.ts';

const ROOT = join(import.meta.dirname, '../..');
const PUBLISHED_ORIGIN = 'http://127.0.0.1:8080';

let tenon: Tenon;
let folder: string;
/** What the reader sets by hand, as the text says. */
const variables: Record<string, string> = {};

beforeAll(async () => {
  tenon = await startTenonProcess({ hubspotContacts: 30 }, 'SIGTERM');
  folder = mkdtempSync(join(tmpdir(), 'tenon-first-steps-'));
  Object.assign(variables, {
    TENON_API_KEY: tenon.apiKey,
    P: tenon.projectId,
    CLIENT_ID: 'app-hubspot',
    CLIENT_SECRET: 'secret-for-app-hubspot',
    WEBHOOK_URL: `${tenon.receiver.origin}/contacts`,
  });
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await tenon.stop();
});

/** The shell blocks of a part of a document, without the indentation of the list that they stand in. */
function blocksOf(document: string, from: string, to: string): string[] {
  const whole = readFileSync(join(ROOT, document), 'utf8');
  const part = whole.slice(whole.indexOf(from), whole.indexOf(to));
  return [...part.matchAll(/^( *)```sh\n(.*?)^\1```$/gms)].map(([, indent = '', code = '']) =>
    code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

/** Runs a block and answers what it printed; fails as the shell does. */
async function run(block: string): Promise<string> {
  const script = block.replaceAll(PUBLISHED_ORIGIN, tenon.origin);
  const npm = `npm() { shift 3; "${process.execPath}" "${TENON}" "$@"; }`;
  const child = spawn('bash', ['-euo', 'pipefail', '-c', `${npm}\n${script}`], {
    cwd: folder,
    env: { PATH: process.env['PATH'], TENON_URL: tenon.origin, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  expect({ code, error: code === 0 ? '' : error }).toEqual({ code: 0, error: '' });
  return out;
}

const json = (out: string): JsonObject => parseJson(out, 'the answer') as JsonObject;

it('the first integration and the calls of the proxy run word for word', async () => {
  const blocks = blocksOf('README.md', '### The first integration', '## When something is wrong');
  expect(blocks).toHaveLength(6);
  const [names = '', deploying = '', registering = '', connecting = '', installing = '', calling = ''] = blocks;
  // The first block sets what this test sets, and makes the command that the others use.
  const lines = names.trimEnd().split('\n');
  const given = lines
    .filter((line) => line.startsWith('export '))
    .flatMap((line) => line.match(/\b[A-Z_]+(?==)/g) ?? []);
  expect(given.toSorted()).toEqual(Object.keys(variables).toSorted());
  const post = lines.filter((line) => !line.startsWith('export ')).join('\n');

  expect(await run(deploying)).toMatch(/deployed +crm +hubspot/);
  const [app = '', destination = '', secrets = ''] = (await run(`${post}\n${registering}`)).split('\n');
  expect(json(app)).toMatchObject({ provider: 'hubspot', clientId: 'app-hubspot' });
  expect(json(destination)).toMatchObject({ name: 'contacts' });
  expect(jsonAt(json(secrets), 'secrets.webhookSigningKey')).toMatch(/^whsec_/);
  const page = await tenon.browse((await run(`${post}\n${connecting}`)).trim());
  expect(page.status).toBe(200);
  const { id } = json(await run(`${post}\n${installing}`));
  variables['INSTALLATION'] = String(id);
  expect(jsonAt(json(await run(calling)), 'results.0.properties.email')).toMatch(/@/);

  const [proxied = '', throttled = '', ...more] = blocksOf('docs/proxy.md', '# The proxy', '## What holds this');
  expect(more).toEqual([]);
  expect(jsonAt(json(await run(proxied)), 'results.0.id')).toBe('10001');
  tenon.sandbox.faults.next({ provider: 'hubspot', pathPrefix: '/crm' }, { kind: 'status', status: 429 });
  const answer = await run(throttled);
  expect(answer).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/);
  expect(answer).toMatch(/^X-Amp-Retry-After: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d UTC\r$/m);
  expect(answer).toMatch(/^X-Amp-Retryable: true\r$/m);
});
