// A host whose clock is ahead of the provider's: reads begin where the provider says that the last one ended.

import { describe, expect, it, vi } from 'vitest';
import { DAY_MS, MINUTE_MS } from '../../src/core/time.ts';
import { readCheckpointsOf } from '../../src/store/tables/installations.ts';
import { type Driven, installed, integration, manifest, pass, readObject, startDriven } from '../support/drive.ts';

async function reading(differences = {}): Promise<{ driven: Driven; installationId: string }> {
  const driven = await startDriven();
  await driven.tenon.addWebhook('hook');
  await driven.tenon.deploy(manifest(integration('hubspot', readObject('contacts', differences))));
  const { id } = await installed(driven, 'hubspot', { contacts: {} });
  return { driven, installationId: id };
}

describe('a clock that is ahead of the provider’s', () => {
  /** By what the provider's clock, as its answers tell it, is behind ours; null: they tell none. */
  const sayDates = ({ tenon, clock }: Driven, behindMs: number | null) => {
    const { egress } = tenon.running.services;
    const request = egress.request.bind(egress);
    vi.spyOn(egress, 'request').mockImplementation(async (call) => {
      const response = await request(call);
      const date = behindMs === null ? 'none' : new Date(clock.nowMs() - behindMs).toUTCString();
      return { ...response, headers: { ...response.headers, date } };
    });
  };

  it('skips nothing that changed meanwhile', async () => {
    const { driven } = await reading({ backfill: { defaultPeriod: { days: 0 } } });
    await using _ = driven;
    const { tenon, clock } = driven;
    sayDates(driven, 5 * MINUTE_MS);
    await pass(driven, 10 * MINUTE_MS);
    // It changes two minutes after the run, and the provider's clock shows three minutes before it by ours.
    const at = { kind: 'modify', provider: 'hubspot', account: 'portal-1', object: 'contacts' } as const;
    const changed = tenon.sandbox.change({ ...at, count: 1, fromIndex: 1, atMs: clock.nowMs() - 3 * MINUTE_MS });
    await pass(driven, 10 * MINUTE_MS);
    const delivered = tenon.receiver.state().messages.flatMap(({ result }) => result as { raw: { id: string } }[]);
    expect(delivered.map(({ raw }) => raw.id)).toEqual(changed);
  });

  it.each([
    ['is not told', null],
    ['is behind by more than can be', DAY_MS + MINUTE_MS],
    ['is not ahead', -MINUTE_MS],
  ])('that %s changes nothing', async (_what, behindMs) => {
    const { driven, installationId } = await reading();
    await using _ = driven;
    sayDates(driven, behindMs);
    await pass(driven, 10 * MINUTE_MS);
    const [checkpoint] = readCheckpointsOf(driven.tenon.running.services.store.reads, installationId);
    expect(checkpoint).toMatchObject({ run: 2, watermarkMs: driven.clock.nowMs() });
  });
});
