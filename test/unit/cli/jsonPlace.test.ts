import { describe, expect, it } from 'vitest';
import { notJsonAt } from '../../../src/cli/jsonPlace.ts';

describe('the place where a text stops being JSON', () => {
  it.each([
    ['', 1, 1],
    ['nope', 1, 2],
    ['<html>', 1, 1],
    ['{', 1, 2],
    ['{"a": 1,}', 1, 9],
    ['{"a" 1}', 1, 6],
    ["{'a': 1}", 1, 2],
    ['{"a": b}', 1, 7],
    ['{\n  "a": tru\n}', 2, 11],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3],
    ['[1, 2\n3]', 2, 1],
    ['{"a": "x\ny"}', 1, 9],
    ['{"a": "x', 1, 9],
    ['{"a": "\\x"}', 1, 9],
    ['{"a": 01}', 1, 8],
    ['{"a": -}', 1, 8],
    ['{"a": 1} x', 1, 10],
    ['{"a": {"b": [1, {"c": }]}}', 1, 23],
  ])('%j is line %i, column %i', (text, line, column) => {
    expect(notJsonAt(text)).toEqual({ line, column });
  });

  it.each(['{}', '[1, "a"]', ' null\n', '"\\u00e9"', '1e5'])('%j has none', (text) => {
    expect(notJsonAt(text)).toBeNull();
  });
});
