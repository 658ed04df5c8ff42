// What the proxy bench puts under load: Tenon, and what it is compared with. Each runs in a process of its own on core
// 0 and forwards to the same upstream; each is asked for its CPU time by the microsecond.

import { closeSync, createReadStream, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { Child, type CpuMicros } from '../harness/processes.ts';
import { type Customers, connectCustomers } from './customers.ts';
import { startNginx } from './nginx.ts';
import type { TenonReady } from './tenon.ts';
import { requestText } from './traffic.ts';

/** One process under test. */
export interface Subject {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  cpu(): Promise<CpuMicros>;
  stop(): Promise<void>;
}

/** A Tenon with its customers connected; its log goes to a file. */
export interface TenonSubject extends Subject {
  readonly ready: TenonReady;
  readonly customers: Customers;
  /** Log lines of calls, once they are written. */
  logLines(): Promise<number>;
}

export interface TenonOptions {
  readonly name?: string;
  readonly stripeCustomers?: number;
  /** 0 unless said otherwise. */
  readonly core?: 0 | 'any';
  readonly env?: Readonly<Record<string, string>>;
}

/** The folder is made, and its own. */
export async function startTenon(
  folder: string,
  upstreamPort: number,
  { name = 'Tenon', stripeCustomers, core = 0, env = {} }: TenonOptions = {},
): Promise<TenonSubject> {
  mkdirSync(folder, { recursive: true });
  const sandbox = await startSandbox({ autoConsent: true });
  const overrides = sandbox.catalogOverrides();
  const account = `http://{{.workspace}}.localhost:${upstreamPort}`;
  const catalogFile = join(folder, 'catalog.json');
  writeFileSync(
    catalogFile,
    JSON.stringify({
      stripe: { baseURL: `http://127.0.0.1:${upstreamPort}` },
      salesforce: { ...(overrides['salesforce'] as object), baseURL: account, modules: { crm: { baseURL: account } } },
    }),
  );
  const logPath = join(folder, 'log');
  const stdout = openSync(logPath, 'a');
  const { child, ready } = await Child.start<TenonReady>(script('tenon'), {
    core,
    stdout,
    env: {
      TENON_DATA_DIR: join(folder, 'data'),
      TENON_PORT: '0',
      TENON_EGRESS_ALLOW: '127.0.0.1/32',
      TENON_CATALOG_FILE: catalogFile,
      TENON_LOG_LEVEL: 'info',
      ...env,
    },
  });
  closeSync(stdout);
  const customers = await connectCustomers(ready, stripeCustomers);
  await sandbox.close();
  return {
    ...subjectOf(name, child, ready.port),
    ready,
    customers,
    async logLines() {
      await child.ask({ kind: 'flush' });
      return linesWith(logPath, '"plane":"proxy"');
    },
  };
}

/** The log of a long run is larger than a string may be. */
async function linesWith(path: string, text: string): Promise<number> {
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(path, 'latin1') })) {
    if (line.includes(text)) count += 1;
  }
  return count;
}

/** Bare node:http and undici, over one pool for each origin. */
export async function startFloor(origins: readonly string[]): Promise<Subject> {
  const { child, ready } = await startProxy('floor', origins.join(','));
  return subjectOf('floor', child, ready.port);
}

/** Hono with fetch. */
export async function startAfternoon(origin: string): Promise<Subject> {
  const { child, ready } = await startProxy('afternoon', origin);
  return subjectOf('Hono + fetch', child, ready.port);
}

/** nginx with one worker; null where it is not installed. */
export async function startNginxSubject(folder: string, upstreamPort: number): Promise<Subject | null> {
  const nginx = await startNginx(folder, upstreamPort);
  return nginx === null ? null : { name: 'nginx', ...nginx };
}

/** The same call for each of the customers. */
export function requestsOf(
  { ready }: TenonSubject,
  customers: readonly string[],
  method: 'GET' | 'POST',
  path = '/v1/customers?limit=10',
): readonly string[] {
  return customers.map((installationId) => requestText(method, path, headersOf(ready, installationId)));
}

/** What a caller of the proxy says. */
export function headersOf(ready: TenonReady, installationId: string): Record<string, string> {
  return {
    'x-api-key': ready.apiKey,
    'x-amp-proxy-version': '1',
    'x-amp-project-id': ready.projectId,
    'x-amp-installation-id': installationId,
  };
}

function startProxy(name: string, origins: string) {
  return Child.start<{ port: number }>(script(name), { core: 0, env: { BENCH_ORIGINS: origins } });
}

function subjectOf(name: string, child: Child, port: number): Subject {
  return { name, port, pid: child.pid, cpu: () => child.cpu(), stop: () => child.stop() };
}

/** A child of the proxy bench. */
export function script(name: string): URL {
  return new URL(`./${name}.ts`, import.meta.url);
}
