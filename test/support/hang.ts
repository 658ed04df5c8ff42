// Loaded into every thread of a server under test (`node --import`): the edge thread that finds the file named by
// TENON_TEST_HANG first takes it away and never does anything else again.

import { existsSync, rmSync } from 'node:fs';
import process from 'node:process';
import { isMainThread, workerData } from 'node:worker_threads';

const path = process.env['TENON_TEST_HANG'] ?? '';
const isEdge = !isMainThread && (workerData as { ownerPath?: string } | null)?.ownerPath !== undefined;

if (isEdge) {
  const look = () => {
    if (!existsSync(path)) return;
    rmSync(path);
    for (;;);
  };
  setInterval(look, 20).unref();
}
