import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isJsonObject, jsonAt, parseJson } from '../../../src/core/json.ts';

describe('parseJson', () => {
  it.each(['', '{', 'undefined', "{'a': 1}", '\u0000'])('refuses %j', (text) => {
    expect(() => parseJson(text, 'the answer')).toThrow(
      expect.objectContaining({ code: 'malformed', message: 'the answer is not valid JSON' }),
    );
  });

  it('says nothing of the content, not even in the cause: it may be a token', () => {
    try {
      parseJson('s3cr3t-token', 'the answer');
      expect.unreachable();
    } catch (error) {
      expect(inspect(error, { depth: 10 })).not.toContain('s3cr3t');
    }
  });

  it('does not let text reach a prototype', () => {
    const parsed = parseJson('{"__proto__": {"isAdmin": true}}', 'x');
    expect(jsonAt(parsed, 'isAdmin')).toBeUndefined();
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });
});

describe('isJsonObject', () => {
  it.each([[null], [[]], ['text'], [1], [undefined]])('is false for %j', (value) => {
    expect(isJsonObject(value)).toBe(false);
  });

  it('is true for objects', () => {
    expect(isJsonObject({})).toBe(true);
  });
});

describe('jsonAt', () => {
  const value = { paging: { next: { link: '/2', zero: 0, none: null } }, list: [1] };

  it.each([
    'paging.previous',
    'paging.next.link.more',
    'toString',
    '__proto__',
    'constructor.name',
    'list.1',
    'list.length',
    'list.-1',
    'list.0x0',
    '.',
  ])('finds nothing at %j', (path) => {
    expect(jsonAt(value, path)).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['paging.next.link', '/2'],
    ['paging.next.zero', 0],
    ['paging.next.none', null],
    ['list', [1]],
    ['list.0', 1],
    ['', value],
  ])('finds what is at %s', (path, expected) => {
    expect(jsonAt(value, path)).toEqual(expected);
  });
});
