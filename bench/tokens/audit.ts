// The verdict on a storm, from the books of the token endpoint, what was on disk at the kill, and what is there at the
// end. Pure. A grant may only die of an answer that the kill lost, and its customer must be told of it.

import type { CallAnswer } from './callers.ts';
import type { StoredGrant } from './database.ts';
import type { LedgerReport, TokenRequest } from './ledger.ts';

/**
 * An answer that was sent is in the hands of the system, then of the process, then on disk. What was sent so long
 * before the kill and is not there was received and lost.
 */
const RECEIVED_AFTER_MS = 5000;
const FAULTS_TOLD_MAX = 10;
const STATUS_RECONNECT = 424;

/** Everything that is known of a storm; arrays are in the order of the grants. */
export interface Evidence {
  readonly ledger: LedgerReport;
  readonly killedAtMs: number;
  readonly goneAtMs: number;
  readonly atKill: readonly StoredGrant[];
  readonly atEnd: readonly StoredGrant[];
  readonly answers: readonly CallAnswer[];
}

export interface Verdict {
  readonly requestsSent: number;
  /** Requests at the endpoint whose answer was not on disk when the process was killed. */
  readonly inFlightAtKill: number;
  /** Of those, the ones that the endpoint had answered to the last byte. */
  readonly answeredAndLost: number;
  /** The most requests of one grant that were under way at once. */
  readonly atOnceMax: number;
  readonly deadGrants: number;
  /** Dead grants that no lost answer explains, or whose row does not say so. */
  readonly unexplained: number;
  /** Answers that the process had, and that neither it nor the next one used. */
  readonly lostAnswers: number;
  /** What must not be, in words; the first of them. */
  readonly faults: readonly string[];
}

export function verdictOf(evidence: Evidence): Verdict {
  const { ledger, answers } = evidence;
  const inFlight = inFlightAtKill(evidence);
  const dead = ledger.grants.flatMap(({ revokedAtMs }, grant) => (revokedAtMs === null ? [] : [grant]));
  const lost = new Set(inFlight.map(({ grant }) => grant));
  const unexplained = dead.filter((grant) => !lost.has(grant) || !isTold(evidence.atEnd[grant]));
  const lostAnswers = lostFaults(evidence, inFlight);
  const atOnceMax = Math.max(...ledger.grants.map(({ underWayMax }) => underWayMax));
  const [sent, limit] = [ledger.requests.length, ledger.grants.length + inFlight.length];
  const faults = [
    ...(sent > limit ? [`${sent} refreshes were sent, ${sent - limit} too many`] : []),
    ...unexplained.map(
      (grant) => `grant ${grant} died and nothing explains it: ${JSON.stringify(evidence.atEnd[grant])}`,
    ),
    ...lostAnswers,
    ...liveFaults(evidence),
    ...answers.flatMap((answer, grant) => callFault(answer, grant, ledger.grants[grant]?.revokedAtMs ?? null)),
    ...(atOnceMax > 1 ? [`${atOnceMax} requests of one grant were under way at once`] : []),
    ...(ledger.strangers > 0 ? [`${ledger.strangers} requests came with a token that nobody handed out`] : []),
    ...(ledger.refusedCalls > 0 ? [`${ledger.refusedCalls} calls came with a token that had ended`] : []),
  ];
  return {
    requestsSent: sent,
    inFlightAtKill: inFlight.length,
    answeredAndLost: inFlight.filter(({ isSent }) => isSent).length,
    atOnceMax,
    deadGrants: dead.length,
    unexplained: unexplained.length,
    lostAnswers: lostAnswers.length,
    faults: faults.slice(0, FAULTS_TOLD_MAX),
  };
}

/** Rotations before the end of the process that its disk does not have. */
function inFlightAtKill({ ledger, atKill, goneAtMs }: Evidence): readonly TokenRequest[] {
  return ledger.requests.filter(({ grant, generation, outcome, beganAtMs }) => {
    const stored = atKill[grant]?.newestGeneration ?? 0;
    return outcome === 'rotated' && beganAtMs <= goneAtMs && generation >= stored;
  });
}

function lostFaults({ ledger, killedAtMs, atKill }: Evidence, inFlight: readonly TokenRequest[]): readonly string[] {
  const late = inFlight.flatMap(({ grant, endedAtMs, isSent }) => {
    const agoMs = killedAtMs - (endedAtMs ?? killedAtMs);
    return isSent && agoMs > RECEIVED_AFTER_MS
      ? [`grant ${grant}: answered ${agoMs} ms before the kill, not on disk`]
      : [];
  });
  const unused = ledger.requests.flatMap(({ grant, generation, outcome }) => {
    const { usedGeneration } = ledger.grants[grant] ?? { usedGeneration: 0 };
    if (outcome !== 'reused') return [];
    if (usedGeneration > generation) return [`grant ${grant}: a token that was used in a call was lost`];
    const stored = atKill[grant]?.newestGeneration ?? 0;
    return stored > generation ? [`grant ${grant}: a refresh token that was on disk was lost`] : [];
  });
  return [...late, ...unused];
}

/** The customer is asked to connect again, or is about to be, and the row says what happened. */
function isTold(stored: StoredGrant | undefined): boolean {
  if (stored === undefined || stored.lostAnswerAtMs === null) return false;
  const isAsked = stored.state === 'revoked' && stored.status === 'bad_credentials';
  return isAsked || stored.state === 'uncertain' || stored.state === 'suspect';
}

/** Grants that live: renewed, with the newest token on disk. */
function liveFaults({ ledger, atEnd }: Evidence): readonly string[] {
  return ledger.grants.flatMap(({ generation, revokedAtMs }, grant) => {
    if (revokedAtMs !== null) return [];
    const stored = atEnd[grant];
    const isFine = stored?.state === 'fresh' && stored.generation === generation && generation > 0;
    return isFine ? [] : [`grant ${grant} is at ${generation} and lives; on disk: ${JSON.stringify(stored)}`];
  });
}

function callFault({ status, reason, tries }: CallAnswer, grant: number, revokedAtMs: number | null): string[] {
  const isFine = status === (revokedAtMs === null ? 200 : STATUS_RECONNECT);
  return isFine ? [] : [`call ${grant} ended with ${status} after ${tries} tries: ${reason}`];
}
