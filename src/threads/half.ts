// An edge thread's half: the proxy plane with leases, tokens and budgets of the owner thread, its own connections to
// providers, and a pipe for everything else. Starts from plain options and a port, so that a test can run it in its
// own thread.

import { Channel, type Port } from '../../actors/remote/channel.ts';
import { Epochs } from '../../actors/remote/epochs.ts';
import { RemoteLeases } from '../../actors/remote/remoteLeases.ts';
import { newCounts, takeCounts } from '../core/counts.ts';
import { IntegrationError } from '../core/errors.ts';
import { LOG_BUFFER_BYTES, LOG_FLUSH_INTERVAL_MS, OWNER_SILENCE_MS_MAX } from '../core/limits.ts';
import { createLog } from '../core/log.ts';
import type { Tracer } from '../core/spans.ts';
import { type Clock, SECOND_MS, type Timer } from '../core/time.ts';
import { tellUnreadTo } from '../edge/calls.ts';
import { problemOf } from '../edge/problem.ts';
import { type NodeProxy, proxyOfNode } from '../edge/proxy.ts';
import { answerWith, type NodePlanes } from '../edge/server.ts';
import { createEgress } from '../egress/egress.ts';
import { Throttle } from '../flows/throttle.ts';
import { COUNTS, HOLD, type HoldReport, LINES, type ThreadOptions } from './messages.ts';
import { pipeTo } from './pipe.ts';
import { remoteTargets } from './targets.ts';

/** What a thread serves with. */
export interface Half {
  readonly channel: Channel;
  readonly planes: NodePlanes & { readonly proxy: NodeProxy };
  /** Gives back what it was handed and ends its connections. */
  close(): Promise<void>;
}

export function openHalf(port: Port, options: ThreadOptions, clock: Clock, tracer: Tracer | null = null): Half {
  const channel = new Channel(port);
  const epochs = new Epochs(options.epochs);
  const leases = new RemoteLeases(channel, epochs, clock);
  const { egressAllow, providerSilenceMs } = options;
  const egress = createEgress({ allowList: egressAllow, clock, providerSilenceMs });
  const throttle = new Throttle((accountKey, hold) => channel.tell(HOLD, { accountKey, hold } satisfies HoldReport));
  channel.onTold(HOLD, ({ accountKey, hold }: HoldReport) => throttle.hold(accountKey, hold, clock.nowMs()));
  const lines = new OwnerLines(channel);
  const log = createLog({ level: options.logLevel, stream: lines });
  const { proxyUrl } = options;
  const counts = newCounts();
  const parts = { leases, tokens: leases, budgets: leases, egress, throttle, counts, tracer, clock, log, proxyUrl };
  const hand = () => {
    lines.flush();
    channel.tell(COUNTS, takeCounts(counts));
  };
  const watch = new OwnerWatch(channel, epochs, clock, hand);
  const pipe = pipeTo(
    options.ownerPath,
    clock,
    () => watch.fault,
    (error, incoming, outgoing) => answerWith(problemOf(error, clock.nowMs()), incoming, outgoing),
  );
  return {
    channel,
    planes: {
      proxy: proxyOfNode(parts, remoteTargets(channel, epochs, clock)),
      rest: pipe.serve,
      unread: tellUnreadTo({ log, counts }),
    },
    async close() {
      watch.stop();
      leases.close();
      pipe.close();
      await egress.close();
      await tracer?.stop();
      hand();
    },
  };
}

/** Lines of one thread, handed to the owner thread whole: two threads that write would cut each other's lines. */
class OwnerLines {
  readonly #channel: Channel;
  #lines = '';

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  write(line: string): void {
    this.#lines += line;
    if (this.#lines.length >= LOG_BUFFER_BYTES) this.flush();
  }

  flush(): void {
    if (this.#lines !== '') this.#channel.tell(LINES, this.#lines);
    this.#lines = '';
  }
}

/** Looks whether the owner thread still runs: a call that waits for one that hangs should be told so. */
class OwnerWatch {
  readonly #channel: Channel;
  readonly #epochs: Epochs;
  readonly #clock: Clock;
  readonly #onTick: () => void;
  #timer: Timer | null = null;
  #beat: number;
  #beatAtMs: number;
  fault: IntegrationError | null = null;

  constructor(channel: Channel, epochs: Epochs, clock: Clock, onTick: () => void) {
    this.#channel = channel;
    this.#epochs = epochs;
    this.#clock = clock;
    this.#onTick = onTick;
    this.#beat = epochs.at(epochs.beat);
    this.#beatAtMs = clock.nowMs();
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #arm(): void {
    this.#timer = this.#clock.timerAt(this.#clock.nowMs() + LOG_FLUSH_INTERVAL_MS, () => {
      this.#onTick();
      this.#look();
      this.#arm();
    });
  }

  #look(): void {
    const nowMs = this.#clock.nowMs();
    const beat = this.#epochs.at(this.#epochs.beat);
    if (beat !== this.#beat) {
      this.#beat = beat;
      this.#beatAtMs = nowMs;
      if (this.fault !== null) this.#channel.resume();
      this.fault = null;
      return;
    }
    if (this.fault !== null || nowMs - this.#beatAtMs < OWNER_SILENCE_MS_MAX) return;
    const message = `the owner thread has not answered for ${OWNER_SILENCE_MS_MAX / SECOND_MS} seconds`;
    this.fault = new IntegrationError('overloaded', message, { publicDetail: 'Tenon is overloaded; try again soon' });
    this.#channel.silence(this.fault);
  }
}
