// Reasons that lie with Tenon itself: its process, its disk, its actors.

import type { ActorFacts, Facts } from '../facts.ts';
import { earliestOf, enteredAt, UNKNOWN_SINCE } from '../past.ts';
import { counted } from '../times.ts';
import { type Diagnosis, sentence } from './diagnosis.ts';

export function notServing({ isServing }: Facts): Diagnosis | null {
  if (isServing) return null;
  return {
    name: 'notServing',
    isWell: false,
    waitsFor: 'a server',
    since: UNKNOWN_SINCE,
    next: null,
    says: 'No server runs on this data folder, so nothing is read, delivered or proxied.',
    fault: 'operator',
    remedy: 'Start `tenon serve` on it; everything goes on where it stopped.',
  };
}

export function diskFull({ isDiskHealthy }: Facts): Diagnosis | null {
  if (isDiskHealthy) return null;
  return {
    name: 'diskFull',
    isWell: false,
    waitsFor: 'room on the disk',
    since: UNKNOWN_SINCE,
    next: null,
    says: 'The disk takes no more changes, so nothing can be decided.',
    fault: 'operator',
    remedy: 'Make room on the disk that holds the data folder; Tenon notices by itself and goes on.',
  };
}

export function actorPaused(facts: Facts): Diagnosis | null {
  const { installation, credential, circuit, subscription, reads, inbox, schemaWatch, lanes } = facts;
  const actors = [
    installation,
    credential,
    circuit,
    subscription,
    ...reads,
    inbox,
    schemaWatch,
    ...lanes.map(({ actor }) => actor),
  ];
  const paused = actors.filter((actor) => actor !== null).filter(({ pausedReason }) => pausedReason !== null);
  const [first] = paused;
  if (first === undefined) return null;
  const others = paused.length - 1;
  const so = others === 0 ? '' : ` So ${others === 1 ? 'is' : 'are'} ${counted(others, 'other actor')} of it.`;
  return {
    name: 'actorPaused',
    isWell: false,
    waitsFor: 'an operator',
    since: { atMs: first.pausedAtMs, isAtLeast: false },
    next: null,
    says: `Its actor ${first.actorId} is paused: ${sentence(reasonOf(first.actorId, first.pausedReason ?? ''))}${so}`,
    fault: 'tenon',
    remedy: `Look at \`tenon actor show ${first.actorId}\` and report what you see${retryText(first)}.`,
  };
}

/** One that nothing has woken since it became unreadable is not paused yet, and a retry would be refused. */
function retryText({ actorId, pausedAtMs }: ActorFacts<unknown>): string {
  if (pausedAtMs === null) return '';
  return `; \`tenon quarantine retry ${actorId}\` lets it try again, for example after an update`;
}

/** Reasons often begin with whom they are about. */
function reasonOf(actorId: string, reason: string): string {
  return reason.startsWith(`${actorId} `) ? `it${reason.slice(actorId.length)}` : reason;
}

export function beingRemoved({ installation }: Facts): Diagnosis | null {
  if (installation?.state !== 'removing') return null;
  return {
    name: 'beingRemoved',
    isWell: false,
    waitsFor: 'its reads to end',
    since: enteredAt(installation),
    next: null,
    says: 'It was deleted and is being removed.',
    fault: 'nobody',
    remedy: '',
  };
}

export function configPending({ installation }: Facts): Diagnosis | null {
  if (installation === null) return null;
  const { configRevision, appliedRevision } = installation.context;
  if (appliedRevision === configRevision) return null;
  return {
    name: 'configPending',
    isWell: true,
    waitsFor: 'its config to be applied',
    since: earliestOf(installation, ['installation.created', 'installation.configured'], ['config.applied']),
    next: null,
    says: 'Its reads are being brought in line with its config.',
    fault: 'nobody',
    remedy: 'There is nothing to do: this takes seconds.',
  };
}
