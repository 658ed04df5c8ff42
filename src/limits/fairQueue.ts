// Who goes next when many wait for the same limit: the higher priority first, and within a priority the owners
// (installations, connections) in turn, so that one that asks for a thousand calls and one that asks for a single call
// are equals. Pure; the owner is `actors/budgets.ts`.

/** Highest first. What a person waits for goes before what a schedule asks for. */
const CALL_PRIORITIES = ['interactive', 'write', 'enrichment', 'read', 'backfill'] as const;
export type CallPriority = (typeof CALL_PRIORITIES)[number];

/** Schedules ask for these; they may not spend what is reserved for people. */
export function isBackground(priority: CallPriority): boolean {
  return priority === 'enrichment' || priority === 'read' || priority === 'backfill';
}

export class FairQueue<Waiter> {
  /** By priority: waiters by owner, the owner whose turn it is first (a Map keeps its order). Made when needed. */
  readonly #lines: Map<string, Waiter[]>[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Those who wait with this priority or a higher one. */
  isAhead(priority: CallPriority): boolean {
    if (this.#size === 0) return false;
    const rank = CALL_PRIORITIES.indexOf(priority);
    return this.#lines.some((line, index) => index <= rank && line.size > 0);
  }

  /** The highest priority that somebody waits with. */
  get highest(): CallPriority | undefined {
    const rank = this.#size === 0 ? -1 : this.#lines.findIndex((line) => line !== undefined && line.size > 0);
    return CALL_PRIORITIES[rank];
  }

  push(priority: CallPriority, owner: string, waiter: Waiter): void {
    const line = this.#lineOf(priority);
    const own = line.get(owner);
    if (own === undefined) line.set(owner, [waiter]);
    else own.push(waiter);
    this.#size += 1;
  }

  /** The next of the highest priority that `mayGo`; its owner goes to the end of the line. */
  next(mayGo: (priority: CallPriority) => boolean): Waiter | undefined {
    for (const [rank, line] of this.#lines.entries()) {
      if (line === undefined || line.size === 0 || !mayGo(CALL_PRIORITIES[rank] ?? 'backfill')) continue;
      for (const [owner, own] of line) {
        line.delete(owner);
        const waiter = own.shift();
        if (own.length > 0) line.set(owner, own);
        if (waiter === undefined) continue;
        this.#size -= 1;
        return waiter;
      }
    }
    return undefined;
  }

  /** One that gave up. */
  remove(priority: CallPriority, owner: string, waiter: Waiter): void {
    const line = this.#lineOf(priority);
    const own = line.get(owner);
    const place = own?.indexOf(waiter) ?? -1;
    if (own === undefined || place === -1) return;
    own.splice(place, 1);
    this.#size -= 1;
    if (own.length === 0) line.delete(owner);
  }

  /** Waiters of one owner, over all priorities. */
  countOf(owner: string): number {
    return this.#lines.reduce((sum, line) => sum + (line.get(owner)?.length ?? 0), 0);
  }

  /** How many wait, by priority; for people. */
  counts(): Readonly<Record<CallPriority, number>> {
    const entries = CALL_PRIORITIES.map((priority): [CallPriority, number] => [
      priority,
      [...(this.#lines[CALL_PRIORITIES.indexOf(priority)]?.values() ?? [])].reduce(
        (sum, { length }) => sum + length,
        0,
      ),
    ]);
    return Object.fromEntries(entries) as Record<CallPriority, number>;
  }

  #lineOf(priority: CallPriority): Map<string, Waiter[]> {
    const rank = CALL_PRIORITIES.indexOf(priority);
    let line = this.#lines[rank];
    if (line === undefined) {
      line = new Map();
      this.#lines[rank] = line;
    }
    return line;
  }
}
