// The things of a project from the command line: against a server on the same folder, one elsewhere, and a folder that
// nobody serves. Commands are processes of their own.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { type Ran, runTenon } from '../support/cli.ts';
import { integration, manifest, readObject } from '../support/drive.ts';
import { startTenonProcess } from '../support/process.ts';
import type { Tenon } from '../support/tenon.ts';

let tenon: Tenon;
let installationId = '';

beforeAll(async () => {
  tenon = await startTenonProcess({ hubspotContacts: 5 });
});

afterAll(() => tenon.stop());

function run(args: readonly string[], input = ''): Promise<Ran> {
  return runTenon(args, { TENON_DATA_DIR: join(tenon.folder, 'data') }, input);
}

async function out(...args: readonly string[]): Promise<string> {
  const ran = await run(args);
  if (ran.code !== 0) throw new Error(`tenon ${args.join(' ')} ended with ${ran.code}: ${ran.error}`);
  return ran.out;
}

async function json<View = JsonObject>(...args: readonly string[]): Promise<View> {
  return JSON.parse(await out(...args, '--json')) as View;
}

async function refusal(...args: readonly string[]): Promise<string> {
  const { code, out: printed, error } = await run(args);
  expect([code, printed, error.trimEnd().split('\n').length]).toEqual([1, '', 1]);
  return error;
}

describe('where nothing is there yet', () => {
  it('a list says what to do next', async () => {
    expect(await out('installations', 'list')).toContain('no installations yet. Connect a customer');
    expect(await out('integrations', 'list')).toContain('no integrations yet. Deploy a manifest: tenon deploy');
    expect(await out('destinations', 'list')).toContain('tenon destinations create NAME --to');
  });

  it('a list is an empty list for programs', async () => {
    expect(await json<JsonObject[]>('provider-apps', 'list')).toEqual([]);
  });
});

describe('what is refused', () => {
  it('an unknown project, naming how to see them', async () => {
    expect(await refusal('topics', 'list', '--project', 'none')).toContain('no such project. `tenon projects list`');
  });

  it('a name that is none', async () => {
    expect(await refusal('destinations', 'show', 'nowhere')).toContain('"nowhere" is not a destination');
  });

  it('deleting without a terminal, unless it is said that it is meant', async () => {
    await out('topics', 'create', 'kept');
    expect(await refusal('topics', 'delete', 'kept')).toContain('Say that it is meant: --yes');
    expect(await out('topics', 'list')).toContain('kept');
  });

  it('what the API refuses, with its words', async () => {
    expect(await refusal('destinations', 'create', 'bad name', '--to', 'https://example.com')).toContain('name');
    expect(await refusal('keys', 'create', '--scope', 'everything')).toContain('scopes');
  });

  it('a server elsewhere without a key, and with one that is wrong', async () => {
    expect(await refusal('topics', 'list', '--url', tenon.origin)).toContain('an API key is needed');
    expect(await refusal('topics', 'list', '--url', tenon.origin, '--api-key', 'tnn_x')).toContain('not valid');
  });
});

describe('destinations, provider apps and routes', () => {
  it('are made, listed in columns and shown by name', async () => {
    expect(await out('destinations', 'create', 'hook', '--to', `${tenon.receiver.origin}/hook`)).toContain('created');
    const [titles = '', row = ''] = (await out('destinations', 'list')).split('\n');
    expect(titles).toMatch(/^ID +NAME +TYPE +ADDRESS +DISABLED$/);
    expect(row.indexOf('hook')).toBe(titles.indexOf('NAME'));
  });

  it('show a signing key only where it is asked for', async () => {
    expect(await out('destinations', 'show', 'hook')).not.toContain('whsec_');
    expect(await out('destinations', 'show', 'hook', '--secret')).toContain('whsec_');
  });

  it('take a client secret from a pipe and never print it', async () => {
    const made = await run(
      ['provider-apps', 'create', 'hubspot', '--client-id', 'app-hubspot', '--secret-file', '-', '--scope', 'a', 'b'],
      'secret-for-app-hubspot\n',
    );
    expect([made.code, made.out]).toEqual([0, expect.stringContaining('app-hubspot')]);
    expect(await out('provider-apps', 'list')).toMatch(/hubspot +app-hubspot +a b/);
    expect(`${made.out}${made.error}`).not.toContain('secret-for');
  });

  it('lead from events over topics to destinations', async () => {
    await out('topics', 'create', 'alerts');
    await out('destination-routes', 'create', 'alerts', 'hook');
    expect(await out('destination-routes', 'list')).toMatch(/alerts +hook/);
    await out('event-routes', 'create', 'connection.error', '--topic', 'alerts');
    expect(await out('event-routes', 'list')).toMatch(/connection\.error +alerts/);
    await out('event-routes', 'delete', 'connection.error', '--yes');
    expect(await json<JsonObject[]>('event-routes', 'list')).toEqual([]);
  });
});

describe('customers', () => {
  beforeAll(async () => {
    writeFileSync(join(tenon.folder, 'amp.yaml'), manifest(integration('hubspot', readObject('contacts'))));
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
    const url = await out('connections', 'authorize', 'hubspot', '--group', 'acme', '--consumer', 'ada');
    await tenon.browse(url.trim());
  });

  it('connect at the address that is printed, and their tokens are shown only on demand', async () => {
    expect(await out('connections', 'list', '--provider', 'hubspot')).toMatch(/hubspot +acme +ada +oauth2/);
    expect(await out('connections', 'show', 'acme')).not.toContain('accessToken');
    expect(await out('connections', 'show', 'acme', '--with-credentials')).toMatch(/accessToken\.token +\S{8,}/);
  });

  it('are renewed when that is asked for', async () => {
    const tokenOf = async () =>
      /accessToken\.token +(\S+)/.exec(await out('connections', 'show', 'acme', '--with-credentials'))?.[1];
    const before = await tokenOf();
    expect(await out('connections', 'refresh', 'hubspot/acme')).toContain('renewed');
    expect(await tokenOf()).not.toBe(before);
  });

  it('are installed, found by group or by how the id begins, paused and unpaused', async () => {
    expect(await refusal('installations', 'create', 'hubspot', '--group', 'nobody')).toContain('has no connection');
    await out('installations', 'create', 'hubspot', '--group', 'acme');
    const [row] = await json<JsonObject[]>('installations', 'list', '--group', 'acme');
    installationId = String(row?.['id']);
    expect(await out('installations', 'list')).toMatch(
      new RegExp(`${installationId} +hubspot +acme +hubspot +healthy`),
    );
    expect((await json('installations', 'show', installationId.slice(0, 8)))['id']).toBe(installationId);
    expect(await refusal('installations', 'show', installationId.slice(0, 2))).toContain('is not an installation');
    expect(await out('installations', 'pause', 'acme')).toContain('paused');
    expect(await refusal('installations', 'unpause', 'acme', '--object', 'contacts')).toContain('does not read');
    expect(await out('installations', 'unpause', 'acme')).toContain('unpaused');
  });
});

describe('pages of installations', () => {
  const pages = (query: string) =>
    fetch(`${tenon.origin}/tenon/v1${tenon.inProject('/installations')}${query}`, {
      headers: { 'x-api-key': tenon.apiKey },
    });

  it('refuse what is no page', async () => {
    for (const query of ['?pageSize=0', '?pageToken=elsewhere', '?integration=']) {
      expect((await pages(query)).status).toBe(400);
    }
    expect((await pages('?integration=none')).status).toBe(404);
  });

  it('end where the list does', async () => {
    const first = (await (await pages('?pageSize=1&integration=hubspot&groupRef=acme')).json()) as {
      readonly results: readonly JsonObject[];
      readonly pagination: { readonly done: boolean; readonly nextPageToken: string };
    };
    expect(first.results.map(({ id }) => id)).toEqual([installationId]);
    expect(first.pagination.done).toBe(false);
    const second = await (await pages(`?pageSize=1&pageToken=${first.pagination.nextPageToken}`)).json();
    expect(second).toEqual({ results: [], pagination: { done: true } });
  });
});

describe('API keys', () => {
  it('for browsers, switched off and on by their label', async () => {
    const printed = await out('keys', 'create', '--scope', 'frontend', '--label', 'browser');
    const key = /API key {3}(tnn_\S+)/.exec(printed)?.[1] ?? '';
    const status = async () =>
      (await fetch(`${tenon.origin}/v1${tenon.inProject('/integrations')}`, { headers: { 'x-api-key': key } })).status;
    expect(await status()).toBe(200);
    await out('keys', 'disable', 'browser');
    expect(await status()).toBe(401);
    expect(await out('keys', 'list')).toMatch(/sha256:\S+ +browser +frontend +disabled/);
    await out('keys', 'enable', 'browser');
    expect(await status()).toBe(200);
    await out('keys', 'delete', 'browser', '--yes');
    expect(await status()).toBe(401);
  });

  it('open a server elsewhere, those of builders too', async () => {
    const elsewhere = ['--url', tenon.origin, '--api-key', tenon.apiKey];
    expect(await out('topics', 'list', ...elsewhere)).toContain('alerts');
  });
});

describe('a folder that nobody serves', () => {
  beforeAll(() => tenon.halt());

  it('is read and changed, and what follows waits for a server', async () => {
    expect(await out('installations', 'list')).toContain(installationId);
    const { code, error } = await run(['topics', 'create', 'offline']);
    expect([code, error]).toEqual([0, expect.stringContaining('no server runs on the data folder')]);
    expect(await out('topics', 'list')).toContain('offline');
  });

  it('cannot renew tokens', async () => {
    expect(await refusal('connections', 'refresh', 'acme')).toContain('Start it with `tenon serve`');
  });

  it('gives keys that open every project, and a server then takes them', async () => {
    const key = /API key {3}(tnn_\S+)/.exec(await out('keys', 'create', '--scope', 'builder'))?.[1] ?? '';
    await tenon.resume();
    const made = await out('projects', 'create', 'second', '--url', tenon.origin, '--api-key', key);
    expect(made).toContain('tenon keys create --project second');
    expect(await refusal('topics', 'list')).toContain('there are several projects: default, second. Say which');
    expect(await out('topics', 'list', '--project', 'default')).toContain('offline');
  });

  it('has a server again, from which an installation is deleted', async () => {
    await out('installations', 'delete', 'acme', '--yes', '--project', 'default');
    expect(await json<JsonObject[]>('installations', 'list', '--project', 'default')).toEqual([]);
  });
});
