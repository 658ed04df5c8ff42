// A data folder with the customers of one provider app, made by the product itself: each has connected, installed an
// integration that may only proxy, and then been away until their access tokens had all ended at the same time.

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { silentLog } from '../../src/core/log.ts';
import { HOUR_MS, systemClock } from '../../src/core/time.ts';
import { storeConnection } from '../../src/flows/connect/storeConnection.ts';
import { createInstallation } from '../../src/flows/install/installations.ts';
import { type Running, start } from '../../src/main.ts';
import { readIntegration } from '../../src/store/tables/installations.ts';
import { sendAll } from '../harness/commits.ts';
import { tokenText } from './ledger.ts';
import { groupRefOf, overridesAt, PROVIDER } from './wire.ts';

const MANIFEST = `specVersion: 1.0.0
integrations:
  - {name: ${PROVIDER}, provider: ${PROVIDER}, proxy: {enabled: true}}
`;
/** Commits under way at a time: they go to the disk in groups. */
const IN_FLIGHT = 500;

/** Where a fleet is, and how the builder calls its customers. */
export interface Fleet {
  readonly folder: string;
  readonly projectId: string;
  readonly apiKey: string;
  /** In the order of their grants. */
  readonly installationIds: readonly string[];
  readonly connectionIds: readonly string[];
}

/** The environment of a Tenon on a fleet whose provider is at `port`; nothing else is reached. */
export function envOf(folder: string, port: number): Record<string, string> {
  const catalogFile = join(folder, 'catalog.json');
  writeFileSync(catalogFile, JSON.stringify(overridesAt(port)));
  return {
    TENON_DATA_DIR: join(folder, 'data'),
    TENON_CATALOG_FILE: catalogFile,
    TENON_EGRESS_ALLOW: '127.0.0.1/32',
    TENON_LOG_LEVEL: 'error',
    TENON_PORT: '0',
  };
}

/** Starts Tenon in this process. */
export function startOn(folder: string, port: number): Promise<Running> {
  const onFatal = (error: Error) => {
    throw error;
  };
  return start({ config: readConfig(envOf(folder, port)), log: silentLog(), onFatal });
}

/** Makes `size` customers in an empty folder; their access tokens end at `endsAtMs`, after two hours. */
export async function makeFleet(folder: string, size: number, endsAtMs: number): Promise<Fleet> {
  const running = await startOn(folder, 1);
  const { services, firstKey, port } = running;
  if (firstKey === null) throw new Error('a fleet is made in a folder without one');
  const { projectId, apiKey } = firstKey;
  const call = async <Answer>(method: string, path: string, body: object): Promise<Answer> => {
    const headers = { 'x-api-key': apiKey, 'content-type': 'application/json' };
    const url = `http://127.0.0.1:${port}/v1/projects/${projectId}${path}`;
    const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Answer;
  };
  const clientSecret = randomBytes(24).toString('base64url');
  const app = await call<{ id: string }>('POST', '/provider-apps', {
    provider: PROVIDER,
    clientId: 'app',
    clientSecret,
  });
  await call('PUT', '/integrations:batch', { sourceYaml: MANIFEST });
  const integration = readIntegration(services.store.reads, projectId, PROVIDER);
  if (integration === undefined) throw new Error('the manifest has made no integration');
  const installationIds: string[] = [];
  const connectionIds: string[] = [];
  await sendAll(size, IN_FLIGHT, async (grant) => {
    const { connectionId } = await storeConnection(services, connectionOf(projectId, app.id, grant, endsAtMs));
    const content = { provider: PROVIDER };
    const installed = { groupRef: groupRefOf(grant), connectionId, content };
    const { installationId } = await createInstallation(services, integration, installed);
    connectionIds[grant] = connectionId;
    installationIds[grant] = installationId;
  });
  await running.stop();
  return { folder, projectId, apiKey, installationIds, connectionIds };
}

function connectionOf(projectId: string, providerAppId: string, grant: number, endsAtMs: number) {
  const groupRef = groupRefOf(grant);
  const org = `org-${grant}`;
  return {
    identity: {
      projectId: projectId as Parameters<typeof storeConnection>[1]['identity']['projectId'],
      provider: PROVIDER,
      groupRef,
      groupName: groupRef,
      consumerRef: 'ada',
      consumerName: 'ada',
      metadata: { workspace: { value: org, source: 'input' } },
    },
    credential: {
      scheme: 'oauth2',
      accessToken: tokenText({ kind: 'access', grant, generation: 0 }),
      refreshToken: tokenText({ kind: 'refresh', grant, generation: 0 }),
      tokenType: 'Bearer',
    },
    providerAppId,
    workspaceRef: org,
    consumerRef: null,
    expiresAtMs: endsAtMs,
    grantEndsAtMs: null,
    issuedAtMs: endsAtMs - 2 * HOUR_MS,
  } as const;
}

/** For a fleet that comes back after everything has ended. */
export function endedBefore(): number {
  return systemClock.nowMs() - HOUR_MS;
}
