import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const TENON = join(import.meta.dirname, '..', '..', 'src', 'cli', 'tenon.ts');
const run = promisify(execFile);

test('the demo loses nothing through a kill, proxies through refreshes, tells changes once, cleans up', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const env = { ...process.env, TMPDIR: folder };
  const { stdout, stderr } = await run(process.execPath, [TENON, 'demo', '--json'], { env });
  const summary: Record<string, number> = JSON.parse(stdout);
  expect(summary).toMatchObject({
    recordsDelivered: 20_000,
    lost: 0,
    signatureFailures: 0,
    messagesQueued: 0,
    messagesDead: 0,
    proxied: 1000,
    proxyFailures: 0,
    changesDelivered: 300,
    changesLost: 0,
    changesDoubled: 0,
    kills: 1,
  });
  expect(summary['recordsRead']).toBeGreaterThanOrEqual(20_000);
  expect(summary['refreshes']).toBeGreaterThanOrEqual(3);
  expect(stderr).toContain('Nothing was lost.');
  expect(readdirSync(folder).filter((name) => name.startsWith('tenon-demo-'))).toEqual([]);
});
