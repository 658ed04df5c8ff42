// Writes have the address of triggers of reads. What a body says it is decides by whose rules it is taken and refused.

import { isJsonObject, type JsonValue } from '../../core/json.ts';

/** No trigger has any of them. */
const MEMBERS = ['type', 'record', 'batch'] as const;
/** With quotes or without: of what is no JSON nobody knows which are its members. */
const NAMED = new RegExp(`\\b(?:${MEMBERS.join('|')})["']?\\s*:`);

/** Whether a body is that of a write. `json` is null for a text that cannot be parsed: there a name is enough. */
export function isWrite(json: JsonValue, text: string): boolean {
  if (json === null) return NAMED.test(text);
  return isJsonObject(json) && MEMBERS.some((name) => json[name] !== undefined);
}
