// Salesforce's description of an object's fields, as the connect screen needs it.
// Source: DescribeSObjectResult in the SOAP API developer guide, https://developer.salesforce.com/docs

import { isJsonObject, type JsonObject, type JsonValue, jsonAt } from '../../core/json.ts';
import type { FieldMetadata } from '../../manifest/hydrate.ts';

const VALUE_TYPES: Readonly<Record<string, NonNullable<FieldMetadata['valueType']>>> = {
  id: 'string',
  string: 'string',
  textarea: 'string',
  email: 'string',
  phone: 'string',
  url: 'string',
  encryptedstring: 'string',
  boolean: 'boolean',
  picklist: 'singleSelect',
  combobox: 'singleSelect',
  multipicklist: 'multiSelect',
  date: 'date',
  datetime: 'datetime',
  int: 'int',
  long: 'int',
  double: 'float',
  currency: 'float',
  percent: 'float',
  reference: 'reference',
};

/** Of one field; empty for what has no name. */
export function salesforceField(field: JsonValue): readonly FieldMetadata[] {
  if (!isJsonObject(field)) return [];
  const { name, label, type, createable, updateable, custom, nillable, defaultedOnCreate } = field;
  if (typeof name !== 'string' || name === '') return [];
  const values = valuesOf(field);
  const referenceTo = textsOf(field['referenceTo']);
  return [
    {
      fieldName: name,
      displayName: typeof label === 'string' ? label : '',
      valueType: VALUE_TYPES[String(type)] ?? 'other',
      ...(typeof type === 'string' ? { providerType: type } : {}),
      readOnly: createable === false && updateable === false,
      isCustom: custom === true,
      isRequired: createable === true && nillable === false && defaultedOnCreate !== true,
      ...(referenceTo.length === 0 ? {} : { referenceTo }),
      ...(values.length === 0 ? {} : { values }),
    },
  ];
}

function valuesOf({ picklistValues }: JsonObject): readonly { value: string; displayValue: string }[] {
  if (!Array.isArray(picklistValues)) return [];
  return picklistValues.flatMap((entry: JsonValue) => {
    const value = jsonAt(entry, 'value');
    const label = jsonAt(entry, 'label');
    const isActive = jsonAt(entry, 'active') !== false;
    if (typeof value !== 'string' || !isActive) return [];
    return [{ value, displayValue: typeof label === 'string' ? label : value }];
  });
}

function textsOf(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}
