// Each reason on its own: when it applies, whose fault it is and what is said; then which of several comes first.

import { describe, expect, it } from 'vitest';
import { OUTBOX_BYTES_PER_LANE_MAX } from '../../../../src/core/limits.ts';
import { HOUR_MS, MINUTE_MS } from '../../../../src/core/time.ts';
import type { Facts } from '../../../../src/flows/operator/facts.ts';
import { explain } from '../../../../src/flows/operator/why.ts';
import {
  circuit,
  credential,
  INSTALLATION,
  inbox,
  lane,
  laneActor,
  NOW_MS,
  past,
  read,
  schemaWatch,
  subscription,
  WELL,
} from './facts.ts';

const minutes = (count: number) => NOW_MS + count * MINUTE_MS;
const failing = { attempts: 3, lastError: 'answered 503', nextAttemptAtMs: minutes(5), createdAtMs: minutes(-40) };
const waiting = { readType: 'backfill', wakeAtMs: minutes(1), lastError: 'HubSpot answered 500' } as const;

/** What is wrong, the facts that say so, and what comes of it. */
type Case = readonly [
  name: string,
  differences: Partial<Facts>,
  expected: { readonly fault: string; readonly since?: string | null; readonly until?: string | null },
  says: readonly string[],
];

const CASES: readonly Case[] = [
  ['notServing', { isServing: false }, { fault: 'operator' }, ['No server runs', 'tenon serve']],
  ['diskFull', { isDiskHealthy: false }, { fault: 'operator' }, ['The disk takes no more changes', 'Make room']],
  [
    'actorPaused',
    {
      credential: credential(
        'fresh',
        {},
        { pausedReason: 'credential:c1 failed on x: T-2003', pausedAtMs: minutes(-30) },
      ),
      reads: [read('idle', {}, { pausedReason: 'T-1', pausedAtMs: minutes(-20) })],
    },
    { fault: 'tenon', since: '2026-01-05T11:30:00.000Z' },
    [
      'credential:c1 is paused: it failed on x: T-2003.',
      'So is 1 other actor of it.',
      'tenon quarantine retry credential:c1',
    ],
  ],
  [
    'beingRemoved',
    { installation: { ...INSTALLATION, state: 'removing', past: past(null, ['installation.deleted', 'removing', 2]) } },
    { fault: 'nobody', since: '2026-01-05T11:58:00.000Z' },
    ['It was deleted'],
  ],
  [
    'grantRevoked',
    { credential: credential('revoked', { lastError: 'invalid_grant token revoked', lastErrorAtMs: minutes(-180) }) },
    { fault: 'customer', since: '2026-01-05T09:00:00.000Z', until: null },
    ['(3 hours ago)', 'It said: "invalid_grant token revoked".', 'Have the customer connect again'],
  ],
  [
    'grantRevoked',
    {
      credential: credential('revoked', {
        lastError: 'invalid_grant',
        lastErrorAtMs: minutes(-10),
        lostAnswerAtMs: minutes(-60),
      }),
    },
    { fault: 'nobody' },
    ['an answer to a renewal was lost on its way', '2026-01-05 11:00:00 UTC (60 minutes ago)'],
  ],
  [
    'tokenEnded',
    { credential: credential('fresh', { canRefresh: false, endsAtMs: minutes(-5) }) },
    { fault: 'customer', since: '2026-01-05T11:55:00.000Z' },
    ['none to renew it with'],
  ],
  [
    'appRefused',
    {
      credential: credential(
        'appFault',
        { lastError: 'invalid_client no such app', lastErrorAtMs: minutes(-9) },
        { wakeAtMs: minutes(5) },
      ),
    },
    { fault: 'builder', since: '2026-01-05T11:51:00.000Z', until: '2026-01-05T12:05:00.000Z' },
    [
      'refuses the provider app, not the customer',
      'should be good until 2026-01-05 13:00:00 UTC',
      'client id and secret',
      'no customer has to connect again',
    ],
  ],
  [
    'grantSuspect',
    {
      credential: credential(
        'suspect',
        { lastError: 'invalid_grant', lastErrorAtMs: minutes(-3), suspicions: 1 },
        { wakeAtMs: minutes(360) },
      ),
    },
    { fault: 'provider', since: '2026-01-05T11:57:00.000Z', until: '2026-01-05T18:00:00.000Z' },
    ['many customers one after the other: "invalid_grant"', 'none is asked to connect again yet'],
  ],
  [
    'answerLost',
    {
      credential: credential(
        'uncertain',
        { lastError: 'reset', lostAnswerAtMs: minutes(-1), endsAtMs: minutes(30) },
        { wakeAtMs: minutes(29) },
      ),
    },
    { fault: 'nobody', since: '2026-01-05T11:59:00.000Z', until: '2026-01-05T12:29:00.000Z' },
    ['done once and as late as possible', 'good until 2026-01-05 12:30:00 UTC'],
  ],
  [
    'addressRefused',
    {
      credential: credential(
        'backingOff',
        { lastError: 'invalid_grant ip restricted', attempt: 2, endsAtMs: minutes(30) },
        { wakeAtMs: minutes(2), past: past('backingOff', ['refresh.failed', 'backingOff', 45]) },
      ),
    },
    { fault: 'operator', until: '2026-01-05T12:02:00.000Z' },
    ['for the address that Tenon calls from: "invalid_grant ip restricted"', 'no customer has to connect again'],
  ],
  [
    'tokenEndpointFailing',
    {
      credential: credential(
        'backingOff',
        { lastError: 'the token endpoint answered 503', attempt: 12, endsAtMs: minutes(-1) },
        { wakeAtMs: minutes(2), past: past('backingOff', ['refresh.failed', 'backingOff', 45]) },
      ),
    },
    { fault: 'provider', since: '2026-01-05T11:15:00.000Z', until: '2026-01-05T12:02:00.000Z' },
    ['at least since', 'failed 12 times', 'ended 60 seconds ago, so no call can be made'],
  ],
  [
    'keyRefused',
    {
      reads: [
        read(
          'waiting',
          { ...waiting, deferrals: 4, lastError: 'Stripe answered 401: no such key' },
          { past: past(null, ['read.configured', 'reading', 70], ['page.deferred', 'waiting', 69]) },
        ),
      ],
    },
    { fault: 'customer', since: '2026-01-05T10:51:00.000Z' },
    ['refuses the credential when contacts is read', 'connect again with a key'],
  ],
  [
    'circuitOpen',
    { circuit: circuit('open', { trips: 3, lastError: 'answered 502', wakeAtMs: minutes(0.5) }) },
    { fault: 'provider', until: '2026-01-05T12:00:30.000Z' },
    ['for the 3rd time in a row', 'The last one: "answered 502".', 'in 30 seconds'],
  ],
  [
    'destinationMissing',
    { reads: [read('idle', {}, { destination: 'lake', hasDestination: false })] },
    { fault: 'builder' },
    ['delivers to "lake"', 'Make the destination'],
  ],
  [
    'readGivenUp',
    {
      reads: [
        read(
          'paused',
          { readType: 'scheduled', attempt: 20, lastError: 'HubSpot answered 500' },
          { past: past('waiting', ['alarm.fired', 'reading', 61], ['page.failed', 'paused', 60]) },
        ),
        read('paused', { readType: 'scheduled', attempt: 20, lastError: 'x' }, { objectName: 'deals' }),
      ],
    },
    { fault: 'provider', since: '2026-01-05T11:00:00.000Z' },
    ['given up after 20 failures in a row', 'The same holds for deals.', ':unpause'],
  ],
  [
    'readGivenUp',
    { reads: [read('paused', { readType: 'backfill', attempt: 1, lastError: 'HubSpot answered 403: scopes' })] },
    { fault: 'customer' },
    ['because trying again could not help', 'grant the missing permission'],
  ],
  [
    'readGivenUp',
    { reads: [read('paused', { readType: 'backfill', attempt: 1, lastError: 'no object named leeds' })] },
    { fault: 'builder' },
    ['Change what the integration asks for'],
  ],
  [
    'destinationDisabled',
    { lanes: [lane({ actor: laneActor('disabled', { failingSinceMs: minutes(-7200) }), queued: 2, failing })] },
    { fault: 'destination', since: '2025-12-31T12:00:00.000Z', until: null },
    ['took nothing for five days', '2 messages wait for it.', 'The last failure: "answered 503".', 'metadata.url'],
  ],
  [
    'destinationFull',
    {
      lanes: [lane({ queued: 1200, queuedBytes: OUTBOX_BYTES_PER_LANE_MAX + 1, failing })],
      reads: [read('waiting', { ...waiting, deferrals: 2 }, { past: past(null, ['page.deferred', 'waiting', 6]) })],
    },
    { fault: 'destination', since: '2026-01-05T11:54:00.000Z', until: '2026-01-05T12:01:00.000Z' },
    ['1,200 messages wait for it', 'The last failure: "answered 503".'],
  ],
  [
    'destinationFull',
    {
      lanes: [lane({}), lane({ name: 'events', queued: 9, queuedBytes: OUTBOX_BYTES_PER_LANE_MAX + 1, failing })],
      inbox: inbox(
        'waiting',
        { deferrals: 2, lastError: 'the destination is behind', wakeAtMs: minutes(1) },
        { past: past('working', ['batch.deferred', 'waiting', 6]) },
      ),
    },
    { fault: 'destination', since: '2026-01-05T11:54:00.000Z', until: '2026-01-05T12:01:00.000Z' },
    ['waits for the destination "events"', '9 messages wait for it'],
  ],
  [
    'readFailing',
    {
      reads: [
        read(
          'waiting',
          { ...waiting, attempt: 7 },
          {
            past: past(
              'reading',
              ['page.committed', 'reading', 30],
              ['page.failed', 'waiting', 20],
              ['alarm.fired', 'reading', 15],
              ['page.failed', 'waiting', 10],
            ),
          },
        ),
      ],
    },
    { fault: 'provider', since: '2026-01-05T11:40:00.000Z', until: '2026-01-05T12:01:00.000Z' },
    ['Reading contacts failed 7 times in a row', '"HubSpot answered 500"', 'tried 20 times'],
  ],
  [
    'readFailing',
    { reads: [read('reading', { ...waiting, attempt: 2, lastError: 'T-3001: page 4 is next' })] },
    { fault: 'tenon' },
    ['report it'],
  ],
  [
    'quotaSpent',
    {
      reads: [read('waiting', { ...waiting, deferrals: 1, lastError: 'the calls that the provider allows are spent' })],
    },
    { fault: 'provider', until: '2026-01-05T12:01:00.000Z' },
    ['waits for HubSpot to allow more calls', 'read less often'],
  ],
  [
    'inboxFailing',
    {
      inbox: inbox(
        'waiting',
        { attempt: 2, lastError: 'HubSpot answered 500', wakeAtMs: NOW_MS + MINUTE_MS },
        {
          past: past(
            'working',
            ['batch.settled', 'idle', 30],
            ['batch.failed', 'waiting', 20],
            ['alarm.fired', 'working', 15],
            ['batch.failed', 'waiting', 10],
          ),
        },
      ),
    },
    { fault: 'provider', since: '2026-01-05T11:40:00.000Z', until: '2026-01-05T12:01:00.000Z' },
    ['Webhooks of HubSpot came', 'failed twice in a row', '"HubSpot answered 500"', 'After 12 times'],
  ],
  [
    'inboxWaiting',
    { inbox: inbox('blocked', { deferrals: 1, lastError: 'HubSpot answered 401', wakeAtMs: NOW_MS + MINUTE_MS }) },
    { fault: 'customer', until: '2026-01-05T12:01:00.000Z' },
    ['waits for a grant', 'Nothing of it is lost', 'connect again'],
  ],
  [
    'inboxWaiting',
    { inbox: inbox('held', { deferrals: 1, lastError: 'the destination is behind', wakeAtMs: NOW_MS + MINUTE_MS }) },
    { fault: 'nobody', until: '2026-01-05T12:01:00.000Z' },
    ['"the destination is behind"', 'goes on by itself'],
  ],
  [
    'inboxFull',
    { inboxDepth: { events: 10_000, bytes: 1, oldestAtMs: NOW_MS - HOUR_MS } },
    { fault: 'nobody', until: '2026-01-06T11:00:00.000Z' },
    ['10,000 events of HubSpot wait', 'HubSpot is told to come again', 'begins to be lost at'],
  ],
  [
    'inboxFull',
    { inboxDepth: { events: 70, bytes: 64 * 1_048_576, oldestAtMs: NOW_MS - 25 * HOUR_MS } },
    { fault: 'nobody', until: null },
    ['70 events of HubSpot wait', 'they are lost'],
  ],
  [
    'destinationFailing',
    { lanes: [lane({ queued: 2, failing })] },
    { fault: 'destination', since: '2026-01-05T11:20:00.000Z', until: '2026-01-05T12:05:00.000Z' },
    ['2 messages to "hook" wait; one was tried 3 times.', '"answered 503"'],
  ],
  [
    'readsPaused',
    {
      reads: [
        read(
          'paused',
          { readType: 'backfill', attempt: 3, lastError: 'HubSpot answered 500' },
          { past: past('reading', ['page.failed', 'waiting', 6], ['read.paused', 'paused', 5]) },
        ),
        read('idle', {}, { objectName: 'deals', isDisabled: true }),
      ],
    },
    { fault: 'nobody', since: '2026-01-05T11:55:00.000Z' },
    ['paused over the API'],
  ],
  [
    'configPending',
    { installation: { ...INSTALLATION, context: { ...INSTALLATION.context, configRevision: 2 } } },
    { fault: 'nobody' },
    ['brought in line', 'Nothing is wrong.'],
  ],
  [
    'backfillRunning',
    {
      reads: [
        read(
          'reading',
          { readType: 'backfill', page: 12 },
          {
            recordsRead: 2400,
            past: past('absent', ['read.configured', 'reading', 3], ['page.committed', 'reading', 1]),
          },
        ),
      ],
    },
    { fault: 'nobody', since: '2026-01-05T11:57:00.000Z', until: null },
    ['2,400 records on 12 pages', 'Nothing is wrong.'],
  ],
  ...(
    [
      ['set TENON_SALESFORCE_EVENT_RELAY', 'operator', 'start the server again'],
      ['Salesforce answered 403: INSUFFICIENT_ACCESS no', 'customer', 'grant the missing permission'],
      ['Salesforce answered 400: no such object', 'builder', 'Change what the integration subscribes to'],
    ] as const
  ).map(
    ([lastError, fault, remedy]): Case => [
      'subscriptionFailed',
      { subscription: subscription('failed', { attempt: 8, lastError, wakeAtMs: minutes(60) }) },
      { fault, until: '2026-01-05T13:00:00.000Z' },
      ['sends nothing of what it subscribes to', lastError, remedy],
    ],
  ),
  [
    'subscriptionFailing',
    { subscription: subscription('waiting', { attempt: 2, lastError: 'answered 503', wakeAtMs: minutes(1) }) },
    { fault: 'provider', until: '2026-01-05T12:01:00.000Z' },
    ['was asked twice', 'answered 503'],
  ],
  ['nextScheduled', { subscription: subscription('applying', {}) }, { fault: 'nobody' }, ['Nothing is wrong.']],
  [
    'readRunning',
    { reads: [read('reading', { readType: 'scheduled' }, { recordsRead: 1 })] },
    { fault: 'nobody' },
    ['Contacts is being read: 1 record so far.', 'Nothing is wrong.'],
  ],
  ['nothingScheduled', { reads: [] }, { fault: 'nobody', until: null }, ['waits for nothing', 'Nothing is wrong.']],
  [
    'nextScheduled',
    {},
    { fault: 'nobody', since: null, until: '2026-01-05T12:08:00.000Z' },
    ['The next read of contacts is at 2026-01-05 12:08:00 UTC (in 8 minutes). Nothing is wrong.'],
  ],
  [
    'nextScheduled',
    { reads: [read('idle', { wakeAtMs: minutes(-1) })] },
    { fault: 'nobody' },
    ['The next read of contacts is now.'],
  ],
];

describe('an installation', () => {
  it.each(CASES)('that waits by %s %#', (name, differences, expected, says) => {
    const why = explain({ ...WELL, ...differences });
    expect(why).toMatchObject({ name, ...expected });
    expect(why.text).toMatch(/^"crm" of Acme \(HubSpot\) waits for [^.]+\. \S.*[.!?]$/);
    for (const words of says) expect(why.text).toContain(words);
    expect(why.text).not.toMatch(/undefined|null|NaN|\.\.| {2}/);
  });

  it('waits for the gravest of several reasons, and the text names the next two that it does not explain', () => {
    const why = explain({
      ...WELL,
      credential: credential('revoked', { lastErrorAtMs: minutes(-3) }),
      circuit: circuit('open', { trips: 1, wakeAtMs: minutes(1) }),
      reads: [read('waiting', { ...waiting, attempt: 2 })],
      lanes: [lane({ queued: 4, failing, dead: 7, lastDead: { lastError: 'answered 410' } })],
    });
    expect(why.name).toBe('grantRevoked');
    expect(why.besides.map(({ name }) => name)).toEqual(['destinationFailing', 'deadLetters']);
    expect(why.text).toContain('Besides: 4 messages to "hook" wait');
    expect(why.text).toContain('refused 7 messages for good');
  });

  it('that loses webhooks says so, whatever keeps the others waiting', () => {
    const lastErrorAtMs = minutes(-3);
    const inboxDepth = { events: 10_000, bytes: 1, oldestAtMs: NOW_MS - 25 * HOUR_MS };
    const why = explain({ ...WELL, credential: credential('revoked', { lastErrorAtMs }), inboxDepth });
    expect([why.name, ...why.besides.map(({ name }) => name)]).toEqual(['grantRevoked', 'inboxFull']);
  });

  it('that is well but for its dead letters is not called well', () => {
    const well = explain(WELL);
    const why = explain({ ...WELL, lanes: [lane({ dead: 1 })] });
    expect([well.isWell, why.isWell, why.name]).toEqual([true, false, 'nextScheduled']);
    expect(why.text).not.toContain('Nothing is wrong');
  });

  it('whose address was replaced is not called well until the former is refused and the new one in use', () => {
    const row = { ...{ installationId: 'i1', nonce: 'b', formerNonce: '' }, rotatedAtMs: minutes(-60) };
    const taken = { ...row, formerUntilMs: minutes(30), usedAtMs: null, formerUsedAtMs: minutes(-2) };
    const besides = (differences: object) => explain({ ...WELL, receiver: { ...taken, ...differences } }).besides;
    expect(besides({})).toMatchObject([
      { name: 'addressReplaced', fault: 'operator', until: '2026-01-05T12:30:00.000Z' },
    ]);
    expect(besides({})[0]?.says).toContain(
      'nothing has come at the new one. The former is taken until 2026-01-05 12:30',
    );
    expect(besides({})[0]?.says).toContain('the last webhook came at 2026-01-05 11:58');
    expect(besides({ usedAtMs: minutes(-1) })[0]).toMatchObject({ fault: 'nobody' });
    const refused = { formerUntilMs: NOW_MS };
    expect(besides(refused)).toMatchObject([{ fault: 'operator', until: null }]);
    expect(besides(refused)[0]?.says).toContain('is refused since 2026-01-05 12:00');
    expect(besides({ ...refused, usedAtMs: minutes(-1) })).toEqual([]);
  });

  it.each([
    ['contacts: hubspot answered 403', 'customer', 'missing permission'],
    ['contacts: hubspot answered 500', 'provider', 'whether HubSpot is well again'],
    ['the project has no destination named "fields"', 'builder', 'Make the destination'],
  ])('whose fields were not all seen is not called well: %s', (unseen, fault, remedy) => {
    const why = explain({ ...WELL, schemaWatch: schemaWatch({ unseen }) });
    expect([why.isWell, why.name, why.besides[0]?.name]).toEqual([false, 'nextScheduled', 'fieldsUnseen']);
    expect(why.besides[0]).toMatchObject({ fault, until: '2026-01-05T13:00:00.000Z' });
    expect(why.besides[0]?.remedy).toContain(remedy);
    expect(why.text).toContain(`Besides: Changes of fields are not told, because the last look did not see all of`);
    expect(explain({ ...WELL, schemaWatch: schemaWatch({}) }).isWell).toBe(true);
    const revoked = credential('revoked', { lastErrorAtMs: minutes(-3) });
    expect(explain({ ...WELL, credential: revoked, schemaWatch: schemaWatch({ unseen }) }).besides).toEqual([]);
  });

  it('is called unwell by neither the hour of its token nor a closed circuit', () => {
    const why = explain({
      ...WELL,
      credential: credential('fresh', { endsAtMs: NOW_MS - HOUR_MS }),
      circuit: circuit('closed', {}),
    });
    expect(why.isWell).toBe(true);
  });
});
