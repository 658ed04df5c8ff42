// Takes an upload at a signed address. The address is all the credential there is, so it is checked before a byte of
// the body is read.

import type { Context } from 'hono';
import { IntegrationError } from '../core/errors.ts';
import { UPLOAD_BYTES_MAX } from '../core/limits.ts';
import { checkUploadAddress, storeUpload, type UploadAddress } from '../flows/install/uploads.ts';
import { readBytes } from './body.ts';
import type { EdgeEnv, EdgeServices } from './context.ts';

/** Rejects with `forbidden`, `payload_too_large`, `body_timeout`, `bad_request` or `overloaded`. */
export async function receiveUpload(services: EdgeServices, { req }: Context<EdgeEnv>): Promise<void> {
  const { project = '', expires = '', md5 = '', signature = '' } = req.query();
  const address: UploadAddress = { uploadId: req.param('upload') ?? '', project, expires, md5, signature };
  checkUploadAddress(services, address);
  if (!services.store.hasRoom) throw new IntegrationError('overloaded', 'too many changes wait for the disk');
  const body = await readBytes(services.clock, req.raw, UPLOAD_BYTES_MAX);
  await storeUpload(services, address, body, req.header('content-md5') ?? '');
}
