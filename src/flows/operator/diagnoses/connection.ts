// Reasons that lie with the connection: the customer's grant, its token, the provider app, the provider itself.

import { isSourceRefused } from '../../../auth/tokenResponse.ts';
import type { Ms } from '../../../core/time.ts';
import type { Facts } from '../facts.ts';
import { earliestOf, type Since } from '../past.ts';
import { relativeText, stampOf, timeText } from '../times.ts';
import { type Diagnosis, nextAt, quoted, times } from './diagnosis.ts';
import { deferredSince, isDeferred } from './reads.ts';

export function grantRevoked({ credential, providerName, nowMs }: Facts): Diagnosis | null {
  if (credential?.state !== 'revoked') return null;
  const { lastError, lastErrorAtMs, lostAnswerAtMs } = credential.context;
  const words = lastError === null ? '' : ` It said: ${quoted(lastError)}.`;
  const lost =
    lostAnswerAtMs === null
      ? ''
      : ` Before that, ${timeText(lostAnswerAtMs, nowMs)}, an answer to a renewal was lost on its way; ` +
        'the token in it was the only one that still worked.';
  return {
    name: 'grantRevoked',
    isWell: false,
    waitsFor: 'its customer to connect again',
    since: { atMs: lastErrorAtMs, isAtLeast: false },
    next: null,
    says: `${providerName} no longer accepts the connection.${words}${lost} Nothing is read and calls are refused.`,
    fault: lostAnswerAtMs === null ? 'customer' : 'nobody',
    remedy: 'Have the customer connect again; reads then go on where they stopped.',
  };
}

/** A connection without a token that could be renewed hears of its end only from the calls that it makes. */
export function keyRefused({ reads, providerName }: Facts): Diagnosis | null {
  const read = reads.find((one) => isDeferred(one) && /answered 401\b/.test(one.context.lastError ?? ''));
  if (read === undefined) return null;
  return {
    name: 'keyRefused',
    isWell: false,
    waitsFor: 'its customer to connect again',
    since: deferredSince(read),
    next: nextAt('It is tried again', read.wakeAtMs),
    says: `${providerName} refuses the credential when ${read.objectName} is read: ${quoted(read.context.lastError)}.`,
    fault: 'customer',
    remedy: 'Have the customer connect again with a key that may read it; the read then goes on where it stopped.',
  };
}

export function tokenEnded({ credential, providerName, nowMs }: Facts): Diagnosis | null {
  if (credential?.state !== 'fresh') return null;
  const { canRefresh, endsAtMs } = credential.context;
  if (canRefresh || endsAtMs === null || endsAtMs > nowMs) return null;
  return {
    name: 'tokenEnded',
    isWell: false,
    waitsFor: 'its customer to connect again',
    since: { atMs: endsAtMs, isAtLeast: false },
    next: null,
    says: `The access token has ended, and ${providerName} gave none to renew it with.`,
    fault: 'customer',
    remedy:
      'Have the customer connect again. If the provider can give refresh tokens, ask for the scope that brings one.',
  };
}

export function answerLost({ credential, providerName, nowMs }: Facts): Diagnosis | null {
  if (credential?.state !== 'uncertain') return null;
  const { lostAnswerAtMs, lastError, endsAtMs } = credential.context;
  const old =
    endsAtMs === null || endsAtMs <= nowMs ? '' : ` The token at hand should be good until ${stampOf(endsAtMs)}.`;
  return {
    name: 'answerLost',
    isWell: false,
    waitsFor: 'the last moment to renew its token once more',
    since: { atMs: lostAnswerAtMs, isAtLeast: false },
    next: nextAt('It is tried again', credential.wakeAtMs),
    says:
      `A token was to be renewed and the answer of ${providerName} was lost (${quoted(lastError)}). ` +
      `Asking again may end the whole grant there, so it is done once and as late as possible.${old}`,
    fault: 'nobody',
    remedy: 'There is nothing to do; if that one try fails, the customer must connect again.',
  };
}

export function appRefused({ credential, providerName, nowMs }: Facts): Diagnosis | null {
  if (credential?.state !== 'appFault') return null;
  const { lastError, lastErrorAtMs, endsAtMs } = credential.context;
  return {
    name: 'appRefused',
    isWell: false,
    waitsFor: 'the provider app to be put right',
    since: { atMs: lastErrorAtMs, isAtLeast: false },
    next: nextAt('It is tried again by itself', credential.wakeAtMs),
    says:
      `${providerName} refuses the provider app, not the customer: ${quoted(lastError)}. ` +
      `No token of this app can be renewed, and no customer has to connect again.${tokenText(endsAtMs, nowMs)}`,
    fault: 'builder',
    remedy:
      `Check the client id and secret of the provider app, and that ${providerName} still has it active. ` +
      'When the provider app is changed here, everything goes on within minutes.',
  };
}

export function grantSuspect({ credential, providerName, nowMs }: Facts): Diagnosis | null {
  if (credential?.state !== 'suspect') return null;
  const { lastError, lastErrorAtMs, endsAtMs } = credential.context;
  return {
    name: 'grantSuspect',
    isWell: false,
    waitsFor: `${providerName} to clear up why it refuses many customers at once`,
    since: { atMs: lastErrorAtMs, isAtLeast: false },
    next: nextAt('It is tried again by itself', credential.wakeAtMs),
    says:
      `${providerName} refused to renew the grants of many customers one after the other: ${quoted(lastError)}. ` +
      `That is rarely the customers' doing, so none is asked to connect again yet.${tokenText(endsAtMs, nowMs)}`,
    fault: 'provider',
    remedy:
      'Ask the provider, and check whether the provider app was changed or removed there. One customer is tried from ' +
      'time to time; if that works everybody goes on, and after a day of refusals they are believed.',
  };
}

/** Nothing is wrong with the grant, and asking the customer would not help. */
export function addressRefused({ credential, providerName, nowMs }: Facts): Diagnosis | null {
  if (credential?.state !== 'backingOff' || !isSourceRefused(credential.context.lastError ?? '')) return null;
  const { lastError, endsAtMs } = credential.context;
  return {
    name: 'addressRefused',
    isWell: false,
    waitsFor: `${providerName} to let the address of this server in`,
    since: renewalFailingSince(credential),
    next: nextAt('It is tried again', credential.wakeAtMs),
    says:
      `${providerName} does not renew the token for the address that Tenon calls from: ${quoted(lastError)}. ` +
      `The grant itself is sound, and no customer has to connect again.${tokenText(endsAtMs, nowMs)}`,
    fault: 'operator',
    remedy:
      'Have the address that this server calls from allowed at the provider, or let it call from one that is; ' +
      'everything then goes on by itself.',
  };
}

export function tokenEndpointFailing({ credential, providerName, nowMs }: Facts): Diagnosis | null {
  if (credential?.state !== 'backingOff') return null;
  const { lastError, attempt, endsAtMs } = credential.context;
  return {
    name: 'tokenEndpointFailing',
    isWell: false,
    waitsFor: `${providerName} to renew its token`,
    since: renewalFailingSince(credential),
    next: nextAt('It is tried again', credential.wakeAtMs),
    says: `Renewing failed ${times(attempt)}; the last time: ${quoted(lastError)}.${tokenText(endsAtMs, nowMs)}`,
    fault: 'provider',
    remedy: 'There is nothing to do unless it goes on for hours; then ask the provider.',
  };
}

export function circuitOpen({ circuit, providerName }: Facts): Diagnosis | null {
  if (circuit === null || (circuit.state !== 'open' && circuit.state !== 'halfOpen')) return null;
  const { trips, lastError } = circuit.context;
  const repeated = trips > 1 ? `, for the ${ordinal(trips)} time in a row` : '';
  const words = lastError === null ? '' : ` The last one: ${quoted(lastError)}.`;
  const next = circuit.state === 'open' ? 'held back for a moment' : 'let through one at a time';
  return {
    name: 'circuitOpen',
    isWell: false,
    waitsFor: `${providerName} to answer again`,
    since: earliestOf(circuit, ['circuit.tripped'], ['probe.succeeded']),
    next: nextAt('The next try is', circuit.wakeAtMs),
    says: `Too many calls failed there${repeated}, so calls are ${next}.${words}`,
    fault: 'provider',
    remedy: 'There is nothing to do: one call at a time tries whether the provider is back.',
  };
}

function renewalFailingSince(credential: NonNullable<Facts['credential']>): Since {
  return earliestOf(
    credential,
    ['refresh.failed', 'refresh.outcomeUnknown'],
    ['refresh.succeeded', 'credential.stored'],
  );
}

function tokenText(endsAtMs: Ms | null, nowMs: Ms): string {
  if (endsAtMs === null) return ' The token at hand goes on being used.';
  if (endsAtMs > nowMs) return ` The token at hand should be good until ${stampOf(endsAtMs)}.`;
  return ` The token at hand ended ${relativeText(endsAtMs, nowMs)}, so no call can be made.`;
}

function ordinal(count: number): string {
  const teen = count % 100 >= 11 && count % 100 <= 13;
  const suffix = teen ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th');
  return `${count}${suffix}`;
}
