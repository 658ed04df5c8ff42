// Who calls for which installation, in an edge thread: asked of the owner thread once, and kept until anything that
// such answers are made of has changed. Invariant: a call that begins after a change is answered by it.

import type { Channel } from '../../actors/remote/channel.ts';
import type { Epochs } from '../../actors/remote/epochs.ts';
import { PROXY_TARGETS_CACHED_MAX } from '../core/limits.ts';
import type { Clock } from '../core/time.ts';
import type { Header } from '../edge/calls.ts';
import { type FindTarget, type KeptTarget, TARGET_HEADERS } from '../edge/proxy.ts';
import type { ProxyTarget } from '../flows/targets.ts';
import { TARGET, type TargetQuestion } from './messages.ts';

interface Kept extends KeptTarget {
  readonly epoch: number;
  /** What else was asked with. */
  readonly question: TargetQuestion;
}

/** Finds targets by asking under TARGET. Refusals are not kept: they are the owner's to explain. */
export function remoteTargets(channel: Channel, epochs: Epochs, clock: Clock): FindTarget {
  const kept = new KeptTargets();
  const declarations = new Map<string, Pick<ProxyTarget, 'declaration'> & { readonly epoch: number }>();

  /** One copy of a declaration for all installations of its provider. */
  const withShared = (target: ProxyTarget, epoch: number): ProxyTarget => {
    const { name } = target.declaration;
    const shared = declarations.get(name);
    if (shared?.epoch === epoch) return { ...target, declaration: shared.declaration };
    declarations.set(name, { declaration: target.declaration, epoch });
    return target;
  };

  return (header) => {
    const epoch = epochs.at(epochs.targets);
    const found = kept.of(header);
    const isKept = found?.epoch === epoch && (found.untilMs === null || clock.nowMs() < found.untilMs);
    if (isKept) return found.target;
    const question: TargetQuestion = Object.fromEntries(TARGET_HEADERS.map((name) => [name, header(name)]));
    // Counted before the question: what changes while it is asked makes the answer old.
    return channel.ask<KeptTarget>(TARGET, question).then(({ target: own, untilMs }) => {
      const target = withShared(own, epoch);
      kept.keep({ target, untilMs, epoch, question });
      return target;
    });
  };
}

/** By API key, then by what names the installation; how long a key takes to look up says nothing about it. */
class KeptTargets {
  readonly #byKey = new Map<string, Map<string, Kept>>();
  #size = 0;

  /** What a call with the same headers was answered. */
  of(header: Header): Kept | undefined {
    const found = this.#byKey.get(header('x-api-key') ?? '')?.get(nameIn(header));
    return found !== undefined && isSame(found.question, header) ? found : undefined;
  }

  keep(kept: Kept): void {
    const { question } = kept;
    // Each is asked for again, once.
    if (this.#size >= PROXY_TARGETS_CACHED_MAX) {
      this.#byKey.clear();
      this.#size = 0;
    }
    const key = question['x-api-key'] ?? '';
    const ofKey = this.#byKey.get(key) ?? new Map<string, Kept>();
    const before = ofKey.size;
    ofKey.set(
      nameIn((name) => question[name]),
      kept,
    );
    this.#byKey.set(key, ofKey);
    this.#size += ofKey.size - before;
  }
}

function nameIn(header: Header): string {
  const installationId = header('x-amp-installation-id');
  // No header has a line break.
  return installationId ?? `${header('x-amp-integration-name')}\n${header('x-amp-group-ref')}`;
}

function isSame(question: TargetQuestion, header: Header): boolean {
  for (const name of TARGET_HEADERS) if (name !== 'x-api-key' && question[name] !== header(name)) return false;
  return true;
}
