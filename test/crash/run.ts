// `npm run crash -- --kills 50 [--seed 1] [--json]`: kills a loaded server at random moments and audits it after each
// kill. Prints a line per kill and a table; exits with 1, and keeps the folder, if anything was not as promised.

import process from 'node:process';
import { parseArgs } from 'node:util';
import { countText, secondsText, tableLines } from '../../src/cli/demo/format.ts';
import { styled } from '../../src/cli/print.ts';
import type { Moment } from './moments.ts';
import { type Kill, runTrial, type TrialReport } from './trial.ts';

const USAGE = 'npm run crash -- [--kills 50] [--seed 1] [--json]';

/** As shells report a process that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130;

const AT: Readonly<Record<Moment, string>> = {
  refresh: 'in a token refresh',
  acknowledged: 'after an acknowledged call',
  starting: 'while it started',
  time: 'at any moment',
  message: 'after an accepted message',
  stopping: 'while it stopped',
  stopped: 'asked to end, in time',
};

interface Asked {
  readonly kills: number;
  readonly seed: number;
  readonly isJson: boolean;
}

/** Null if the arguments make no sense. */
function asked(): Asked | null {
  try {
    const { values } = parseArgs({
      options: { kills: { type: 'string', default: '50' }, seed: { type: 'string' }, json: { type: 'boolean' } },
    });
    const kills = Number(values.kills);
    const seed = values.seed === undefined ? process.pid : Number(values.seed);
    const isSensible = Number.isSafeInteger(kills) && kills > 0 && Number.isSafeInteger(seed);
    return isSensible ? { kills, seed, isJson: values.json === true } : null;
  } catch {
    return null;
  }
}

function killLine({ number, moment, loadMs, restartMs, objects, violations }: Kill, kills: number): string {
  const isGood = violations.length === 0;
  const mark = isGood ? styled('green', '✔') : styled('red', '✘');
  const counted = `kill ${String(number).padStart(String(kills).length)}/${kills}`;
  const load = `${secondsText(loadMs).padStart(6)} of load`;
  const restart = `restart ${(restartMs / 1000).toFixed(2)} s`;
  const audit = isGood ? `audit ok, ${countText(objects)} objects` : `${violations.length} violations`;
  return `  ${mark} ${counted}  ${AT[moment].padEnd(27)}${load}   ${restart}   ${audit}`;
}

function summaryLines(report: TrialReport): readonly string[] {
  const restarts = report.kills.map(({ restartMs }) => restartMs).toSorted((a, b) => a - b);
  const rows: readonly (readonly [string, number | string])[] = [
    ['Kills', report.kills.length],
    ['  restart, median', secondsText(restarts[restarts.length >> 1] ?? 0)],
    ['  restart, longest', secondsText(restarts.at(-1) ?? 0)],
    ['Changes acknowledged by the API', report.acknowledged],
    ['Calls proxied', Object.values(report.proxied).reduce((sum, count) => sum + count, 0)],
    ['Token refreshes', report.refreshes],
    ['  answers that died with a process before they were on disk', report.rotationsLost],
    ['Messages, signatures checked', report.messages],
    ['  sent again under the same id', report.messagesRepeated],
    ['  refused once by the receiver', report.messagesRefused],
    ['Customers at the end', report.customers],
    ['  records of theirs that arrived', report.records],
    ['Everything drained after', secondsText(report.drainMs)],
    ['Violations', report.violations.length],
  ];
  return tableLines(
    [`seed ${report.seed}`, ''],
    rows.map(([name, value]) => [name, typeof value === 'number' ? countText(value) : value]),
  );
}

async function main({ kills, seed, isJson }: Asked): Promise<number> {
  const stream = isJson ? process.stderr : process.stdout;
  const line = (text = '') => stream.write(`${text}\n`);
  line(`\n  Tenon is killed ${kills} times under load, on one data folder   seed ${seed}\n`);
  const report = await runTrial({ kills, seed, onKill: (kill) => line(killLine(kill, kills)) });
  line();
  for (const text of summaryLines(report)) line(`  ${text}`);
  line();
  for (const violation of report.violations) line(`  ${styled('red', '✘')} ${violation}`);
  const isGood = report.violations.length === 0;
  const verdict = isGood ? styled('green', '✔ Nothing was lost.') : `the folder is kept: ${report.folder}`;
  line(`  ${verdict} ${secondsText(report.totalMs)} in all\n`);
  if (isJson) process.stdout.write(`${JSON.stringify(report)}\n`);
  return isGood ? 0 : 1;
}

const arguments_ = asked();
if (arguments_ === null) {
  process.stderr.write(`usage: ${USAGE}\n`);
  process.exitCode = 2;
} else {
  // An exit takes the server along; the default way to die would leave it running.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(EXIT_INTERRUPTED));
  process.exitCode = await main(arguments_);
}
