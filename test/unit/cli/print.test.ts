import { expect, it } from 'vitest';
import { harmless } from '../../../src/cli/print.ts';

it.each([
  ['plain text, ünïcode and 🙂', 'plain text, ünïcode and 🙂'],
  ['two\nlines', 'two\nlines'],
  ['\x1b[31mred\x1b[39m', '\x1b[31mred\x1b[39m'],
  ['\x1b[2J\x1b]0;title\x07', '\\x1b[2J\\x1b]0;title\\x07'],
  ['\x9b31m', '\\x9b31m'],
  ['\x07[31m', '\\x07[31m'],
  ['over\rwritten\b', 'over\\x0dwritten\\x08'],
  ['\x1b[1;31m', '\\x1b[1;31m'],
])('%j reaches the terminal as %j', (text, shown) => {
  expect(harmless(text)).toBe(shown);
});
