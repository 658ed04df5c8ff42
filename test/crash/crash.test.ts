// A short trial on each run of the tests, and proof that its audit sees what it is there to see. The long one is
// `npm run crash`.

import { existsSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MOMENTS } from './moments.ts';
import { runTrial } from './trial.ts';
import { framesOf } from './wal.ts';

const KILLS = 5;

/** Cuts the newer half of the transactions off the log of a dead process, as a disk that lies about fsync would. */
function loseHalf(dataFolder: string): void {
  const path = join(dataFolder, 'tenon.db-wal');
  const commits = framesOf(readFileSync(path)).filter(({ isCommit }) => isCommit);
  truncateSync(path, commits[commits.length >> 1]?.endAt ?? 0);
  rmSync(join(dataFolder, 'tenon.db-shm'), { force: true });
}

describe('a server that is killed at random moments under load', () => {
  it(`loses nothing that it acknowledged in ${KILLS} kills`, async () => {
    const { kills, violations, acknowledged, refreshes, records, customers, folder } = await runTrial({
      kills: KILLS,
      seed: 1,
    });
    expect(violations).toEqual([]);
    expect(kills.map(({ moment }) => moment)).toEqual(MOMENTS.slice(0, KILLS));
    expect([acknowledged > 50, refreshes > 5, customers > 3, records > 1000]).toEqual([true, true, true, true]);
    expect(folder).toBeNull();
  }, 60_000);

  it('would be found out if the disk had lost commits', async () => {
    const { violations, folder } = await runTrial({ kills: 1, seed: 2, spoil: loseHalf });
    expect(violations.join('\n')).toMatch(/was acknowledged and is (gone|not there)|was deleted and came back/);
    expect(existsSync(join(folder ?? '', 'data', 'tenon.db'))).toBe(true);
    rmSync(folder ?? '', { recursive: true });
  });
});
