// API keys: 32 random bytes that are shown once and stored as a hash.

import { type ProjectId, randomToken } from '../core/ids.ts';
import type { Ms } from '../core/time.ts';
import { type ApiKeyRow, hashApiKey } from '../store/tables/accounts.ts';

const KEY_BYTES = 32;

/** `full`: everything in its project; `operator`: the operator plane, and nothing of any project's API. */
type KeyScope = 'full' | 'operator';

/** A new key, and the row that is to be stored of it. */
export function newApiKey(
  projectId: ProjectId,
  label: string,
  createdAtMs: Ms,
  scope: KeyScope = 'full',
): { readonly apiKey: string; readonly row: Omit<ApiKeyRow, 'isActive'> } {
  const apiKey = `tnn_${randomToken(KEY_BYTES)}`;
  return {
    apiKey,
    row: { keyHash: hashApiKey(apiKey), projectId, label, scopes: JSON.stringify([scope]), createdAtMs },
  };
}
