// A Tenon with one customer's account at a simulated provider, for the vendors' own clients: they are given Tenon's
// address and headers and nothing else. Tenon and the provider share a clock that only the test moves.

import type { JsonObject } from '../../src/core/json.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import type { Through } from './clients/through.ts';
import { type FakeClock, fakeClock } from './clock.ts';
import { startTenon, type Tenon } from './tenon.ts';

/** Under these paths are the calls that tests make; what Tenon asks for itself, tokens above all, is elsewhere. */
const PATHS = {
  hubspot: '/crm',
  salesforce: '/services/data',
  stripe: '/v1',
  slack: '/api/auth.test',
  github: '/',
} as const;

type Provider = keyof typeof PATHS;

export interface VendorOptions {
  readonly scopes?: readonly string[];
  readonly sandbox?: SandboxOptions;
  readonly env?: Readonly<Record<string, string>>;
  readonly overrides?: JsonObject;
}

export interface Vendor {
  readonly tenon: Tenon;
  readonly clock: FakeClock;
  readonly through: Through;
  readonly connectionId: string;
  /** Calls that the provider was asked during `work`. */
  asked(work: () => Promise<unknown>): Promise<number>;
  /** Calls that come in meet these answers of the provider, one each. */
  fail(...faults: readonly Fault[]): void;
  /** Lets time pass until the work is done; how long it took on the test's clock. */
  passing<T>(work: Promise<T>): Promise<{ readonly result: T; readonly ms: number }>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What never ends must fail instead of keeping the process busy. */
const PATIENCE_MS = 8000;

export async function startVendor(provider: Provider, options: VendorOptions = {}): Promise<Vendor> {
  const clock = fakeClock();
  const { sandbox = {}, env = {}, overrides = {} } = options;
  const tenon = await startTenon({ clock, sandbox, env, overrides });
  await tenon.deploy(`specVersion: 1.0.0
integrations:
  - { name: vendor, provider: ${provider}, proxy: { enabled: true } }
`);
  const connectionId = await connect(tenon, provider, options.scopes);
  const { id } = await tenon.install('vendor', { provider });
  const requests = () => tenon.sandbox.stats().requestsByProvider[provider];
  return {
    tenon,
    clock,
    connectionId,
    through: {
      url: tenon.origin,
      headers: {
        'x-api-key': tenon.apiKey,
        'x-amp-proxy-version': '1',
        'x-amp-project-id': tenon.projectId,
        'x-amp-installation-id': id,
      },
    },
    async asked(work) {
      const before = requests();
      await work();
      return requests() - before;
    },
    fail(...faults) {
      for (const fault of faults) tenon.sandbox.faults.next({ provider, pathPrefix: PATHS[provider] }, fault);
    },
    async passing(work) {
      const startedMs = clock.nowMs();
      let isOver = false;
      const over = () => {
        isOver = true;
      };
      work.then(over, over);
      const lateMs = performance.now() + PATIENCE_MS;
      while (!isOver && performance.now() < lateMs) await clock.advance(100);
      return { result: await work, ms: clock.nowMs() - startedMs };
    },
    [Symbol.asyncDispose]: () => tenon.stop(),
  };
}

async function connect(tenon: Tenon, provider: Provider, scopes?: readonly string[]): Promise<string> {
  if (provider === 'stripe') {
    const body = { groupRef: 'acme', consumerRef: 'ada', provider, apiKey: 'sk_test_of_acme' };
    return (await tenon.ok('POST', tenon.inProject('/connections:generate'), body)).id;
  }
  await tenon.addProviderApp(provider, `app-${provider}`, `secret-for-app-${provider}`, scopes);
  return (await tenon.connect(provider, provider === 'salesforce' ? { workspace: 'acme' } : {})).id;
}
