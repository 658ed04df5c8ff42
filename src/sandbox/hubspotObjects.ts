// The HubSpot objects of the simulator: properties as strings, as the CRM API returns them. Called by the HubSpot
// routes. Source: https://developers.hubspot.com/docs/api/crm/understanding-the-crm

import { toRfc3339 } from '../core/time.ts';
import { buildObjectSpec, choiceField, type FieldSpec, field, type ObjectSpec, systemField } from './fields.ts';
import * as make from './generate.ts';
import type { RecordRow } from './records.ts';

/** The first id of every object; ids grow by one with the index. */
const ID_FIRST = 10_001;

export function hubspotIdOf(index: number): string {
  return String(ID_FIRST + index);
}

/** The index an id stands for, NaN where the text is not an id. May name a record that does not exist. */
export function hubspotIndexOf(id: string): number {
  return /^\d{1,15}$/.test(id) ? Number(id) - ID_FIRST : Number.NaN;
}

export interface HubspotObject extends ObjectSpec {
  readonly typeId: string;
  /** The property that holds the modification time: its name differs for contacts. */
  readonly modifiedProperty: string;
  /** What an answer holds besides the id and the two times when no properties are asked for. */
  readonly defaultProperties: readonly string[];
}

const LIFECYCLE_STAGES = [
  'subscriber',
  'lead',
  'marketingqualifiedlead',
  'salesqualifiedlead',
  'opportunity',
  'customer',
];
const LEAD_STATUSES = ['NEW', 'OPEN', 'IN_PROGRESS', 'CONNECTED', 'UNQUALIFIED'];
const INDUSTRIES = ['COMPUTER_SOFTWARE', 'FOOD_PRODUCTION', 'HOSPITAL_HEALTH_CARE', 'LOGISTICS_AND_SUPPLY_CHAIN'];
const DEAL_STAGES = ['appointmentscheduled', 'qualifiedtobuy', 'contractsent', 'closedwon', 'closedlost'];
const PRIORITIES = ['LOW', 'MEDIUM', 'HIGH'];

const ownerId = (row: RecordRow) => String(make.numberBetween(70_001, 70_012, row, make.SALT.owner));

function systemProperties(modifiedProperty: string): readonly FieldSpec[] {
  return [
    systemField('hs_object_id', 'number', 'Record ID', (row) => hubspotIdOf(row.index)),
    systemField('createdate', 'datetime', 'Create Date', (row) => toRfc3339(row.createdMs)),
    systemField(modifiedProperty, 'datetime', 'Last Modified Date', (row) => toRfc3339(row.modifiedMs)),
  ];
}

const contacts: HubspotObject = {
  ...buildObjectSpec('contacts', [
    ...systemProperties('lastmodifieddate'),
    field('email', 'string', 'Email', make.email),
    field('firstname', 'string', 'First Name', make.firstName),
    field('lastname', 'string', 'Last Name', make.lastName),
    field('company', 'string', 'Company Name', make.companyName),
    field('jobtitle', 'string', 'Job Title', make.jobTitle),
    field('phone', 'string', 'Phone Number', make.phone),
    field('city', 'string', 'City', make.city),
    field('country', 'string', 'Country/Region', make.country),
    field('website', 'string', 'Website URL', (row) => `https://${make.domain(row)}`),
    choiceField('lifecyclestage', 'Lifecycle Stage', LIFECYCLE_STAGES, make.SALT.stage),
    choiceField('hs_lead_status', 'Lead Status', LEAD_STATUSES, make.SALT.stage),
    field('hubspot_owner_id', 'reference', 'Contact owner', ownerId),
  ]),
  typeId: '0-1',
  modifiedProperty: 'lastmodifieddate',
  defaultProperties: ['email', 'firstname', 'lastname'],
};

const companies: HubspotObject = {
  ...buildObjectSpec('companies', [
    ...systemProperties('hs_lastmodifieddate'),
    field('name', 'string', 'Company name', make.companyName),
    field('domain', 'string', 'Company Domain Name', make.domain),
    choiceField('industry', 'Industry', INDUSTRIES, make.SALT.industry),
    field('phone', 'string', 'Phone Number', make.phone),
    field('city', 'string', 'City', make.city),
    field('country', 'string', 'Country/Region', make.country),
    field('numberofemployees', 'number', 'Number of Employees', (row) =>
      String(make.numberBetween(2, 5000, row, make.SALT.amount)),
    ),
    choiceField('lifecyclestage', 'Lifecycle Stage', LIFECYCLE_STAGES, make.SALT.stage),
    field('hubspot_owner_id', 'reference', 'Company owner', ownerId),
  ]),
  typeId: '0-2',
  modifiedProperty: 'hs_lastmodifieddate',
  defaultProperties: ['name', 'domain'],
};

const deals: HubspotObject = {
  ...buildObjectSpec('deals', [
    ...systemProperties('hs_lastmodifieddate'),
    field('dealname', 'string', 'Deal Name', (row) => `${make.companyName(row)} renewal`),
    field('amount', 'number', 'Amount', (row) => String(make.numberBetween(500, 90_000, row, make.SALT.amount))),
    field('pipeline', 'enumeration', 'Pipeline', () => 'default'),
    choiceField('dealstage', 'Deal Stage', DEAL_STAGES, make.SALT.stage),
    field('closedate', 'datetime', 'Close Date', (row) => toRfc3339(row.createdMs)),
    field('hubspot_owner_id', 'reference', 'Deal owner', ownerId),
  ]),
  typeId: '0-3',
  modifiedProperty: 'hs_lastmodifieddate',
  defaultProperties: ['dealname', 'amount', 'closedate', 'pipeline', 'dealstage'],
};

const tickets: HubspotObject = {
  ...buildObjectSpec('tickets', [
    ...systemProperties('hs_lastmodifieddate'),
    field('subject', 'string', 'Ticket name', make.subject),
    field(
      'content',
      'string',
      'Ticket description',
      (row) => `Reported by ${make.firstName(row)} ${make.lastName(row)}.`,
    ),
    field('hs_pipeline', 'enumeration', 'Pipeline', () => '0'),
    field('hs_pipeline_stage', 'enumeration', 'Ticket status', (row) =>
      String(make.numberBetween(1, 4, row, make.SALT.stage)),
    ),
    choiceField('hs_ticket_priority', 'Priority', PRIORITIES, make.SALT.amount),
    field('hubspot_owner_id', 'reference', 'Ticket owner', ownerId),
  ]),
  typeId: '0-5',
  modifiedProperty: 'hs_lastmodifieddate',
  defaultProperties: ['subject', 'content', 'hs_pipeline', 'hs_pipeline_stage', 'hs_ticket_priority'],
};

/** By plural name and by type id, both of which the API accepts. */
export const HUBSPOT_OBJECTS: ReadonlyMap<string, HubspotObject> = new Map(
  [contacts, companies, deals, tickets].flatMap((object) => [
    [object.name, object],
    [object.typeId, object],
  ]),
);
