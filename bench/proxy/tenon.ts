// Tenon as the process under test: started as `tenon serve` starts it, with every part switched on and its log lines
// going to standard output, which the bench directs into a file.

import process from 'node:process';
import { readConfig } from '../../src/config.ts';
import { LOG_FLUSH_INTERVAL_MS } from '../../src/core/limits.ts';
import { createLog } from '../../src/core/log.ts';
import { systemClock } from '../../src/core/time.ts';
import { start } from '../../src/main.ts';
import { serveParent } from '../harness/processes.ts';

/** What this process says when it is ready. */
export interface TenonReady {
  readonly port: number;
  readonly projectId: string;
  readonly apiKey: string;
}

const config = readConfig(process.env);
const log = createLog({ level: config.logLevel });
const flush = () => {
  log.flush();
  systemClock.timerAt(systemClock.nowMs() + LOG_FLUSH_INTERVAL_MS, flush);
};
flush();
const running = await start({
  config,
  log,
  onFatal: (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(70);
  },
});
if (running.firstKey === null) throw new Error('the data folder of a bench must be new');
const { projectId, apiKey } = running.firstKey;
serveParent(
  { port: running.port, projectId, apiKey } satisfies TenonReady,
  () => new Promise((resolve) => log.flush(resolve)),
  () => running.stop(),
);
