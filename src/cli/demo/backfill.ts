// The backfill of all customers at once, with Tenon killed in the middle and started again on the same folder. The demo
// does nothing to help it go on: it waits until the receiver has what it expects, or until Tenon says it has finished.

import { DEMO_REDRAW_INTERVAL_MS } from '../../core/limits.ts';
import { delay, monotonicMs, systemClock } from '../../core/time.ts';
import type { ReceiverState } from '../../sandbox/receiver.ts';
import { CUSTOMERS, RECORDS_EACH } from './customers.ts';
import { countText, progressLine, rateText, secondsText } from './format.ts';
import type { Screen, Step } from './screen.ts';
import type { Installation } from './setup.ts';
import type { Stage } from './stage.ts';
import { settled } from './state.ts';

/** Of all records; by then one of the customers is usually done and the other one is not. */
const KILL_AT_SHARE = 0.4;

/** `99,999/s`, so that rates stand below each other. */
const RATE_CHARS = 8;

const EXPECTED = RECORDS_EACH * Object.keys(CUSTOMERS).length;

export interface BackfillFacts {
  readonly backfillMs: number;
  /** From the kill until Tenon served again. */
  readonly restartMs: number;
  /** By the providers, those included that were read again after the kill. */
  readonly recordsRead: number;
}

/** Calls `draw` now and then until the work settles, and once more then. */
export async function whileDrawing<T>(draw: () => void, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ended = new AbortController();
  const drawing = (async () => {
    while (!ended.signal.aborted) {
      draw();
      await delay(systemClock, DEMO_REDRAW_INTERVAL_MS, ended.signal);
    }
  })();
  try {
    return await work(ended.signal);
  } finally {
    ended.abort();
    await drawing;
    draw();
  }
}

/** Rejects only if Tenon cannot be asked; whether everything arrived is for the audit. */
export async function backfill(
  stage: Stage,
  installed: () => Promise<readonly Installation[]>,
  screen: Screen,
  step: Step,
): Promise<BackfillFacts & { readonly installations: readonly Installation[] }> {
  const { receiver, server, sandbox } = stage;
  const startedMs = monotonicMs();
  const progress = new BackfillProgress(startedMs);
  const notes: string[] = [];
  const draw = () => step.show([...progress.lines(receiver.state(), screen), ...notes]);
  const killed = await whileDrawing(draw, async (signal) => {
    const installations = await installed();
    await receiver.waitFor((state) => recordsOf(state) >= EXPECTED * KILL_AT_SHARE);
    await server.kill();
    const killedMs = monotonicMs();
    notes.push(screen.style('red', `✘ SIGKILL with ${countText(recordsOf(receiver.state()))} records delivered`));
    await server.start();
    const restartMs = monotonicMs() - killedMs;
    notes.push(`${screen.style('green', '✔')} Tenon serves again after ${secondsText(restartMs)} and continues`);
    const complete = receiver.waitFor((state) => recordsOf(state) >= EXPECTED).then(() => {});
    await Promise.race([complete, settled(stage, installations, signal)]);
    return { installations, restartMs };
  });
  const backfillMs = monotonicMs() - startedMs;
  step.done([...progress.lines(receiver.state(), screen), ...notes]);
  return { ...killed, backfillMs, recordsRead: sandbox.stats().recordsServed };
}

function recordsOf({ recordsByObject }: Pick<ReceiverState, 'recordsByObject'>): number {
  return recordsByObject.values().reduce((sum, count) => sum + count, 0);
}

/** A line per customer, with its rate until it was complete. */
class BackfillProgress {
  readonly #startedMs: number;
  readonly #completeMs = new Map<string, number>();

  constructor(startedMs: number) {
    this.#startedMs = startedMs;
  }

  lines({ recordsByObject }: ReceiverState, { paint }: Screen): readonly string[] {
    return Object.values(CUSTOMERS).map(({ deliveredName }) => {
      const count = recordsByObject.get(deliveredName) ?? 0;
      const endMs = this.#completeMs.get(deliveredName) ?? monotonicMs();
      if (count >= RECORDS_EACH) this.#completeMs.set(deliveredName, endMs);
      const note = rateText(count, endMs - this.#startedMs).padStart(RATE_CHARS);
      return progressLine({ label: deliveredName, count, total: RECORDS_EACH, note }, paint);
    });
  }
}
