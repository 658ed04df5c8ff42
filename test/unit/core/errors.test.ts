import { describe, expect, it } from 'vitest';
import { ERROR_CODES, errorFacts, IntegrationError, invariant } from '../../../src/core/errors.ts';

describe('an error', () => {
  it.each(Object.entries(ERROR_CODES))('with code %s has its status and says whether to try again', (code, facts) => {
    const error = new IntegrationError(code as keyof typeof ERROR_CODES, 'internals');
    expect({ status: error.status, isRetryable: error.isRetryable }).toEqual(facts);
    expect(facts.status).toBeGreaterThanOrEqual(400);
    expect(facts.status).toBeLessThan(600);
  });

  it('is never to be tried again when it is the fault of whoever calls', () => {
    for (const [code, { status, isRetryable }] of Object.entries(ERROR_CODES)) {
      if (isRetryable) expect([408, 409, 429, 502, 503, 504], code).toContain(status);
    }
  });

  it('may know better than its code whether to try again', () => {
    expect(new IntegrationError('rate_limited', 'locked out', { isRetryable: false }).isRetryable).toBe(false);
  });

  it('shows the public detail, and its message where there is none', () => {
    expect(new IntegrationError('network', 'host 10.0.0.7 refused', { publicDetail: 'unreachable' })).toMatchObject({
      name: 'IntegrationError',
      message: 'host 10.0.0.7 refused',
      publicDetail: 'unreachable',
      issues: [],
    });
    expect(new IntegrationError('not_found', 'no such project').publicDetail).toBe('no such project');
  });

  it('keeps its cause, and has none where none was given', () => {
    const cause = new Error('below');
    expect(new IntegrationError('network', 'x', { cause }).cause).toBe(cause);
    expect(Object.hasOwn(new IntegrationError('network', 'x'), 'cause')).toBe(false);
  });
});

describe('the facts of something thrown', () => {
  it.each([
    [new IntegrationError('timeout', 'late'), { code: 'timeout', message: 'late' }],
    [new TypeError('a bug'), { code: 'invariant', message: 'a bug' }],
    ['text', { code: 'invariant', message: 'text' }],
    [undefined, { code: 'invariant', message: 'undefined' }],
    [Symbol('s'), { code: 'invariant', message: 'Symbol(s)' }],
  ])('of %s', (thrown, facts) => {
    expect(errorFacts(thrown)).toEqual(facts);
  });
});

describe('an invariant', () => {
  it('that is broken names its id to everybody and its details to the operator', () => {
    expect(() => invariant(0, 'T-0001', 'secret details')).toThrow(
      expect.objectContaining({
        code: 'invariant',
        message: 'T-0001: secret details',
        publicDetail: 'internal error T-0001',
      }),
    );
  });

  it('that holds does nothing', () => {
    expect(() => invariant('x', 'T-0001', 'fine')).not.toThrow();
  });
});
