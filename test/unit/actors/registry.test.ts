import { describe, expect, it } from 'vitest';
import { Registry } from '../../../actors/registry.ts';
import { HOST_OVERHEAD_BYTES, LIVE_HOSTS_MAX } from '../../../src/core/limits.ts';
import { flush } from '../../support/clock.ts';
import { probe } from '../../support/probe.ts';
import { id, startRuntime } from '../../support/runtime.ts';
import { withStore } from '../../support/store.ts';

async function registry(hostsMax: number, bytesMax?: number) {
  const { store } = await withStore();
  return new Registry([probe], store.reads, hostsMax, bytesMax);
}

describe('live hosts', () => {
  it('never exceed their number: the least recently used goes', async () => {
    const hosts = await registry(3);
    for (const key of ['a', 'b', 'c']) hosts.host(id(key));
    hosts.host(id('a'));
    hosts.peek(id('b'));
    hosts.host(id('d'));
    expect(['a', 'b', 'c', 'd'].filter((key) => hosts.peek(id(key)) !== undefined)).toEqual(['a', 'c', 'd']);
  });

  it('never exceed their bytes, also when they grew after they were added', async () => {
    const hosts = await registry(LIVE_HOSTS_MAX, 4.5 * HOST_OVERHEAD_BYTES);
    const grown = hosts.host(id('a'));
    hosts.host(id('b'));
    hosts.host(id('c'));
    grown.step({ type: 'note', text: 'x'.repeat(HOST_OVERHEAD_BYTES) }, 1, {});
    hosts.host(id('a'));
    expect(hosts.liveCount).toBe(3);
    hosts.host(id('d'));
    // Grown to three times its size, `a` leaves room for one: those used longest ago went.
    expect(['a', 'b', 'c', 'd'].filter((key) => hosts.peek(id(key)) !== undefined)).toEqual(['a', 'd']);
  });

  it('with a commit at the store are kept beyond every bound', async () => {
    const hosts = await registry(1);
    hosts.host(id('a')).commitBegan();
    hosts.host(id('b')).commitBegan();
    hosts.host(id('c'));
    expect(hosts.liveCount).toBe(3);
    hosts.peek(id('a'))?.commitEnded();
    hosts.host(id('d'));
    expect(['a', 'b', 'c', 'd'].filter((key) => hosts.peek(id(key)) !== undefined)).toEqual(['b', 'd']);
  });

  it('are counted again when they are dropped', async () => {
    const hosts = await registry(LIVE_HOSTS_MAX, 2 * HOST_OVERHEAD_BYTES);
    for (let round = 0; round < 5; round++) {
      const host = hosts.host(id(`${round}`));
      hosts.drop(host);
      hosts.drop(host);
    }
    hosts.host(id('a'));
    hosts.host(id('b'));
    expect(hosts.liveCount).toBe(2);
  });
});

describe('a host that was dropped', () => {
  it('cannot be stepped any more, and does not take the next one of its actor along', async () => {
    const hosts = await registry(3);
    const first = hosts.host(id('a'));
    hosts.drop(first);
    const second = hosts.host(id('a'));
    hosts.drop(first);
    expect(hosts.peek(id('a'))).toBe(second);
    expect(() => first.step({ type: 'bump' }, 1, {})).toThrow('after it was discarded');
    expect(second.step({ type: 'bump' }, 1, {})).toMatchObject({ isAccepted: true });
  });
});

describe('passivation', () => {
  it('loses no event that comes meanwhile, however many hosts come and go', async () => {
    const { runtime, stored } = await startRuntime({ liveHostsMax: 2 });
    const keys = Array.from({ length: 40 }, (_, n) => `k${n}`);
    const sent = Array.from({ length: 5 }, () => keys.map((key) => runtime.send(id(key), { type: 'bump' })));
    expect((await Promise.all(sent.flat())).every((isAccepted) => isAccepted)).toBe(true);
    await flush();
    expect(keys.map((key) => stored(key)?.count)).toEqual(keys.map(() => 5));
    await runtime.send(id('last'), { type: 'bump' });
    expect(runtime.liveCount).toBeLessThanOrEqual(2);
  });
});
