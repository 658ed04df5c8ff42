// The disk of the simulated machine: a real database in a file, behind a writer that takes its time, says that there is
// no room, breaks, and forgets or keeps what it had not acknowledged when the process ends. It outlives processes.

import type { BatchOutcome, Reads, Step, Writer } from '../../src/store/port.ts';
import { openForReading } from '../../src/store/sqlite.ts';
import { SqliteWriter } from '../../src/store/sqliteWriter.ts';
import type { Rolls } from './rolls.ts';
import type { Weather } from './weather.ts';
import type { Life, World } from './world.ts';

/** Watches what reaches the disk. */
export interface DiskObserver {
  /** Before a batch is applied: what the rows are now is still on disk. */
  applying(steps: readonly Step[], life: Life): void;
  applied(steps: readonly Step[], outcome: BatchOutcome): void;
  failed(life: Life): void;
}

export interface DiskOptions {
  readonly path: string;
  readonly world: World;
  readonly weather: Weather;
  readonly rolls: Rolls;
  readonly observer: DiskObserver;
  /** Ends the process. */
  readonly kill: (life: Life, why: string) => void;
}

export class Disk {
  readonly path: string;
  /** Sees what is committed, acknowledged or not. */
  readonly reads: Reads;
  readonly #options: DiskOptions;
  readonly #database: SqliteWriter;

  constructor(options: DiskOptions) {
    this.#options = options;
    this.path = options.path;
    this.#database = new SqliteWriter(options.path);
    // What a power cut would do is simulated; the real disk need not be waited for.
    this.#database.database.pragma('synchronous = OFF');
    this.reads = openForReading(options.path);
  }

  /** The writer of one process. */
  writerOf(life: Life): Writer {
    return {
      write: (steps) => this.#write(life, steps),
      vacuum: (pages) => this.#database.vacuum(pages),
      close: () => Promise.resolve(),
    };
  }

  close(): void {
    this.reads.close();
    this.#database.database.close();
  }

  #write(life: Life, steps: readonly Step[]): Promise<BatchOutcome> {
    const { world, weather, rolls, kill } = this.#options;
    if (!life.isAlive) return never();
    if (weather.kills('crashBeforeCommit')) {
      this.#keepOrForget(life, steps);
      kill(life, 'before a commit');
      return never();
    }
    const applyMs = weather.strikes('diskSlow') ? rolls.between(20, 3000) : rolls.below(4);
    return new Promise((answer) => {
      let isApplied = false;
      life.onEnd(() => {
        if (!isApplied) this.#keepOrForget(life, steps);
        isApplied = true;
      });
      world.after(applyMs, () => {
        if (isApplied) return;
        isApplied = true;
        const outcome = this.#commit(life, steps);
        if (weather.kills('crashAfterCommit')) kill(life, 'after a commit, before its answer');
        world.after(rolls.below(3), () => {
          if (!life.isAlive) return;
          answer(outcome);
          if (weather.kills('crashAtAck')) kill(life, 'between a commit and what follows');
        });
      });
    });
  }

  #commit(life: Life, steps: readonly Step[]): BatchOutcome {
    const { world, weather, rolls, observer } = this.#options;
    const kind = weather.strikes('diskFull') ? 'full' : weather.kills('diskBroken') ? 'io' : null;
    if (kind === null) return this.#apply(life, steps);
    world.note(`disk: ${kind}`);
    observer.failed(life);
    // After an I/O error nobody knows what is on disk.
    if (kind === 'io' && rolls.isOneIn(2)) this.#apply(life, steps);
    return { failure: { kind, message: 'simulated' } };
  }

  /** The process has gone: what it had handed over happened entirely or not at all. */
  #keepOrForget(life: Life, steps: readonly Step[]): void {
    if (this.#options.rolls.isOneIn(2)) this.#apply(life, steps);
    else this.#options.world.note(`disk: forgot ${steps.length} steps that nobody was promised`);
  }

  #apply(life: Life, steps: readonly Step[]): BatchOutcome {
    const { world, observer } = this.#options;
    observer.applying(steps, life);
    const outcome = this.#database.writeNow(steps);
    world.note(`disk: ${describe(steps, outcome)}`);
    observer.applied(steps, outcome);
    return outcome;
  }
}

function describe(steps: readonly Step[], outcome: BatchOutcome): string {
  return steps
    .map(({ actorId, writes }, index) => {
      const kind = 'failure' in outcome ? outcome.failure.message : outcome.steps[index]?.kind;
      const what = writes.map(({ statement }) => statement).join(' ');
      return `[${actorId ?? '-'} ${what}]${kind === 'committed' ? '' : ` ${kind}`}`;
    })
    .join(' ');
}

function never<Never>(): Promise<Never> {
  return new Promise(() => {});
}
