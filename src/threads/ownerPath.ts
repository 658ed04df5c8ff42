// Where edge threads can be, and where they reach the owner thread.

import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import type { Config } from '../config.ts';
import { IntegrationError } from '../core/errors.ts';

/** The kernel shares the connections of a port out among those who listen there (Node's `reusePort`). */
const SHARING: ReadonlySet<string> = new Set(['linux', 'freebsd']);

/** A longer path is no address of a Unix socket (`sun_path`). */
const PATH_BYTES_MAX = 100;

/** Rejects with `invalid_input` where threads cannot share a port. */
export function assertThreads(): void {
  const isDeno = 'Deno' in globalThis;
  if (!isDeno && SHARING.has(process.platform)) return;
  const place = isDeno ? 'on Deno' : `on ${process.platform}`;
  throw new IntegrationError('invalid_input', `TENON_WORKERS must be 0 ${place}: threads cannot share a port there`);
}

/**
 * The Unix socket of the owner thread: in the data folder, which this process has for itself. What a process that was
 * killed left there is removed.
 */
export function ownerPath({ dataFolder }: Pick<Config, 'dataFolder'>): string {
  const inFolder = join(resolve(dataFolder), 'edge.sock');
  const isShort = Buffer.byteLength(inFolder) <= PATH_BYTES_MAX;
  const path = isShort ? inFolder : join(tmpdir(), `tenon-${process.pid}.sock`);
  rmSync(path, { force: true });
  return path;
}
