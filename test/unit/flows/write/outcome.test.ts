import { expect, it } from 'vitest';
import { written } from '../../../../src/connectors/contract.ts';
import { WRITE_WARNINGS_MAX } from '../../../../src/core/limits.ts';
import { summaryOf } from '../../../../src/flows/write/outcome.ts';

const FACTS = { objectName: 'contacts', type: 'update', isBatch: true } as const;

it('keeps the first of many warnings with an operation, those of the batch before those of records', () => {
  const results = new Array(100).fill({ ...written('1', null), warnings: new Array(1000).fill('of a record') });
  const { warnings } = summaryOf(FACTS, 100, { results, errors: [], warnings: ['of the batch'] });
  expect(warnings.length).toBe(WRITE_WARNINGS_MAX);
  expect(warnings.slice(0, 2)).toEqual(['of the batch', 'of a record']);
});
