import { describe, expect, it, vi } from 'vitest';
import { Supervisor } from '../../../actors/supervisor.ts';
import { provider } from '../../../machines/provider.ts';
import {
  CIRCUIT_CALLS_MIN,
  CIRCUIT_OPEN_MS,
  CIRCUIT_WINDOW_MS,
  CIRCUITS_COUNTED_MAX,
} from '../../../src/core/limits.ts';
import { HOUR_MS } from '../../../src/core/time.ts';
import { flush } from '../../support/clock.ts';
import { startRuntime } from '../../support/runtime.ts';

const KEY = 'hubspot/app';

async function startSupervisor() {
  const harness = await startRuntime({ definitions: [provider] });
  const supervisor = new Supervisor(harness.runtime, harness.clock);
  const report = async (failures: (string | null)[]) => {
    for (const failure of failures) supervisor.report(supervisor.circuit(KEY), 'call', failure);
    await flush();
  };
  const calls = (count: number, failure: string | null) => Array.from({ length: count }, () => failure);
  const trip = () => report(calls(CIRCUIT_CALLS_MIN, 'answered 500'));
  return { ...harness, supervisor, report, calls, trip };
}

describe('the circuit of a provider app', () => {
  it('stays closed below the number of calls that mean something', async () => {
    const { supervisor, report, calls } = await startSupervisor();
    await report(calls(CIRCUIT_CALLS_MIN - 1, 'answered 500'));
    expect(supervisor.admit(supervisor.circuit(KEY))).toBe('call');
  });

  it('stays closed while more calls work than fail', async () => {
    const { supervisor, report, calls } = await startSupervisor();
    await report([...calls(CIRCUIT_CALLS_MIN, null), ...calls(CIRCUIT_CALLS_MIN - 1, 'answered 500')]);
    expect(supervisor.admit(supervisor.circuit(KEY))).toBe('call');
  });

  it('stays closed when failures are spread over more than one window', async () => {
    const { supervisor, report, calls, clock } = await startSupervisor();
    await report(calls(CIRCUIT_CALLS_MIN - 1, 'answered 500'));
    await clock.advance(CIRCUIT_WINDOW_MS);
    await report(calls(CIRCUIT_CALLS_MIN - 1, 'answered 500'));
    expect(supervisor.admit(supervisor.circuit(KEY))).toBe('call');
  });

  it('opens when half of the calls fail, for this provider app alone, and says until when', async () => {
    const { supervisor, trip, clock } = await startSupervisor();
    await trip();
    expect(supervisor.admit(supervisor.circuit(KEY))).toEqual({ retryAtMs: clock.nowMs() + CIRCUIT_OPEN_MS });
    expect(supervisor.heldUntilMs(supervisor.circuit(KEY))).toBe(clock.nowMs() + CIRCUIT_OPEN_MS);
    expect(supervisor.admit(supervisor.circuit('hubspot/another'))).toBe('call');
  });

  it('opens for all when those who hold it from before it was forgotten tell of failures', async () => {
    const { supervisor, calls, clock } = await startSupervisor();
    const before = supervisor.circuit(KEY);
    for (let other = 0; other < CIRCUITS_COUNTED_MAX; other++) supervisor.circuit(`hubspot/${other}`);
    expect(before.isKept).toBe(false);
    expect(supervisor.admit(supervisor.circuit(KEY))).toBe('call');
    for (const failure of calls(CIRCUIT_CALLS_MIN, 'answered 500')) supervisor.report(before, 'call', failure);
    expect(supervisor.admit(supervisor.circuit(KEY))).toEqual({ retryAtMs: clock.nowMs() + CIRCUIT_OPEN_MS });
  });

  it('opens for calls that found it closed before, at once and while that is on its way to the disk', async () => {
    const { supervisor, calls, clock } = await startSupervisor();
    expect([supervisor.admit(supervisor.circuit(KEY)), supervisor.admit(supervisor.circuit(KEY))]).toEqual([
      'call',
      'call',
    ]);
    for (const failure of calls(CIRCUIT_CALLS_MIN, 'answered 500'))
      supervisor.report(supervisor.circuit(KEY), 'call', failure);
    const held = { retryAtMs: clock.nowMs() + CIRCUIT_OPEN_MS };
    expect(supervisor.admit(supervisor.circuit(KEY))).toEqual(held);
    await flush();
    expect(supervisor.admit(supervisor.circuit(KEY))).toEqual(held);
  });

  it('asks the actor of a closed circuit once, not with each call', async () => {
    const { supervisor, runtime, report, calls } = await startSupervisor();
    const peek = vi.spyOn(runtime, 'peek');
    for (let call = 0; call < 3; call++) {
      expect(supervisor.heldUntilMs(supervisor.circuit(KEY))).toBe(null);
      expect(supervisor.admit(supervisor.circuit(KEY))).toBe('call');
      await report(calls(1, null));
    }
    expect(peek).toHaveBeenCalledOnce();
  });

  it('lets one probe at a time through afterwards, and closes when it works', async () => {
    const { supervisor, trip, clock } = await startSupervisor();
    await trip();
    await clock.advance(CIRCUIT_OPEN_MS);
    expect(supervisor.admit(supervisor.circuit(KEY))).toBe('probe');
    expect(supervisor.admit(supervisor.circuit(KEY))).toEqual({ retryAtMs: clock.nowMs() + CIRCUIT_WINDOW_MS });
    supervisor.report(supervisor.circuit(KEY), 'probe', null);
    await flush();
    expect([supervisor.admit(supervisor.circuit(KEY)), supervisor.admit(supervisor.circuit(KEY))]).toEqual([
      'call',
      'call',
    ]);
  });

  it('opens again when the probe fails', async () => {
    const { supervisor, trip, clock } = await startSupervisor();
    await trip();
    await clock.advance(CIRCUIT_OPEN_MS);
    expect(supervisor.admit(supervisor.circuit(KEY))).toBe('probe');
    supervisor.report(supervisor.circuit(KEY), 'probe', 'answered 503');
    await flush();
    expect(supervisor.admit(supervisor.circuit(KEY))).toEqual({ retryAtMs: clock.nowMs() + CIRCUIT_OPEN_MS });
  });

  it('is open no longer than twice as long when the clock is put back by hours while it is open', async () => {
    const { supervisor, trip, clock } = await startSupervisor();
    await trip();
    await clock.advance(CIRCUIT_OPEN_MS / 2);
    clock.jump(-5 * HOUR_MS);
    // Until its actor knows, nothing goes.
    expect(supervisor.admit(supervisor.circuit(KEY))).toEqual({ retryAtMs: clock.nowMs() + CIRCUIT_OPEN_MS });
    await flush();
    expect(supervisor.admit(supervisor.circuit(KEY))).toBe('probe');
  });

  it('is not open for hours either when its clock is behind after a restart', async () => {
    const { trip, clock, runtime } = await startSupervisor();
    await trip();
    clock.jump(-5 * HOUR_MS);
    const supervisor = new Supervisor(runtime, clock);
    supervisor.heldUntilMs(supervisor.circuit(KEY));
    await flush();
    expect(supervisor.admit(supervisor.circuit(KEY))).toBe('probe');
  });

  it('counts the calls of a window anew when the clock is put back', async () => {
    const { supervisor, report, calls, clock } = await startSupervisor();
    await report(calls(CIRCUIT_CALLS_MIN - 1, 'answered 500'));
    clock.jump(-5 * HOUR_MS);
    await clock.advance(HOUR_MS);
    await report(calls(CIRCUIT_CALLS_MIN - 1, 'answered 500'));
    expect(supervisor.admit(supervisor.circuit(KEY))).toBe('call');
  });

  it('does not wait for a probe that nobody answers until a clock that was put back has come so far', async () => {
    const { supervisor, trip, clock } = await startSupervisor();
    await trip();
    await clock.advance(CIRCUIT_OPEN_MS);
    expect(supervisor.admit(supervisor.circuit(KEY))).toBe('probe');
    clock.jump(-5 * HOUR_MS);
    await clock.advance(CIRCUIT_WINDOW_MS);
    expect(supervisor.admit(supervisor.circuit(KEY))).toBe('probe');
  });

  it('does not wait for ever for a probe that nobody answers', async () => {
    const { supervisor, trip, clock } = await startSupervisor();
    await trip();
    await clock.advance(CIRCUIT_OPEN_MS);
    expect(supervisor.admit(supervisor.circuit(KEY))).toBe('probe');
    await clock.advance(CIRCUIT_WINDOW_MS);
    expect(supervisor.admit(supervisor.circuit(KEY))).toBe('probe');
  });
});
