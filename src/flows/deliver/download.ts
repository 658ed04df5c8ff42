// A record that is too large for a message is delivered as a link. The link is signed and ends after a quarter of an
// hour, as published; what it needs is in the link itself, so nothing is stored per link.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { IntegrationError } from '../../core/errors.ts';
import { DOWNLOAD_TTL_MS } from '../../core/limits.ts';
import { readBlob } from '../../store/tables/outbox.ts';
import type { Services } from '../services.ts';

type DownloadServices = Pick<Services, 'store' | 'clock' | 'publicUrl' | 'downloadKey'>;

/** A link to a stored result. */
export function downloadUrl(
  { clock, publicUrl, downloadKey }: Omit<DownloadServices, 'store'>,
  blobId: string,
): string {
  const expiresAtMs = clock.nowMs() + DOWNLOAD_TTL_MS;
  const signature = signatureOf(downloadKey, blobId, expiresAtMs).toString('base64url');
  return `${publicUrl}/downloads/v1/${blobId}?expires=${expiresAtMs}&signature=${signature}`;
}

/** The JSON text behind a link. Rejects with `forbidden` for a wrong or expired one, `not_found` if it is gone. */
export function openDownload(
  { store, clock, downloadKey }: DownloadServices,
  link: { readonly blobId: string; readonly expires: string; readonly signature: string },
): string {
  const expiresAtMs = Number(link.expires);
  const expected = signatureOf(downloadKey, link.blobId, expiresAtMs);
  const given = Buffer.from(link.signature, 'base64url');
  const isSound = given.length === expected.length && timingSafeEqual(given, expected);
  if (!isSound || !(expiresAtMs > clock.nowMs()))
    throw new IntegrationError('forbidden', 'this link is wrong or has expired');
  const blob = readBlob(store.reads, link.blobId);
  if (blob === undefined) throw new IntegrationError('not_found', 'this result is no longer kept');
  return blob.body;
}

function signatureOf(key: Buffer, blobId: string, expiresAtMs: number): Buffer {
  return createHmac('sha256', key).update(`${blobId}.${expiresAtMs}`).digest();
}
