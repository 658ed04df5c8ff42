// `tenon quarantine list|retry|discard`: what cannot be handled and waits for an operator. Without a server the
// pause of an actor is lifted for the next start.

import { IntegrationError } from '../core/errors.ts';
import { type Ms, systemClock } from '../core/time.ts';
import { discard, listQuarantine, type QuarantinePage, type Resumed, resume } from '../flows/operator/quarantine.ts';
import type { ViewOptions } from './actor.ts';
import { atRest } from './atRest.ts';
import { whenText, wrapped } from './layout.ts';
import { ask, type DataFolder, type OperatorOptions, segmentOf, withOperator } from './operator.ts';
import { printLine, styled } from './print.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** A screenful. */
const LIST_LIMIT = 50;

export interface ListOptions extends ViewOptions {
  /** Where the page before ended. */
  readonly cursor?: string | undefined;
}

export async function listPaused(env: Env, options: ListOptions): Promise<void> {
  const { cursor = '' } = options;
  const page = await withOperator(env, options, (operator) =>
    ask(operator, {
      method: 'GET',
      path: `/quarantine?limit=${LIST_LIMIT}&cursor=${encodeURIComponent(cursor)}`,
      offline: ({ look }) => listQuarantine(look, LIST_LIMIT, cursor),
    }),
  );
  if (options.json === true) printLine(JSON.stringify(page, null, 2));
  else printPage(page, cursor !== '', systemClock.nowMs());
}

/** Rejects with `not_found` if the actor is not there or not paused. */
export async function retryActor(env: Env, id: string, options: OperatorOptions): Promise<void> {
  const isServing = await decide(env, options, `/actors/${segmentOf(id)}/resume`, (deciding) => resume(deciding, id));
  printDecision('tries again', isServing);
}

/** Rejects with `invalid_input` for what is no number, `not_found`, and `conflict` for what cannot be given up. */
export async function discardEvent(env: Env, seqText: string, options: OperatorOptions): Promise<void> {
  const [, digits] = /^#?(\d{1,15})$/.exec(seqText) ?? [];
  if (digits === undefined) {
    throw new IntegrationError('invalid_input', `"${seqText}" is not the number of an event in quarantine`, {
      remedy: '`tenon quarantine list` shows them.',
    });
  }
  const isServing = await decide(env, options, `/quarantine/${digits}/discard`, (deciding) =>
    discard(deciding, Number(digits)),
  );
  printDecision(`goes on without event #${digits}`, isServing);
}

interface Decided {
  readonly actorId: string;
  readonly isServing: boolean;
}

function decide(
  env: Env,
  options: OperatorOptions,
  path: string,
  offline: (deciding: Parameters<typeof resume>[0]) => Promise<Resumed>,
): Promise<Decided> {
  return withOperator(env, options, async (operator) => {
    const question = {
      method: 'POST',
      path,
      offline: (folder: DataFolder) => atRest(folder).then(offline),
    } as const;
    const { actorId } = await ask<Resumed>(operator, question);
    return { actorId, isServing: operator.kind === 'server' };
  });
}

function printDecision(does: string, { actorId, isServing }: Decided): void {
  printLine(`${styled('green', actorId)} ${does}${isServing ? '' : ' when the server starts'}`);
}

function printPage({ actors, cursor }: QuarantinePage, isFurther: boolean, nowMs: Ms): void {
  if (actors.length === 0) printLine(isFurther ? 'nothing more is in quarantine' : 'nothing is in quarantine');
  for (const { actorId, reason, pausedAt, setAside } of actors) {
    printLine(styled('bold', actorId));
    printLine(`  paused since ${whenText(pausedAt, nowMs, 'an unknown time')}`);
    printLine(`  ${wrapped(reason, '  ')}`);
    for (const { seq, type, at } of setAside) {
      printLine(`  ${styled('red', `#${seq}`)}  ${type}  ${whenText(at, nowMs, '')}`);
    }
  }
  if (cursor !== null) printLine(`more: tenon quarantine list --cursor ${cursor}`);
}
