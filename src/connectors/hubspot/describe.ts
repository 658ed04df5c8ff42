// HubSpot's description of an object's properties, as the connect screen needs it.
// Source: https://developers.hubspot.com/docs/api/crm/properties

import { isJsonObject, type JsonObject, type JsonValue, jsonAt } from '../../core/json.ts';
import type { FieldMetadata } from '../../manifest/hydrate.ts';

type ValueType = NonNullable<FieldMetadata['valueType']>;

const VALUE_TYPES: Readonly<Record<string, ValueType>> = {
  string: 'string',
  phone_number: 'string',
  bool: 'boolean',
  date: 'date',
  datetime: 'datetime',
  number: 'float',
};

/** Of one property; empty for what has no name. */
export function hubspotField(property: JsonValue): readonly FieldMetadata[] {
  if (!isJsonObject(property)) return [];
  const { name, label, type, hubspotDefined } = property;
  if (typeof name !== 'string' || name === '') return [];
  const values = optionsOf(property);
  return [
    {
      fieldName: name,
      displayName: typeof label === 'string' ? label : '',
      valueType: valueTypeOf(property),
      ...(typeof type === 'string' ? { providerType: type } : {}),
      readOnly: jsonAt(property, 'modificationMetadata.readOnlyValue') === true,
      isCustom: hubspotDefined !== true && property['createdUserId'] !== undefined,
      ...(values.length === 0 ? {} : { values }),
    },
  ];
}

function valueTypeOf({ type, fieldType }: JsonObject): ValueType {
  if (type === 'enumeration') return fieldType === 'checkbox' ? 'multiSelect' : 'singleSelect';
  return VALUE_TYPES[String(type)] ?? 'other';
}

function optionsOf({ options }: JsonObject): readonly { value: string; displayValue: string }[] {
  if (!Array.isArray(options)) return [];
  return options.flatMap((option: JsonValue) => {
    const value = jsonAt(option, 'value');
    const label = jsonAt(option, 'label');
    return typeof value === 'string' ? [{ value, displayValue: typeof label === 'string' ? label : value }] : [];
  });
}
