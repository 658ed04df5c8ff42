import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/core/errors.ts';
import { UNREACHED_DEFERRALS_MAX } from '../../../src/core/limits.ts';
import { DAY_MS, HOUR_MS } from '../../../src/core/time.ts';
import { isOfConnection, isPassing, setbackOf, tooLate } from '../../../src/flows/setback.ts';

const NOW = 1_000_000;
const FIRST = { attempt: 0, deferrals: 0 };

const facts = (code: ErrorCode) => ({ code, message: 'a failure' });
const kindOf = (code: ErrorCode) => setbackOf(facts(code), FIRST, NOW).kind;

describe('a setback', () => {
  it.each<ErrorCode>(['bad_request', 'forbidden', 'schema_drift_missing_object'])(
    'by %s is not tried again',
    (code) => {
      expect(setbackOf(facts(code), FIRST, NOW)).toEqual({ kind: 'failed', retryAtMs: null });
    },
  );

  it.each<ErrorCode>(['provider_5xx', 'provider_malformed', 'outcome_unknown'])('by %s counts', (code) => {
    expect(kindOf(code)).toBe('failed');
    expect(setbackOf(facts(code), FIRST, NOW).retryAtMs).toBeGreaterThan(NOW);
  });

  it.each<ErrorCode>(['budget_exhausted', 'circuit_open', 'app_fault', 'actor_paused', 'snapshot_unreadable'])(
    'by %s is put off: it is for somebody else to mend',
    (code) => {
      expect(kindOf(code)).toBe('deferred');
      expect(setbackOf(facts(code), FIRST, NOW).retryAtMs).toBeGreaterThan(NOW);
      expect([isOfConnection(facts(code)), isPassing(facts(code))]).toEqual([true, true]);
    },
  );

  it.each<ErrorCode>(['network', 'timeout', 'overloaded'])(
    'by %s, where nothing was sent, counts after a day only',
    (code) => {
      let atMs = NOW;
      let deferrals = 0;
      for (let setback = setbackOf(facts(code), FIRST, atMs); setback.kind === 'deferred'; deferrals++) {
        atMs = setback.retryAtMs;
        setback = setbackOf(facts(code), { attempt: 0, deferrals: deferrals + 1 }, atMs);
      }
      expect(deferrals).toBe(UNREACHED_DEFERRALS_MAX);
      // The pauses are random, 192 of them with a mean of 7.5 minutes: six standard deviations to each side.
      expect(atMs - NOW).toBeGreaterThan(DAY_MS - 7 * HOUR_MS);
      expect(atMs - NOW).toBeLessThan(DAY_MS + 7 * HOUR_MS);
    },
  );

  it('by a try that did not end in time counts at once', () => {
    expect(setbackOf(tooLate(facts('timeout')), FIRST, NOW).kind).toBe('failed');
    expect(tooLate(facts('network'))).toEqual(facts('network'));
  });
});
