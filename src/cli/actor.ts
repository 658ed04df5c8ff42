// `tenon actor show` and `tenon actor replay`: one actor as it is stored, and how its events led there.

import process from 'node:process';
import { type Ms, parseTimestamp, systemClock } from '../core/time.ts';
import { type ActorView, type EventView, type ReplayView, replayActor, showActor } from '../flows/operator/actors.ts';
import { stampOf } from '../flows/operator/times.ts';
import { detailsText, memberText, valueText, whenText, widthOf, wrapped } from './layout.ts';
import { ask, type OperatorOptions, segmentOf, withOperator } from './operator.ts';
import { printLine, styled } from './print.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface ViewOptions extends OperatorOptions {
  readonly json?: boolean | undefined;
}

/** What `actor replay` exits with where the run does not end in what is stored. */
const EXIT_DIFFERS = 1;

/** Rejects with `not_found`, naming near ids. */
export async function showOneActor(env: Env, id: string, options: ViewOptions): Promise<void> {
  const view = await withOperator(env, options, (operator) =>
    ask(operator, {
      method: 'GET',
      path: `/actors/${segmentOf(id)}`,
      offline: ({ look }) => showActor(look, id),
    }),
  );
  if (options.json === true) printLine(JSON.stringify(view, null, 2));
  else printActor(view, systemClock.nowMs());
}

/** Rejects as `showOneActor`; sets the exit code to 1 where the run and the store differ. */
export async function replayOneActor(env: Env, id: string, options: ViewOptions): Promise<void> {
  const view = await withOperator(env, options, (operator) =>
    ask(operator, {
      method: 'GET',
      path: `/actors/${segmentOf(id)}/replay`,
      offline: ({ look }) => replayActor(look, id),
    }),
  );
  if (view.kind !== 'same') process.exitCode = EXIT_DIFFERS;
  if (options.json === true) printLine(JSON.stringify(view, null, 2));
  else printReplay(view);
}

function printActor(view: ActorView, nowMs: Ms): void {
  printLine(styled('bold', view.actorId));
  const since = view.since === null ? '' : ` ${view.isSinceAtLeast ? 'at least since' : 'since'} `;
  printFact('state', `${styled('cyan', view.state ?? 'ended')}${since}${whenText(view.since, nowMs, '')}`);
  printFact('revision', `${view.revision} (schema ${view.schemaVersion})`);
  printFact('wakes', whenText(view.wakeAt, nowMs, 'when it gets an event'));
  if (view.pausedReason !== null) {
    printFact('paused', styled('red', `since ${whenText(view.pausedAt, nowMs, 'an unknown time')}`));
    printFact('', wrapped(view.pausedReason, FACT_INDENT));
  }
  printContext(view, nowMs);
  printPending(view);
  printSetAside(view, nowMs);
  if (view.events.length > 0) printEvents('last events', view.events);
  if (view.related.length > 0) printSection('works with', view.related);
}

const FACT_INDENT = ' '.repeat(12);

function printFact(name: string, text: string): void {
  printLine(`  ${styled('dim', name.padEnd(FACT_INDENT.length - 2))}${text}`);
}

function printSection(title: string, lines: readonly string[]): void {
  printLine();
  printLine(styled('bold', title));
  for (const line of lines) printLine(`  ${line}`);
}

function printContext({ context }: ActorView, nowMs: Ms): void {
  const entries = Object.entries(context);
  if (entries.length === 0) return;
  const width = widthOf(entries.map(([key]) => key)) + 2;
  const indent = ' '.repeat(width + 2);
  printSection(
    'context',
    entries.map(
      ([key, value]) => `${styled('dim', key.padEnd(width))}${wrapped(memberText(key, value ?? null, nowMs), indent)}`,
    ),
  );
}

function printPending({ pending }: ActorView): void {
  if (pending.length === 0) return;
  printSection(
    'waits for an answer or to be told, the oldest first',
    pending.flatMap(({ type, from, isAttempted, hasAnswer, details }) => {
      const progress = hasAnswer ? 'answered' : isAttempted ? 'maybe sent' : from === null ? 'asked for' : 'message';
      const sender = from === null ? '' : ` from ${from}`;
      return [`${type}  ${styled('yellow', progress)}${sender}`, ...detailLines(detailsText(details))];
    }),
  );
}

function printSetAside({ setAside }: ActorView, nowMs: Ms): void {
  if (setAside.length === 0) return;
  printSection(
    'set aside',
    setAside.flatMap(({ seq, type, at, error, details }) => [
      `${styled('red', `#${seq}`)}  ${type}  ${whenText(at, nowMs, '')}`,
      ...detailLines(detailsText(details)),
      ...detailLines(error),
    ]),
  );
}

/** Under the line that it belongs to. */
function detailLines(text: string): string[] {
  return text === '' ? [] : [`  ${styled('dim', wrapped(text, '    '))}`];
}

function printEvents(title: string, events: readonly EventView[]): void {
  const revisionWidth = widthOf(events.map(({ revision }) => String(revision)));
  const typeWidth = widthOf(events.map(({ type }) => type));
  printSection(
    title,
    events.flatMap(({ revision, at, type, state, effects, details }) => {
      const time = stampOf(parseTimestamp(at) ?? 0).slice(0, -' UTC'.length);
      const head = `${String(revision).padStart(revisionWidth)}  ${time}  ${type.padEnd(typeWidth)}`;
      const asked = effects.length === 0 ? '' : `asks for ${effects.join(', ')}`;
      const more = [detailsText(details), asked].filter((text) => text !== '').join('; ');
      return [`${head}  ${styled('cyan', state)}`, ...detailLines(more)];
    }),
  );
}

function printReplay({ actorId, revision, steps, kind, differences, message }: ReplayView): void {
  printLine(styled('bold', actorId));
  if (steps.length > 0) printEvents('events', steps);
  printLine();
  if (kind === 'same') {
    printLine(styled('green', `same as stored at revision ${revision}`));
    return;
  }
  if (kind === 'failed') {
    printLine(`${styled('red', `cannot be replayed to revision ${revision}`)}: ${message ?? ''}`);
    return;
  }
  printLine(styled('red', `differs from what is stored at revision ${revision}`));
  for (const { path, replayed, stored } of differences) {
    printLine(`  ${path}`);
    printLine(`    replayed  ${valueText(replayed)}`);
    printLine(`    stored    ${valueText(stored)}`);
  }
}
