import { describe, expect, it } from 'vitest';
import { Fleets, type News } from '../../../actors/fleets.ts';
import { providerApp } from '../../../machines/providerApp.ts';
import { actorIdOf } from '../../../src/core/ids.ts';
import { GRANT_STORM_MIN, GRANT_STORM_WINDOW_MS } from '../../../src/core/limits.ts';
import { silentLog } from '../../../src/core/log.ts';
import { flush } from '../../support/clock.ts';
import { startRuntime } from '../../support/runtime.ts';

const APP = 'app-1';

async function startFleets() {
  const harness = await startRuntime({ definitions: [providerApp] });
  const { runtime, store, clock } = harness;
  const fleets = new Fleets(runtime, store.reads, clock, silentLog());
  const state = () => runtime.peek(actorIdOf('providerApp', APP)).value;
  /** Commits what belongs to an answer, as the effect that had it does. */
  const commit = async ({ messages = [], onCommitted }: News) => {
    for (const { to, event } of messages) await runtime.send(to, event);
    onCommitted?.();
    await flush();
  };
  const refused = async (connectionId: string, app = APP) => {
    const { isSuspect, news } = fleets.grantRefused(app, connectionId, 'invalid_grant');
    await commit(news);
    return isSuspect;
  };
  const refuse = async (from: number, count: number) => {
    const answers: boolean[] = [];
    for (let index = 0; index < count; index++) answers.push(await refused(`c${from + index}`));
    return answers;
  };
  return { ...harness, fleets, state, refused, refuse, commit };
}

describe('the grants of a provider app', () => {
  it('are believed when few are refused', async () => {
    const { refuse, state } = await startFleets();
    expect(await refuse(0, GRANT_STORM_MIN - 1)).toEqual(new Array(GRANT_STORM_MIN - 1).fill(false));
    await flush();
    expect(state()).toBe('trusted');
  });

  it('are believed when one is refused again and again', async () => {
    const { state, refused } = await startFleets();
    for (let turn = 0; turn < 3 * GRANT_STORM_MIN; turn++) {
      expect(await refused('c1')).toBe(false);
    }
    await flush();
    expect(state()).toBe('trusted');
  });

  it('are believed when others are renewed in between', async () => {
    const { fleets, refuse, commit, state } = await startFleets();
    for (let turn = 0; turn < 5; turn++) {
      expect(await refuse(10 * turn, GRANT_STORM_MIN - 1)).not.toContain(true);
      await commit(fleets.grantWorked(APP));
    }
    await flush();
    expect(state()).toBe('trusted');
  });

  it('are believed when refusals are far apart', async () => {
    const { refuse, clock, state } = await startFleets();
    await refuse(0, GRANT_STORM_MIN - 1);
    await clock.advance(GRANT_STORM_WINDOW_MS);
    expect(await refuse(50, 1)).toEqual([false]);
    await flush();
    expect(state()).toBe('trusted');
  });

  it('are held when many are refused in a row, those of this app alone', async () => {
    const { refuse, refused, state } = await startFleets();
    expect((await refuse(0, GRANT_STORM_MIN + 3)).slice(GRANT_STORM_MIN - 1)).toEqual([true, true, true, true]);
    await flush();
    expect(state()).toBe('suspect');
    expect(await refused('c1', 'app-2')).toBe(false);
  });

  it('are let go by one that works', async () => {
    const { fleets, refuse, refused, commit, state } = await startFleets();
    await refuse(0, GRANT_STORM_MIN);
    await flush();
    await commit(fleets.grantWorked(APP));
    await flush();
    expect(state()).toBe('trusted');
    expect(await refused('c1')).toBe(false);
  });
});

describe('a provider app that is refused', () => {
  it('is known to be, until the provider accepts the client again, whatever it says of a grant', async () => {
    const { fleets, state, refused, commit } = await startFleets();
    expect(fleets.isAppRefused(APP)).toBe(false);
    await commit(fleets.appRefused(APP, 'c1', 'invalid_client'));
    await flush();
    expect([fleets.isAppRefused(APP), fleets.isAppRefused('app-2'), state()]).toEqual([true, false, 'faulty']);
    expect(await refused('c1')).toBe(false);
    await flush();
    expect([fleets.isAppRefused(APP), state()]).toEqual([false, 'trusted']);
  });

  it('is tried again when the builder changed it', async () => {
    const { fleets, commit } = await startFleets();
    await commit(fleets.appRefused(APP, 'c1', 'invalid_client'));
    await flush();
    fleets.appChanged(APP);
    await flush();
    expect(fleets.isAppRefused(APP)).toBe(false);
  });
});
