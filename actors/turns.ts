// Who may step next. An event is stepped at once while the turn of the event loop has room for it and its owner has few
// steps at the store; otherwise it waits in its owner's mailbox, and owners are served round robin. An owner is the
// customer's installation with its reads, a connection, or a destination. Finer than the shards of the token manager,
// because a quiet installation should not wait for a loud one that happens to share its shard.
// Invariant: events of one owner begin in the order they were sent.

import { IntegrationError } from '../src/core/errors.ts';
import { type ActorId, keyOf } from '../src/core/ids.ts';
import { EVENTS_WAITING_MAX, MAILBOX_EVENTS_MAX, OWNER_STEPS_OPEN_MAX, TURN_STEPS_MAX } from '../src/core/limits.ts';

interface Owner {
  readonly name: string;
  readonly mailbox: (() => void)[];
  /** Begun and not yet on disk. */
  open: number;
}

/** Whoever shares a fate with an actor: its key up to the first slash. */
export function ownerOf(actorId: ActorId): string {
  const key = keyOf(actorId);
  const slash = key.indexOf('/');
  return slash === -1 ? key : key.slice(0, slash);
}

/** Decides when events are stepped; one for the process. */
export class Turns {
  /** Owners with anything open or waiting. */
  readonly #owners = new Map<string, Owner>();
  /** Those whose next event may begin, the one that waited longest first. */
  readonly #ready = new Set<Owner>();
  #stepsLeft = TURN_STEPS_MAX;
  #waitingCount = 0;
  #isTurnScheduled = false;

  /** Events that wait in mailboxes. */
  get waitingCount(): number {
    return this.#waitingCount;
  }

  /**
   * Begins `work` now or when its owner's turn comes; its promise must end when the step is on disk or has failed.
   * Rejects with `overloaded` if the owner's mailbox is full, unless it is an answer: those are as many as effects are
   * in flight, and must not be kept out by callers.
   */
  run<Outcome>(name: string, isAnswer: boolean, work: () => Promise<Outcome>): Promise<Outcome> {
    const owner = this.#ownerOf(name);
    if (owner.mailbox.length === 0 && this.#stepsLeft > 0 && owner.open < OWNER_STEPS_OPEN_MAX) {
      return this.#begin(owner, work);
    }
    if (!isAnswer && (owner.mailbox.length >= MAILBOX_EVENTS_MAX || this.#waitingCount >= EVENTS_WAITING_MAX)) {
      this.#forgetIdle(owner);
      return Promise.reject(new IntegrationError('overloaded', `too many events wait for ${name}`));
    }
    return new Promise((resolve, reject) => {
      owner.mailbox.push(() => this.#begin(owner, work).then(resolve, reject));
      this.#waitingCount += 1;
      if (owner.open < OWNER_STEPS_OPEN_MAX) this.#ready.add(owner);
      this.#scheduleTurn();
    });
  }

  #ownerOf(name: string): Owner {
    let owner = this.#owners.get(name);
    if (owner === undefined) {
      owner = { name, mailbox: [], open: 0 };
      this.#owners.set(name, owner);
    }
    return owner;
  }

  #begin<Outcome>(owner: Owner, work: () => Promise<Outcome>): Promise<Outcome> {
    this.#stepsLeft -= 1;
    owner.open += 1;
    this.#scheduleTurn();
    const outcome = work();
    const ended = () => this.#ended(owner);
    outcome.then(ended, ended);
    return outcome;
  }

  #ended(owner: Owner): void {
    owner.open -= 1;
    if (owner.mailbox.length > 0) {
      this.#ready.add(owner);
      this.#scheduleTurn();
    } else this.#forgetIdle(owner);
  }

  #forgetIdle(owner: Owner): void {
    if (owner.open === 0 && owner.mailbox.length === 0) this.#owners.delete(owner.name);
  }

  #scheduleTurn(): void {
    if (this.#isTurnScheduled) return;
    this.#isTurnScheduled = true;
    setImmediate(() => {
      this.#isTurnScheduled = false;
      this.#stepsLeft = TURN_STEPS_MAX;
      this.#serve();
    });
  }

  /** One event of each owner in turn, as many as this turn of the event loop may step. */
  #serve(): void {
    for (const owner of this.#ready) {
      if (this.#stepsLeft <= 0) {
        this.#scheduleTurn();
        return;
      }
      this.#ready.delete(owner);
      this.#waitingCount -= 1;
      owner.mailbox.shift()?.();
      // Added behind all others; this loop comes to it in this turn if there is room.
      if (owner.mailbox.length > 0 && owner.open < OWNER_STEPS_OPEN_MAX) this.#ready.add(owner);
    }
  }
}
