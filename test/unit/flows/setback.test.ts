import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/core/errors.ts';
import { isOfConnection, isPassing, setbackOf } from '../../../src/flows/setback.ts';

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
});
