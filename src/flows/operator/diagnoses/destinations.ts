// Reasons that lie with where messages go.

import { OPERATOR_LIST_MAX, OUTBOX_BYTES_PER_LANE_MAX } from '../../../core/limits.ts';
import type { Facts, LaneFacts } from '../facts.ts';
import { enteredAt, UNKNOWN_SINCE } from '../past.ts';
import { counted } from '../times.ts';
import { type Diagnosis, nextAt, quoted, times } from './diagnosis.ts';
import { deferredSince, isDeferred } from './reads.ts';

export function destinationMissing({ reads }: Facts): Diagnosis | null {
  const read = reads.find(({ isDisabled, hasDestination }) => !isDisabled && !hasDestination);
  if (read === undefined) return null;
  return {
    name: 'destinationMissing',
    isWell: false,
    waitsFor: 'a destination',
    since: UNKNOWN_SINCE,
    next: null,
    says: `The read of ${read.objectName} delivers to "${read.destination ?? ''}", which the project does not have.`,
    fault: 'builder',
    remedy: 'Make the destination, or name another one in the manifest and deploy it; then resume the read.',
  };
}

export function destinationDisabled({ lanes }: Facts): Diagnosis | null {
  const lane = lanes.find(({ actor }) => actor?.state === 'disabling' || actor?.state === 'disabled');
  if (lane === undefined) return null;
  return {
    name: 'destinationDisabled',
    isWell: false,
    waitsFor: `the destination "${lane.name}" to be enabled`,
    since: { atMs: lane.actor?.context.failingSinceMs ?? null, isAtLeast: false },
    next: null,
    says:
      `It took nothing for five days and was disabled: nothing is sent to it, and ` +
      `${counted(lane.queued, 'message')} ${waits(lane.queued)} for it.${failureText(lane)}`,
    fault: 'destination',
    remedy: 'Mend the destination, then enable it: PATCH …/destinations/{destination} with its `metadata.url`.',
  };
}

export function destinationFull({ lanes, reads, inbox }: Facts): Diagnosis | null {
  const lane = lanes.find(({ queuedBytes }) => queuedBytes > OUTBOX_BYTES_PER_LANE_MAX);
  if (lane === undefined) return null;
  const held = reads.filter((read) => read.destination === lane.name && isDeferred(read));
  const [read] = held;
  // Events that it gets wait as well, where no read does.
  const events = inbox?.state === 'waiting' ? inbox : null;
  const eventsSince = events === null ? UNKNOWN_SINCE : enteredAt(events);
  return {
    name: 'destinationFull',
    isWell: false,
    waitsFor: `the destination "${lane.name}" to take what is there`,
    since: read === undefined ? eventsSince : deferredSince(read),
    next: nextAt('It is looked at again', read?.wakeAtMs ?? events?.wakeAtMs ?? null),
    says:
      `${counted(lane.queued, 'message')} ${waits(lane.queued)} for it, so nothing is added for now.` +
      failureText(lane),
    fault: 'destination',
    remedy: 'Make the destination answer with 2xx, and faster; reads and events then go on by themselves.',
  };
}

export function destinationFailing({ lanes }: Facts): Diagnosis | null {
  const lane = lanes.find(({ failing }) => failing !== null);
  if (lane?.failing == null) return null;
  const { attempts, createdAtMs, nextAttemptAtMs } = lane.failing;
  return {
    name: 'destinationFailing',
    isWell: false,
    waitsFor: `the destination "${lane.name}" to take its messages`,
    since: { atMs: createdAtMs, isAtLeast: false },
    next: nextAt('The next try is', lane.actor?.wakeAtMs ?? nextAttemptAtMs),
    says:
      `${counted(lane.queued, 'message')} to "${lane.name}" ${waits(lane.queued)}; one was tried ${times(attempts)}.` +
      failureText(lane),
    fault: 'destination',
    remedy: 'Make the destination answer with 2xx within 15 seconds; messages are tried again for 28 hours.',
  };
}

export function deadLetters({ lanes }: Facts): Diagnosis | null {
  const lane = lanes.find(({ dead }) => dead > 0);
  if (lane === undefined) return null;
  const words = lane.lastDead?.lastError == null ? '' : ` The last one: ${quoted(lane.lastDead.lastError)}.`;
  const count = `${lane.dead < OPERATOR_LIST_MAX ? '' : 'at least '}${counted(lane.dead, 'message')}`;
  return {
    name: 'deadLetters',
    isWell: false,
    waitsFor: 'nothing',
    since: UNKNOWN_SINCE,
    next: null,
    says: `The destination "${lane.name}" refused ${count} for good; they are kept as dead letters.${words}`,
    fault: 'destination',
    remedy: `Mend the destination; \`tenon deliveries resend ${lane.destinationId}\` then sends them again.`,
  };
}

function waits(count: number): string {
  return count === 1 ? 'waits' : 'wait';
}

function failureText({ failing }: LaneFacts): string {
  return failing === null ? '' : ` The last failure: ${quoted(failing.lastError)}.`;
}
