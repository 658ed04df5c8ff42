// The Salesforce objects of the simulator and the making of record ids. Called by the Salesforce routes.
// Source: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/

import type { JsonValue } from '../core/json.ts';
import { type Ms, toRfc3339 } from '../core/time.ts';
import { buildObjectSpec, choiceField, type FieldSpec, field, type ObjectSpec, systemField } from './fields.ts';
import * as make from './generate.ts';
import type { RecordRow } from './records.ts';

export interface SalesforceObject extends ObjectSpec {
  readonly keyPrefix: string;
  readonly requiredFields: readonly string[];
}

/** In the order of their codes, so that ids sort as text like their indexes do as numbers. */
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SUFFIX_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';
/** Instance and reserved characters between the key prefix and the number. */
const ID_INFIX = '5g0';
const ID_NUMBER_CHARS = 9;

/** The 18-character id: 15 case-sensitive ones and 3 that carry the case of each as bits. */
export function salesforceIdOf(keyPrefix: string, index: number): string {
  let number = '';
  let rest = index;
  while (number.length < ID_NUMBER_CHARS) {
    number = BASE62.charAt(rest % 62) + number;
    rest = Math.floor(rest / 62);
  }
  const id15 = `${keyPrefix}${ID_INFIX}${number}`;
  return id15 + caseSuffix(id15);
}

/** The index of an id of 15 or 18 characters, NaN where the text is not an id of this object. */
export function salesforceIndexOf(keyPrefix: string, id: string): number {
  const isId =
    (id.length === 15 || id.length === 18) && id.startsWith(keyPrefix + ID_INFIX) && /^[A-Za-z0-9]+$/.test(id);
  if (!isId) return Number.NaN;
  if (id.length === 18 && caseSuffix(id.slice(0, 15)) !== id.slice(15)) return Number.NaN;
  let index = 0;
  for (const char of id.slice(6, 15)) index = index * 62 + BASE62.indexOf(char);
  return index;
}

function caseSuffix(id15: string): string {
  let suffix = '';
  for (let block = 0; block < 15; block += 5) {
    let bits = 0;
    for (let at = 0; at < 5; at += 1) if (/[A-Z]/.test(id15.charAt(block + at))) bits |= 1 << at;
    suffix += SUFFIX_LETTERS.charAt(bits);
  }
  return suffix;
}

/** `2026-01-31T10:00:00.000+0000`, the form of every datetime in an answer. */
function salesforceTime(atMs: Ms): string {
  return toRfc3339(atMs).replace('Z', '+0000');
}

const INDUSTRIES = ['Agriculture', 'Banking', 'Consulting', 'Healthcare', 'Media', 'Technology'];
const ACCOUNT_TYPES = ['Prospect', 'Customer - Direct', 'Customer - Channel', 'Technology Partner'];
const LEAD_STATUSES = ['Open - Not Contacted', 'Working - Contacted', 'Closed - Converted'];
const STAGES = ['Prospecting', 'Qualification', 'Negotiation/Review', 'Closed Won', 'Closed Lost'];
const OWNER_PREFIX = '005';

function systemFields(keyPrefix: string): readonly FieldSpec[] {
  const modified = (row: RecordRow) => salesforceTime(row.modifiedMs);
  return [
    systemField('Id', 'id', 'Record ID', (row) => salesforceIdOf(keyPrefix, row.index)),
    systemField('IsDeleted', 'boolean', 'Deleted', (row) => row.isRemoved),
    systemField('CreatedDate', 'datetime', 'Created Date', (row) => salesforceTime(row.createdMs)),
    systemField('LastModifiedDate', 'datetime', 'Last Modified Date', modified),
    systemField('SystemModstamp', 'datetime', 'System Modstamp', modified),
    field('OwnerId', 'reference', 'Owner ID', (row) =>
      salesforceIdOf(OWNER_PREFIX, make.numberBetween(1, 12, row, make.SALT.owner)),
    ),
  ];
}

const personFields: readonly FieldSpec[] = [
  field('FirstName', 'string', 'First Name', make.firstName),
  field('LastName', 'string', 'Last Name', make.lastName),
  systemField('Name', 'string', 'Full Name', (row) => `${nameOf(row, 'FirstName')} ${nameOf(row, 'LastName')}`),
  field('Title', 'string', 'Title', make.jobTitle),
  field('Email', 'string', 'Email', make.email),
  field('Phone', 'string', 'Phone', make.phone),
];

function nameOf(row: RecordRow, part: 'FirstName' | 'LastName'): JsonValue {
  return row.written.get(part) ?? (part === 'FirstName' ? make.firstName(row) : make.lastName(row));
}

/** The objects, with references that point at one of `accounts` accounts. */
export function buildSalesforceObjects(accounts: number): ReadonlyMap<string, SalesforceObject> {
  const accountId = field('AccountId', 'reference', 'Account ID', (row) =>
    accounts === 0 ? null : salesforceIdOf('001', make.numberBetween(0, accounts - 1, row, make.SALT.company)),
  );
  const objects: readonly SalesforceObject[] = [
    { ...buildObjectSpec('Account', accountFields()), keyPrefix: '001', requiredFields: ['Name'] },
    {
      ...buildObjectSpec('Contact', [
        ...systemFields('003'),
        ...personFields,
        accountId,
        field('MailingCity', 'string', 'Mailing City', make.city),
        field('MailingCountry', 'string', 'Mailing Country', make.country),
      ]),
      keyPrefix: '003',
      requiredFields: ['LastName'],
    },
    {
      ...buildObjectSpec('Lead', [
        ...systemFields('00Q'),
        ...personFields,
        field('Company', 'string', 'Company', make.companyName),
        choiceField('Status', 'Status', LEAD_STATUSES, make.SALT.stage),
      ]),
      keyPrefix: '00Q',
      requiredFields: ['LastName', 'Company'],
    },
    {
      ...buildObjectSpec('Opportunity', [...systemFields('006'), accountId, ...opportunityFields()]),
      keyPrefix: '006',
      requiredFields: ['Name', 'StageName', 'CloseDate'],
    },
  ];
  return new Map(objects.map((object) => [object.name.toLowerCase(), object]));
}

function accountFields(): readonly FieldSpec[] {
  return [
    ...systemFields('001'),
    field('Name', 'string', 'Account Name', make.companyName),
    choiceField('Type', 'Account Type', ACCOUNT_TYPES, make.SALT.stage),
    choiceField('Industry', 'Industry', INDUSTRIES, make.SALT.industry),
    field('Phone', 'string', 'Account Phone', make.phone),
    field('Website', 'string', 'Website', (row) => `https://${make.domain(row)}`),
    field('BillingCity', 'string', 'Billing City', make.city),
    field('BillingCountry', 'string', 'Billing Country', make.country),
    field('NumberOfEmployees', 'number', 'Employees', (row) => make.numberBetween(2, 5000, row, make.SALT.amount)),
    field(
      'AnnualRevenue',
      'number',
      'Annual Revenue',
      (row) => make.numberBetween(50, 90_000, row, make.SALT.amount) * 1000,
    ),
    field('Description', 'string', 'Account Description', () => null),
  ];
}

function opportunityFields(): readonly FieldSpec[] {
  return [
    field('Name', 'string', 'Name', (row) => `${make.companyName(row)} renewal`),
    choiceField('StageName', 'Stage', STAGES, make.SALT.stage),
    field('Amount', 'number', 'Amount', (row) => make.numberBetween(500, 90_000, row, make.SALT.amount)),
    field('CloseDate', 'date', 'Close Date', (row) => toRfc3339(row.createdMs).slice(0, 10)),
  ];
}
