// From the rows of a page to messages in the outbox of its destination, mapped. Runs inside the settlement of a page,
// so nothing here waits.

import type { ReadRow } from '../../connectors/contract.ts';
import { toRfc3339 } from '../../core/time.ts';
import { compileMapping } from '../../manifest/mapping.ts';
import { type Appended, NOTHING_APPENDED } from '../deliver/append.ts';
import { appendResults, resultEnvelope } from '../deliver/results.ts';
import type { Services } from '../services.ts';
import type { PageContext } from './page.ts';

/** The rows of a page's messages, and the nudge that tells the lane about them. */
export function outboxOf(services: Services, context: PageContext, rows: readonly ReadRow[]): Appended {
  const { read, checkpoint, destination, installation, effect } = context;
  if (destination === null) return NOTHING_APPENDED;
  const { operationId } = checkpoint;
  const envelope = {
    ...resultEnvelope(services, 'read', installation, read),
    operationId,
    operationTime: toRfc3339(services.clock.nowMs()),
    readType: effect.readType,
  };
  const of = { operationId, subjectId: null };
  return appendResults(services, installation, destination.destinationId, envelope, rows.map(compileMapping(read)), of);
}
