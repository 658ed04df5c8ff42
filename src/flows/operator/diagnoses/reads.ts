// Reasons that lie with the reads: failing, put off, paused, under way, or waiting for their schedule.

import { READ_ATTEMPTS_MAX } from '../../../core/limits.ts';
import type { Facts, ReadFacts } from '../facts.ts';
import { earliestOf, enteredAt, type Since, UNKNOWN_SINCE } from '../past.ts';
import { counted } from '../times.ts';
import { type Diagnosis, type Fault, nextAt, quoted, times } from './diagnosis.ts';

const UNDER_WAY: readonly string[] = ['reading', 'waiting'];

/** Of a limit, as the provider tells it or as we count it. */
const QUOTA_WORDS = /answered 429\b|limit|are spent/i;
const QUOTA_REMEDY = ' If this is usual, read less often or fewer objects.';

/** What may help where a message of ours says who is at fault. */
export const GIVEN_UP_REMEDIES: Readonly<Record<Fault, (providerName: string) => string>> = {
  nobody: () => 'See whether it works again.',
  tenon: () => 'This is a fault in Tenon: report it with the output of `tenon actor show`, and update.',
  provider: (providerName) => `See whether ${providerName} is well again.`,
  customer: () => 'Have the customer grant the missing permission in their account.',
  builder: () => 'Change what the integration asks for (manifest or config), as the message says.',
  operator: () => 'See whether it works again.',
  destination: () => 'See whether the destination works again.',
};

export function readGivenUp({ reads, providerName }: Facts): Diagnosis | null {
  const given = reads.filter(isGivenUp);
  const [read] = given;
  if (read === undefined) return null;
  const { attempt, lastError } = read.context;
  const fault = faultOf(lastError, attempt < READ_ATTEMPTS_MAX ? 'builder' : 'provider');
  const why =
    attempt < READ_ATTEMPTS_MAX ? 'because trying again could not help' : `after ${attempt} failures in a row`;
  return {
    name: 'readGivenUp',
    isWell: false,
    waitsFor: 'somebody to resume its reads',
    since: enteredAt(read),
    next: null,
    says: `The read of ${read.objectName} was given up ${why}: ${quoted(lastError)}.${othersText(given)}`,
    fault,
    remedy: `${GIVEN_UP_REMEDIES[fault](providerName)} Then resume with POST …/installations/{id}:unpause.`,
  };
}

export function readFailing({ reads, providerName }: Facts): Diagnosis | null {
  const failing = reads.filter((read) => read.context.attempt > 0 && isUnderWay(read) && !isDeferred(read));
  const worst = failing.toSorted((a, b) => b.context.attempt - a.context.attempt)[0];
  if (worst === undefined) return null;
  const { attempt, lastError } = worst.context;
  const fault = faultOf(lastError, 'provider');
  return {
    name: 'readFailing',
    isWell: false,
    waitsFor: `the next try to read ${worst.objectName}`,
    since: earliestOf(worst, ['page.failed'], ['page.committed']),
    next: nextAt('It is tried again', worst.wakeAtMs),
    says:
      `Reading ${worst.objectName} failed ${times(attempt)} in a row; the last time: ${quoted(lastError)}. ` +
      `It is tried ${READ_ATTEMPTS_MAX} times before the read is paused.${othersText(failing)}`,
    fault,
    remedy:
      fault === 'provider'
        ? `There is nothing to do unless it goes on; then ask ${providerName}.`
        : GIVEN_UP_REMEDIES[fault](providerName),
  };
}

export function quotaSpent({ reads, providerName }: Facts): Diagnosis | null {
  const waiting = reads.filter(isDeferred);
  const read = waiting.toSorted((a, b) => (b.wakeAtMs ?? 0) - (a.wakeAtMs ?? 0))[0];
  if (read === undefined) return null;
  const isQuota = QUOTA_WORDS.test(read.context.lastError ?? '');
  return {
    name: 'quotaSpent',
    isWell: false,
    waitsFor: isQuota ? `${providerName} to allow more calls` : 'the time to try again',
    since: deferredSince(read),
    next: nextAt('It goes on', read.wakeAtMs),
    says: `The read of ${read.objectName} was put off: ${quoted(read.context.lastError)}.${othersText(waiting)}`,
    fault: isQuota ? 'provider' : 'nobody',
    remedy: `There is nothing to do; it goes on by itself.${isQuota ? QUOTA_REMEDY : ''}`,
  };
}

export function readsPaused({ reads }: Facts): Diagnosis | null {
  const wanted = reads.filter(({ isDisabled }) => !isDisabled);
  const paused = wanted.filter(({ state }) => state === 'paused');
  const [read] = paused;
  if (read === undefined || paused.length < wanted.length) return null;
  return {
    name: 'readsPaused',
    isWell: false,
    waitsFor: 'the builder to resume its reads',
    since: enteredAt(read),
    next: null,
    says: 'Its reads were paused over the API; proxied calls work.',
    fault: 'nobody',
    remedy: 'Resume them with POST …/installations/{id}:unpause when they are wanted again.',
  };
}

export function backfillRunning({ reads }: Facts): Diagnosis | null {
  const running = reads.filter((read) => isUnderWay(read) && read.context.readType === 'backfill');
  const [read] = running;
  if (read === undefined) return null;
  const soFar = `${counted(read.recordsRead, 'record')} on ${counted(read.context.page, 'page')}`;
  return {
    name: 'backfillRunning',
    isWell: true,
    waitsFor: `the backfill of ${read.objectName} to end`,
    since: enteredAt(read, UNDER_WAY),
    next: nextAt('It goes on', read.wakeAtMs),
    says: `It has read ${soFar} so far.${othersText(running)}`,
    fault: 'nobody',
    remedy: '',
  };
}

export function readRunning({ reads, providerName }: Facts): Diagnosis | null {
  const read = reads.find(isUnderWay);
  if (read === undefined) return null;
  return {
    name: 'readRunning',
    isWell: true,
    waitsFor: `${providerName} to answer`,
    since: enteredAt(read, UNDER_WAY),
    next: nextAt('It goes on', read.wakeAtMs),
    says: `${capitalized(read.objectName)} is being read: ${counted(read.recordsRead, 'record')} so far.`,
    fault: 'nobody',
    remedy: '',
  };
}

/** Always applies: whoever has nothing else to wait for waits for the next schedule, or for nothing. */
export function nextScheduled({ reads }: Facts): Diagnosis {
  const scheduled = reads.filter(({ state, wakeAtMs }) => state === 'idle' && wakeAtMs !== null);
  const next = scheduled.toSorted((a, b) => (a.wakeAtMs ?? 0) - (b.wakeAtMs ?? 0))[0];
  const shared = { isWell: true, since: UNKNOWN_SINCE, fault: 'nobody', remedy: '' } as const;
  if (next === undefined) {
    const says = 'No read of it is scheduled.';
    return { ...shared, name: 'nothingScheduled', waitsFor: 'nothing', next: null, says };
  }
  return {
    ...shared,
    name: 'nextScheduled',
    waitsFor: 'its next schedule',
    next: nextAt(`The next read of ${next.objectName} is`, next.wakeAtMs),
    says: '',
  };
}

/** The run is open and a page of it is asked for, or will be. */
function isUnderWay({ state }: ReadFacts): boolean {
  return state !== null && UNDER_WAY.includes(state);
}

/** Its page was put off without a failure. While it is asked for again, the count still says so. */
export function isDeferred(read: ReadFacts): boolean {
  if (!isUnderWay(read)) return false;
  const last = read.past().steps.findLast(({ type }) => type === 'page.failed' || type === 'page.deferred');
  if (last === undefined) return read.context.deferrals > 0 && read.context.attempt === 0;
  return last.type === 'page.deferred' && read.context.deferrals > 0;
}

export function deferredSince(read: ReadFacts): Since {
  return earliestOf(read, ['page.deferred'], ['page.committed', 'page.failed']);
}

/** Paused by a failure and not by the builder, who pauses it over the API. */
function isGivenUp(read: ReadFacts): boolean {
  if (read.state !== 'paused' || read.context.readType === null || read.context.attempt === 0) return false;
  const last = read.past().steps.findLast(({ type }) => type === 'page.failed' || type === 'read.paused');
  return last?.type !== 'read.paused';
}

/** Whom a message of ours about a provider's answer points at. */
export function faultOf(message: string | null, otherwise: Fault): Fault {
  if (message === null) return otherwise;
  if (/^T-\d{4}: /.test(message)) return 'tenon';
  return /answered 40[13]\b/.test(message) ? 'customer' : otherwise;
}

function othersText(reads: readonly ReadFacts[]): string {
  const others = reads.slice(1).map(({ objectName }) => objectName);
  if (others.length === 0) return '';
  return others.length > 3 ? ` So are ${others.length} other reads.` : ` The same holds for ${others.join(', ')}.`;
}

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
