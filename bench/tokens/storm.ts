// One storm: a server on the data folder of a fleet whose access tokens have all ended, a call for each customer at
// the same time, one SIGKILL when half of the token answers were sent, a new server on the same port, and the audit.
// Before it, the floor: as many token requests by a bare client.

import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Child } from '../harness/processes.ts';
import { percentile } from '../harness/result.ts';
import { freePort, Server } from '../harness/server.ts';
import { type Evidence, type Verdict, verdictOf } from './audit.ts';
import type { CallAnswer, CallersQuestion } from './callers.ts';
import { copyData, storedGrants } from './database.ts';
import type { EndpointQuestion } from './endpoint.ts';
import { envOf, type Fleet } from './fleet.ts';
import type { FloorAnswer, FloorQuestion } from './floor.ts';
import type { LedgerReport, TokenRequest } from './ledger.ts';

/** Width of a step in the picture. */
const STEP_MS = 100;
/** Memory is looked at so often. */
const LOOK_MS = 50;
/** Longest that the actors of dead grants may take to say so, once every call has its answer. */
const SETTLE_MS = 2000;

export interface StormOutcome {
  readonly verdict: Verdict;
  readonly floorPerSecond: number;
  /** Token answers per second, from the first one until the kill. */
  readonly perSecond: number;
  /** From the first call to the last answer, the kill and the start after it included. */
  readonly finishMs: number;
  /** From the kill until the next server was ready. */
  readonly downMs: number;
  readonly readyMs: number;
  readonly underWayMax: number;
  readonly waitP50Ms: number;
  readonly waitP99Ms: number;
  readonly rssMaxMb: number;
  /** Of the server under storm, all threads, per token answer until the kill. */
  readonly cpuMicros: number;
  readonly triesMax: number;
  readonly timeline: Timeline;
}

/** Token answers that were sent by a time, counted from the first call. */
export interface Timeline {
  readonly points: readonly { readonly atMs: number; readonly sent: number }[];
  readonly killedAtMs: number;
  readonly readyAtMs: number;
}

/** The server's side of a storm: what was seen of its two processes. */
interface Lives {
  readonly killedAtMs: number;
  readonly goneAtMs: number;
  readonly readyAtMs: number;
  readonly readyMs: number;
  readonly cpuMs: number;
  readonly rssMaxMb: number;
  readonly last: Server;
}

export async function stormOver(fleet: Fleet, folder: string): Promise<StormOutcome> {
  const size = fleet.installationIds.length;
  const floorPerSecond = await floorOf(size);
  cpSync(join(fleet.folder, 'data'), join(folder, 'data'), { recursive: true });
  const endpoint = await startEndpoint(size);
  const callers = await Child.start(script('callers'), { core: 'any' });
  const port = await freePort();
  const env = envOf(folder, endpoint.port);
  const first = await Server.start(port, env);
  const { projectId, apiKey, installationIds } = fleet;
  const question: CallersQuestion = { kind: 'run', port, projectId, apiKey, installationIds };
  const calling = callers.child.ask<readonly CallAnswer[]>(question);
  const lives = await killInTheMiddle(first, port, env, folder, () =>
    endpoint.child.ask({ kind: 'sent', count: size / 2 } satisfies EndpointQuestion),
  );
  const answers = await calling;
  await setTimeout(SETTLE_MS);
  const rssMaxMb = Math.max(lives.rssMaxMb, lives.last.rssMaxMb);
  await lives.last.end('SIGTERM');
  const ledger = await endpoint.child.ask<LedgerReport>({ kind: 'report' } satisfies EndpointQuestion);
  for (const child of [endpoint.child, callers.child]) await child.stop();
  const [atKill, atEnd] = [storedGrants(join(folder, 'killed')), storedGrants(join(folder, 'data'))];
  rmSync(folder, { recursive: true });
  return outcomeOf({ ledger, ...lives, atKill, atEnd, answers }, { ...lives, rssMaxMb }, floorPerSecond);
}

async function killInTheMiddle(
  first: Server,
  port: number,
  env: Readonly<Record<string, string>>,
  folder: string,
  middle: () => Promise<unknown>,
): Promise<Lives> {
  const cpuBeforeMs = first.cpuMs;
  const memory = { maxMb: 0 };
  const looking = setInterval(() => {
    memory.maxMb = Math.max(memory.maxMb, first.rssMb);
  }, LOOK_MS);
  await middle();
  clearInterval(looking);
  const cpuMs = first.cpuMs - cpuBeforeMs;
  const killedAtMs = Date.now();
  await first.end('SIGKILL');
  const goneAtMs = Date.now();
  copyData(join(folder, 'data'), join(folder, 'killed'));
  const last = await Server.start(port, env);
  const { readyMs } = last;
  return { killedAtMs, goneAtMs, readyAtMs: Date.now(), readyMs, cpuMs, rssMaxMb: memory.maxMb, last };
}

async function floorOf(grants: number): Promise<number> {
  const endpoint = await startEndpoint(grants);
  const { child } = await Child.start(script('floor'), { core: 'any' });
  const question: FloorQuestion = { kind: 'run', port: endpoint.port, grants };
  const { elapsedMs, failed } = await child.ask<FloorAnswer>(question);
  for (const each of [child, endpoint.child]) await each.stop();
  if (failed > 0) throw new Error(`${failed} requests of the floor were refused`);
  return (grants / elapsedMs) * 1000;
}

async function startEndpoint(grants: number): Promise<{ child: Child; port: number }> {
  const options = { core: 'any', env: { BENCH_GRANTS: String(grants) } } as const;
  const { child, ready } = await Child.start<{ port: number }>(script('endpoint'), options);
  return { child, port: ready.port };
}

function outcomeOf(evidence: Evidence, lives: Lives, floorPerSecond: number): StormOutcome {
  const { ledger, answers } = evidence;
  const { killedAtMs, readyAtMs, readyMs, cpuMs, rssMaxMb } = lives;
  const beganAtMs = Math.min(...answers.map((answer) => answer.beganAtMs));
  const endedAtMs = Math.max(...answers.map((answer) => answer.beganAtMs + answer.waitMs));
  const sentBefore = ledger.requests.filter(({ isSent, endedAtMs: atMs }) => isSent && (atMs ?? 0) <= killedAtMs);
  const firstSentAtMs = Math.min(...sentBefore.map(({ endedAtMs: atMs }) => atMs ?? killedAtMs));
  const waits = answers.filter(({ status }) => status === 200).map(({ waitMs }) => waitMs);
  return {
    verdict: verdictOf(evidence),
    floorPerSecond,
    perSecond: ((sentBefore.length - 1) / (killedAtMs - firstSentAtMs)) * 1000,
    finishMs: endedAtMs - beganAtMs,
    downMs: readyAtMs - killedAtMs,
    readyMs,
    underWayMax: ledger.underWayMax,
    waitP50Ms: percentile(waits, 0.5),
    waitP99Ms: percentile(waits, 0.99),
    rssMaxMb,
    cpuMicros: (cpuMs / sentBefore.length) * 1000,
    triesMax: Math.max(...answers.map(({ tries }) => tries)),
    timeline: {
      points: timelineOf(ledger.requests, beganAtMs, endedAtMs),
      killedAtMs: killedAtMs - beganAtMs,
      readyAtMs: readyAtMs - beganAtMs,
    },
  };
}

function timelineOf(requests: readonly TokenRequest[], beganAtMs: number, endedAtMs: number): Timeline['points'] {
  const times = requests.filter(({ isSent }) => isSent).map(({ endedAtMs: atMs }) => (atMs ?? 0) - beganAtMs);
  const steps = Math.ceil((endedAtMs - beganAtMs) / STEP_MS);
  return Array.from({ length: steps + 1 }, (_, step) => {
    const atMs = step * STEP_MS;
    return { atMs, sent: times.filter((time) => time <= atMs).length };
  });
}

function script(name: string): URL {
  return new URL(`./${name}.ts`, import.meta.url);
}
