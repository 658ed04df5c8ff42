import { describe, expect, it } from 'vitest';
import { credential } from '../../machines/credential.ts';
import type { CredentialContext, Rotation } from '../../machines/credentialEvents.ts';
import { CREDENTIAL_DOUBT_PAUSE_MS, GRANT_HELD_MS_MAX, GRANT_SUSPICIONS_MAX } from '../../src/core/limits.ts';
import { edgesOf, listOf, type Model, missedTransitions, NOW_MS, namesOf, randomWalk } from '../support/model.ts';

const ROTATIONS: readonly Rotation[] = ['stable', 'singleUseGrace', 'singleUseRevoking', 'unknown'];

/** What is known of a new token in these walks; its alarm keeps the grant alive. */
const TOKEN = { keepAliveAtMs: NOW_MS + 7 * 86_400_000, grantEndsAtMs: null };

/** `canRefresh` false: an API key, or a token without a refresh token. */
const model = (rotation: Rotation, canRefresh = true): Model<CredentialContext> => ({
  definition: credential,
  events: ({ generation, attempt, wakeAtMs }) => [
    ...[generation, generation + 1, generation + 2].map((next) => ({
      type: 'credential.stored',
      generation: next,
      endsAtMs: NOW_MS + 3_600_000,
      ...TOKEN,
      ...(canRefresh ? {} : { keepAliveAtMs: null }),
      canRefresh,
      rotation,
    })),
    ...[generation, generation - 1].flatMap((of) => [
      { type: 'credential.worked', generation: of },
      { type: 'credential.doubted', generation: of },
      { type: 'credential.refused', generation: of, message: 'the check answered 401' },
    ]),
    { type: 'refresh.requested', generation, isRefused: false },
    { type: 'refresh.requested', generation: generation - 1, isRefused: true },
    { type: 'refresh.requested', generation, isRefused: true },
    ...[
      { fromGeneration: generation, attempt },
      { fromGeneration: generation, attempt: attempt - 1 },
      { fromGeneration: generation - 1, attempt },
    ].flatMap((answer) => [
      { type: 'refresh.succeeded', ...answer, ...TOKEN, canRefresh, generation: generation + 1, endsAtMs: null },
      { type: 'refresh.failed', ...answer, message: 'down', retryAtMs: NOW_MS + 1000 },
      { type: 'refresh.refused', ...answer, message: 'gone', isSuspect: false },
      { type: 'refresh.refused', ...answer, message: 'gone', isSuspect: true },
      { type: 'refresh.appRefused', ...answer, message: 'invalid_client' },
      { type: 'refresh.outcomeUnknown', ...answer, message: 'lost', retryAtMs: NOW_MS + 1000 },
    ]),
    { type: 'alarm.fired' },
    { type: 'alarm.fired', nowMs: (wakeAtMs ?? NOW_MS) - 1 },
    { type: 'alarm.fired', nowMs: wakeAtMs ?? NOW_MS },
    { type: 'alarm.fired', nowMs: (wakeAtMs ?? NOW_MS) + 86_400_000 },
    { type: 'grant.suspected', sinceMs: NOW_MS - 1000 },
    { type: 'grant.suspected', sinceMs: NOW_MS + 1 },
    { type: 'grant.released', retryAtMs: NOW_MS + 5000 },
    { type: 'grant.probed' },
    { type: 'grant.confirmed' },
    { type: 'connection.described' },
    { type: 'connection.deleted' },
    { type: 'something.else' },
  ],
  isFarEnough: ({ generation, attempt, canRefresh: can, wakeAtMs }) =>
    generation >= 3 || attempt >= 5 || (!can && (wakeAtMs ?? 0) > NOW_MS + 3 * CREDENTIAL_DOUBT_PAUSE_MS),
});

const edges = [...ROTATIONS.flatMap((rotation) => edgesOf(model(rotation))), ...edgesOf(model('stable', false))];
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
      'appFault + alarm.fired → refreshing: refresh',
      'appFault + connection.deleted → deleted',
      'appFault + connection.described → appFault',
      'appFault + credential.stored → fresh',
      'appFault + credential.worked → appFault',
      'appFault + grant.probed → refreshing: refresh',
      'appFault + grant.released → backingOff',
      'backingOff + alarm.fired → refreshing: refresh',
      'backingOff + connection.deleted → deleted',
      'backingOff + connection.described → backingOff',
      'backingOff + credential.stored → fresh',
      'backingOff + credential.worked → backingOff',
      'doubted + alarm.fired → doubted: checkCredential',
      'doubted + connection.deleted → deleted',
      'doubted + connection.described → doubted',
      'doubted + credential.refused → revoked: tellInstallations connection.revoked',
      'doubted + credential.stored → fresh',
      'doubted + credential.worked → fresh',
      'fresh + alarm.fired → refreshing: refresh',
      'fresh + connection.deleted → deleted',
      'fresh + connection.described → fresh',
      'fresh + credential.doubted → fresh: checkCredential',
      'fresh + credential.refused → doubted',
      'fresh + credential.stored → fresh',
      'fresh + credential.worked → fresh',
      'fresh + refresh.requested → refreshing: refresh',
      'refreshing + connection.deleted → deleted',
      'refreshing + connection.described → refreshing',
      'refreshing + credential.stored → fresh',
      'refreshing + credential.worked → refreshing',
      'refreshing + refresh.appRefused → appFault',
      'refreshing + refresh.failed → backingOff',
      'refreshing + refresh.outcomeUnknown → backingOff',
      'refreshing + refresh.outcomeUnknown → uncertain',
      'refreshing + refresh.refused → revoked: tellInstallations connection.revoked',
      'refreshing + refresh.refused → suspect',
      'refreshing + refresh.succeeded → fresh',
      'revoked + connection.deleted → deleted',
      'revoked + connection.described → revoked',
      'revoked + credential.stored → fresh: tellInstallations connection.restored',
      'revoked + grant.suspected → suspect: tellInstallations connection.held',
      'suspect + alarm.fired → refreshing: refresh',
      'suspect + connection.deleted → deleted',
      'suspect + connection.described → suspect',
      'suspect + credential.stored → fresh',
      'suspect + credential.worked → suspect',
      'suspect + grant.confirmed → revoked: tellInstallations connection.revoked',
      'suspect + grant.probed → refreshing: refresh',
      'suspect + grant.released → backingOff',
      'uncertain + alarm.fired → refreshing: refresh',
      'uncertain + connection.deleted → deleted',
      'uncertain + connection.described → uncertain',
      'uncertain + credential.stored → fresh',
      'uncertain + credential.worked → uncertain',
      'uncertain + refresh.requested → refreshing: refresh',
    ]);
  });

  it('tells installations what the provider said last, and says why where the grant is gone', () => {
    for (const { to, effects } of edges) {
      for (const effect of effects) {
        if (effect.type !== 'effect.tellInstallations') continue;
        expect(effect.reason).toBe(to.context.lastError);
        if (effect.event === 'connection.revoked') expect(effect.reason).not.toBeNull();
      }
    }
  });

  it('asks for a refresh once per entry into refreshing, for the current generation and attempt', () => {
    for (const { from, to, effects } of accepted) {
      const isEntry = to.name === 'refreshing' && from.name !== 'refreshing';
      const { connectionId, generation, attempt, isProbe, lostAnswerAtMs } = to.context;
      const isAfterLoss = lostAnswerAtMs !== null;
      const expected = [{ type: 'effect.refresh', connectionId, generation, attempt, isProbe, isAfterLoss }];
      expect(effects.filter(({ type }) => type === 'effect.refresh')).toEqual(isEntry ? expected : []);
    }
  });

  it('has an alarm exactly where it waits', () => {
    const waits = new Set(['appFault', 'backingOff', 'doubted', 'suspect', 'uncertain']);
    for (const { to } of edges) {
      // What ends is not stored, and its alarm with it.
      if (to.name === 'deleted') continue;
      // That of `fresh` keeps an idle grant alive.
      const isWaiting = waits.has(to.name) || (to.name === 'fresh' && to.context.canRefresh);
      expect([to.name, to.context.wakeAtMs !== null]).toEqual([to.name, isWaiting]);
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
      expect([from.name, isAccepted]).toEqual([from.name, wakeAtMs !== null && event.nowMs >= wakeAtMs]);
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
    expect(usable.toSorted()).toEqual([
      'appFault',
      'backingOff',
      'doubted',
      'fresh',
      'refreshing',
      'suspect',
      'uncertain',
    ]);
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

  it('holds a grant that is refused together with others, a few times, and then believes it', () => {
    const refusals = accepted.filter(({ event }) => event.type === 'refresh.refused' && event['isSuspect'] === true);
    expect(refusals.length).toBeGreaterThan(0);
    for (const { from, to } of refusals) {
      const isHeld = from.context.suspicions < GRANT_SUSPICIONS_MAX;
      expect(to.name).toBe(isHeld ? 'suspect' : 'revoked');
      if (isHeld) expect(to.context.wakeAtMs).toBe(NOW_MS + GRANT_HELD_MS_MAX);
    }
    for (const { from, to } of accepted.filter(({ event }) => event.type === 'grant.suspected')) {
      expect([from.name, to.name, (from.context.lastErrorAtMs ?? 0) >= NOW_MS - 1000]).toEqual([
        'revoked',
        'suspect',
        true,
      ]);
    }
  });

  it('counts a suspicion when it ends, however often it was tried meanwhile, and none that was decided', () => {
    for (const { from, to, event } of accepted) {
      const isEnd = from.name === 'suspect' && event.type === 'grant.released';
      if (isEnd) expect(to.context.suspicions).toBe(from.context.suspicions + 1);
      else if (event.type === 'grant.confirmed') expect(to.context.suspicions).toBe(GRANT_SUSPICIONS_MAX);
      else expect(to.context.suspicions).toBeOneOf([0, from.context.suspicions]);
      if (event.type === 'grant.suspected') expect(from.context.suspicions).toBeLessThan(GRANT_SUSPICIONS_MAX);
    }
    expect(accepted.some(({ event }) => event.type === 'grant.confirmed')).toBe(true);
  });

  it('marks a probe for as long as it is under way', () => {
    for (const { to, event, isAccepted } of edges) {
      if (to.name === 'deleted') continue;
      if (event.type === 'grant.probed' && isAccepted) expect(to.context.isProbe).toBe(true);
      if (to.name !== 'refreshing') expect(to.context.isProbe).toBe(false);
    }
  });

  it('tells once per generation that it works, and nothing of one that was replaced', () => {
    for (const { from, event, isAccepted } of edges) {
      if (event.type !== 'credential.worked') continue;
      const { generation, isProven } = from.context;
      const isNews = event['generation'] === generation && (!isProven || from.name === 'doubted');
      expect(isAccepted).toBe(isNews && !['absent', 'revoked'].includes(from.name));
    }
  });

  it('believes a refused check at the second time only, and never of what can be renewed', () => {
    const refused = accepted.filter(({ event }) => event.type === 'credential.refused');
    expect(new Set(refused.map(({ from, to }) => `${from.name} ${to.name}`))).toEqual(
      new Set(['fresh doubted', 'doubted revoked']),
    );
    for (const { from } of refused) expect(from.context.canRefresh).toBe(false);
  });

  it('forgets suspicion, proof and errors with a new token', () => {
    const renewed = accepted.filter(({ to }) => to.name === 'fresh' && to.context.generation > 0);
    const stored = renewed.filter(({ event }) => /^(credential\.stored|refresh\.succeeded)$/.test(event.type));
    expect(stored.length).toBeGreaterThan(0);
    for (const { to } of stored) {
      const clean = { attempt: 0, suspicions: 0, isProven: false, lastError: null, lostAnswerAtMs: null };
      expect(to.context).toMatchObject(clean);
    }
  });

  it.each(ROTATIONS)('walks the same way when it is stored and restored after each step (%s)', (rotation) => {
    for (let seed = 1; seed <= 20; seed++) {
      const { seen, seenRestored } = randomWalk(model(rotation), seed, 60);
      expect(seenRestored, `seed ${seed}`).toEqual(seen);
    }
  });
});
