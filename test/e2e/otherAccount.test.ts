// What uses a connection whose grant or account changes under it: an installation that is being made, and reads that
// are under way or have been read to their end.

import { describe, expect, it } from 'vitest';
import { REAUTH_WAIT_MS, YOUNG_TOKEN_MS } from '../../src/core/limits.ts';
import { integration, manifest, pass, readObject, settled, startDriven } from '../support/drive.ts';
import type { Published } from '../support/tenon.ts';

describe('an installation that is made', () => {
  it('on a grant that its own sample finds gone is unhealthy from its beginning', async () => {
    const driven = await startDriven();
    await using _ = driven;
    const { tenon, clock } = driven;
    await tenon.addWebhook('hook');
    await tenon.deploy(manifest(integration('hubspot', readObject('contacts'))));
    const { id } = await tenon.connect('hubspot');
    tenon.sandbox.revokeGrants('hubspot', 'portal-1');
    tenon.sandbox.expireAccessTokens();
    await clock.advance(2 * YOUNG_TOKEN_MS);
    const content = { provider: 'hubspot', read: { objects: { contacts: {} } } };
    const path = tenon.inProject('/integrations/hubspot/installations');
    const made = await tenon.ok<Published>('POST', path, { groupRef: 'acme', config: { content } });
    expect(made).toMatchObject({ healthStatus: 'unhealthy', connection: { id, status: 'bad_credentials' } });
    await settled(driven);
    expect(await tenon.ok('GET', `${path}/${made.id}`)).toMatchObject({ healthStatus: 'unhealthy' });
    expect(tenon.receiver.state().requests).toBe(0);
    // The same customer connects again: it goes on with what it was made for.
    await tenon.connect('hubspot');
    await pass(driven, REAUTH_WAIT_MS);
    expect(await tenon.ok('GET', `${path}/${made.id}`)).toMatchObject({ healthStatus: 'healthy' });
    expect(tenon.receiver.state().recordsByObject.get('contacts')).toBe(250);
  });
});
