import { describe, expect, it } from 'vitest';
import { isSameObject } from '../../../src/connectors/events.ts';

describe('isSameObject', () => {
  it.each([
    ['contact', 'account'],
    ['contact', 'contactss'],
    ['company', 'companys-house'],
    ['', 'contact'],
    ['Invoice__c', 'Invoices__c'],
  ])('tells %s from %s', (one, other) => {
    expect([isSameObject(one, other), isSameObject(other, one)]).toEqual([false, false]);
  });

  it.each([
    ['contact', 'contact'],
    ['contact', 'Contacts'],
    ['COMPANY', 'companies'],
    ['line_item', 'line_items'],
    ['address', 'addresses'],
    ['key', 'keys'],
    ['movie', 'movies'],
    ['person', 'people'],
    ['Invoice__c', 'invoice__C'],
  ])('takes %s for %s', (one, other) => {
    expect([isSameObject(one, other), isSameObject(other, one)]).toEqual([true, true]);
  });
});
