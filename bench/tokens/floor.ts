// The baseline of the storm, a process of its own: the same token requests, sent by a bare undici client over as many
// connections as Tenon opens to one origin. Nothing is sealed, stored or looked at but the status.

import { Pool } from 'undici';
import { CONNECTIONS_PER_ORIGIN_MAX } from '../../src/core/limits.ts';
import { serveParent } from '../harness/processes.ts';
import { tokenText } from './ledger.ts';
import { ENDPOINT_PATH } from './wire.ts';

export interface FloorQuestion {
  readonly kind: 'run';
  readonly port: number;
  readonly grants: number;
}

export interface FloorAnswer {
  readonly elapsedMs: number;
  readonly failed: number;
}

async function run({ port, grants }: FloorQuestion): Promise<FloorAnswer> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS_PER_ORIGIN_MAX });
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  let [next, failed] = [0, 0];
  const sender = async () => {
    while (next < grants) {
      const refreshToken = tokenText({ kind: 'refresh', grant: next++, generation: 0 });
      const body = `grant_type=refresh_token&refresh_token=${refreshToken}&client_id=app&client_secret=secret`;
      const answer = await pool.request({ path: ENDPOINT_PATH, method: 'POST', headers, body });
      await answer.body.text();
      if (answer.statusCode !== 200) failed += 1;
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS_PER_ORIGIN_MAX }, sender));
  const elapsedMs = performance.now() - startedMs;
  await pool.close();
  return { elapsedMs, failed };
}

serveParent({}, run);
