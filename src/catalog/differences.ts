// What differs between two versions of a provider, field by field in the published form, and which hosts its
// credentials would go to that they did not go to before. For logs and for `tenon catalog diff`.

import type { JsonValue } from '../core/json.ts';
import { type HostChange, hostChanges } from './addresses.ts';
import type { ProviderDeclaration } from './schema.ts';
import { toProviderInfo } from './wire.ts';

export interface FieldChange {
  /** Dotted path; a list that became longer or shorter is compared as a whole. */
  readonly field: string;
  /** Null where the field was not there. */
  readonly from: JsonValue;
  /** Null where it no longer is. */
  readonly to: JsonValue;
}

export interface EntryChange {
  readonly name: string;
  readonly kind: 'added' | 'changed';
  /** Empty for an added provider. */
  readonly fields: readonly FieldChange[];
  readonly hosts: readonly HostChange[];
}

/** Null where both say the same. */
export function entryChange(before: ProviderDeclaration | undefined, after: ProviderDeclaration): EntryChange | null {
  const { name } = after;
  if (before === undefined) return { name, kind: 'added', fields: [], hosts: [] };
  const [earlier, later] = [toProviderInfo(before), toProviderInfo(after)];
  const fields = [...fieldChanges(asJson(earlier), asJson(later), '')];
  return fields.length === 0 ? null : { name, kind: 'changed', fields, hosts: hostChanges(earlier, later) };
}

function* fieldChanges(from: JsonValue, to: JsonValue, field: string): Generator<FieldChange> {
  const [before, after] = [membersOf(from), membersOf(to)];
  if (before === null || after === null || !isAlike(from, to)) {
    if (from !== to) yield { field, from, to };
    return;
  }
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    yield* fieldChanges(before.get(key) ?? null, after.get(key) ?? null, field === '' ? key : `${field}.${key}`);
  }
}

function membersOf(value: JsonValue): ReadonlyMap<string, JsonValue | undefined> | null {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : null;
}

/** Two objects, or two lists of one length: in a shorter or longer one nobody knows which item is which. */
function isAlike(from: JsonValue, to: JsonValue): boolean {
  if (!Array.isArray(from) || !Array.isArray(to)) return Array.isArray(from) === Array.isArray(to);
  return from.length === to.length;
}

/** A published entry is JSON by construction; its type is closed. */
function asJson(info: object): JsonValue {
  return info as JsonValue;
}
