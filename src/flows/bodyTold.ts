// A proxied answer whose body says more of the provider's limits than its head: that it is a refusal, or what the call
// has cost. It is looked at while it goes by, and the budgets hear of it once it is complete. The client has the answer
// then; whoever calls next should not be refused as well. What the head says is told at the head.

import { BODY_TOLD_MS_MAX } from '../core/limits.ts';
import type { Clock, Ms } from '../core/time.ts';
import type { Onlooker } from '../egress/forward.ts';
import { headerValue } from '../egress/headers.ts';
import { Peek } from '../egress/peek.ts';
import { partToLookAt, tellBody } from './limitsTold.ts';
import type { ProxyServices } from './proxyRun.ts';
import type { ProxyTarget } from './targets.ts';

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\b/i;

/** Who hears what is said. */
export interface BodyToldServices {
  readonly budgets: ProxyServices['budgets'];
  readonly throttle: Pick<ProxyServices['throttle'], 'refused'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}

export class BodyTold implements Onlooker {
  readonly #services: BodyToldServices;
  readonly #target: ProxyTarget;
  readonly #marks: readonly number[];
  readonly #status: number;
  readonly #rawHeaders: readonly string[];
  readonly #receivedAtMs: Ms;
  readonly #peek: Peek;
  #isTold = false;

  private constructor(
    services: BodyToldServices,
    target: ProxyTarget,
    marks: readonly number[],
    status: number,
    rawHeaders: readonly string[],
    peek: Peek,
  ) {
    this.#services = services;
    this.#target = target;
    this.#marks = marks;
    this.#status = status;
    this.#rawHeaders = rawHeaders;
    this.#receivedAtMs = services.clock.nowMs();
    this.#peek = peek;
  }

  /** Null where the head tells everything. `marks` are those of the lease that the call went with. */
  static of(
    services: BodyToldServices,
    target: ProxyTarget,
    marks: readonly number[],
    status: number,
    rawHeaders: readonly string[],
  ): BodyTold | null {
    const part = partToLookAt(target, status);
    if (part === null || !JSON_TYPE.test(headerValue(rawHeaders, 'content-type') ?? '')) return null;
    const peek = new Peek(part, headerValue(rawHeaders, 'content-encoding'));
    return new BodyTold(services, target, marks, status, rawHeaders, peek);
  }

  /** See Onlooker. */
  add(chunk: Buffer): void {
    if (this.#isTold) return;
    this.#peek.add(chunk);
    if (this.#peek.isTooLong) this.#tell(null);
  }

  /** See Onlooker. */
  completed(): void {
    if (this.#isTold) return;
    const text = this.#peek.text();
    if (text instanceof Promise) void text.then((unpacked) => this.#tell(unpacked));
    else this.#tell(text);
  }

  /** Throws nothing: a budget that cannot be read now must not break the answer, and the next one says it again. */
  #tell(bodyText: string | null): void {
    this.#isTold = true;
    try {
      this.#tellBudgets(bodyText);
    } catch {
      // See above.
    }
  }

  #tellBudgets(bodyText: string | null): void {
    const { budgets, clock } = this.#services;
    const head = { status: this.#status, rawHeaders: this.#rawHeaders, receivedAtMs: this.#receivedAtMs };
    if (bodyText === null || clock.nowMs() - head.receivedAtMs > BODY_TOLD_MS_MAX) {
      if (head.status < 400) budgets.answered(this.#target.lease.budgets);
      return;
    }
    const said = tellBody(budgets, this.#target, this.#marks, bodyText, head);
    // A 429 needs no body for that.
    if (said.isLimited && head.status !== 429) {
      this.#services.throttle.refused(this.#target.accountKey, said, clock.nowMs());
    }
  }
}
