// A field as Salesforce's Metadata API has it: what a definition becomes, and whether a field is as defined already.
// Source: https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/customfield.htm

import { childrenOf, elementAt, textOf, type XmlElement } from '../../core/xml.ts';
import {
  contradictionsOf,
  type FieldCheck,
  type FieldDefinition,
  type FieldWish,
  uselessOptions,
} from '../fieldWriter.ts';
import type { Sent } from './metadataApi.ts';

/** Letters, digits and single underscores, none at the end; a namespace would be another's. */
const BASE_NAME = /^[A-Za-z](?:_?[A-Za-z0-9])*$/;
const BASE_NAME_CHARS_MAX = 40;
const LABEL_CHARS_MAX = 40;
const OBJECT_NAME = /^[A-Za-z]\w{0,79}$/;
const SUFFIX = '__c';
/** Text up to this is a line, above it an area. */
const LINE_CHARS_MAX = 255;
const AREA_CHARS_MAX = 131_072;
const AREA_LINES = '10';
const DIGITS_MAX = 18;
/** Of a float whose definition does not say. */
const SCALE_DEFAULT = 6;
const DELETE_CONSTRAINTS: ReadonlyMap<string, string> = new Map(
  ['SetNull', 'Restrict', 'Cascade'].map((name) => [name.toLowerCase(), name]),
);

const TYPES: Readonly<Record<Exclude<FieldDefinition['valueType'], 'string' | 'reference'>, string>> = {
  boolean: 'Checkbox',
  date: 'Date',
  datetime: 'DateTime',
  singleSelect: 'Picklist',
  multiSelect: 'MultiselectPicklist',
  int: 'Number',
  float: 'Number',
};

/** The name of a custom field: it ends with `__c`, whether that is given or not. */
function customNameOf({ fieldName }: FieldDefinition): string {
  return fieldName.toLowerCase().endsWith(SUFFIX)
    ? `${fieldName.slice(0, -SUFFIX.length)}${SUFFIX}`
    : fieldName + SUFFIX;
}

/** `Account.Score__c`. */
export function fullNameOf({ objectName, definition }: FieldWish): string {
  return `${objectName}.${customNameOf(definition)}`;
}

/** Required fields are seen by everybody; others only by who was granted them. */
export function isRequired({ required, association }: FieldDefinition): boolean {
  return required === true || association?.required === true;
}

export function checkCustomField({ objectName, definition }: FieldWish): FieldCheck {
  const { fieldName: given, displayName, valueType, unique, stringOptions = {}, numericOptions = {} } = definition;
  const fieldName = customNameOf(definition);
  const base = fieldName.slice(0, -SUFFIX.length);
  const problems = [...contradictionsOf(definition), ...associationProblems(definition)];
  const warnings = [...uselessOptions(definition)];
  if (!BASE_NAME.test(base) || base.length > BASE_NAME_CHARS_MAX) {
    problems.push(
      `is no name of a custom field: a letter, then letters, digits and single underscores, ${BASE_NAME_CHARS_MAX} ` +
        `at most, and ${SUFFIX}`,
    );
  } else if (fieldName !== given) warnings.push(`Salesforce calls it ${fieldName}`);
  if (!OBJECT_NAME.test(objectName)) problems.push(`"${objectName.slice(0, 80)}" is no API name of an object`);
  if (displayName.length > LABEL_CHARS_MAX)
    problems.push(`has a displayName of more than ${LABEL_CHARS_MAX} characters`);
  if (unique === true && valueType !== 'string' && typeOf(definition) !== 'Number') {
    problems.push(`cannot be unique as a ${valueType}`);
  }
  if ((stringOptions.length ?? 0) > AREA_CHARS_MAX) problems.push(`can have ${AREA_CHARS_MAX} characters at most`);
  if ((numericOptions.precision ?? 0) > DIGITS_MAX) problems.push(`can have ${DIGITS_MAX} digits at most`);
  if (stringOptions.pattern !== undefined)
    warnings.push('stringOptions.pattern needs a validation rule and was left out');
  if (numericOptions.min !== undefined || numericOptions.max !== undefined) {
    warnings.push('numericOptions.min and max need a validation rule and were left out');
  }
  const hasNoDefault = definition.association !== undefined || valueType === 'date' || valueType === 'datetime';
  if (hasNoDefault && stringOptions.defaultValue !== undefined)
    warnings.push('stringOptions.defaultValue was left out');
  return { fieldName, problems, warnings };
}

function associationProblems({ association, valueType }: FieldDefinition): readonly string[] {
  if (association === undefined) return [];
  const { targetObject, cardinality, onDelete, reverseLookupFieldName } = association;
  const problems: string[] = [];
  if (valueType !== 'string' && valueType !== 'reference')
    problems.push(`has an association and cannot be a ${valueType}`);
  if (!OBJECT_NAME.test(targetObject)) problems.push(`"${targetObject.slice(0, 80)}" is no API name of an object`);
  if (cardinality !== undefined && cardinality !== 'many-to-one') {
    problems.push('can only refer many-to-one: a lookup holds one record');
  }
  if (onDelete !== undefined && !DELETE_CONSTRAINTS.has(onDelete.toLowerCase())) {
    problems.push('has an onDelete other than setNull, restrict and cascade');
  }
  if (reverseLookupFieldName !== undefined && !BASE_NAME.test(reverseLookupFieldName.replace(/__r$/, ''))) {
    problems.push('has a reverseLookupFieldName that is no API name');
  }
  return problems;
}

function typeOf({ association, valueType, stringOptions }: FieldDefinition): string {
  if (association !== undefined) return targetFieldOf(association) === undefined ? 'Lookup' : 'IndirectLookup';
  if (valueType === 'string' || valueType === 'reference') {
    return (stringOptions?.length ?? 0) > LINE_CHARS_MAX ? 'LongTextArea' : 'Text';
  }
  return TYPES[valueType];
}

/** Records are referred to by their id anyway. */
function targetFieldOf({ targetField }: NonNullable<FieldDefinition['association']>): string | undefined {
  return targetField?.toLowerCase() === 'id' ? undefined : targetField;
}

/** The component that makes the field be as defined. */
export function customFieldOf(wish: FieldWish): readonly Sent[] {
  const { definition } = wish;
  const { displayName, description, unique, indexed } = definition;
  return [
    ['fullName', fullNameOf(wish)],
    ['label', displayName],
    ...(description === undefined ? [] : [['description', description] as const]),
    ['type', typeOf(definition)],
    ['required', String(isRequired(definition))],
    ['unique', String(unique === true)],
    ['indexed', String(indexed === true)],
    ...specifics(wish),
  ];
}

function specifics(wish: FieldWish): readonly Sent[] {
  const { definition } = wish;
  const { stringOptions = {}, numericOptions = {}, valueType } = definition;
  switch (typeOf(definition)) {
    case 'Text': {
      const { length = LINE_CHARS_MAX, defaultValue } = stringOptions;
      return [
        ...(defaultValue === undefined ? [] : [['defaultValue', quoted(defaultValue)] as const]),
        ['length', `${length}`],
      ];
    }
    case 'LongTextArea':
      return [
        ['length', String(stringOptions.length)],
        ['visibleLines', AREA_LINES],
      ];
    case 'Number': {
      const { defaultValue, precision = DIGITS_MAX, scale = defaultScale(valueType, precision) } = numericOptions;
      const number = defaultValue === undefined ? [] : [['defaultValue', decimal(defaultValue)] as const];
      return [...number, ['precision', String(precision)], ['scale', String(scale)]];
    }
    case 'Checkbox':
      return [['defaultValue', stringOptions.defaultValue ?? 'false']];
    case 'Picklist':
      return [['valueSet', valueSetOf(definition)]];
    case 'MultiselectPicklist':
      return [
        ['visibleLines', AREA_LINES],
        ['valueSet', valueSetOf(definition)],
      ];
    case 'Lookup':
    case 'IndirectLookup':
      return lookup(wish);
    default:
      return [];
  }
}

function defaultScale(valueType: FieldDefinition['valueType'], precision: number): number {
  return valueType === 'int' ? 0 : Math.min(SCALE_DEFAULT, precision);
}

/** A formula: a text in quotes. */
function quoted(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, '\\$&')}"`;
}

/** Without an exponent, which a formula does not have. */
function decimal(number: number): string {
  const text = String(number);
  return text.includes('e') ? number.toFixed(DIGITS_MAX).replace(/\.?0+$/, '') : text;
}

function valueSetOf({ stringOptions = {} }: FieldDefinition): readonly Sent[] {
  const { values = [], valuesRestricted = false, defaultValue } = stringOptions;
  const offered = values.map(
    (value): Sent => [
      'value',
      [
        ['fullName', value],
        ['default', String(value === defaultValue)],
        ['label', value],
      ],
    ],
  );
  return [
    ['restricted', String(valuesRestricted)],
    ['valueSetDefinition', [['sorted', 'true'], ...offered]],
  ];
}

function lookup({ objectName, definition }: FieldWish): readonly Sent[] {
  const { association } = definition;
  if (association === undefined) return [];
  const targetField = targetFieldOf(association);
  const { onDelete, reverseLookupFieldName, labels } = association;
  const constraint = DELETE_CONSTRAINTS.get(onDelete?.toLowerCase() ?? '');
  // Unique among all that refer to the target; the name of the object makes it so.
  const derived = `${objectName.replace(/__\w+$/, '')}_${customNameOf(definition).slice(0, -SUFFIX.length)}`;
  const relationship =
    reverseLookupFieldName?.replace(/__r$/, '') ?? derived.slice(0, BASE_NAME_CHARS_MAX).replace(/_+$/, '');
  return [
    ['referenceTo', association.targetObject],
    ...(targetField === undefined ? [] : [['referenceTargetField', targetField] as const]),
    ...(constraint === undefined || targetField !== undefined ? [] : [['deleteConstraint', constraint] as const]),
    ...(labels?.plural === undefined ? [] : [['relationshipLabel', labels.plural] as const]),
    ['relationshipName', relationship],
  ];
}

/** What a picklist offers. */
export function valuesOf(field: XmlElement | undefined): readonly string[] {
  const definition = elementAt(field, 'valueSet', 'valueSetDefinition');
  return childrenOf(definition, 'value').map((value) => textOf(value, 'fullName'));
}

/** Whether a field of the org has everything that is sent; what it leaves out is false. */
export function isAsSent(sent: readonly Sent[], field: XmlElement): boolean {
  return sent.every(([name, content]) => {
    if (name === 'value') {
      const value = childrenOf(field, 'value').find((one) => isValue(one, content));
      return value !== undefined && isAsSent(content as readonly Sent[], value);
    }
    const found = elementAt(field, name);
    if (typeof content !== 'string') {
      const isWhole = childrenOf(found, 'value').length === content.filter(([part]) => part === 'value').length;
      return found !== undefined && isWhole && isAsSent(content, found);
    }
    if (name === 'indexed' && textOf(field, 'externalId') === 'true') return true;
    return (found?.text ?? (content === '' ? '' : 'false')) === content.trim();
  });
}

function isValue(value: XmlElement, sent: Sent[1]): boolean {
  return (
    typeof sent !== 'string' && sent.some(([name, text]) => name === 'fullName' && text === textOf(value, 'fullName'))
  );
}
