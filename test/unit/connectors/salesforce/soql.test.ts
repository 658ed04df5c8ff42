import { describe, expect, it } from 'vitest';
import { buildQuery, checkName } from '../../../../src/connectors/salesforce/soql.ts';
import { parseSoql } from '../../../../src/sandbox/soql.ts';
import { readParams } from '../provider.ts';

const contact = readParams({ objectName: 'Contact', fields: ['Email'] });

describe('a name', () => {
  it.each([
    'Id FROM User--',
    'Email,(SELECT Id FROM Cases)',
    "Email' OR Name != '",
    'Email Name',
    'Owner..Name',
    '.Name',
    'Name.',
    '1st',
    '_x',
    '',
    'Naïve',
    'Email\n',
    'COUNT()',
    'x'.repeat(300).concat(' '),
  ])('that is not one of the API is refused: %j', (name) => {
    for (const question of [
      { ...contact, fields: [name] },
      { ...contact, objectName: name },
      { ...contact, filters: [{ fieldName: name, value: 'x' }] },
    ]) {
      expect(() => buildQuery(question)).toThrowError(expect.objectContaining({ code: 'bad_request' }));
    }
  });

  it.each(['Email', 'Custom__c', 'Owner.Name', 'ns__Parent__r.Child__r.X__c', 'a1_2'])(
    'such as %s is taken',
    (name) => {
      expect(checkName(name, 'field')).toBe(name);
    },
  );
});

describe('a value', () => {
  it.each([
    ["O'Neil", "'O\\'Neil'"],
    ["' OR Name != '", "'\\' OR Name != \\''"],
    ['back\\slash', "'back\\\\slash'"],
    ["\\' OR 1=1", "'\\\\\\' OR 1=1'"],
    ['', "''"],
    [true, 'true'],
    [-1.5, '-1.5'],
  ] as const)('%j stays a value', (value, literal) => {
    const soql = buildQuery({ ...contact, filters: [{ fieldName: 'City', value }] });
    expect(soql).toBe(`SELECT Id,Email FROM Contact WHERE City = ${literal}`);
    if (typeof value !== 'string') return;
    const parse = parseSoql(soql);
    expect(parse.kind === 'query' && parse.query.conditions.map(({ literals }) => literals)).toEqual([
      [{ kind: 'text', text: value }],
    ]);
  });
});

describe('a query', () => {
  it('asks for the id once, first, however it is spelled', () => {
    expect(buildQuery({ ...contact, fields: ['iD', 'Name', 'ID'] })).toBe('SELECT Id,Name FROM Contact');
  });

  it('cuts times to the second, which can only widen the lower bound', () => {
    const sinceMs = Date.UTC(2026, 0, 4, 1, 2, 3, 999);
    const untilMs = Date.UTC(2026, 0, 5, 1, 2, 3, 999);
    expect(buildQuery({ ...contact, sinceMs, untilMs })).toBe(
      'SELECT Id,Email FROM Contact' +
        ' WHERE SystemModstamp > 2026-01-04T01:02:03Z AND SystemModstamp <= 2026-01-05T01:02:03Z',
    );
  });
});
