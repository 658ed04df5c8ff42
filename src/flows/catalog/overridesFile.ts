// The operator's own catalog file (TENON_CATALOG_FILE), read once at a start or for one command.

import { readFileSync } from 'node:fs';
import { type CatalogOverrides, readCatalogOverrides } from '../../catalog/catalog.ts';
import { IntegrationError } from '../../core/errors.ts';

/** None without a file. Rejects with `invalid_input` what cannot be read, and with `malformed` what is no JSON. */
export function readOverrides(path: string | null): CatalogOverrides {
  if (path === null) return {};
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new IntegrationError('invalid_input', `TENON_CATALOG_FILE: ${path} cannot be read`, { cause });
  }
  return readCatalogOverrides(text, path);
}
