import { describe, expect, it } from 'vitest';
import { type CredentialContext, credential, type Rotation } from '../../machines/credential.ts';
import { edgesOf, listOf, type Model, missedTransitions, NOW_MS, namesOf, randomWalk } from '../support/model.ts';

const ROTATIONS: readonly Rotation[] = ['stable', 'singleUseGrace', 'singleUseRevoking'];

const model = (rotation: Rotation): Model<CredentialContext> => ({
  definition: credential,
  events: ({ generation, attempt, wakeAtMs }) => [
    ...[generation, generation + 1, generation + 2].map((next) => ({
      type: 'credential.stored',
      generation: next,
      endsAtMs: NOW_MS + 3_600_000,
      canRefresh: true,
      rotation,
    })),
    { type: 'refresh.requested', generation, isRefused: false },
    { type: 'refresh.requested', generation: generation - 1, isRefused: true },
    { type: 'refresh.requested', generation, isRefused: true },
    ...[
      { fromGeneration: generation, attempt },
      { fromGeneration: generation, attempt: attempt - 1 },
      { fromGeneration: generation - 1, attempt },
    ].flatMap((answer) => [
      { type: 'refresh.succeeded', ...answer, generation: generation + 1, endsAtMs: null, canRefresh: true },
      { type: 'refresh.failed', ...answer, message: 'down', retryAtMs: NOW_MS + 1000 },
      { type: 'refresh.refused', ...answer, message: 'gone' },
      { type: 'refresh.outcomeUnknown', ...answer, message: 'lost', retryAtMs: NOW_MS + 1000 },
    ]),
    { type: 'alarm.fired' },
    { type: 'alarm.fired', nowMs: (wakeAtMs ?? NOW_MS) - 1 },
    { type: 'alarm.fired', nowMs: wakeAtMs ?? NOW_MS },
    { type: 'alarm.fired', nowMs: (wakeAtMs ?? NOW_MS) + 86_400_000 },
    { type: 'connection.deleted' },
    { type: 'something.else' },
  ],
  isFarEnough: ({ generation, attempt }) => generation >= 3 || attempt >= 3,
});

const edges = ROTATIONS.flatMap((rotation) => edgesOf(model(rotation)));
const accepted = edges.filter(({ isAccepted }) => isAccepted);

describe('the credential machine', () => {
  it('reaches every state', () => {
    expect([...new Set(edges.flatMap(({ from, to }) => [from.name, to.name]))].toSorted()).toEqual(namesOf(credential));
  });

  it('takes every transition', () => {
    expect(missedTransitions(credential, edges)).toEqual([]);
  });

  it('has these edges, asking for these effects', () => {
    expect(listOf(edges)).toEqual([
      'absent + credential.stored → fresh',
      'backingOff + alarm.fired → refreshing: refresh',
      'backingOff + connection.deleted → deleted',
      'backingOff + credential.stored → fresh',
      'fresh + connection.deleted → deleted',
      'fresh + credential.stored → fresh',
      'fresh + refresh.requested → refreshing: refresh',
      'refreshing + connection.deleted → deleted',
      'refreshing + credential.stored → fresh',
      'refreshing + refresh.failed → backingOff',
      'refreshing + refresh.outcomeUnknown → backingOff',
      'refreshing + refresh.outcomeUnknown → uncertain',
      'refreshing + refresh.refused → revoked: tellInstallations connection.revoked',
      'refreshing + refresh.succeeded → fresh',
      'revoked + connection.deleted → deleted',
      'revoked + credential.stored → fresh: tellInstallations connection.restored',
      'uncertain + alarm.fired → refreshing: refresh',
      'uncertain + connection.deleted → deleted',
      'uncertain + credential.stored → fresh',
      'uncertain + refresh.requested → refreshing: refresh',
    ]);
  });

  it('asks for a refresh once per entry into refreshing, for the current generation and attempt', () => {
    for (const { from, to, effects } of accepted) {
      const isEntry = to.name === 'refreshing' && from.name !== 'refreshing';
      const { connectionId, generation, attempt } = to.context;
      const expected = [{ type: 'effect.refresh', connectionId, generation, attempt }];
      expect(effects.filter(({ type }) => type === 'effect.refresh')).toEqual(isEntry ? expected : []);
    }
  });

  it('has an alarm exactly where it waits', () => {
    const waits = new Set(['backingOff', 'uncertain']);
    for (const { to } of edges) {
      // What ends is not stored, and its alarm with it.
      if (to.name !== 'deleted') expect([to.name, to.context.wakeAtMs !== null]).toEqual([to.name, waits.has(to.name)]);
    }
  });

  it('ignores answers to another attempt or another generation, in every state', () => {
    for (const { from, event, isAccepted } of edges) {
      if (!('fromGeneration' in event)) continue;
      const { generation, attempt } = from.context;
      const isStale = event['fromGeneration'] !== generation || event['attempt'] !== attempt;
      if (isStale || from.name !== 'refreshing') expect(isAccepted).toBe(false);
    }
  });

  it('ignores an alarm that comes early, and takes one that comes late', () => {
    for (const { from, event, isAccepted } of edges) {
      if (event.type !== 'alarm.fired') continue;
      const { wakeAtMs } = from.context;
      expect(isAccepted).toBe(wakeAtMs !== null && event.nowMs >= wakeAtMs);
    }
  });

  it('takes generations in their order only', () => {
    for (const { from, to, event, isAccepted } of edges) {
      expect(to.context.generation - from.context.generation).toBeOneOf([0, 1]);
      if (event.type === 'credential.stored')
        expect(isAccepted).toBe(event['generation'] === from.context.generation + 1);
    }
  });

  it('is usable in every state but those without a credential', () => {
    const states = Object.entries(credential.machine.states);
    const usable = states.filter(([, { tags }]) => tags.includes('usable')).map(([name]) => name);
    expect(usable.toSorted()).toEqual(['backingOff', 'fresh', 'refreshing', 'uncertain']);
  });

  it('after the answer to a revoking single-use token is lost, waits until just before the old token ends', () => {
    const lost = accepted.filter(({ from, event, to }) => {
      return (
        event.type === 'refresh.outcomeUnknown' && to.context.rotation === 'singleUseRevoking' && from.context.endsAtMs
      );
    });
    const [first, second] = [true, false].map((isFirst) =>
      lost.filter(({ from }) => (from.context.lostAnswerAtMs === null) === isFirst),
    );
    expect(first?.length).toBeGreaterThan(0);
    expect(second?.length).toBeGreaterThan(0);
    // From then on nothing is left to lose: it is tried until the provider answers, which alone can end the grant.
    for (const { event, to } of second ?? []) {
      expect(to).toMatchObject({ name: 'backingOff', context: { wakeAtMs: event['retryAtMs'] } });
    }
    for (const { from, to } of first ?? []) {
      expect(to).toMatchObject({ name: 'uncertain', context: { lostAnswerAtMs: NOW_MS } });
      expect(to.context.wakeAtMs).toBe((from.context.endsAtMs ?? 0) - 60_000);
    }
  });

  it('does not repeat a lost single-use refresh before its time, unless the provider refuses the old token', () => {
    const early = accepted.filter(({ from, to }) => from.name === 'uncertain' && to.name === 'refreshing');
    expect(early.map(({ event }) => event.type)).toContain('refresh.requested');
    for (const { event, from } of early) {
      const isTime = event.type === 'alarm.fired' && event.nowMs >= (from.context.wakeAtMs ?? Number.POSITIVE_INFINITY);
      expect(isTime || event['isRefused'] === true).toBe(true);
    }
  });

  it.each(ROTATIONS)('walks the same way when it is stored and restored after each step (%s)', (rotation) => {
    for (let seed = 1; seed <= 20; seed++) {
      const { seen, seenRestored } = randomWalk(model(rotation), seed, 60);
      expect(seenRestored, `seed ${seed}`).toEqual(seen);
    }
  });
});
