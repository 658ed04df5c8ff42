// A record that is too large for a message is delivered as a link. The link is signed and ends after a quarter of an
// hour, as published; what it needs is in the link itself, so nothing is stored per link.

import { randomBytes } from 'node:crypto';
import { isSigned, signatureOf } from '../../auth/signature.ts';
import type { SealedPlace } from '../../auth/vault.ts';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import { DOWNLOAD_TTL_MS } from '../../core/limits.ts';
import { readBlob } from '../../store/tables/outbox.ts';
import { putDownloadKey, readDownloadKey } from '../../store/tables/sealed.ts';
import type { Services } from '../services.ts';

const DOWNLOAD_KEY_BYTES = 32;

/** Where the key that signs links is sealed for. */
export const DOWNLOAD_KEY_PLACE: SealedPlace = { connectionId: 'downloads', generation: 0, purpose: 'downloadKey' };

type DownloadServices = Pick<Services, 'store' | 'clock' | 'publicUrl' | 'downloadKey'>;

/**
 * The key that links and receivers of webhooks are signed with: random, sealed like every other secret, and not derived
 * from the master key. So they outlive a rotation of that, also where the server starts anew with the new key alone.
 */
export async function openDownloadKey({
  store,
  vault,
  log,
}: Pick<Services, 'store' | 'vault' | 'log'>): Promise<Buffer> {
  const sealed = readDownloadKey(store.reads);
  if (sealed !== null) {
    try {
      return vault.open(sealed, DOWNLOAD_KEY_PLACE);
    } catch (error) {
      // A damaged row costs the links of a quarter of an hour, and addresses of webhooks that hold a receiver have to
      // be entered anew (`src/flows/subscribe/address.ts`). It should not cost the start.
      log.warn(
        { err: errorFacts(error).message },
        'the key of download links and webhook addresses is made anew: those from before are void',
      );
    }
  }
  const key = randomBytes(DOWNLOAD_KEY_BYTES);
  await store.commit([putDownloadKey(vault.seal(key, DOWNLOAD_KEY_PLACE))]);
  return key;
}

/** A link to a stored result. */
export function downloadUrl(
  { clock, publicUrl, downloadKey }: Omit<DownloadServices, 'store'>,
  blobId: string,
): string {
  const expiresAtMs = clock.nowMs() + DOWNLOAD_TTL_MS;
  const signature = signatureOf(downloadKey, signedText(blobId, expiresAtMs));
  return `${publicUrl}/downloads/v1/${blobId}?expires=${expiresAtMs}&signature=${signature}`;
}

/** The JSON text behind a link. Rejects with `forbidden` for a wrong or expired one, `not_found` if it is gone. */
export function openDownload(
  { store, clock, downloadKey }: DownloadServices,
  link: { readonly blobId: string; readonly expires: string; readonly signature: string },
): string {
  const expiresAtMs = Number(link.expires);
  const isSound = isSigned(downloadKey, signedText(link.blobId, expiresAtMs), link.signature);
  if (!isSound || !(expiresAtMs > clock.nowMs()))
    throw new IntegrationError('forbidden', 'this link is wrong or has expired');
  const blob = readBlob(store.reads, link.blobId);
  if (blob === undefined) throw new IntegrationError('not_found', 'this result is no longer kept');
  return blob.body;
}

function signedText(blobId: string, expiresAtMs: number): string {
  return `${blobId}.${expiresAtMs}`;
}
