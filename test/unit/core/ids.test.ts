import { describe, expect, it } from 'vitest';
import { actorIdOf, keyOf, machineOf, newId, parseId, randomToken } from '../../../src/core/ids.ts';
import { ID_CHARS_MAX } from '../../../src/core/limits.ts';

describe('an id from outside', () => {
  it.each([
    '',
    ' ',
    'a b',
    '-leading',
    '/root',
    '.hidden',
    'new\nline',
    'trailing\n',
    'quote"',
    '😀',
    'a?b',
    'a%2Fb',
    'x'.repeat(ID_CHARS_MAX + 1),
  ])('is refused as %j', (text) => {
    expect(() => parseId(text, 'the project')).toThrow(
      expect.objectContaining({ code: 'bad_request', message: 'the project is not a valid id' }),
    );
  });

  it.each(['a', '0b7e6f9a-1111-4222-8333-944455566677', 'user@example.com', 'a:b/c_d.e', 'x'.repeat(ID_CHARS_MAX)])(
    'is taken as %j',
    (text) => {
      expect(parseId(text, 'x')).toBe(text);
    },
  );
});

describe('an actor id', () => {
  it('splits at its first colon, so that keys may have colons', () => {
    const actorId = actorIdOf('read', 'i1:account');
    expect([actorId, machineOf(actorId), keyOf(actorId)]).toEqual(['read:i1:account', 'read', 'i1:account']);
  });
});

describe('randomness', () => {
  it('makes ids that the parser takes and that differ', () => {
    const ids = Array.from({ length: 100 }, () => parseId(newId(), 'x'));
    expect(new Set(ids).size).toBe(100);
  });

  it('makes tokens of the asked size in base64url', () => {
    expect(Buffer.from(randomToken(32), 'base64url')).toHaveLength(32);
    expect(randomToken(32)).toMatch(/^[\w-]{43}$/);
    expect(randomToken(32)).not.toBe(randomToken(32));
  });
});
