// What a custom field of Salesforce may be, how `describe` shows it, and how its values are kept. Called by the
// metadata endpoint. Source: https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/customfield.htm

import type { JsonObject } from '../core/json.ts';
import { childrenOf, elementAt, textOf, type XmlElement } from '../core/xml.ts';
import { type FieldSpec, type FieldType, field } from './fields.ts';

/** By the type of a component: how it is described, and kept. */
const TYPES: Readonly<Record<string, readonly [described: string, kept: FieldType]>> = {
  Text: ['string', 'string'],
  LongTextArea: ['textarea', 'string'],
  Number: ['double', 'number'],
  Checkbox: ['boolean', 'boolean'],
  Date: ['date', 'date'],
  DateTime: ['datetime', 'datetime'],
  Picklist: ['picklist', 'enumeration'],
  MultiselectPicklist: ['multipicklist', 'enumeration'],
  Lookup: ['reference', 'reference'],
  IndirectLookup: ['reference', 'reference'],
};

const NAME = /^[A-Za-z](?:_?[A-Za-z0-9]){0,39}__c$/;

/** Why a field cannot be made, or changed from `before`, in the vendor's words; null if it can. */
export function fieldProblem(component: XmlElement, name: string, before: XmlElement | undefined): string | null {
  const type = textOf(component, 'type');
  const has = (part: string) => elementAt(component, part) !== undefined;
  if (!NAME.test(name)) return `The name ${name} of a custom field must end with __c`;
  if (TYPES[type] === undefined) return `'${type}' is not a valid type of a CustomField`;
  if (textOf(component, 'label') === '') return "Required fields are missing: [label] for field 'label'";
  if (before !== undefined && textOf(before, 'type') !== type) {
    return `Cannot change the type of a CustomField from ${textOf(before, 'type')} to ${type}`;
  }
  if (type === 'Checkbox' && textOf(component, 'required') === 'true') {
    return "Can not specify 'required' for a CustomField of type Checkbox";
  }
  if (type === 'Checkbox' && !has('defaultValue'))
    return "Must specify 'defaultValue' for a CustomField of type Checkbox";
  if ((type === 'Text' || type === 'LongTextArea') && !has('length')) {
    return `Must specify 'length' for a CustomField of type ${type}`;
  }
  if (type === 'Number' && !(has('precision') && has('scale'))) {
    return "Must specify 'precision' and 'scale' for a CustomField of type Number";
  }
  if (type.endsWith('Lookup') && !has('referenceTo'))
    return `Must specify 'referenceTo' for a CustomField of type ${type}`;
  return null;
}

/** What `describe` says of it besides what it says of all fields. */
export function describedField(component: XmlElement): JsonObject {
  const [type = 'string'] = TYPES[textOf(component, 'type')] ?? [];
  const values = childrenOf(elementAt(component, 'valueSet', 'valueSetDefinition'), 'value');
  return {
    type,
    custom: true,
    label: textOf(component, 'label'),
    nillable: textOf(component, 'required') !== 'true',
    defaultedOnCreate: type === 'boolean',
    restrictedPicklist: textOf(elementAt(component, 'valueSet'), 'restricted') === 'true',
    picklistValues: values.map((value) => ({
      value: textOf(value, 'fullName'),
      label: textOf(value, 'label'),
      active: true,
      defaultValue: textOf(value, 'default') === 'true',
    })),
    referenceTo: childrenOf(component, 'referenceTo').map(({ text }) => text),
  };
}

/** A field whose values are what was written: none, or a checkbox's default. */
export function specOf(component: XmlElement, name: string): FieldSpec {
  const [, kept = 'string'] = TYPES[textOf(component, 'type')] ?? [];
  const isChecked = kept === 'boolean' && textOf(component, 'defaultValue') === 'true';
  return field(name, kept, textOf(component, 'label'), () => (kept === 'boolean' ? isChecked : null));
}
