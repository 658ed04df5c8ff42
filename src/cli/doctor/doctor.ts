// `tenon doctor`: looks at everything that is known to go wrong, and says of each what was found and what to do. It
// changes nothing. Exits with 1 if anything fails.

import process from 'node:process';
import type { Config } from '../../config.ts';
import { errorFacts } from '../../core/errors.ts';
import { parseAllowList } from '../../egress/address.ts';
import { createEgress } from '../../egress/egress.ts';
import type { Owner } from '../../store/ownerLock.ts';
import { widthOf, wrapped } from '../layout.ts';
import { openReads, ownerOf } from '../operator.ts';
import { printLine, styled } from '../print.ts';
import { type Check, fail, failed } from './check.ts';
import { checkDatabase, checkFolder, checkMasterKey } from './data.ts';
import { checkClock, checkDestinations, checkPublicUrl, checkServer, type Found } from './network.ts';
import { checkEgress, checkNode, checkOpenFiles, checkSettings } from './settings.ts';

const EXIT_FAILED = 1;

export async function doctor(
  env: Readonly<Record<string, string | undefined>>,
  options: { readonly json?: boolean | undefined },
): Promise<void> {
  const { config, checks } = checkSettings(env);
  const all = [checkNode(), ...checks, ...(config === null ? [] : await checkRest(config))];
  if (all.some(({ level }) => level === 'fail')) process.exitCode = EXIT_FAILED;
  if (options.json === true) printLine(JSON.stringify({ checks: all }, null, 2));
  else printChecks(all);
}

async function checkRest(config: Config): Promise<readonly Check[]> {
  const checks: Check[] = [checkEgress(config), checkFolder(config)];
  let owner: Owner | null = null;
  try {
    owner = ownerOf(config.dataFolder);
  } catch (error) {
    if (errorFacts(error).code === 'forbidden') return [...checks, failed('data folder', error)];
  }
  checks.push(checkOpenFiles(owner?.pid ?? null));
  const local = createEgress({ allowList: parseAllowList('0.0.0.0/0,::/0') });
  const egress = createEgress({ allowList: config.egressAllow });
  try {
    const found: Found[] = [];
    checks.push(...(await checkData(config, egress, found)), await checkServer(owner, local));
    found.push(await checkPublicUrl(config, owner, local));
    return [...checks, ...found.map(({ check }) => check), checkClock(found.map(({ skewMs }) => skewMs))];
  } finally {
    await Promise.all([local.close(), egress.close()]);
  }
}

/** What is in the database; nothing where there is none yet, which the folder's line says. */
async function checkData(
  config: Config,
  egress: Parameters<typeof checkDestinations>[1],
  found: Found[],
): Promise<readonly Check[]> {
  let reads: ReturnType<typeof openReads>;
  try {
    reads = openReads(config.dataFolder);
  } catch (error) {
    return errorFacts(error).code === 'not_found' ? [] : [failed('database', error)];
  }
  try {
    const checks = [checkMasterKey(config, reads), ...checkDatabase(config, reads)];
    found.push(...(await checkDestinations(reads, egress)));
    return checks;
  } catch (error) {
    return [fail('database', errorFacts(error).message, 'Restore a backup: tenon restore.')];
  } finally {
    reads.close();
  }
}

const MARKS = { ok: ['green', 'ok  '], warn: ['yellow', 'warn'], fail: ['red', 'fail'] } as const;

function printChecks(checks: readonly Check[]): void {
  const width = widthOf(checks.map(({ name }) => name));
  const indent = ' '.repeat(width + 8);
  for (const { name, level, detail, remedy } of checks) {
    const [colour, mark] = MARKS[level];
    const text = remedy === undefined ? detail : `${detail}. ${remedy}`;
    printLine(`${styled(colour, mark)}  ${name.padEnd(width)}  ${wrapped(text.replaceAll(/\s+/g, ' '), indent)}`);
  }
  const count = (level: Check['level']) => checks.filter((check) => check.level === level).length;
  printLine();
  printLine(`${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed`);
}
