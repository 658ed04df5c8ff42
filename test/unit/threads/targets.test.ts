import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Channel } from '../../../actors/remote/channel.ts';
import { Epochs } from '../../../actors/remote/epochs.ts';
import { TARGET, type TargetQuestion } from '../../../src/threads/messages.ts';
import { remoteTargets } from '../../../src/threads/targets.ts';
import { fakeClock } from '../../support/clock.ts';

const CALL: TargetQuestion = {
  'x-api-key': 'key',
  'x-amp-proxy-version': '1',
  'x-amp-project-id': 'project',
  'x-amp-installation-id': 'installation',
};

/** An owner that names a target after what it was asked with, and writes down each question. */
function start(keptMs: number | null = null) {
  const clock = fakeClock();
  const untilMs = keptMs === null ? null : clock.nowMs() + keptMs;
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  const asked: TargetQuestion[] = [];
  const owner = new Channel(port1);
  owner.onAsked(TARGET, (question: TargetQuestion) => {
    asked.push(question);
    return { target: { declaration: { name: 'crm' }, installationId: JSON.stringify(question) }, untilMs };
  });
  const epochs = new Epochs();
  const find = remoteTargets(new Channel(port2), epochs, clock);
  const ask = async (question: TargetQuestion) => (await find((name) => question[name])).installationId;
  return { ask, asked, clock, epochs };
}

describe('the target of a call in an edge thread', () => {
  it.each([
    ['with another key', { 'x-api-key': 'other' }],
    ['without a key', { 'x-api-key': undefined }],
    ['of another version', { 'x-amp-proxy-version': '2' }],
    ['of another project', { 'x-amp-project-id': 'other' }],
    ['of another installation', { 'x-amp-installation-id': 'other' }],
    ['by names', { 'x-amp-installation-id': undefined, 'x-amp-integration-name': 'n', 'x-amp-group-ref': 'g' }],
    ['that offers an upgrade', { upgrade: 'websocket' }],
  ])('%s is never that of one that was asked before', async (_what, changed) => {
    const { ask, asked } = start();
    const first = await ask(CALL);
    expect(await ask({ ...CALL, ...changed })).not.toBe(first);
    expect(asked).toHaveLength(2);
    expect(await ask(CALL)).toBe(first);
  });

  it('is asked for once, and again after anything has changed', async () => {
    const { ask, asked, epochs } = start();
    await ask(CALL);
    await ask(CALL);
    expect(asked).toHaveLength(1);
    epochs.advance(epochs.targets);
    await ask(CALL);
    expect(asked).toHaveLength(2);
  });

  it('is not kept beyond the end of its key', async () => {
    const { ask, asked, clock } = start(1000);
    await ask(CALL);
    await clock.advance(999);
    await ask(CALL);
    expect(asked).toHaveLength(1);
    await clock.advance(1);
    await ask(CALL);
    expect(asked).toHaveLength(2);
  });
});
