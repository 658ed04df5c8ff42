// Where providers' webhooks come in. An address of an integration may be the published one, which everybody can guess
// and whose webhooks must be signed; all others begin with a *receiver*: what it is for, under a MAC of the key that
// download links are signed with, so that nothing is stored for it and a rotation of the master key changes none. Only
// of an installation whose receiver was replaced there is a row: what the new one is made with, and until when the
// former is taken. Invariant: a receiver opens exactly the integration or installation that it names.

import { isSigned, signatureOf } from '../../auth/signature.ts';
import type { EventSource } from '../../connectors/events.ts';
import { IntegrationError } from '../../core/errors.ts';
import type { InstallationRow, IntegrationRow } from '../../store/tables/installations.ts';
import { isFormerTaken, type ReceiverRow, readReceiver } from '../../store/tables/receivers.ts';
import type { Services } from '../services.ts';

type AddressServices = Pick<Services, 'publicUrl' | 'downloadKey' | 'store'>;

/** What a receiver is for; part of what is signed. */
type ReceiverOf = 'integration' | 'installation';

/** The id and the MAC of a receiver, both of an alphabet that URLs leave alone. */
const RECEIVER = /^wh-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-([\w-]{43})$/;

/** Who is called: an integration, or one installation of it. */
export type Addressee =
  | { readonly of: 'integration'; readonly integration: IntegrationRow }
  | { readonly of: 'installation'; readonly integration: IntegrationRow; readonly installation: InstallationRow };

/** The address to enter at the provider. `isSecret`: it holds a receiver. */
export function webhookUrl(
  { publicUrl, downloadKey, store }: AddressServices,
  { secretOf }: Pick<EventSource, 'secretOf'>,
  addressee: Addressee,
): { readonly url: string; readonly isSecret: boolean } {
  const { projectId, integrationId } = addressee.integration;
  const path = `/v1/projects/${projectId}/integrations/${integrationId}`;
  if (addressee.of === 'installation') {
    const { installationId } = addressee.installation;
    const { nonce } = readReceiver(store.reads, installationId) ?? { nonce: '' };
    const receiver = receiverOf(downloadKey, 'installation', installationId, nonce);
    return { url: `${publicUrl}/${receiver}${path}/installations/${installationId}`, isSecret: true };
  }
  if (secretOf !== 'address') return { url: publicUrl + path, isSecret: false };
  return { url: `${publicUrl}/${receiverOf(downloadKey, 'integration', integrationId)}${path}`, isSecret: true };
}

/** The integration that a receiver is for. Rejects with `not_found` one that this server did not make. */
export function openReceiver({ downloadKey }: Pick<Services, 'downloadKey'>, receiver: string): string {
  const [, id = '', mac = ''] = RECEIVER.exec(receiver) ?? [];
  // Computed also where the form is wrong, and compared in a time that says nothing.
  if (isSigned(downloadKey, signedText('integration', id, ''), mac) && id !== '') return id;
  throw noSuchAddress();
}

/** A receiver of an installation. */
export interface OpenedReceiver {
  readonly installationId: string;
  /** Undefined where the first one was never replaced. */
  readonly row: ReceiverRow | undefined;
  /** It was replaced, and is taken for a while. */
  readonly isFormer: boolean;
}

/** Rejects with `not_found` one that this server did not make, or that was replaced and is taken no longer. */
export function openInstallationReceiver(
  { downloadKey, store, clock }: Pick<Services, 'downloadKey' | 'store' | 'clock'>,
  receiver: string,
): OpenedReceiver {
  const [, installationId = '', mac = ''] = RECEIVER.exec(receiver) ?? [];
  const row = readReceiver(store.reads, installationId);
  const isOf = (nonce: string) => isSigned(downloadKey, signedText('installation', installationId, nonce), mac);
  const isCurrent = isOf(row?.nonce ?? '');
  const isFormer = row !== undefined && isFormerTaken(row, clock.nowMs()) && isOf(row.formerNonce);
  if ((isCurrent || isFormer) && installationId !== '') return { installationId, row, isFormer };
  throw noSuchAddress();
}

/** Says nothing of what is wrong with an address. */
export function noSuchAddress(): IntegrationError {
  return new IntegrationError('not_found', 'no webhooks are received at this address', {
    remedy: 'Enter the address that `tenon webhooks` tells.',
  });
}

/** The first part of an address that begins with a receiver; `nonce` is empty for the first of an installation. */
export function receiverOf(key: Buffer, of: ReceiverOf, id: string, nonce = ''): string {
  return `wh-${id}-${signatureOf(key, signedText(of, id, nonce))}`;
}

/** Nothing else that is signed with the key begins so: links begin with the id of a blob, uploads with `upload`. */
function signedText(of: ReceiverOf, id: string, nonce: string): string {
  return `webhooks of ${of} ${id}${nonce === '' ? '' : ` ${nonce}`}`;
}
