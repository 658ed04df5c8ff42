import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type Bound,
  type Findings,
  isMet,
  percentile,
  ratioOf,
  resultOf,
  rowOf,
  spreadOf,
  tableOf,
  writeResult,
} from '../../../bench/harness/result.ts';
import { tempFolder } from '../../support/store.ts';

const spread = { median: z.number().finite(), min: z.number().finite(), max: z.number().finite() };
const schema = z.strictObject({
  name: z.string().regex(/^[a-z]+$/),
  at: z.iso.datetime(),
  node: z.string().startsWith('v'),
  rows: z.array(z.strictObject({ label: z.string().min(1), unit: z.string().min(1), ...spread })).min(1),
  ratios: z.record(z.string().min(1), z.strictObject(spread)),
  notes: z.array(z.string()),
  bounds: z
    .array(
      z.strictObject({
        label: z.string().min(1),
        unit: z.string().min(1),
        value: z.number().finite(),
        relation: z.enum(['<', '≤', '≥']),
        limit: z.number().finite(),
      }),
    )
    .optional(),
});

const findings: Findings = {
  rows: [rowOf('floor', 'requests/s', [30_000, 20_000, 25_000]), rowOf('Tenon', 'requests/s', [15_000, 10_000, 5000])],
  ratios: { floor: ratioOf([15_000, 10_000, 5000], [30_000, 20_000, 25_000]) },
  notes: ['3 rounds'],
};

describe('a bench result', () => {
  it('cannot be made of no rounds', () => {
    expect(() => spreadOf([])).toThrow(RangeError);
  });

  it.each([
    [[3], { median: 3, min: 3, max: 3 }],
    [[9, 1, 2], { median: 2, min: 1, max: 9 }],
    [[4, 1, 2, 3], { median: 2.5, min: 1, max: 4 }],
    [[-1.23456, 10.5, 8], { median: 8, min: -1.235, max: 10.5 }],
  ])('of the rounds %j has the spread %j', (values, expected) => {
    expect(spreadOf(values)).toEqual(expected);
  });

  it('compares round by round, not median with median', () => {
    expect(findings.ratios['floor']).toEqual({ median: 0.5, min: 0.2, max: 0.5 });
  });

  it('is written as a file of the published shape', () => {
    const path = writeResult(join(tempFolder(), 'results'), resultOf('fake', new Date(0), findings));
    const written: unknown = JSON.parse(readFileSync(path, 'utf8'));
    expect(schema.parse(written)).toMatchObject({
      name: 'fake',
      at: '1970-01-01T00:00:00.000Z',
      rows: [
        { label: 'floor', unit: 'requests/s', median: 25_000, min: 20_000, max: 30_000 },
        { label: 'Tenon', unit: 'requests/s', median: 10_000, min: 5000, max: 15_000 },
      ],
      ratios: { floor: { median: 0.5, min: 0.2, max: 0.5 } },
    });
  });

  it('prints as a table with aligned columns', () => {
    expect(tableOf(findings).split('\n')).toEqual([
      '                median     min     max  unit',
      'floor           25,000  20,000  30,000  requests/s',
      'Tenon           10,000   5,000  15,000  requests/s',
      'ratio to floor     0.5     0.2     0.5  ×',
      '- 3 rounds',
    ]);
  });
});

describe('a percentile', () => {
  it('cannot be told of no values', () => {
    expect(() => percentile([], 0.99)).toThrow(RangeError);
  });

  it.each([
    [[7], 0.99, 7],
    [[3, 1, 2, 4], 0.5, 2],
    [Array.from({ length: 200 }, (_, index) => 200 - index), 0.99, 198],
    [[1, 2, 3], 0, 1],
    [[1, 2, 3], 1, 3],
  ])('of %j at %d is %d', (values, share, expected) => {
    expect(percentile(values, share)).toBe(expected);
  });
});

describe('a bound', () => {
  const bound = (value: number, relation: Bound['relation']): Bound => {
    return { label: 'start', unit: 's', value, relation, limit: 1 };
  };

  it.each([
    [1, '<', false],
    [0.99, '<', true],
    [1.01, '≤', false],
    [1, '≤', true],
    [0.99, '≥', false],
    [1, '≥', true],
    [Number.NaN, '≤', false],
  ] as const)('compares %d %s 1 as %s', (value, relation, expected) => {
    expect(isMet(bound(value, relation))).toBe(expected);
  });

  it('is printed below the notes, with what was asked for', () => {
    const lines = tableOf({ ...findings, bounds: [bound(1.5, '<'), bound(1.5, '≥')] }).split('\n');
    expect(lines.slice(-3)).toEqual([
      '- 3 rounds',
      'NOT MET  start: 1.5 s, asked for < 1',
      'met      start: 1.5 s, asked for ≥ 1',
    ]);
  });
});

describe('the committed results', () => {
  const folder = join(import.meta.dirname, '../../../bench/results');
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')) : [];

  it('are there', () => {
    expect(files).toEqual(expect.arrayContaining(['actors.json', 'proxy.json', 'step.json', 'tokens.json']));
  });

  it.each(files)('%s has the published shape and the name of a bench', (file) => {
    const result = schema.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
    expect(file).toBe(`${result.name}.json`);
    expect(existsSync(join(folder, '..', `${result.name}.ts`))).toBe(true);
  });
});
