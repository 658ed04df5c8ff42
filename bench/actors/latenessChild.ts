// A process of its own: how late timers of the main thread fire while actors commit as fast as they can, or while
// nothing happens. Started with `slowDisk.ts`, and with the writer on its own thread or, to show why it is not, on the
// main one.

import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { env, threadCpuUsage } from 'node:process';
import { Runtime } from '../../actors/runtime.ts';
import { silentLog } from '../../src/core/log.ts';
import { systemClock } from '../../src/core/time.ts';
import { recordedStore } from '../harness/commits.ts';
import { serveParent } from '../harness/processes.ts';
import { readActorOf } from './customer.ts';
import { scheduled } from './members.ts';

/** Actors that take events, each waiting for its commit before it takes the next one. */
const SENDERS = 1000;
/** Timers are armed one after the other, this long each. */
const TIMER_MS = 2;
const LOOP_RESOLUTION_MS = 1;
const NS_PER_MS = 1e6;
const MICROS_PER_MS = 1000;

export interface LatenessQuestion {
  readonly kind: 'sample';
  readonly isLoaded: boolean;
  readonly durationMs: number;
}

export interface LatenessAnswer {
  /** How much later than asked for each timer fired, in milliseconds. */
  readonly latenessMs: readonly number[];
  /** CPU time of the main thread while each timer was waited for: without it a late timer is the machine's doing. */
  readonly busyMs: readonly number[];
  /** 99th percentile of the event loop's delay as Node measures it, less its resolution. */
  readonly loopDelayP99Ms: number;
  readonly events: number;
  readonly commits: number;
}

const folder = env['BENCH_FOLDER'] ?? '';
const writer = env['BENCH_WRITER'] === 'inThread' ? 'inThread' : 'thread';
const { store, groups } = await recordedStore(join(folder, `${writer}.db`), writer);
const runtime = new Runtime({ store, clock: systemClock, log: silentLog() });
let turn = 0;

async function sample({ isLoaded, durationMs }: LatenessQuestion): Promise<LatenessAnswer> {
  groups.length = 0;
  const load = { isOver: false, events: 0 };
  const senders = Array.from({ length: isLoaded ? SENDERS : 0 }, (_, index) =>
    sendUntilOver(`customer-${index}`, load),
  );
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  const { latenessMs, busyMs } = await timersFor(durationMs);
  loop.disable();
  load.isOver = true;
  await Promise.all(senders);
  const loopDelayP99Ms = Math.max(0, loop.percentile(99) / NS_PER_MS - LOOP_RESOLUTION_MS);
  return { latenessMs, busyMs, loopDelayP99Ms, events: load.events, commits: groups.length };
}

async function sendUntilOver(installationId: string, load: { isOver: boolean; events: number }): Promise<void> {
  const actorId = readActorOf(installationId);
  while (!load.isOver) {
    await runtime.send(actorId, scheduled(installationId, turn++));
    load.events += 1;
  }
}

function timersFor(durationMs: number): Promise<Pick<LatenessAnswer, 'latenessMs' | 'busyMs'>> {
  const [latenessMs, busyMs]: [number[], number[]] = [[], []];
  const endMs = performance.now() + durationMs;
  return new Promise((resolve) => {
    const arm = (atMs: number, cpuMs: number) => {
      setTimeout(() => {
        const nowMs = performance.now();
        const nowCpuMs = threadCpuMs();
        latenessMs.push(Math.max(0, nowMs - atMs - TIMER_MS));
        busyMs.push(nowCpuMs - cpuMs);
        if (nowMs < endMs) arm(nowMs, nowCpuMs);
        else resolve({ latenessMs, busyMs });
      }, TIMER_MS);
    };
    arm(performance.now(), threadCpuMs());
  });
}

function threadCpuMs(): number {
  const { user, system } = threadCpuUsage();
  return (user + system) / MICROS_PER_MS;
}

serveParent({}, sample, async () => {
  await runtime.stop();
  await store.close();
});
