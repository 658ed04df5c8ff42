import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('works end to end in a process of its own', async () => {
  const script = join(import.meta.dirname, 'smoke.ts');
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['-C', 'development', script]);
  expect(stdout).toMatch(/^smoke: 300 records and 50 proxied calls on Node in \d+ ms\n$/);
  expect(stderr).toBe('');
});
