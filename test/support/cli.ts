// Commands as processes of their own, run to their end.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** The program that `tenon` is. */
export const TENON = join(import.meta.dirname, '..', '..', 'src', 'cli', 'tenon.ts');

/** What a command printed and how it ended. */
export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/**
 * `input` is piped in. Of the environment only what finding programs takes, so that no TENON_* of the machine
 * gets in.
 */
export async function runTenon(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
): Promise<Ran> {
  const child = spawn(process.execPath, [TENON, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // Most commands end without having read it.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number | null, out, error };
}
