import { describe, expect, it } from 'vitest';
import { type InstallationContext, installation } from '../../machines/installation.ts';
import { edgesOf, listOf, type Model, missedTransitions, namesOf, randomWalk } from '../support/model.ts';

const model: Model<InstallationContext> = {
  definition: installation,
  events: ({ configRevision }) => [
    { type: 'installation.created', connectionId: 'c1', isConnectionUsable: true },
    { type: 'installation.created', connectionId: 'c1', isConnectionUsable: false },
    { type: 'installation.configured', connectionId: 'c1' },
    { type: 'installation.configured', connectionId: 'c2' },
    { type: 'installation.deleted' },
    { type: 'config.applied', configRevision },
    { type: 'config.applied', configRevision: configRevision - 1 },
    ...(['connection.revoked', 'connection.restored'] as const).flatMap((type) => [
      { type },
      { type, connectionId: 'c1' },
      { type, connectionId: 'c2' },
    ]),
    { type: 'reads.paused', objects: ['account'] },
    { type: 'reads.resumed', objects: null },
    { type: 'reads.removed' },
    { type: 'alarm.fired' },
  ],
  isFarEnough: ({ configRevision }) => configRevision >= 4,
};

const edges = edgesOf(model);
const accepted = edges.filter(({ isAccepted }) => isAccepted);

describe('the installation machine', () => {
  it('reaches every state', () => {
    const names = [...new Set(edges.flatMap(({ from, to }) => [from.name, to.name]))].toSorted();
    expect(names).toEqual(namesOf(installation));
  });

  it('takes every transition', () => {
    expect(missedTransitions(installation, edges)).toEqual([]);
  });

  it('has these edges, asking for these effects', () => {
    expect(listOf(edges)).toEqual([
      'absent + installation.created → present.active: applyConfig',
      'absent + installation.created → present.needsReauth: applyConfig',
      'present.active + config.applied → present.active',
      'present.active + connection.revoked → present.needsReauth: tellReads read.blocked',
      'present.active + installation.configured → present.active: applyConfig',
      'present.active + installation.deleted → removing: tellReads read.removed',
      'present.active + reads.paused → present.active: tellReads read.paused',
      'present.active + reads.resumed → present.active: tellReads read.resumed',
      'present.needsReauth + config.applied → present.needsReauth',
      'present.needsReauth + connection.restored → present.active: tellReads read.unblocked',
      'present.needsReauth + installation.configured → present.needsReauth: applyConfig',
      'present.needsReauth + installation.deleted → removing: tellReads read.removed',
      'present.needsReauth + reads.paused → present.needsReauth: tellReads read.paused',
      'present.needsReauth + reads.resumed → present.needsReauth: tellReads read.resumed',
      'removing + reads.removed → removed',
    ]);
  });

  it('asks for the config it has just taken, and counts each one', () => {
    for (const { from, to, event, effects } of accepted) {
      const isConfig = event.type === 'installation.created' || event.type === 'installation.configured';
      const { installationId, configRevision } = to.context;
      expect(configRevision).toBe(from.context.configRevision + (isConfig ? 1 : 0));
      const expected = [{ type: 'effect.applyConfig', installationId, configRevision }];
      expect(effects.filter(({ type }) => type === 'effect.applyConfig')).toEqual(isConfig ? expected : []);
      if (isConfig) expect(to.context.connectionId).toBe(event['connectionId']);
    }
  });

  it('takes no news of a connection that it does not use, and those that do not say of which', () => {
    const fates = [
      ['present.active', 'connection.revoked'],
      ['present.needsReauth', 'connection.restored'],
    ];
    for (const [name, type] of fates) {
      const told = edges.filter(({ from, event }) => from.name === name && event.type === type);
      expect(new Set(told.map(({ isAccepted }) => isAccepted))).toEqual(new Set([true, false]));
      for (const { from, event, isAccepted } of told) {
        const { connectionId = from.context.connectionId } = event;
        expect(isAccepted).toBe(connectionId === from.context.connectionId);
      }
    }
  });

  it('takes note of the newest config only', () => {
    for (const { from, to, event, isAccepted } of edges) {
      if (event.type !== 'config.applied') continue;
      const isNewest = event['configRevision'] === from.context.configRevision;
      expect(isAccepted).toBe(isNewest && from.name.startsWith('present'));
      if (isAccepted) expect(to.context.appliedRevision).toBe(to.context.configRevision);
    }
  });

  it('tells the reads it was asked to tell, and all of them of its own fate', () => {
    for (const { event, effects } of accepted) {
      for (const effect of effects) {
        if (effect.type === 'effect.tellReads') expect(effect.objects).toEqual(event['objects'] ?? null);
      }
    }
  });

  it('never waits', () => {
    for (const { event, isAccepted } of edges) if (event.type === 'alarm.fired') expect(isAccepted).toBe(false);
  });

  it('walks the same way when it is stored and restored after each step', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { seen, seenRestored } = randomWalk(model, seed, 60);
      expect(seenRestored, `seed ${seed}`).toEqual(seen);
    }
  });
});
