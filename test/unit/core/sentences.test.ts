import { expect, it } from 'vitest';
import { sentences } from '../../../src/core/sentences.ts';

it('makes sentences of details, and nothing of what is not there', () => {
  expect(sentences([])).toBe('');
  expect(sentences([undefined, ''])).toBe('');
  expect(sentences(['the code was used', 'Start again.', 'is it yours?'])).toBe(
    'The code was used. Start again. Is it yours?',
  );
});
