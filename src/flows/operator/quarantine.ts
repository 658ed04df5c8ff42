// What is in quarantine: paused actors with the events that were set aside because they cannot handle them. An
// operator looks at them, lets an actor try again, or gives up an event.

import type { Runtime } from '../../../actors/runtime.ts';
import { IntegrationError } from '../../core/errors.ts';
import { OPERATOR_LIST_MAX } from '../../core/limits.ts';
import { toRfc3339 } from '../../core/time.ts';
import { readEffect } from '../../store/tables/effects.ts';
import { readQuarantined, readQuarantinedEvent } from '../../store/tables/quarantine.ts';
import { readPausedActors } from '../../store/tables/snapshots.ts';
import { type SetAsideView, setAsideView, snapshotOf } from './actors.ts';
import type { Look } from './look.ts';

export interface QuarantinePage {
  readonly actors: readonly PausedView[];
  /** Of the next page; null on the last one. */
  readonly cursor: string | null;
}

interface PausedView {
  readonly actorId: string;
  readonly reason: string;
  readonly pausedAt: string | null;
  readonly setAside: readonly SetAsideView[];
}

/** In the order of actor ids, after `cursor`. */
export function listQuarantine({ store }: Look, limit: number, cursor: string): QuarantinePage {
  const rows = readPausedActors(store.reads, cursor, limit + 1);
  const page = rows.slice(0, limit);
  return {
    actors: page.map(({ actorId, pausedReason, pausedAtMs }) => ({
      actorId,
      reason: pausedReason ?? '',
      pausedAt: pausedAtMs === null ? null : toRfc3339(pausedAtMs),
      setAside: readQuarantined(store.reads, actorId).slice(0, OPERATOR_LIST_MAX).map(setAsideView),
    })),
    cursor: rows.length > limit ? (page.at(-1)?.actorId ?? null) : null,
  };
}

/** What became of an actor that was let go on. */
export interface Resumed {
  readonly actorId: string;
}

interface Deciding {
  readonly runtime: Pick<Runtime, 'resume' | 'discard'>;
  readonly look: Look;
}

/** Lets an actor try again. Rejects with `not_found` for one that is not there, naming near ids, or is not paused. */
export async function resume({ runtime, look }: Deciding, id: string): Promise<Resumed> {
  const { actorId } = snapshotOf(look, id);
  await runtime.resume(actorId);
  return { actorId };
}

/** Gives up one event and lets its actor go on. Rejects with `not_found`, and with `conflict` for an alarm. */
export async function discard({ runtime, look }: Deciding, seq: number): Promise<Resumed> {
  const row = readQuarantinedEvent(look.store.reads, seq);
  if (row === undefined) throw new IntegrationError('not_found', `no event in quarantine has the number ${seq}`);
  const { actorId, effectId } = row;
  const effect = effectId === null ? undefined : readEffect(look.store.reads, effectId);
  // How an effect failed is said by the handlers that perform it, and those are the server's.
  if (!look.isServing && effect?.actorId === actorId) {
    throw new IntegrationError('conflict', 'this event answers an effect, which only a running server can give up', {
      remedy: 'Start `tenon serve` first.',
    });
  }
  await runtime.discard(seq);
  return { actorId };
}
