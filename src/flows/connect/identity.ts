// Who connects what: the part that every way of connecting shares. Called by the edge with validated bodies.

import type { ProviderDeclaration } from '../../catalog/schema.ts';
import { normalizeVariable, resolveTemplate, templateVariables } from '../../catalog/template.ts';
import { IntegrationError } from '../../core/errors.ts';
import type { ProjectId } from '../../core/ids.ts';

/** A value that a provider's addresses or calls need, and where it came from (wire: `ProviderMetadataInfo`). */
export interface MetadataItem {
  readonly value: string;
  readonly source: 'input' | 'token' | 'provider';
  readonly displayName?: string | undefined;
}

export type ProviderMetadata = Readonly<Record<string, MetadataItem>>;

export interface ConnectIdentity {
  readonly projectId: ProjectId;
  readonly provider: string;
  readonly groupRef: string;
  readonly groupName: string;
  readonly consumerRef: string;
  readonly consumerName: string;
  readonly metadata: ProviderMetadata;
}

/** What a body says about metadata, in its two forms. */
interface MetadataInput {
  readonly providerWorkspaceRef?: string | undefined;
  readonly providerMetadata?:
    | Readonly<
        Record<
          string,
          {
            readonly value: string;
            readonly source?: MetadataItem['source'] | undefined;
            readonly displayName?: string | undefined;
          }
        >
      >
    | undefined;
}

/**
 * The metadata of a connection from what was typed. A pasted address is reduced to the part that is asked for.
 * Rejects with `bad_request` if an address of the provider cannot be made from it.
 */
export function metadataOf(declaration: ProviderDeclaration, input: MetadataInput): ProviderMetadata {
  const given = new Map<string, MetadataItem>();
  if (input.providerWorkspaceRef !== undefined && input.providerWorkspaceRef !== '') {
    given.set('workspace', { value: input.providerWorkspaceRef, source: 'input' });
  }
  for (const [name, item] of Object.entries(input.providerMetadata ?? {})) {
    if (item.value !== '') given.set(name, { ...item, source: item.source ?? 'input' });
  }
  for (const name of requiredVariables(declaration)) {
    const item = given.get(name);
    if (item === undefined) {
      const asked = declaration.inputs.find((field) => field.name === name)?.displayName ?? name;
      throw new IntegrationError('bad_request', `${declaration.displayName} needs "${name}" (${asked})`, {
        issues: [{ in: 'body', name: `providerMetadata.${name}`, detail: 'is required' }],
      });
    }
    given.set(name, { ...item, value: normalizeVariable(declaration.baseUrl, name, item.value) });
  }
  const metadata = Object.fromEntries(given);
  // Told to who types it, now, and not to whoever makes the first call.
  resolveTemplate(declaration.baseUrl, variablesIn(metadata));
  return metadata;
}

/** The template variables in metadata. */
export function variablesIn(metadata: ProviderMetadata): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, { value }]) => [name, value]));
}

/** The inputs that a provider's own address needs, e.g. `workspace`. */
function requiredVariables(declaration: ProviderDeclaration): readonly string[] {
  const authTemplates =
    declaration.auth.scheme === 'oauth2'
      ? [declaration.auth.tokenUrl, ...('authUrl' in declaration.auth ? [declaration.auth.authUrl] : [])]
      : [];
  return [...new Set([declaration.baseUrl, ...authTemplates].flatMap(templateVariables))];
}
