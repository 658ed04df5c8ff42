import { describe, expect, test } from 'vitest';
import { parseSoql } from '../../../src/sandbox/soql.ts';

describe('a text that is not a query of the known part of SOQL is malformed', () => {
  test.each([
    [''],
    ['SELECT'],
    ['SELECT FROM Account'],
    ['SELECT Id FROM'],
    ['SELECT Id, FROM Account'],
    ['SELECT Id FROM Account WHERE'],
    ['SELECT Id FROM Account WHERE Name'],
    ["SELECT Id FROM Account WHERE Name LIKE 'A%'"],
    ["SELECT Id FROM Account WHERE Name = 'unfinished"],
    ["SELECT Id FROM Account WHERE Name = 'a' OR Name = 'b'"],
    ['SELECT Id FROM Account WHERE Name = other'],
    ['SELECT Id FROM Account WHERE Id IN ()'],
    ['SELECT Id FROM Account ORDER Name'],
    ['SELECT Id FROM Account LIMIT -1'],
    ['SELECT Id FROM Account LIMIT ten'],
    ['SELECT Id FROM Account; DROP'],
    ['SELECT FIELDS(ALL) FROM Account'],
    ['SELECT FIELDS(ALL) FROM Account LIMIT 201'],
    ['SELECT (SELECT Id FROM Contacts) FROM Account'],
  ])('%s', (text) => {
    expect(parseSoql(text).kind).toBe('malformed');
  });
});

test('a query is read with all its parts, keywords in any case', () => {
  const text = `select Id,Name FROM Account where SystemModstamp >= 2026-01-02T03:04:05Z AND Name != 'O\\'Brien \\\\ Co'
    and NumberOfEmployees > 12.5 AND IsDeleted = FALSE and Type = null AND Id IN ('a', 'b') order by Name desc limit 7`;
  expect(parseSoql(text)).toEqual({
    kind: 'query',
    query: {
      object: 'Account',
      fields: ['Id', 'Name'],
      conditions: [
        { field: 'SystemModstamp', comparison: 'GTE', literals: [{ kind: 'datetime', text: '2026-01-02T03:04:05Z' }] },
        { field: 'Name', comparison: 'NEQ', literals: [{ kind: 'text', text: "O'Brien \\ Co" }] },
        { field: 'NumberOfEmployees', comparison: 'GT', literals: [{ kind: 'number', number: 12.5 }] },
        { field: 'IsDeleted', comparison: 'EQ', literals: [{ kind: 'boolean', isTrue: false }] },
        { field: 'Type', comparison: 'EQ', literals: [{ kind: 'null' }] },
        {
          field: 'Id',
          comparison: 'IN',
          literals: [
            { kind: 'text', text: 'a' },
            { kind: 'text', text: 'b' },
          ],
        },
      ],
      order: { field: 'Name', isDescending: true },
      limit: 7,
    },
  });
});

test.each([
  ['SELECT COUNT() FROM Account', 'count'],
  ['SELECT FIELDS(ALL) FROM Account LIMIT 200', 'all'],
])('%s selects %s', (text, fields) => {
  expect(parseSoql(text)).toMatchObject({ kind: 'query', query: { fields } });
});
