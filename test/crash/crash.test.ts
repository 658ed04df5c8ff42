// A short trial on each run of the tests, and proof that its audit sees what it is there to see. The long one is
// `npm run crash`.

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyDatabase } from './dead.ts';
import { MOMENTS } from './moments.ts';
import { runTrial, type TrialOptions } from './trial.ts';

const KILLS = 5;

/** A disk that lies about fsync: after the crash it has what it had before the load, and before one thing more. */
function lyingDisk(): Pick<TrialOptions, 'onSet' | 'spoil'> {
  const kept = (dataFolder: string) => join(dataFolder, '..', 'kept');
  return {
    onSet: async ({ builder, dataFolder, inbox }) => {
      copyDatabase(dataFolder, kept(dataFolder));
      await builder.addDestination('forgotten', `${inbox.origin}/forgotten`);
    },
    spoil: (dataFolder) => copyDatabase(kept(dataFolder), dataFolder),
  };
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
  });

  it('would be found out if the disk had lost commits', async () => {
    const { violations, folder } = await runTrial({ kills: 1, seed: 2, ...lyingDisk() });
    expect(violations.join('\n')).toContain('destination forgotten was acknowledged and is gone');
    expect(existsSync(join(folder ?? '', 'data', 'tenon.db'))).toBe(true);
    rmSync(folder ?? '', { recursive: true });
  });
});
