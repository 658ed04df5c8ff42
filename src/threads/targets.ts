// Who calls for which installation, in an edge thread: asked of the owner thread once, and kept until anything that
// such answers are made of has changed. Invariant: a call that begins after a change is answered by it.

import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Channel } from '../../actors/remote/channel.ts';
import type { Epochs } from '../../actors/remote/epochs.ts';
import { PROXY_TARGETS_CACHED_MAX } from '../core/limits.ts';
import type { Clock } from '../core/time.ts';
import { type FindTarget, type KeptTarget, TARGET_HEADERS } from '../edge/proxy.ts';
import type { ProxyTarget } from '../flows/targets.ts';
import { TARGET, type TargetQuestion } from './messages.ts';

interface Kept extends KeptTarget {
  readonly epoch: number;
}

/** Stands for a header that is not there; no header can have it. */
const ABSENT = '\0';

/** Finds targets by asking under TARGET. Refusals are not kept: they are the owner's to explain. */
export function remoteTargets(channel: Channel, epochs: Epochs, clock: Clock): FindTarget {
  const kept = new LRUCache<string, Kept>({ max: PROXY_TARGETS_CACHED_MAX });
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
    // Looked up by hash, as keys are: how long that takes says nothing about the key.
    const named = TARGET_HEADERS.map((name) => header(name) ?? ABSENT).join('\n');
    const key = hash('sha256', named, 'base64url');
    const epoch = epochs.at(epochs.targets);
    const found = kept.get(key);
    const isKept = found?.epoch === epoch && (found.untilMs === null || clock.nowMs() < found.untilMs);
    if (isKept) return found.target;
    const question: TargetQuestion = Object.fromEntries(TARGET_HEADERS.map((name) => [name, header(name)]));
    // Counted before the question: what changes while it is asked makes the answer old.
    return channel.ask<KeptTarget>(TARGET, question).then(({ target: own, untilMs }) => {
      const target = withShared(own, epoch);
      kept.set(key, { target, untilMs, epoch });
      return target;
    });
  };
}
