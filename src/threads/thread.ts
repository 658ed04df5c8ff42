// Entry of an edge thread: loads everything, listens when it is told to, and ends when it is told to.

import { parentPort, workerData } from 'node:worker_threads';
import { keepTicksFast } from '../core/engine.ts';
import { silentLog } from '../core/log.ts';
import { systemClock } from '../core/time.ts';
import { listenOn, type NodeListening } from '../edge/server.ts';
import { openTracer } from '../flows/tracing/open.ts';
import { openHalf } from './half.ts';
import { LISTEN, READY, STOP, type ThreadOptions } from './messages.ts';

if (parentPort !== null) {
  keepTicksFast();
  const options = workerData as ThreadOptions;
  // The owner thread says it when the collector is down.
  const tracer = await openTracer(options.tracing, silentLog());
  const half = openHalf(parentPort, options, systemClock, tracer);
  const { hostname: host, port } = options;
  let listening: NodeListening | null = null;
  half.channel.onAsked(READY, () => null);
  half.channel.onAsked(LISTEN, async () => {
    // The kernel shares connections out among all who listen so.
    listening = await listenOn(() => half.planes, { host, port, reusePort: true }, systemClock);
  });
  half.channel.onAsked(STOP, async () => {
    await listening?.close();
    await half.close();
  });
}
