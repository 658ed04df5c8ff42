// Authorizations that are open: bounded per group too, so that one customer cannot keep the others from connecting.

import { expect, it } from 'vitest';
import type { ProjectId } from '../../src/core/ids.ts';
import { OAUTH_STATES_PER_GROUP_MAX } from '../../src/core/limits.ts';
import { insertOauthState } from '../../src/store/tables/connections.ts';
import { startTenon } from '../support/tenon.ts';

it('a group that has opened too many is refused, and another is not', async () => {
  await using tenon = await startTenon();
  await tenon.addProviderApp('hubspot');
  const { store, clock } = tenon.running.services;
  const open = Array.from({ length: OAUTH_STATES_PER_GROUP_MAX }, (_, index) =>
    insertOauthState({
      stateHash: `state-${index}`,
      projectId: tenon.projectId as ProjectId,
      groupRef: 'greedy',
      sealed: new Uint8Array(1),
      expiresAtMs: clock.nowMs() + 60_000,
    }),
  );
  await store.commit(open);
  const connect = (groupRef: string) =>
    tenon.api('POST', '/oauth-connect', {
      ...{ projectIdOrName: tenon.projectId, provider: 'hubspot', groupRef, consumerRef: 'ada' },
    });
  expect((await connect('greedy')).json).toMatchObject({ status: 503, detail: expect.stringContaining('this group') });
  expect((await connect('acme')).status).toBe(200);
});
