// The catalog as clients see it.

import { providerInfoSchema } from '../catalog/providerInfo.ts';
import { toProviderInfo } from '../catalog/wire.ts';
import type { Services } from './services.ts';

/** What `publishedProvider` answers, as a schema. */
export const publishedProviderSchema = providerInfoSchema;

type PublishedProvider = ReturnType<typeof toProviderInfo>;

/** Every provider by name, in the published form. */
export function publishedProviders({ catalog }: Services): Readonly<Record<string, PublishedProvider>> {
  return Object.fromEntries(catalog.list().map((declaration) => [declaration.name, toProviderInfo(declaration)]));
}

/** Rejects with `not_found`, naming up to three near names. */
export function publishedProvider({ catalog }: Services, name: string): PublishedProvider {
  return toProviderInfo(catalog.get(name));
}
