// Destinations: where messages go. A webhook gets a signing secret of its own when it is created, sealed from then on.

import type { Vault } from '../auth/vault.ts';
import { IntegrationError } from '../core/errors.ts';
import { type DestinationId, newId, type ProjectId } from '../core/ids.ts';
import { type DestinationRow, insertDestination, readDestination } from '../store/tables/accounts.ts';
import { newSigningSecret } from '../webhook/sign.ts';
import type { Services } from './services.ts';

const SIGNING_PURPOSE = 'signingSecrets';
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export interface WebhookMetadata {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * Rejects with `bad_request` for a name or address that cannot be, `conflict` if the name is taken. Whether the
 * address may be called is asked again at every delivery: what a name resolves to changes.
 */
export async function createWebhook(
  { store, vault, clock, egress }: Services,
  projectId: ProjectId,
  input: { readonly name: string; readonly metadata: WebhookMetadata },
): Promise<DestinationRow> {
  if (!NAME.test(input.name)) {
    throw new IntegrationError(
      'bad_request',
      'a destination name has letters, digits, dashes and underscores, at most 64',
      {
        issues: [{ in: 'body', name: 'name', detail: 'is not a valid name' }],
      },
    );
  }
  egress.checkUrl(input.metadata.url);
  if (readDestination(store.reads, projectId, input.name) !== undefined) {
    throw new IntegrationError('conflict', `the project already has a destination named "${input.name}"`);
  }
  const destinationId = newId<DestinationId>();
  const row = {
    destinationId,
    projectId,
    name: input.name,
    type: 'webhook',
    metadata: JSON.stringify(input.metadata),
    sealedSecrets: vault.seal(JSON.stringify([newSigningSecret()]), placeOf(destinationId)),
    createdAtMs: clock.nowMs(),
  };
  await store.commit([insertDestination(row)]);
  return { ...row, updatedAtMs: null };
}

/** The secrets that messages to a destination are signed with, the current one first. */
export function openSigningSecrets(
  { vault }: { readonly vault: Vault },
  destination: DestinationRow,
): readonly string[] {
  const plain = vault.open(destination.sealedSecrets, placeOf(destination.destinationId));
  return JSON.parse(plain.toString()) as string[];
}

function placeOf(destinationId: string) {
  return { connectionId: destinationId, generation: 0, purpose: SIGNING_PURPOSE };
}
