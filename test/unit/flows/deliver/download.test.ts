import { describe, expect, it } from 'vitest';
import { createVault, newMasterKey } from '../../../../src/auth/vault.ts';
import { DOWNLOAD_TTL_MS } from '../../../../src/core/limits.ts';
import { silentLog } from '../../../../src/core/log.ts';
import { MINUTE_MS } from '../../../../src/core/time.ts';
import { downloadUrl, openDownload, openDownloadKey } from '../../../../src/flows/deliver/download.ts';
import type { Store } from '../../../../src/store/store.ts';
import { readDownloadKey } from '../../../../src/store/tables/sealed.ts';
import { fakeClock } from '../../../support/clock.ts';
import { withStore } from '../../../support/store.ts';

const BLOBS: Readonly<Record<string, string>> = { 'blob-1': '[{"raw":1}]', 'blob-2': '[{"raw":2}]' };

function service(key = 'key') {
  const clock = fakeClock();
  const reads = {
    get: (_sql: string, blobId: string) => (BLOBS[blobId] === undefined ? undefined : { body: BLOBS[blobId] }),
  };
  const store = { reads } as unknown as Store;
  return { store, clock, publicUrl: 'https://tenon.example.com', downloadKey: Buffer.from(key) };
}

/** The parts of a link as the edge hands them in. */
function partsOf(link: string) {
  const url = new URL(link);
  const { expires = '', signature = '' } = Object.fromEntries(url.searchParams);
  return { blobId: url.pathname.replace('/downloads/v1/', ''), expires, signature };
}

const REFUSED = expect.objectContaining({ code: 'forbidden', publicDetail: 'this link is wrong or has expired' });

describe('a link to a result', () => {
  it.each<[string, (link: ReturnType<typeof partsOf>) => Partial<ReturnType<typeof partsOf>>]>([
    ['another result', () => ({ blobId: 'blob-2' })],
    ['a later end', ({ expires }) => ({ expires: String(Number(expires) + 1) })],
    ['the same end in other digits', ({ expires }) => ({ expires: `${expires}.5` })],
    ['an end that never comes', () => ({ expires: 'Infinity' })],
    ['an end that is no number', () => ({ expires: 'NaN' })],
    ['no end', () => ({ expires: '' })],
    ['no signature', () => ({ signature: '' })],
    ['half a signature', ({ signature }) => ({ signature: signature.slice(0, 20) })],
    ['a longer signature', ({ signature }) => ({ signature: `${signature}AAAA` })],
    ['a signature of zeros', () => ({ signature: Buffer.alloc(32).toString('base64url') })],
    ['a result and an end that join to the same text', ({ blobId, expires }) => ({ blobId: `${blobId}.${expires}` })],
  ])('does not open with %s', (_what, change) => {
    const services = service();
    const link = partsOf(downloadUrl(services, 'blob-1'));
    expect(() => openDownload(services, { ...link, ...change(link) })).toThrowError(REFUSED);
  });

  it('does not open with the signature of another key', () => {
    const services = service();
    const link = partsOf(downloadUrl(service('another'), 'blob-1'));
    expect(() => openDownload(services, link)).toThrowError(REFUSED);
  });

  it('opens until a quarter of an hour has passed, as often as wanted', async () => {
    const services = service();
    const link = partsOf(downloadUrl(services, 'blob-1'));
    expect([DOWNLOAD_TTL_MS, openDownload(services, link)]).toEqual([15 * MINUTE_MS, '[{"raw":1}]']);
    await services.clock.advance(DOWNLOAD_TTL_MS - 1);
    expect(openDownload(services, link)).toBe('[{"raw":1}]');
    await services.clock.advance(1);
    expect(() => openDownload(services, link)).toThrowError(REFUSED);
  });

  it('to a result that is no longer kept says so, once it is known to be ours', () => {
    const services = service();
    const link = partsOf(downloadUrl(services, 'blob-3'));
    expect(() => openDownload(services, link)).toThrowError(expect.objectContaining({ code: 'not_found' }));
  });

  it('is on the address that others see', () => {
    expect(downloadUrl(service(), 'blob-1')).toMatch(
      /^https:\/\/tenon\.example\.com\/downloads\/v1\/blob-1\?expires=\d+&signature=[\w-]{43}$/,
    );
  });
});

describe('the key of links', () => {
  it('is made once, sealed, and again where it is damaged: links are void then, the start is not', async () => {
    const { store } = await withStore();
    const vault = createVault([newMasterKey()]);
    const open = () => openDownloadKey({ store, vault, log: silentLog() });
    const key = await open();
    expect([key.length, await open()]).toEqual([32, key]);
    expect(readDownloadKey(store.reads)?.includes(key)).toBe(false);
    await store.commit([{ statement: 'meta.put', params: ['downloadKey', 'AAAA'] }]);
    const next = await open();
    expect(next.equals(key)).toBe(false);
    expect(await open()).toEqual(next);
  });
});
