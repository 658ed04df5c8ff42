// Deploying over HTTP: uploads as the command line of the platform makes them, archives that are none or hostile, and
// integrations one by one. What is refused leaves nothing behind.

import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import {
  MANIFEST_BYTES_MAX,
  UPLOAD_BYTES_MAX,
  UPLOAD_TTL_MS,
  UPLOADS_PER_PROJECT_MAX,
} from '../../../src/core/limits.ts';
import { putUpload } from '../../../src/store/tables/uploads.ts';
import { bearer, storeKey, storeProject } from '../../support/credentials.ts';
import { startDriven, until } from '../../support/drive.ts';
import { type ApiAnswer, startTenon, type Tenon } from '../../support/tenon.ts';
import { zipOf } from '../../support/zip.ts';

const manifest = (name: string, provider = 'stripe') =>
  `specVersion: 1.0.0\nintegrations: [{name: ${name}, provider: ${provider}, proxy: {enabled: true}}]\n`;
const md5Of = (bytes: Buffer) => createHash('md5').update(bytes).digest('base64');
const zipped = (name: string, text: string) => zipOf(name, deflateRawSync(text), 8);

let tenon: Tenon;
let otherKey = '';

beforeAll(async () => {
  tenon = await startTenon();
  otherKey = await storeKey(tenon, { projectId: await storeProject(tenon, 'other') });
});

afterAll(() => tenon.stop());

interface Upload {
  readonly url: string;
  readonly bucket: string;
  readonly path: string;
}

async function addressFor(zip: Buffer | null, headers = {}): Promise<Upload> {
  const query = zip === null ? '' : `?md5=${encodeURIComponent(md5Of(zip))}`;
  return (await tenon.api('GET', `/generate-upload-url${query}`, undefined, headers)).json as unknown as Upload;
}

/** Uploads an archive; where to deploy it from. */
async function upload(zip: Buffer, headers = {}): Promise<string> {
  const { url, bucket, path } = await addressFor(zip, headers);
  const { status } = await fetch(url, { method: 'PUT', body: new Uint8Array(zip) });
  expect(status).toBe(200);
  return `gs://${bucket}${path}`;
}

const deploy = (body: JsonObject, headers = {}): Promise<ApiAnswer> =>
  tenon.api('PUT', tenon.inProject('/integrations:batch'), body, headers);

const names = async () =>
  (await tenon.ok<{ name: string }[]>('GET', tenon.inProject('/integrations'))).map(({ name }) => name);

describe('an upload is refused', () => {
  const put = (url: string, body: Buffer, headers = {}) =>
    fetch(url, { method: 'PUT', body: new Uint8Array(body), headers }).then(({ status }) => status);
  const zip = zipped('amp.yaml', manifest('never'));

  it('at another address than was given, whatever of it is changed', async () => {
    const { url } = await addressFor(zip);
    const changed = [
      url.replace(/v1\/(.)/, (_, first) => `v1/${first === '_' ? '-' : '_'}`),
      url.replace(/expires=\d/, 'expires=9'),
      url.replace(/project=[^&]*/, 'project='),
      url.replace(/md5=[^&]*/, 'md5='),
      url.replace(/signature=.*$/, 'signature='),
      url.replace(/\?.*$/, ''),
    ];
    for (const address of changed) expect([address === url, await put(address, zip)]).toEqual([false, 403]);
  });

  it('at an address whose MD5 is none, which could say more than that', async () => {
    for (const md5 of ['x', 'a\nb', '\n9999999999999', `${md5Of(zip)}\n`, md5Of(zip).slice(1)]) {
      const asked = await tenon.api('GET', `/generate-upload-url?md5=${encodeURIComponent(md5)}`);
      expect([md5, asked.status]).toEqual([md5, 400]);
    }
  });

  it('with another MD5 than was announced or is sent along', async () => {
    const { url } = await addressFor(zip);
    expect(await put(url, Buffer.concat([zip, Buffer.from('x')]))).toBe(400);
    expect(await put(url, zip, { 'content-md5': md5Of(Buffer.from('x')) })).toBe(400);
  });

  it('when as many are kept as may be, and not for those that have expired', async () => {
    const { store, clock } = tenon.running.services;
    const projectId = await storeProject(tenon, 'full');
    const key = { 'x-api-key': await storeKey(tenon, { projectId }) };
    const kept = (name: string, expiresAtMs: number) =>
      store.commit(
        Array.from({ length: UPLOADS_PER_PROJECT_MAX }, (_, n) =>
          putUpload({ uploadId: `${name}${n}`, projectId, body: '', expiresAtMs }),
        ),
      );
    await kept('old', clock.nowMs() - 1);
    expect(await put((await addressFor(zip, key)).url, zip)).toBe(200);
    await kept('new', clock.nowMs() + UPLOAD_TTL_MS);
    expect(await put((await addressFor(zip, key)).url, zip)).toBe(503);
  });

  it('when it is too large', async () => {
    const { url } = await addressFor(null);
    expect(await put(url, Buffer.alloc(UPLOAD_BYTES_MAX + 1))).toBe(413);
  });
});

const REFUSED: Readonly<Record<string, readonly [zip: Buffer, says: string]>> = {
  'that is no archive': [Buffer.from('specVersion: 1.0.0'), 'is no zip archive'],
  'that is empty': [Buffer.alloc(0), 'is no zip archive'],
  'with another file only': [zipped('other.yaml', 'x'), 'has no amp.yaml or amp.yml'],
  'whose file is in a folder above': [zipped('../amp.yaml', 'x'), 'has no amp.yaml or amp.yml'],
  'whose file is encrypted': [zipOf('amp.yaml', Buffer.from('x'), 0, { flags: 1 }), 'encrypted'],
  'that says more than it has': [zipOf('amp.yaml', Buffer.from('x'), 0, { bytes: 99_999 }), 'is damaged'],
  'whose file is no deflated data': [zipOf('amp.yaml', Buffer.from('xxxxxxxx'), 8), 'is damaged'],
  'that blows up': [zipped('amp.yaml', '#'.repeat(200 * MANIFEST_BYTES_MAX)), `more than ${MANIFEST_BYTES_MAX} bytes`],
  'that is cut off': [zipped('amp.yaml', manifest('cut')).subarray(40), 'is damaged'],
  'with a manifest that has mistakes': [zipped('amp.yaml', manifest('crm', 'hubspit')), 'problem(s)'],
};

describe('an archive is not deployed', () => {
  it.each(Object.entries(REFUSED))('%s', async (_what, [zip, says]) => {
    const before = await names();
    const answer = await deploy({ sourceZipUrl: await upload(zip) });
    expect([answer.status, (answer.json as JsonObject)['detail']]).toEqual([422, expect.stringContaining(says)]);
    expect((answer.json as JsonObject)['issues']).not.toEqual([]);
    expect(await names()).toEqual(before);
  });

  it('from another place or another project', async () => {
    const theirs = await upload(zipped('amp.yaml', manifest('elsewhere')), { 'x-api-key': otherKey });
    const places = ['gs://other/amp.zip', 'https://169.254.169.254/amp.zip', 'gs://tenon-uploads/../x', theirs];
    for (const sourceZipUrl of places) {
      expect([sourceZipUrl, (await deploy({ sourceZipUrl })).status]).toEqual([sourceZipUrl, 422]);
    }
  });

  it('after an hour, nor is anything taken at its address, and it is removed', async () => {
    await using driven = await startDriven();
    const { clock } = driven;
    const own = driven.tenon;
    const zip = new Uint8Array(zipped('amp.yaml', manifest('late')));
    const { json } = await own.api('GET', '/generate-upload-url');
    const { url, bucket, path } = json as unknown as Upload;
    const put = async () => (await fetch(url, { method: 'PUT', body: zip })).status;
    expect(await put()).toBe(200);
    await clock.advanceTo(clock.nowMs() + UPLOAD_TTL_MS);
    const late = await own.api('PUT', own.inProject('/integrations:batch'), { sourceZipUrl: `gs://${bucket}${path}` });
    expect([await put(), late.status]).toEqual([403, 422]);
    const { reads } = own.running.services.store;
    await until(driven, 'removed', () => reads.get('SELECT 1 FROM uploads') === undefined, 2 * UPLOAD_TTL_MS);
  });

  it('unless exactly one source is named', async () => {
    for (const body of [{}, { sourceYaml: manifest('a'), sourceZipUrl: 'gs://tenon-uploads/x' }]) {
      const answer = await deploy(body);
      expect([answer.status, (answer.json as JsonObject)['issues']]).toMatchObject([400, [{ name: 'sourceYaml' }]]);
    }
  });
});

describe('an archive is deployed', () => {
  it('from amp.yaml before amp.yml, stored or deflated, by whoever may', async () => {
    const builder = bearer(await storeKey(tenon, { scopes: ['builder'] }));
    const yml = await deploy({ sourceZipUrl: await upload(zipOf('amp.yml', Buffer.from(manifest('first')), 0)) });
    expect([yml.status, (yml.json as unknown as { name: string }[]).map(({ name }) => name)]).toEqual([200, ['first']]);
    const sourceZipUrl = await upload(zipped('amp.yaml', manifest('second')), builder);
    expect((await deploy({ sourceZipUrl }, builder)).status).toBe(200);
    expect(await names()).toEqual(['first', 'second']);
  });
});

describe('one integration', () => {
  const body = (name: string, content: JsonObject) => ({
    name,
    provider: 'stripe',
    latestRevision: { specVersion: '1.0.0', content },
  });

  it('is not made twice, nor of what is no manifest', async () => {
    const proxy = { name: 'one', provider: 'stripe', proxy: { enabled: true } };
    expect((await tenon.api('POST', tenon.inProject('/integrations'), body('one', proxy))).status).toBe(201);
    const again = await tenon.api('POST', tenon.inProject('/integrations'), body('one', proxy));
    expect([again.status, (again.json as JsonObject)['detail']]).toEqual([422, expect.stringContaining('already has')]);
    const wrong = await tenon.api('POST', tenon.inProject('/integrations'), body('two', { read: { objects: 7 } }));
    expect([wrong.status, await names()]).toEqual([422, expect.not.arrayContaining(['two'])]);
    const noObject = { ...body('two', {}), latestRevision: { specVersion: '1.0.0', content: 'x' } };
    expect((await tenon.api('POST', tenon.inProject('/integrations'), noObject)).status).toBe(400);
  });

  it('gets a revision of its own from a manifest of several, which makes none of the others', async () => {
    const sourceYaml = `specVersion: 1.0.0
integrations:
  - {name: one, provider: stripe, displayName: New, proxy: {enabled: true}}
  - {name: bystander, provider: stripe, proxy: {enabled: true}}
`;
    const path = tenon.inProject('/integrations/one/revisions');
    expect((await tenon.api('POST', path, { sourceYaml })).status).toBe(201);
    const { latestRevision } = await tenon.ok<{ latestRevision: { content: JsonObject } }>(
      'GET',
      tenon.inProject('/integrations/one'),
    );
    expect([latestRevision.content['displayName'], await names()]).toEqual([
      'New',
      expect.not.arrayContaining(['bystander']),
    ]);
    const missing = await tenon.api('POST', path, { sourceYaml: manifest('another') });
    expect([missing.status, (missing.json as JsonObject)['detail']]).toEqual([
      422,
      expect.stringContaining('no integration named "one"'),
    ]);
  });

  it('takes its installations and their connections along when it is deleted', async () => {
    for (const groupRef of ['a', 'b', 'c']) {
      const connection = { provider: 'stripe', apiKey: 'sk', groupRef, consumerRef: groupRef };
      await tenon.ok('POST', tenon.inProject('/connections:generate'), connection);
      await tenon.install('one', { provider: 'stripe' }, groupRef);
    }
    await tenon.ok('DELETE', tenon.inProject('/integrations/one'));
    const { reads } = tenon.running.services.store;
    const left = ['installations', 'connections', 'credentials'].map(
      (table) => reads.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n,
    );
    expect(left).toEqual([0, 0, 0]);
    expect((await tenon.api('DELETE', tenon.inProject('/integrations/one'))).status).toBe(404);
  });
});
