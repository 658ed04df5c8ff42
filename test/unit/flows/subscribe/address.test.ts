// What a receiver opens before and after it was replaced, on a clock that stands still.

import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../../../src/core/time.ts';
import {
  openInstallationReceiver,
  openReceiver,
  receiverOf,
  webhookUrl,
} from '../../../../src/flows/subscribe/address.ts';
import { insertConnection } from '../../../../src/store/tables/connections.ts';
import { insertInstallation, insertIntegration } from '../../../../src/store/tables/installations.ts';
import {
  closeFormerReceiver,
  deleteReceiver,
  readReceiver,
  rotateReceiver,
  useFormerReceiver,
  useReceiver,
} from '../../../../src/store/tables/receivers.ts';
import { fakeClock } from '../../../support/clock.ts';
import { withStore } from '../../../support/store.ts';

const ID = '2127fe6a-d981-4b13-bc8d-09b337f173a5';
const OTHER = '3127fe6a-d981-4b13-bc8d-09b337f173a5';
const downloadKey = randomBytes(32);

async function installed() {
  const clock = fakeClock();
  const { store } = await withStore();
  const of = { projectId: 'p' as never, integrationId: 'i' as never, connectionId: 'c' as never };
  const rest = {
    ...{ configId: 'c', revisionId: 'r', config: '{}' },
    createdBy: '',
    configuredAtMs: 1,
    createdAtMs: 1,
  };
  const installation = { ...of, ...rest, installationId: ID as never, groupRef: 'g', healthStatus: 'healthy' } as const;
  const names = { provider: 'gong', name: 'calls' };
  const party = { groupRef: 'g', groupName: 'g', consumerRef: 'c', consumerName: 'c' };
  const nothing = { providerAppId: null, workspaceRef: null, providerConsumerRef: null, expiresAtMs: null };
  const state = { authScheme: 'apiKey', status: 'working', metadata: '{}', generation: 1, issuedAtMs: 1 } as const;
  await store.commit([
    insertIntegration({ ...of, ...names, revisionId: 'r', createdAtMs: 1 }),
    insertConnection({ ...of, ...names, ...party, ...nothing, ...state, refreshAtMs: null, createdAtMs: 1 }),
    insertInstallation(installation),
  ]);
  const services = { store, clock, downloadKey, publicUrl: 'https://t.example' };
  const rotation = (nonce: string, formerNonce: string, installationId = ID) => {
    const nowMs = clock.nowMs();
    return rotateReceiver({ installationId, nonce, formerNonce, formerUntilMs: nowMs + HOUR_MS, rotatedAtMs: nowMs });
  };
  const opened = (nonce: string) => {
    try {
      return openInstallationReceiver(services, receiverOf(downloadKey, 'installation', ID, nonce)).isFormer;
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  const row = () => readReceiver(store.reads, ID);
  return { ...services, installation, rotation, opened, row };
}

describe('a receiver opens nothing', () => {
  it.each([
    ['no receiver', ''],
    ['another form', 'wh-x'],
    ['without a MAC', `wh-${ID}-${'A'.repeat(43)}`],
    ['of an integration', receiverOf(downloadKey, 'integration', ID)],
    ['of another key', receiverOf(randomBytes(32), 'installation', ID)],
    ['for another installation', receiverOf(downloadKey, 'installation', OTHER).replace(OTHER, ID)],
    ['that nobody made', receiverOf(downloadKey, 'installation', ID, 'never')],
  ])('%s', async (_, receiver) => {
    const subject = await installed();
    await subject.store.commit([subject.rotation('second', '')]);
    expect(() => openInstallationReceiver(subject, receiver)).toThrow('no webhooks are received');
  });

  it('of an installation, where one of an integration is asked for', () => {
    const receiver = receiverOf(downloadKey, 'installation', ID);
    expect(() => openReceiver({ downloadKey }, receiver)).toThrow('no webhooks are received');
    expect(openReceiver({ downloadKey }, receiverOf(downloadKey, 'integration', ID))).toBe(ID);
  });
});

describe('a replacement is refused', () => {
  it('of an address that was replaced already, and of an installation that is gone', async () => {
    const { store, rotation, row } = await installed();
    await store.commit([rotation('second', '')]);
    await expect(store.commit([rotation('another', '')])).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(store.commit([rotation('x', '', OTHER)])).rejects.toMatchObject({ code: 'invalid_input' });
    expect(row()).toMatchObject({ nonce: 'second', formerNonce: '' });
  });
});

it('a receiver that was replaced opens until its time is over, and the one before it never again', async () => {
  const { store, clock, rotation, opened } = await installed();
  expect([opened(''), opened('second')]).toEqual([false, 'not_found']);
  await store.commit([rotation('second', '')]);
  expect([opened(''), opened('second')]).toEqual([true, false]);
  await clock.advance(HOUR_MS - 1);
  expect(opened('')).toBe(true);
  await clock.advance(1);
  expect([opened(''), opened('second')]).toEqual(['not_found', false]);
  await store.commit([rotation('third', 'second')]);
  expect([opened(''), opened('second'), opened('third')]).toEqual(['not_found', true, false]);
  await store.commit([closeFormerReceiver(ID, clock.nowMs())]);
  expect([opened('second'), opened('third')]).toEqual(['not_found', false]);
  clock.jump(-HOUR_MS);
  expect([opened('second'), opened('third')]).toEqual(['not_found', false]);
});

it('what came where is of the present two, and goes with the next replacement', async () => {
  const { store, clock, rotation, row } = await installed();
  await store.commit([rotation('second', '')]);
  const before = row();
  if (before === undefined) throw new Error('no row');
  await store.commit([useReceiver(before, 5), useFormerReceiver(before, 5)]);
  await store.commit([useReceiver(before, 9), useFormerReceiver(before, 9)]);
  expect(row()).toMatchObject({ usedAtMs: 5, formerUsedAtMs: 9 });
  await store.commit([rotation('third', 'second')]);
  // Whoever looked before that says nothing of what there is now.
  await store.commit([useReceiver(before, 11), useFormerReceiver(before, 11)]);
  expect(row()).toMatchObject({ nonce: 'third', usedAtMs: null, formerUsedAtMs: null, rotatedAtMs: clock.nowMs() });
  await store.commit([deleteReceiver(ID)]);
  expect(row()).toBeUndefined();
});

it('the address that is told is the one that is taken for good', async () => {
  const subject = await installed();
  const { store, rotation, installation } = subject;
  const integration = { projectId: 'p', integrationId: 'i' } as never;
  const addressee = { of: 'installation', integration, installation: { ...installation, updatedAtMs: null } } as const;
  const { url: first } = webhookUrl(subject, { secretOf: 'address' }, addressee);
  await store.commit([rotation('second', '')]);
  const { url: second, isSecret } = webhookUrl(subject, { secretOf: 'address' }, addressee);
  const formers = [first, second].map((url) => {
    const [receiver = ''] = url.replace('https://t.example/', '').split('/');
    return openInstallationReceiver(subject, receiver).isFormer;
  });
  expect([formers, isSecret]).toEqual([[true, false], true]);
});
