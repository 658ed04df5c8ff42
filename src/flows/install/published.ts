// Revisions and configs as clients get them.

import type { JsonObject } from '../../core/json.ts';
import { withTextsForClients } from '../../manifest/hydrate.ts';
import type { InstallationRow, RevisionRow } from '../../store/tables/installations.ts';

/** What was deployed, all of it, with the texts that published clients cannot do without. */
export function publishedContent({ content }: Pick<RevisionRow, 'content'>): JsonObject {
  return withTextsForClients(JSON.parse(content) as JsonObject);
}

/** What each object of an action must have as published, where the config was sent without. */
const CONFIG_DEFAULTS: Readonly<Record<string, JsonObject>> = {
  read: { selectedFields: {}, selectedFieldMappings: {} },
  write: {},
  subscribe: { destination: '', inheritFieldsAndMappings: true },
};

/**
 * A config as it is stored, which is as it was sent: clients leave out what the manifest says. Clients that decode
 * strictly need the members that the contract requires; their empty values say what their absence does.
 */
export function publishedConfig({ config }: Pick<InstallationRow, 'config'>, provider: string): JsonObject {
  const content = JSON.parse(config) as JsonObject;
  const actions = Object.entries(CONFIG_DEFAULTS).flatMap(([action, defaults]) => {
    const stored = content[action] as { readonly objects?: Readonly<Record<string, JsonObject>> } | undefined;
    if (stored === undefined) return [];
    const filled = Object.entries(stored.objects ?? {}).map(([name, object]) => [
      name,
      { objectName: name, ...defaults, ...object },
    ]);
    return [[action, { ...stored, objects: Object.fromEntries(filled) as JsonObject }]];
  });
  return { provider, ...content, ...(Object.fromEntries(actions) as JsonObject) };
}
