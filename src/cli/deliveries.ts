// `tenon deliveries list|show|resend`: what waits for destinations, what they refused for good, and sending that again.
// Without a server it is sent when the next one starts.

import { type Ms, systemClock } from '../core/time.ts';
import {
  type DeliveriesPage,
  type DeliveriesView,
  type DestinationView,
  deliveriesTo,
  listDeliveries,
  type Resent,
  resend,
} from '../flows/operator/deliveries.ts';
import { counted } from '../flows/operator/times.ts';
import type { ViewOptions } from './actor.ts';
import { atRest } from './atRest.ts';
import { whenText, wrapped } from './layout.ts';
import { ask, type OperatorOptions, segmentOf, withOperator } from './operator.ts';
import { printLine, styled } from './print.ts';
import type { ListOptions } from './quarantine.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** A screenful. */
const LIST_LIMIT = 50;
/** Dead letters that one look shows. */
const SHOWN_LIMIT = 10;

export interface ResendOptions extends OperatorOptions {
  /** The id of one message; all of them if absent. */
  readonly message?: string | undefined;
}

export async function listWaiting(env: Env, options: ListOptions): Promise<void> {
  const { cursor = '' } = options;
  const page = await withOperator(env, options, (operator) =>
    ask(operator, {
      method: 'GET',
      path: `/deliveries?limit=${LIST_LIMIT}&cursor=${encodeURIComponent(cursor)}`,
      offline: ({ look }) => listDeliveries(look, LIST_LIMIT, cursor),
    }),
  );
  if (options.json === true) printLine(JSON.stringify(page, null, 2));
  else printPage(page, cursor !== '', systemClock.nowMs());
}

/** Rejects with `not_found`. */
export async function showDeliveries(env: Env, id: string, options: ViewOptions): Promise<void> {
  const view = await withOperator(env, options, (operator) =>
    ask<DestinationView>(operator, {
      method: 'GET',
      path: `/deliveries/${segmentOf(id)}?limit=${SHOWN_LIMIT}`,
      offline: ({ look }) => deliveriesTo(look, id, SHOWN_LIMIT),
    }),
  );
  if (options.json === true) printLine(JSON.stringify(view, null, 2));
  else printOne(view, systemClock.nowMs());
}

/** Rejects with `not_found`, and with `conflict` where nothing can be sent. */
export async function resendDead(env: Env, id: string, options: ResendOptions): Promise<void> {
  const { message } = options;
  const query = message === undefined ? '' : `?message=${encodeURIComponent(message)}`;
  await withOperator(env, options, async (operator) => {
    const { name, resent, left } = await ask<Resent>(operator, {
      method: 'POST',
      path: `/deliveries/${segmentOf(id)}/resend${query}`,
      offline: async (folder) => resend(await atRest(folder), id, message ?? null),
    });
    const when = operator.kind === 'server' ? 'now' : 'when the server starts';
    const what = resent === 0 ? 'nothing was refused for good' : `${counted(resent, 'message')} sent again ${when}`;
    printLine(`${styled('green', name)}: ${what}`);
    if (left > 0 && message === undefined) {
      printLine(`${counted(left, 'message')} left; resend again when what waits was taken`);
    }
  });
}

function printPage({ destinations, cursor }: DeliveriesPage, isFurther: boolean, nowMs: Ms): void {
  if (destinations.length === 0) {
    printLine(isFurther ? 'nothing more waits' : 'nothing waits, and nothing was refused for good');
  }
  for (const view of destinations) printHead(view, nowMs);
  if (cursor !== null) printLine(`more: tenon deliveries list --cursor ${cursor}`);
}

function printOne(view: DestinationView, nowMs: Ms): void {
  printHead(view, nowMs);
  const { failing } = view;
  if (failing !== null) {
    printLine(`  ${wrapped(`one waits after ${counted(failing.attempts, 'attempt')}: ${failing.lastError}`, '  ')}`);
  }
  for (const { messageId, writtenAt, attempts, lastError, operationId } of view.deadLetters) {
    printLine();
    printLine(`  ${styled('red', messageId)}  written ${whenText(writtenAt, nowMs, '')}`);
    printLine(`  ${wrapped(`after ${counted(attempts, 'attempt')}: ${lastError}`, '  ')}`);
    if (operationId !== null) printLine(`  of operation ${operationId}`);
  }
  const notShown = view.dead - view.deadLetters.length;
  if (notShown > 0) printLine(`\n  and ${counted(notShown, 'message')} refused before`);
  if (view.dead > 0 && view.name !== null) {
    printLine(`\nsend them again: tenon deliveries resend ${view.destinationId}`);
  }
}

function printHead(view: DeliveriesView, nowMs: Ms): void {
  const { destinationId, name, projectId, disabledAt, waiting, waitingBytes, nextAttemptAt, delivered, dead } = view;
  printLine(
    `${styled('bold', name ?? 'deleted')}  ${destinationId}${projectId === null ? '' : `  project ${projectId}`}`,
  );
  if (disabledAt !== null) printLine(`  ${styled('red', 'disabled')} since ${whenText(disabledAt, nowMs, '')}`);
  const next = waiting === 0 ? '' : `, ${kilobytes(waitingBytes)}, next ${whenText(nextAttemptAt, nowMs, 'unknown')}`;
  printLine(`  waiting    ${waiting.toLocaleString('en')}${next}`);
  printLine(`  delivered  ${delivered.toLocaleString('en')}`);
  const refused = dead.toLocaleString('en');
  printLine(`  refused    ${dead === 0 ? refused : styled('red', refused)}`);
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1000).toLocaleString('en')} kB`;
}
