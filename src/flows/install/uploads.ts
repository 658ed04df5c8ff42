// Uploads of manifests, as the command line of the platform makes them: it asks for an address, puts a zip archive
// there without any credential, and names the archive when it deploys. The address is signed and says all there is to
// know, so that nothing is stored before something is sent.

import { createHash } from 'node:crypto';
import { isSigned, signatureOf } from '../../auth/signature.ts';
import { IntegrationError } from '../../core/errors.ts';
import { type ProjectId, randomToken } from '../../core/ids.ts';
import { UPLOAD_TTL_MS, UPLOADS_PER_PROJECT_MAX } from '../../core/limits.ts';
import { countUploads, putUpload, readUpload } from '../../store/tables/uploads.ts';
import type { Services } from '../services.ts';
import { fileInZip } from './zip.ts';

const ID_BYTES = 24;
const BUCKET = 'tenon-uploads';
const MANIFEST_NAMES = ['amp.yaml', 'amp.yml'];

/** What an address says; all texts as they are in it. */
export interface UploadAddress {
  readonly uploadId: string;
  /** Empty for a builder. */
  readonly project: string;
  readonly expires: string;
  /** In base64, empty where the asker did not know it. */
  readonly md5: string;
  readonly signature: string;
}

/** As published; `md5` is that of the archive in base64. */
export function newUpload(
  services: Services,
  projectId: ProjectId | null,
  md5: string,
): { readonly url: string; readonly bucket: string; readonly path: string } {
  const { clock, publicUrl, downloadKey } = services;
  const facts = {
    uploadId: randomToken(ID_BYTES),
    project: projectId ?? '',
    expires: String(clock.nowMs() + UPLOAD_TTL_MS),
    md5,
  };
  const { uploadId, ...query } = facts;
  const signature = signatureOf(downloadKey, signedText(facts));
  const url = `${publicUrl}/uploads/v1/${uploadId}?${new URLSearchParams({ ...query, signature })}`;
  return { url, bucket: BUCKET, path: `/${uploadId}` };
}

/** Rejects with `forbidden` for an address that is wrong or has expired, and says nothing about which. */
export function checkUploadAddress({ clock, downloadKey }: Services, address: UploadAddress): void {
  const isSound = isSigned(downloadKey, signedText(address), address.signature);
  if (isSound && Number(address.expires) > clock.nowMs()) return;
  throw new IntegrationError('forbidden', 'this address is wrong or has expired', {
    remedy: 'Ask for another one with GET /v1/generate-upload-url.',
  });
}

/**
 * Keeps what was put to a checked address. Rejects with `bad_request` if it is not what its MD5 says, `overloaded` if
 * too many are kept.
 */
export async function storeUpload(
  { store, clock }: Services,
  { uploadId, project, md5 }: UploadAddress,
  body: Buffer,
  sentMd5: string,
): Promise<void> {
  const actual = createHash('md5').update(body).digest('base64');
  if ([md5, sentMd5].some((said) => said !== '' && said !== actual)) {
    throw new IntegrationError('bad_request', 'the body is not what its MD5 says', {
      issues: [{ in: 'header', name: 'content-md5', detail: `is not ${actual}` }],
    });
  }
  const projectId = project === '' ? null : (project as ProjectId);
  const nowMs = clock.nowMs();
  if (countUploads(store.reads, projectId, nowMs, UPLOADS_PER_PROJECT_MAX) >= UPLOADS_PER_PROJECT_MAX) {
    throw new IntegrationError('overloaded', `${UPLOADS_PER_PROJECT_MAX} uploads of the last hour are kept already`);
  }
  const expiresAtMs = nowMs + UPLOAD_TTL_MS;
  await store.commit([putUpload({ uploadId, projectId, body: body.toString('base64'), expiresAtMs })]);
}

/** The manifest in an upload. Rejects with `invalid_input` for another place, an unknown upload, and as `fileInZip`. */
export function manifestOfUpload(
  { store, clock }: Services,
  projectId: ProjectId,
  sourceZipUrl: string,
): { readonly name: string; readonly text: string } {
  const [, uploadId] = new RegExp(`^gs://${BUCKET}/([A-Za-z0-9_-]{1,64})$`).exec(sourceZipUrl) ?? [];
  const row = uploadId === undefined ? undefined : readUpload(store.reads, uploadId);
  const isOurs = row !== undefined && row.expiresAtMs > clock.nowMs() && (row.projectId ?? projectId) === projectId;
  if (isOurs) return fileInZip(Buffer.from(row.body, 'base64'), MANIFEST_NAMES);
  const detail = 'names no upload that is there';
  throw new IntegrationError('invalid_input', `sourceZipUrl ${detail}`, {
    remedy: 'Upload the archive to the address that GET /v1/generate-upload-url answers, and deploy within an hour.',
    issues: [{ in: 'body', name: 'sourceZipUrl', detail }],
  });
}

/** Told apart from other signed addresses by its first word. */
function signedText({ uploadId, project, expires, md5 }: Omit<UploadAddress, 'signature'>): string {
  return ['upload', uploadId, project, expires, md5].join('\n');
}
