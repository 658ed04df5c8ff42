// Reasons why what the provider told is not delivered yet, or may not come at all.

import {
  INBOX_ATTEMPTS_MAX,
  INBOX_BATCH_EVENTS_MAX,
  INBOX_BYTES_MAX,
  INBOX_EVENTS_MAX,
  INBOX_STUCK_MS,
  WEBHOOK_BODY_BYTES_MAX,
} from '../../../core/limits.ts';
import { isFormerTaken } from '../../../store/tables/receivers.ts';
import type { Facts } from '../facts.ts';
import { earliestOf, enteredAt, UNKNOWN_SINCE } from '../past.ts';
import { counted, timeText } from '../times.ts';
import { type Diagnosis, nextAt, quoted, times } from './diagnosis.ts';

export function inboxFailing({ inbox, providerName }: Facts): Diagnosis | null {
  if (inbox === null || inbox.state !== 'waiting' || inbox.context.attempt === 0) return null;
  const { attempt, lastError } = inbox.context;
  return {
    name: 'inboxFailing',
    isWell: false,
    waitsFor: 'the next try to read what webhooks are about',
    since: earliestOf(inbox, ['batch.failed'], ['batch.settled']),
    next: nextAt('It is tried again', inbox.wakeAtMs),
    says:
      `Webhooks of ${providerName} came, and the records that they are about could not be read: that failed ` +
      `${times(attempt)} in a row; the last time: ${quoted(lastError)}. After ${INBOX_ATTEMPTS_MAX} times an event ` +
      'is delivered without its record.',
    fault: 'provider',
    remedy: `There is nothing to do unless it goes on; then ask ${providerName}.`,
  };
}

const WAITING: ReadonlySet<string> = new Set(['waiting', 'held', 'blocked']);

export function inboxWaiting({ inbox, providerName }: Facts): Diagnosis | null {
  if (inbox === null || !WAITING.has(inbox.state ?? '')) return null;
  const isBlocked = inbox.state === 'blocked';
  return {
    name: 'inboxWaiting',
    isWell: false,
    waitsFor: isBlocked ? 'a grant, to read what webhooks are about' : 'the time to go on with webhooks',
    since: enteredAt(inbox),
    next: nextAt('It goes on', inbox.wakeAtMs),
    says: `What webhooks of ${providerName} told waits: ${quoted(inbox.context.lastError)}. Nothing of it is lost.`,
    fault: isBlocked ? 'customer' : 'nobody',
    remedy: isBlocked ? 'Have the customer connect again.' : 'It goes on by itself when what it says has passed.',
  };
}

/** One that a usual webhook may find no room in is as good as full: a smaller one may still. */
export function inboxFull({ inboxDepth, nowMs, providerName }: Facts): Diagnosis | null {
  const { events, bytes, oldestAtMs } = inboxDepth;
  const isRoom =
    events + INBOX_BATCH_EVENTS_MAX <= INBOX_EVENTS_MAX && bytes + WEBHOOK_BODY_BYTES_MAX <= INBOX_BYTES_MAX;
  if (isRoom || oldestAtMs === null) return null;
  const lostFromMs = oldestAtMs + INBOX_STUCK_MS;
  const isStuck = lostFromMs <= nowMs;
  return {
    name: 'inboxFull',
    isWell: false,
    waitsFor: 'room for webhooks',
    since: UNKNOWN_SINCE,
    next: isStuck ? null : nextAt('What comes begins to be lost', lostFromMs),
    says:
      `${counted(events, 'event')} of ${providerName} wait, and more find no room. ` +
      (isStuck
        ? 'The oldest has waited for a day, so they are lost.'
        : `${providerName} is told to come again; once the oldest has waited for a day, they are lost.`),
    fault: 'nobody',
    remedy: 'Mend what they wait for: a grant, or a destination.',
  };
}

/** Until the former address is refused, and after that until something came at the new one. */
export function addressReplaced({ receiver, nowMs, providerName }: Facts): Diagnosis | null {
  if (receiver === null) return null;
  const { rotatedAtMs, formerUntilMs, usedAtMs, formerUsedAtMs } = receiver;
  const isTaken = isFormerTaken(receiver, nowMs);
  if (!isTaken && usedAtMs !== null) return null;
  const until = timeText(formerUntilMs, nowMs);
  const newOne = usedAtMs === null ? 'nothing has come at the new one' : 'the new one is in use';
  const last = formerUsedAtMs === null ? '' : `, where the last webhook came at ${timeText(formerUsedAtMs, nowMs)}`;
  return {
    name: 'addressReplaced',
    isWell: false,
    waitsFor: 'nothing',
    since: { atMs: rotatedAtMs, isAtLeast: false },
    next: isTaken ? nextAt('The former address is refused', formerUntilMs) : null,
    says:
      `The address of its webhooks was replaced, and ${newOne}. The former ` +
      (isTaken ? `is taken until ${until}${last}.` : `is refused since ${until}${last}.`),
    fault: usedAtMs === null ? 'operator' : 'nobody',
    remedy:
      usedAtMs === null
        ? `Enter the new address at ${providerName}; \`tenon webhooks\` tells it and where.`
        : 'There is nothing to do; `tenon webhooks rotate --finish` refuses the former address at once.',
  };
}
