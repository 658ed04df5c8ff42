// Fields that one account has added to its objects. Called by the property and metadata endpoints, which make them, and
// by the record endpoints, which show those that may be seen. Invariant: an account never sees another's.

import { IntegrationError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { SANDBOX_CUSTOM_FIELDS_MAX } from '../core/limits.ts';
import type { XmlElement } from '../core/xml.ts';
import type { FieldSpec, ObjectSpec } from './fields.ts';

export interface CustomField {
  readonly spec: FieldSpec;
  /** Salesforce hides a field until a permission shows it. */
  readonly isSeen: boolean;
  /** What the provider says of it. */
  readonly described: JsonObject;
  /** The component that made it, of Salesforce. */
  readonly component?: XmlElement;
}

export class CustomFields {
  readonly #byObject = new Map<string, Map<string, CustomField>>();

  get isEmpty(): boolean {
    return this.#byObject.size === 0;
  }

  of(objectName: string): readonly CustomField[] {
    return [...(this.#byObject.get(objectName)?.values() ?? [])];
  }

  get(objectName: string, name: string): CustomField | undefined {
    return this.#byObject.get(objectName)?.get(name.toLowerCase());
  }

  /** Adds a field or replaces it. Rejects with `overloaded` when the object has too many. */
  put(objectName: string, field: CustomField): void {
    const fields = this.#byObject.get(objectName) ?? new Map<string, CustomField>();
    const key = field.spec.name.toLowerCase();
    if (fields.size >= SANDBOX_CUSTOM_FIELDS_MAX && !fields.has(key)) {
      throw new IntegrationError(
        'overloaded',
        `the sandbox keeps at most ${SANDBOX_CUSTOM_FIELDS_MAX} fields of an object`,
      );
    }
    this.#byObject.set(objectName, fields.set(key, field));
  }

  /** False if there is no such field. */
  remove(objectName: string, name: string): boolean {
    return this.#byObject.get(objectName)?.delete(name.toLowerCase()) ?? false;
  }
}

/** The object with the fields that were added and may be seen. */
export function withCustomFields<Spec extends ObjectSpec>(object: Spec, customFields: CustomFields): Spec {
  const seen = customFields.of(object.name).filter(({ isSeen }) => isSeen);
  if (seen.length === 0) return object;
  const added = seen.map(({ spec }) => [spec.name.toLowerCase(), spec] as const);
  return { ...object, fields: new Map([...object.fields, ...added]) };
}
