// The machine of a run, for its notes. The load average tells whether anything else was running at the same time.

import { availableParallelism, cpus, loadavg } from 'node:os';

export function machine(): string {
  const [cpu] = cpus();
  const [lastMinute = 0] = loadavg();
  const cores = `${availableParallelism()} cores of ${cpu?.model ?? 'unknown make'}`;
  return `${cores}, load average ${lastMinute.toFixed(1)} at the end`;
}
