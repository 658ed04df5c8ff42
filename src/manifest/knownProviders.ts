// The catalog as far as manifests are judged by it.

import type { Catalog } from '../catalog/catalog.ts';
import type { KnownProviders } from './rules.ts';

/** Looks the catalog up anew each time: it may change while a server runs. */
export function knownProviders(catalog: Catalog): KnownProviders {
  return {
    hasProvider: (name) => catalog.find(name) !== undefined,
    providerNames: catalog.list().map(({ name }) => name),
    modulesOf: (name) => Object.keys(catalog.find(name)?.modules ?? {}),
  };
}
