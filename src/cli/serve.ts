// `tenon serve`: starts the server, says where it is and, the first time, prints the first API key; ends cleanly on
// SIGTERM and SIGINT, and at once when its data is not safe.

import process from 'node:process';
import { readConfig } from '../config.ts';
import type { IntegrationError } from '../core/errors.ts';
import { LOG_FLUSH_INTERVAL_MS } from '../core/limits.ts';
import { createLog } from '../core/log.ts';
import { systemClock } from '../core/time.ts';
import { type Running, start } from '../main.ts';
import { flushCompiled } from './compiled.ts';
import { printError, printLine, printWarning, styled } from './print.ts';

/** "Internal software error" of sysexits.h: a supervisor should restart us, and somebody should look. */
const EXIT_UNSAFE = 70;

export async function serve(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const config = readConfig(env);
  const log = createLog({ level: config.logLevel });
  const flush = () => {
    log.flush();
    systemClock.timerAt(systemClock.nowMs() + LOG_FLUSH_INTERVAL_MS, flush);
  };
  flush();
  const onFatal = (error: IntegrationError) => {
    printError(error);
    process.exit(EXIT_UNSAFE);
  };
  process.on('uncaughtException', (error) => {
    process.stderr.write(`${error.stack ?? error}\n`);
    process.exit(EXIT_UNSAFE);
  });
  const running = await start({ config, log, onFatal });
  let isStopping = false;
  const stop = () => {
    // Whoever asks twice does not want to wait; what was acknowledged is on disk.
    if (isStopping) process.exit(1);
    isStopping = true;
    running.stop().then(
      () => {
        log.flush();
        process.exit(0);
      },
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(EXIT_UNSAFE);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  announce(running);
  flushCompiled();
}

function announce({ services, firstKey, warnings }: Running): void {
  printLine(`${styled('bold', 'Tenon')} serves ${styled('cyan', services.publicUrl)}`);
  for (const warning of warnings) printWarning(warning, process.stdout);
  if (firstKey === null) return;
  printLine();
  printLine(`  project   ${firstKey.projectId}`);
  printLine(`  API key   ${styled('green', firstKey.apiKey)}`);
  printLine(`            ${styled('dim', 'shown once, only a hash of it is kept; `tenon key create` makes another')}`);
  printLine();
}
