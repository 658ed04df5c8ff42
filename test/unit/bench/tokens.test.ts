// The books of the token endpoint and the audit must see every way in which a storm can go wrong.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Evidence, verdictOf } from '../../../bench/tokens/audit.ts';
import type { CallAnswer } from '../../../bench/tokens/callers.ts';
import { copyData, type StoredGrant, storedGrants } from '../../../bench/tokens/database.ts';
import { makeFleet } from '../../../bench/tokens/fleet.ts';
import { TokenLedger, tokenNameOf, tokenText } from '../../../bench/tokens/ledger.ts';
import { systemClock } from '../../../src/core/time.ts';
import { tempFolder } from '../../support/store.ts';

const KILLED_AT_MS = 20_000;

const refresh = (grant: number, generation: number) => tokenText({ kind: 'refresh', grant, generation });
const access = (grant: number, generation: number) => tokenText({ kind: 'access', grant, generation });

/** A request that is answered at once. */
function rotate(ledger: TokenLedger, grant: number, generation: number, atMs: number) {
  const request = ledger.began(refresh(grant, generation), atMs);
  if (request !== null) ledger.ended(request, atMs, true);
  return request?.outcome;
}

describe('the books of the token endpoint', () => {
  it('tell a token from other text', () => {
    expect(tokenNameOf(access(7, 2))).toEqual({ kind: 'access', grant: 7, generation: 2 });
    for (const text of ['', 'refresh.1.2', `x${refresh(1, 2)}`]) expect(tokenNameOf(text)).toBeNull();
  });

  it('rotate a token, end the grant when it comes again, and refuse everything from then on', () => {
    const ledger = new TokenLedger(1);
    const outcomes = [0, 1, 0, 2].map((generation) => rotate(ledger, 0, generation, 5));
    expect(outcomes).toEqual(['rotated', 'rotated', 'reused', 'refused']);
    expect(ledger.report().grants[0]).toMatchObject({ generation: 2, revokedAtMs: 5 });
  });

  it.each([
    ['of no grant', refresh(1, 0)],
    ['from the future', refresh(0, 1)],
    ['of another kind', access(0, 0)],
  ])('know a token %s for a stranger', (_what, token) => {
    const ledger = new TokenLedger(1);
    expect(ledger.began(token, 1)).toBeNull();
    expect(ledger.report()).toMatchObject({ strangers: 1, requests: [] });
  });

  it('count what is under way at once, of one grant and of all', () => {
    const ledger = new TokenLedger(2);
    const requests = [ledger.began(refresh(0, 0), 1), ledger.began(refresh(1, 0), 1), ledger.began(refresh(0, 1), 1)];
    for (const request of requests) if (request !== null) ledger.ended(request, 2, true);
    rotate(ledger, 1, 1, 3);
    const { underWayMax, grants } = ledger.report();
    expect([underWayMax, ...grants.map((grant) => grant.underWayMax)]).toEqual([3, 2, 1]);
  });

  it('let in the newest access token of a grant that lives, and remember its use', () => {
    const ledger = new TokenLedger(1);
    rotate(ledger, 0, 0, 1);
    expect([0, 1].map((generation) => ledger.isLetIn(access(0, generation)))).toEqual([false, true]);
    rotate(ledger, 0, 0, 2);
    expect(ledger.isLetIn(access(0, 1))).toBe(false);
    expect(ledger.report()).toMatchObject({ refusedCalls: 2, grants: [{ usedGeneration: 1 }] });
  });
});

const FRESH: StoredGrant = {
  generation: 1,
  newestGeneration: 1,
  status: 'working',
  state: 'fresh',
  lostAnswerAtMs: null,
};
const OLD: StoredGrant = { ...FRESH, generation: 0, newestGeneration: 0, state: 'refreshing' };
const DEAD: StoredGrant = { ...OLD, status: 'bad_credentials', state: 'revoked', lostAnswerAtMs: KILLED_AT_MS + 900 };
const ANSWERED: CallAnswer = { status: 200, reason: '', tries: 1, beganAtMs: 0, waitMs: 100 };
const TOLD: CallAnswer = { ...ANSWERED, status: 424, reason: 'auth_invalidated' };

/**
 * Three grants and a kill: the first was renewed before it; the answer to the second was lost, and it died at the next
 * try; the third was renewed afterwards.
 */
function storm(change: (ledger: TokenLedger) => void = () => {}): Evidence {
  const ledger = new TokenLedger(3);
  rotate(ledger, 0, 0, 10_000);
  const lost = ledger.began(refresh(1, 0), KILLED_AT_MS - 20);
  if (lost !== null) ledger.ended(lost, KILLED_AT_MS + 1, false);
  rotate(ledger, 1, 0, KILLED_AT_MS + 1000);
  rotate(ledger, 2, 0, KILLED_AT_MS + 1000);
  for (const grant of [0, 2]) ledger.isLetIn(access(grant, 1));
  change(ledger);
  return {
    ledger: ledger.report(),
    killedAtMs: KILLED_AT_MS,
    goneAtMs: KILLED_AT_MS + 2,
    atKill: [FRESH, OLD, OLD],
    atEnd: [FRESH, DEAD, FRESH],
    answers: [ANSWERED, TOLD, ANSWERED],
  };
}

describe('the audit of a storm', () => {
  it('takes a death that the kill explains', () => {
    expect(verdictOf(storm())).toEqual({
      requestsSent: 4,
      inFlightAtKill: 1,
      answeredAndLost: 0,
      atOnceMax: 1,
      deadGrants: 1,
      unexplained: 0,
      lostAnswers: 0,
      faults: [],
    });
  });

  it('takes an answer for stored that waits in an effect to be read', () => {
    const evidence = storm();
    const atKill = [{ ...OLD, newestGeneration: 1 }, OLD, OLD];
    expect(verdictOf({ ...evidence, atKill })).toMatchObject({ inFlightAtKill: 1, faults: [] });
  });

  it.each<[string, (evidence: Evidence) => Evidence, string]>([
    [
      'a death of which the row says nothing',
      (evidence) => ({ ...evidence, atEnd: [FRESH, { ...DEAD, lostAnswerAtMs: null }, FRESH] }),
      'grant 1 died and nothing explains it',
    ],
    [
      'a death whose answer was on disk',
      (evidence) => ({ ...evidence, atKill: [FRESH, FRESH, OLD] }),
      'a refresh token that was on disk was lost',
    ],
    [
      'an answer that was there long before the kill and is not on disk',
      (evidence) => ({ ...evidence, atKill: [OLD, OLD, OLD] }),
      'grant 0: answered 10000 ms before the kill',
    ],
    [
      'the loss of a token that was used',
      () => storm((ledger) => void rotate(ledger, 2, 0, KILLED_AT_MS + 2000)),
      'grant 2: a token that was used in a call was lost',
    ],
    [
      'two refreshes of one grant at once',
      () =>
        storm((ledger) => {
          ledger.began(refresh(2, 1), KILLED_AT_MS + 2000);
          ledger.began(refresh(2, 2), KILLED_AT_MS + 2000);
        }),
      '2 requests of one grant were under way at once',
    ],
    [
      'a refresh too many',
      () => storm((ledger) => void rotate(ledger, 2, 1, KILLED_AT_MS + 2000)),
      '5 refreshes were sent, 1 too many',
    ],
    [
      'a grant that was not renewed',
      (evidence) => ({ ...evidence, atEnd: [FRESH, DEAD, OLD] }),
      'grant 2 is at 1 and lives; on disk',
    ],
    [
      'a customer who was told to connect again and need not',
      (evidence) => ({ ...evidence, answers: [TOLD, TOLD, ANSWERED] }),
      'call 0 ended with 424',
    ],
    [
      'a call with a token that had ended',
      () => storm((ledger) => void ledger.isLetIn(access(0, 0))),
      '1 calls came with a token that had ended',
    ],
    [
      'a token that nobody handed out',
      () => storm((ledger) => void ledger.began('x', 1)),
      '1 requests came with a token that nobody handed out',
    ],
  ])('finds %s', (_what, change, fault) => {
    expect(verdictOf(change(storm())).faults.join('\n')).toContain(fault);
  });
});

describe('a fleet', () => {
  it('has on disk what its grants begin with, also in a copy', async () => {
    const folder = tempFolder();
    const fleet = await makeFleet(folder, 5, systemClock.nowMs() - 1);
    expect(new Set(fleet.installationIds).size).toBe(5);
    mkdirSync(join(folder, 'copies'));
    copyData(join(folder, 'data'), join(folder, 'copies', 'killed'));
    const grants = storedGrants(join(folder, 'copies', 'killed'));
    const expected = { generation: 0, newestGeneration: 0, status: 'created', state: 'fresh', lostAnswerAtMs: null };
    expect(grants).toEqual(Array.from({ length: 5 }, () => expected));
  });
});
