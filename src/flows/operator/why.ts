// What an installation waits for, since when, whose fault it is and what to do: the gravest diagnosis that applies, in
// one paragraph of plain English and as facts. The table below is the order of gravity.

import { IntegrationError, invariant } from '../../core/errors.ts';
import { WHY_BESIDES_MAX } from '../../core/limits.ts';
import { type Ms, toRfc3339 } from '../../core/time.ts';
import { unknownActor } from './actors.ts';
import {
  addressRefused,
  answerLost,
  appRefused,
  circuitOpen,
  grantRevoked,
  grantSuspect,
  keyRefused,
  tokenEnded,
  tokenEndpointFailing,
} from './diagnoses/connection.ts';
import {
  deadLetters,
  destinationDisabled,
  destinationFailing,
  destinationFull,
  destinationMissing,
} from './diagnoses/destinations.ts';
import type { Diagnose, Diagnosis, Fault, Next } from './diagnoses/diagnosis.ts';
import { addressReplaced, inboxFailing, inboxFull, inboxWaiting } from './diagnoses/inbox.ts';
import {
  backfillRunning,
  nextScheduled,
  quotaSpent,
  readFailing,
  readGivenUp,
  readRunning,
  readsPaused,
} from './diagnoses/reads.ts';
import { fieldsUnseen } from './diagnoses/schemaWatch.ts';
import { subscriptionFailed, subscriptionFailing } from './diagnoses/subscription.ts';
import { actorPaused, beingRemoved, configPending, diskFull, notServing } from './diagnoses/tenon.ts';
import { type Facts, factsOf } from './facts.ts';
import type { Look } from './look.ts';
import { relativeText, stampOf } from './times.ts';

/** Where a reason lies. What the graver ones of an area say explains the others in it, and often the reads. */
type Area = 'tenon' | 'connection' | 'destination' | 'read' | 'inbox' | 'fields' | 'subscription';

/** The gravest first. */
const DIAGNOSES: readonly (readonly [Area, Diagnose])[] = [
  ['tenon', notServing],
  ['tenon', diskFull],
  ['tenon', actorPaused],
  ['tenon', beingRemoved],
  ['connection', grantRevoked],
  ['connection', tokenEnded],
  ['connection', appRefused],
  ['connection', grantSuspect],
  ['connection', answerLost],
  ['connection', addressRefused],
  ['connection', tokenEndpointFailing],
  ['connection', keyRefused],
  ['connection', circuitOpen],
  ['destination', destinationMissing],
  ['destination', destinationDisabled],
  ['inbox', inboxFull],
  ['read', readGivenUp],
  ['subscription', subscriptionFailed],
  ['destination', destinationFull],
  ['read', readFailing],
  ['subscription', subscriptionFailing],
  ['read', inboxFailing],
  ['read', quotaSpent],
  ['read', inboxWaiting],
  ['destination', destinationFailing],
  ['read', readsPaused],
  ['tenon', configPending],
  ['read', backfillRunning],
  ['read', readRunning],
  ['read', nextScheduled],
];

/** Nobody waits for these, and somebody should know of them. */
const NOTES: readonly (readonly [Area, Diagnose])[] = [
  ['destination', deadLetters],
  ['fields', fieldsUnseen],
  ['inbox', addressReplaced],
];

const EXPLAINED: Readonly<Record<Area, readonly Area[]>> = {
  tenon: [],
  connection: ['connection', 'read', 'fields', 'subscription'],
  destination: ['destination', 'read'],
  read: ['read'],
  inbox: [],
  fields: [],
  subscription: [],
};

/** A diagnosis as it is published. */
export interface DiagnosisView {
  readonly name: string;
  readonly waitsFor: string;
  readonly since: string | null;
  /** The history does not reach further back. */
  readonly isSinceAtLeast: boolean;
  readonly until: string | null;
  readonly fault: Fault;
  readonly says: string;
  readonly remedy: string;
}

export interface WhyView extends DiagnosisView {
  readonly installationId: string;
  /** Nothing is wrong with it. */
  readonly isWell: boolean;
  /** Everything below in one paragraph. */
  readonly text: string;
  /** What is wrong besides. */
  readonly besides: readonly DiagnosisView[];
}

/** Rejects with `not_found`, naming near ids. */
export function whyOf(look: Look, id: string): WhyView {
  const installationId = id.replace(/^installation:/, '');
  const facts = factsOf(look, installationId);
  if (facts === null) throw noInstallation(look, installationId);
  return explain(facts);
}

export function explain(facts: Facts): WhyView {
  const applying = [...DIAGNOSES, ...NOTES].flatMap(([area, diagnose]) => {
    const diagnosis = diagnose(facts);
    return diagnosis === null ? [] : [{ area, diagnosis }];
  });
  const [first, ...rest] = applying;
  invariant(first !== undefined, 'T-3101', 'there is always a next schedule, or none');
  const main = first.diagnosis;
  const besides = rest
    .filter(({ area, diagnosis }) => !diagnosis.isWell && !EXPLAINED[first.area].includes(area))
    .slice(0, WHY_BESIDES_MAX)
    .map(({ diagnosis }) => diagnosis);
  return {
    installationId: facts.installationId,
    text: paragraph(facts, main, besides),
    ...viewOf(main),
    isWell: main.isWell && besides.length === 0,
    besides: besides.map(viewOf),
  };
}

function noInstallation(look: Look, installationId: string): IntegrationError {
  const { remedy } = unknownActor(look, `installation:${installationId}`);
  return new IntegrationError('not_found', `there is no installation ${installationId}`, {
    ...(remedy === undefined ? {} : { remedy: remedy.replaceAll('installation:', '') }),
  });
}

function viewOf({ name, waitsFor, since, next, fault, says, remedy }: Diagnosis): DiagnosisView {
  return {
    name,
    waitsFor,
    since: since.atMs === null ? null : toRfc3339(since.atMs),
    isSinceAtLeast: since.isAtLeast,
    until: next === null ? null : toRfc3339(next.atMs),
    fault,
    says,
    remedy,
  };
}

function paragraph(facts: Facts, main: Diagnosis, besides: readonly Diagnosis[]): string {
  const { subject, nowMs } = facts;
  const sentences = [
    `${subject} waits for ${main.waitsFor}${sinceText(main, nowMs)}.`,
    main.says,
    nextText(main.next, nowMs),
    faultText(main.fault, facts),
    main.remedy,
    main.isWell && besides.length === 0 ? 'Nothing is wrong.' : '',
    ...besides.map(({ says }) => `Besides: ${says}`),
  ];
  return sentences.filter((sentence) => sentence !== '').join(' ');
}

function sinceText({ since: { atMs, isAtLeast } }: Diagnosis, nowMs: Ms): string {
  if (atMs === null) return '';
  return `, ${isAtLeast ? 'at least ' : ''}since ${stampOf(atMs)} (${relativeText(atMs, nowMs)})`;
}

/** An alarm that is late fires as soon as there is room: that is now. */
function nextText(next: Next | null, nowMs: Ms): string {
  if (next === null) return '';
  if (next.atMs <= nowMs) return `${next.what} now.`;
  return `${next.what} at ${stampOf(next.atMs)} (${relativeText(next.atMs, nowMs)}).`;
}

function faultText(fault: Fault, { providerName }: Facts): string {
  const texts: Readonly<Record<Fault, string>> = {
    nobody: '',
    tenon: 'This is a fault of Tenon.',
    provider: `This lies with ${providerName}.`,
    customer: 'This lies with the customer.',
    builder: 'This lies with the builder of the integration.',
    operator: 'This lies with the operator of this Tenon.',
    destination: 'This lies with the destination.',
  };
  return texts[fault];
}
