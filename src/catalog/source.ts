// Where an upstream catalog comes from: TENON_CATALOG_URL as it is typed, an address or a file.

import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IntegrationError } from '../core/errors.ts';

export type CatalogSource =
  | { readonly kind: 'url'; readonly url: string; readonly shown: string }
  | { readonly kind: 'file'; readonly path: string; readonly shown: string };

/**
 * Rejects with `invalid_input` what is neither. `shown` tells one source from another, in rows and to people: it has no
 * query, which in signed addresses is a secret and changes.
 */
export function parseCatalogSource(text: string): CatalogSource {
  const [, scheme] = /^([a-z][a-z0-9+.-]+):/i.exec(text) ?? [];
  if (scheme === undefined) return fileSource(text);
  const url = URL.parse(text);
  if (scheme.toLowerCase() === 'file') return fileSource(pathOf(url));
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw wrong('must be an https address or a file, e.g. https://catalog.example.com/catalog.json');
  }
  if (url.username !== '' || url.password !== '') throw wrong('must not carry a user name or a password');
  url.hash = '';
  return { kind: 'url', url: url.href, shown: `${url.origin}${url.pathname}` };
}

function fileSource(path: string): CatalogSource {
  const absolute = resolve(path);
  return { kind: 'file', path: absolute, shown: absolute };
}

function pathOf(url: URL | null): string {
  try {
    return fileURLToPath(url ?? '');
  } catch (cause) {
    throw wrong('must name a file of this machine, e.g. file:///etc/tenon/catalog.json', cause);
  }
}

function wrong(reason: string, cause?: unknown): IntegrationError {
  return new IntegrationError('invalid_input', `TENON_CATALOG_URL ${reason}`, { cause });
}
