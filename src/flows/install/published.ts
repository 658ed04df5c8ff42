// Revisions as clients get them.

import type { JsonObject } from '../../core/json.ts';
import { withTextsForClients } from '../../manifest/hydrate.ts';
import type { RevisionRow } from '../../store/tables/installations.ts';

/** What was deployed, all of it, with the texts that published clients cannot do without. */
export function publishedContent({ content }: Pick<RevisionRow, 'content'>): JsonObject {
  return withTextsForClients(JSON.parse(content) as JsonObject);
}
