// The books of the providers must see every way in which a refresh can go wrong.

import { describe, expect, it } from 'vitest';
import { Grants } from './grants.ts';

/** A grant whose first tokens are `r1` and `a1`, with the second ones handed out to process 1 as well. */
function rotatedOnce(): Grants {
  const grants = new Grants();
  grants.issued('r1', 'a1', 1);
  const refresh = grants.began('r1', 1);
  grants.performed(refresh, 'r2', 'a2');
  grants.ended(refresh);
  return grants;
}

describe('the books of the grants', () => {
  it.each<[string, (grants: Grants) => void, string]>([
    ['a token that nobody handed out', (grants) => void grants.began('x', 1), 'nobody handed out'],
    ['one on disk', (grants) => grants.stored('x'), 'nobody handed out'],
    [
      'two refreshes of one grant at once',
      (grants) => {
        grants.began('r2', 1);
        grants.began('r2', 2);
      },
      '2 refreshes of one grant were under way at once',
    ],
    ['a token used twice by one process', (grants) => void grants.began('r1', 1), 'by the process that rotated it'],
    [
      'the loss of a rotation that was used',
      (grants) => {
        grants.used('a2');
        grants.began('r1', 2);
      },
      'that had been used or stored was lost',
    ],
    [
      'the loss of a rotation that was on disk',
      (grants) => {
        grants.stored('r2');
        grants.began('r1', 2);
      },
      'that had been used or stored was lost',
    ],
    [
      'a use before the commit',
      (grants) => {
        grants.used('a2');
        grants.stored('r1');
      },
      'the disk has an older token than one that was used',
    ],
    ['a refusal without a cause', (grants) => grants.refused(grants.began('r2', 2), 'invalid_grant'), 'was refused'],
  ])('name %s', (_name, happen, expected) => {
    const grants = rotatedOnce();
    expect(grants.violations).toEqual([]);
    happen(grants);
    expect(grants.violations).toEqual([expect.stringContaining(expected)]);
  });

  it('take an answer that died with its process before it was kept', () => {
    const grants = rotatedOnce();
    const repeat = grants.began('r1', 2);
    grants.refused(repeat, 'invalid_grant');
    expect(grants.violations).toEqual([]);
    expect(grants.lostAnswers).toBe(1);
  });

  it('take one token for ever where the provider rotates none', () => {
    const grants = new Grants();
    grants.issued('r', 'a1', 1);
    for (const [life, accessToken] of [
      [1, 'a2'],
      [2, 'a3'],
    ] as const) {
      const refresh = grants.began('r', life);
      grants.performed(refresh, 'r', accessToken);
      grants.ended(refresh);
      grants.used(accessToken);
      grants.stored('r');
    }
    expect(grants.violations).toEqual([]);
    expect([grants.refreshes, grants.lostAnswers]).toEqual([2, 0]);
  });
});
