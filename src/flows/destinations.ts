// Destinations: where messages go. A webhook gets a signing secret of its own when it is created, sealed from then on.

import type { SealedPlace, Vault } from '../auth/vault.ts';
import { IntegrationError } from '../core/errors.ts';
import { type DestinationId, newId, type ProjectId } from '../core/ids.ts';
import { type DestinationRow, insertDestination, readDestination } from '../store/tables/accounts.ts';
import { newSigningSecret } from '../webhook/sign.ts';
import type { Services } from './services.ts';

const SIGNING_PURPOSE = 'signingSecrets';
/** RFC 9110, 5.1 and 5.5. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]{0,4096}$/;
/** Framing, and what says who signed what. */
const RESERVED_HEADERS = /^(content-(type|length|encoding)|transfer-encoding|connection|host|(svix|webhook)-.*)$/i;
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
  checkHeaders(input.metadata.headers ?? {});
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
    sealedSecrets: vault.seal(JSON.stringify([newSigningSecret()]), signingPlace(destinationId)),
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
  const plain = vault.open(destination.sealedSecrets, signingPlace(destination.destinationId));
  return JSON.parse(plain.toString()) as string[];
}

/** Wrong headers are refused now and not found out by 28 hours of failed deliveries. */
function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    const isReserved = RESERVED_HEADERS.test(name);
    if (HEADER_NAME.test(name) && HEADER_VALUE.test(value) && !isReserved) continue;
    throw new IntegrationError('bad_request', `the header "${name.slice(0, 80)}" cannot be sent`, {
      issues: [{ in: 'body', name: 'metadata.headers', detail: isReserved ? 'is set by Tenon' : 'is not valid HTTP' }],
    });
  }
}

/** Where the signing secrets of a destination are sealed for. */
export function signingPlace(destinationId: string): SealedPlace {
  return { connectionId: destinationId, generation: 0, purpose: SIGNING_PURPOSE };
}
