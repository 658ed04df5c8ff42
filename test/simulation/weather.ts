// What may go wrong under a seed. Each seed switches a part of the faults on and gives each a rate of its own: runs in
// which three things fail often find more than runs in which everything fails a little.

import { MINUTE_MS, type Ms } from '../../src/core/time.ts';
import type { Rolls } from './rolls.ts';
import type { World } from './world.ts';

/** The highest rate of each fault: one in so many times that it could happen. */
const FAULTS = {
  // The way to providers and destinations.
  refused: 6,
  connectTimeout: 12,
  slow: 4,
  lost: 6,
  overdue: 15,
  twice: 10,
  // Token endpoints, before and after they acted.
  tokenLimited: 4,
  tokenDown: 4,
  tokenHtml: 6,
  tokenErrorIn200: 6,
  tokenBrokenAfter: 4,
  tokenDownAfter: 4,
  tokenWithoutRefresh: 2,
  tokenAsForm: 2,
  appRefused: 6,
  grantRevoked: 12,
  // Provider APIs.
  limited: 5,
  limitedWordless: 8,
  down: 4,
  html: 8,
  unauthorized: 6,
  forbidden: 40,
  cursorGone: 8,
  repeated: 3,
  // Destinations.
  destinationDown: 3,
  destinationRefuses: 12,
  destinationSilent: 10,
  destinationAborts: 60,
  // The disk.
  diskSlow: 4,
  diskFull: 40,
  diskBroken: 200,
  // The process: around a commit, around a call, at any time.
  crashBeforeCommit: 14,
  crashAfterCommit: 14,
  crashAtAck: 14,
  crashAtCall: 14,
  crashAtAnswer: 14,
  crashAfterAnswer: 14,
  crash: 2,
  stop: 3,
  suspend: 3,
  clockStep: 3,
  // Events that come twice, and customers who connect again while a refresh is under way.
  spurious: 2,
  impatient: 1,
} as const;

export type Fault = keyof typeof FAULTS;

/** Faults that come as storms besides: for a while nearly every call meets them. */
const STORMS = [
  'down',
  'limited',
  'unauthorized',
  'tokenDown',
  'appRefused',
  'grantRevoked',
  'destinationDown',
  'diskFull',
] as const;

const CRASHES_MAX = 6;

/**
 * One seed in so many has an incident: for a while a provider refuses to renew any grant, or refuses the client. Then
 * it is as if nothing had been. It is without gaps: a renewal that works in between says that others were refused
 * rightly.
 */
const INCIDENT_ONE_IN = 4;

export interface Incident {
  readonly kind: 'grantsRefused' | 'clientRefused';
  /** Of the token endpoint: `hub` or `sf`. */
  readonly endpoint: string;
  readonly fromMs: Ms;
  readonly untilMs: Ms;
}

export class Weather {
  readonly #world: World;
  readonly #rolls: Rolls;
  readonly #sides = new Map<Fault, number>();
  readonly #storms: { readonly fault: Fault; readonly fromMs: Ms; readonly untilMs: Ms }[] = [];
  readonly incident: Incident | null;
  #crashesLeft: number;
  isCalm = false;

  /** `incidents` rolls for itself, so that seeds without one are what they were. */
  constructor(world: World, rolls: Rolls, incidents: Rolls, durationMs: Ms) {
    this.#world = world;
    this.#rolls = rolls;
    this.#crashesLeft = rolls.below(CRASHES_MAX + 1);
    const share = rolls.between(2, 5);
    for (const [fault, sides] of Object.entries(FAULTS)) {
      this.#sides.set(fault as Fault, rolls.isOneIn(share) ? sides * rolls.pick([1, 1, 2, 4]) : 0);
    }
    for (let count = rolls.below(3); count > 0; count--) {
      const fromMs = world.nowMs + rolls.below(durationMs);
      this.#storms.push({ fault: rolls.pick(STORMS), fromMs, untilMs: fromMs + rolls.between(1, 8) * MINUTE_MS });
    }
    this.incident = incidents.isOneIn(INCIDENT_ONE_IN) ? incidentOf(incidents, world.nowMs, durationMs) : null;
  }

  /** The faults of this seed, for the trace. */
  get forecast(): string {
    const on = [...this.#sides].filter(([, sides]) => sides > 0).map(([fault, sides]) => `${fault}/${sides}`);
    const incident = this.incident === null ? [] : [`incident of ${this.incident.kind}`];
    return [...on, ...this.#storms.map(({ fault }) => `${fault} storm`), ...incident].join(' ');
  }

  /** Also while all else is calm: it has an end of its own. */
  hasIncident(kind: Incident['kind'], endpoint: string): boolean {
    const { incident } = this;
    if (incident?.kind !== kind || incident.endpoint !== endpoint) return false;
    return incident.fromMs <= this.#world.nowMs && this.#world.nowMs < incident.untilMs;
  }

  strikes(fault: Fault): boolean {
    if (this.isCalm) return false;
    const { nowMs } = this.#world;
    const isStorm = this.#storms.some(
      (storm) => storm.fault === fault && storm.fromMs <= nowMs && nowMs < storm.untilMs,
    );
    if (isStorm) return !this.#rolls.isOneIn(8);
    return this.#rolls.isOneIn(this.#sides.get(fault) ?? 0);
  }

  /** The same for the end of the process, of which a seed has only so many. */
  kills(fault: Fault): boolean {
    if (this.#crashesLeft === 0 || !this.strikes(fault)) return false;
    this.#crashesLeft -= 1;
    return true;
  }
}

/** Late enough that some have connected, long enough that tokens of minutes end in it. */
function incidentOf(rolls: Rolls, nowMs: Ms, durationMs: Ms): Incident {
  const fromMs = nowMs + rolls.between(3 * MINUTE_MS, Math.max(3 * MINUTE_MS, durationMs));
  return {
    kind: rolls.pick(['grantsRefused', 'grantsRefused', 'clientRefused']),
    endpoint: rolls.pick(['hub', 'sf']),
    fromMs,
    untilMs: fromMs + rolls.between(4, 30) * MINUTE_MS,
  };
}
