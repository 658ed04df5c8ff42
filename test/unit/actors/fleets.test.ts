import { describe, expect, it, vi } from 'vitest';
import { Fleets } from '../../../actors/fleets.ts';
import { providerApp } from '../../../machines/providerApp.ts';
import { actorIdOf } from '../../../src/core/ids.ts';
import { GRANT_STORM_MIN, GRANT_STORM_WINDOW_MS } from '../../../src/core/limits.ts';
import { silentLog } from '../../../src/core/log.ts';
import { flush } from '../../support/clock.ts';
import { startRuntime } from '../../support/runtime.ts';

const APP = 'app-1';

async function startFleets() {
  const harness = await startRuntime({ definitions: [providerApp] });
  const fleets = new Fleets(harness.runtime, harness.clock, silentLog());
  const state = () => harness.runtime.peek(actorIdOf('providerApp', APP)).value;
  const refuse = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => fleets.grantRefused(APP, `c${from + index}`, 'invalid_grant'));
  return { ...harness, fleets, state, refuse };
}

describe('the grants of a provider app', () => {
  it('are believed when few are refused', async () => {
    const { refuse, state } = await startFleets();
    expect(refuse(0, GRANT_STORM_MIN - 1)).toEqual(new Array(GRANT_STORM_MIN - 1).fill(false));
    await flush();
    expect(state()).toBe('trusted');
  });

  it('are believed when one is refused again and again', async () => {
    const { fleets, state } = await startFleets();
    for (let turn = 0; turn < 3 * GRANT_STORM_MIN; turn++) {
      expect(fleets.grantRefused(APP, 'c1', 'invalid_grant')).toBe(false);
    }
    await flush();
    expect(state()).toBe('trusted');
  });

  it('are believed when others are renewed in between', async () => {
    const { fleets, refuse, state } = await startFleets();
    for (let turn = 0; turn < 5; turn++) {
      expect(refuse(10 * turn, GRANT_STORM_MIN - 1)).not.toContain(true);
      fleets.grantWorked(APP);
    }
    await flush();
    expect(state()).toBe('trusted');
  });

  it('are believed when refusals are far apart', async () => {
    const { refuse, clock, state } = await startFleets();
    refuse(0, GRANT_STORM_MIN - 1);
    await clock.advance(GRANT_STORM_WINDOW_MS);
    expect(refuse(50, 1)).toEqual([false]);
    await flush();
    expect(state()).toBe('trusted');
  });

  it('are held when many are refused in a row, those of this app alone', async () => {
    const { fleets, refuse, state } = await startFleets();
    expect(refuse(0, GRANT_STORM_MIN + 3).slice(GRANT_STORM_MIN - 1)).toEqual([true, true, true, true]);
    await flush();
    expect(state()).toBe('suspect');
    expect(fleets.grantRefused('app-2', 'c1', 'invalid_grant')).toBe(false);
  });

  it('are let go by one that works', async () => {
    const { fleets, refuse, state } = await startFleets();
    refuse(0, GRANT_STORM_MIN);
    await flush();
    fleets.grantWorked(APP);
    await flush();
    expect(state()).toBe('trusted');
    expect(fleets.grantRefused(APP, 'c1', 'invalid_grant')).toBe(false);
  });
});

describe('a provider app that is refused', () => {
  it('is known to be, until the provider accepts the client again, whatever it says of a grant', async () => {
    const { fleets, state } = await startFleets();
    expect(fleets.isAppRefused(APP)).toBe(false);
    fleets.appRefused(APP, 'c1', 'invalid_client');
    await flush();
    expect([fleets.isAppRefused(APP), fleets.isAppRefused('app-2'), state()]).toEqual([true, false, 'faulty']);
    expect(fleets.grantRefused(APP, 'c1', 'invalid_grant')).toBe(false);
    await flush();
    expect([fleets.isAppRefused(APP), state()]).toEqual([false, 'trusted']);
  });

  it('is tried again when the builder changed it', async () => {
    const { fleets } = await startFleets();
    fleets.appRefused(APP, 'c1', 'invalid_client');
    await flush();
    fleets.appChanged(APP);
    await flush();
    expect(fleets.isAppRefused(APP)).toBe(false);
  });
});

describe('a provider app that is trusted', () => {
  it('costs no look at its actor', async () => {
    const { fleets, runtime } = await startFleets();
    const peek = vi.spyOn(runtime, 'peek');
    for (let turn = 0; turn < 5; turn++) {
      fleets.grantWorked(APP);
      expect(fleets.isAppRefused(APP)).toBe(false);
    }
    expect(peek).toHaveBeenCalledOnce();
  });
});
