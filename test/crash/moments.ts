// When a process is killed. A moment is armed with what is to be done and fires once, when what it waits for has
// happened often enough. Every choice comes from the trial's dice.

import type { RefreshMoment } from './front.ts';

/** In this order, again and again, so that a short trial has met most of them. */
export const MOMENTS = ['refresh', 'acknowledged', 'starting', 'stopped', 'message', 'time', 'stopping'] as const;

/**
 * At a moment of a token refresh; right after an API call was acknowledged; before it serves; not at all, but asked to
 * end; right after a message was accepted; at any time; or while it ends because it was asked to.
 */
export type Moment = (typeof MOMENTS)[number];

const REFRESH_MOMENTS: readonly RefreshMoment[] = ['arrived', 'performed', 'answered'];
const COUNT_MAX: Readonly<Partial<Record<Moment, number>>> = { refresh: 12, acknowledged: 40, message: 25 };

export class Trigger {
  readonly #roll: (sides: number) => number;
  #moment: Moment | null = null;
  #refreshMoment: RefreshMoment = 'arrived';
  #countLeft = 0;
  #fire = () => {};

  constructor(roll: (sides: number) => number) {
    this.#roll = roll;
  }

  arm(moment: Moment, fire: () => void): void {
    this.#moment = moment;
    this.#refreshMoment = REFRESH_MOMENTS[this.#roll(REFRESH_MOMENTS.length)] ?? 'arrived';
    this.#countLeft = 1 + this.#roll(COUNT_MAX[moment] ?? 1);
    this.#fire = fire;
  }

  disarm(): void {
    this.#moment = null;
  }

  happened(moment: 'acknowledged' | 'message'): void {
    if (moment === this.#moment) this.#count();
  }

  refreshed(moment: RefreshMoment): void {
    if (this.#moment === 'refresh' && moment === this.#refreshMoment) this.#count();
  }

  #count(): void {
    this.#countLeft -= 1;
    if (this.#countLeft > 0) return;
    this.#moment = null;
    this.#fire();
  }
}
