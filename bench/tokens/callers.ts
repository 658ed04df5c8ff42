// The builder's product in the token bench, a process of its own: one call through the proxy for each customer, all of
// them within RAMP_MS, each on a connection of its own. A call that is not answered, or told to come back, is made
// again after a moment, as any client of a proxy does. Whatever else is answered is the end of it.

import { get } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { serveParent } from '../harness/processes.ts';
import { CALL_PATH } from './wire.ts';

/** Calls do not come in the same millisecond, and 10,000 SYNs would measure the system's backlog. */
const RAMP_MS = 1000;
/** Between two tries, give or take half of it. */
const PAUSE_MS = 500;
/** A storm that takes longer has stalled. */
const PATIENCE_MS = 120_000;
/** What means "once more": no connection, told to wait, not ready, too slow. */
const AGAIN = new Set([0, 408, 429, 500, 502, 503, 504]);

export interface CallersQuestion {
  readonly kind: 'run';
  readonly port: number;
  readonly projectId: string;
  readonly apiKey: string;
  readonly installationIds: readonly string[];
}

/** What became of one customer's call. */
export interface CallAnswer {
  /** Of the last try; 0 without an answer. */
  readonly status: number;
  /** The reason in the words of the API, where it was not 200. */
  readonly reason: string;
  readonly tries: number;
  readonly beganAtMs: number;
  /** From the first try to the last answer. */
  readonly waitMs: number;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function callOnce({ port, projectId, apiKey }: CallersQuestion, installationId: string): Promise<Answer> {
  const headers = {
    'x-api-key': apiKey,
    'x-amp-proxy-version': '1',
    'x-amp-project-id': projectId,
    'x-amp-installation-id': installationId,
  };
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: CALL_PATH, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', () => resolve({ status: 0, text: '' }));
    });
    request.on('error', ({ message }) => resolve({ status: 0, text: message }));
  });
}

async function call(question: CallersQuestion, installationId: string, delayMs: number): Promise<CallAnswer> {
  await setTimeout(delayMs);
  const [beganAtMs, startedMs] = [Date.now(), performance.now()];
  for (let tries = 1; ; tries++) {
    const { status, text } = await callOnce(question, installationId);
    const waitMs = performance.now() - startedMs;
    const isOver = !AGAIN.has(status) || waitMs > PATIENCE_MS;
    if (isOver) return { status, reason: status === 200 ? '' : text.slice(0, 300), tries, beganAtMs, waitMs };
    await setTimeout(PAUSE_MS * (0.5 + Math.random()));
  }
}

serveParent({}, (question: CallersQuestion): Promise<readonly CallAnswer[]> => {
  const { installationIds } = question;
  const calls = installationIds.map((id, index) => call(question, id, (index * RAMP_MS) / installationIds.length));
  return Promise.all(calls);
});
