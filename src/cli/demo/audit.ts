// The audit: compares what the simulated providers hold with what the receiver got, record by record, and judges the
// whole run. Pure but for reading those two; Tenon is believed nothing.

import type { Receiver, ReceiverState } from '../../sandbox/receiver.ts';
import type { SandboxStats } from '../../sandbox/stats.ts';
import type { BackfillFacts } from './backfill.ts';
import type { ChangeAudit, ChangeFacts } from './changed.ts';
import { CUSTOMERS, RECORDS_EACH } from './customers.ts';
import { countText, rateText, secondsText, tableLines } from './format.ts';
import type { ProxyFacts } from './proxied.ts';
import type { LaneTotals } from './state.ts';

/** Also the JSON of `--json`. */
export interface Summary {
  /** By the providers, those included that were read again after the kill. */
  readonly recordsRead: number;
  /** Different ones. */
  readonly recordsDelivered: number;
  readonly lost: number;
  readonly messages: number;
  /** Messages that came again under the same id, which a receiver recognises. */
  readonly duplicates: number;
  /** Records that came again in a message with another id. */
  readonly recordsRepeated: number;
  readonly signatureFailures: number;
  readonly messagesQueued: number;
  readonly messagesDead: number;
  readonly proxied: number;
  readonly proxyFailures: number;
  /** Records whose new values arrived. */
  readonly changesDelivered: number;
  readonly changesLost: number;
  /** Those that arrived again in a message with another id. */
  readonly changesDoubled: number;
  readonly refreshes: number;
  /** Calls that a provider refused because there were too many. */
  readonly rateLimited: number;
  readonly kills: number;
  readonly backfillMs: number;
  readonly restartMs: number;
  readonly proxyMs: number;
  readonly changesMs: number;
  readonly totalMs: number;
}

export interface RunFacts {
  readonly backfill: BackfillFacts;
  readonly proxy: ProxyFacts;
  readonly changes: ChangeFacts & ChangeAudit;
  readonly lanes: LaneTotals;
  readonly received: ReceiverState;
  readonly sandbox: SandboxStats;
  readonly lost: number;
  readonly totalMs: number;
}

/** Records of the simulated accounts that never arrived, each looked for by its id. */
export function countLost(receiver: Pick<Receiver, 'hasRecord'>): number {
  let lost = 0;
  for (const { deliveredName, recordIdOf } of Object.values(CUSTOMERS)) {
    for (let index = 0; index < RECORDS_EACH; index += 1) {
      if (!receiver.hasRecord(deliveredName, recordIdOf(index))) lost += 1;
    }
  }
  return lost;
}

export function summaryOf(facts: RunFacts): Summary {
  const { backfill, proxy, changes, lanes, received, sandbox, lost, totalMs } = facts;
  return {
    recordsRead: backfill.recordsRead,
    recordsDelivered: received.recordsByObject.values().reduce((sum, count) => sum + count, 0),
    lost,
    messages: received.accepted,
    duplicates: received.duplicates,
    recordsRepeated: received.recordsRepeated,
    signatureFailures: received.signatureFailures,
    messagesQueued: lanes.queued,
    messagesDead: lanes.dead,
    proxied: proxy.proxied,
    proxyFailures: proxy.failures.values().reduce((sum, count) => sum + count, 0),
    changesDelivered: changes.ids.length - changes.lost,
    changesLost: changes.lost,
    changesDoubled: changes.doubled,
    refreshes: sandbox.refreshes,
    rateLimited: sandbox.rateLimited,
    kills: 1,
    backfillMs: Math.round(backfill.backfillMs),
    restartMs: Math.round(backfill.restartMs),
    proxyMs: Math.round(proxy.proxyMs),
    changesMs: Math.round(changes.changesMs),
    totalMs: Math.round(totalMs),
  };
}

/**
 * What must not have happened, in words; nothing if the run was good. Records of reads may come again (at least once);
 * a change may not, however often its webhook comes.
 */
export function shortcomingsOf(summary: Summary): readonly string[] {
  const { lost, signatureFailures, messagesQueued, messagesDead, proxyFailures } = summary;
  const found: readonly (readonly [number, string])[] = [
    [lost, 'records were lost'],
    [signatureFailures, 'messages had a wrong signature'],
    [messagesQueued, 'messages were never delivered'],
    [messagesDead, 'messages were given up'],
    [proxyFailures, 'proxied calls failed'],
    [summary.changesLost, 'changes were lost'],
    [summary.changesDoubled, 'changes were delivered twice'],
  ];
  return found.filter(([count]) => count > 0).map(([count, what]) => `${countText(count)} ${what}`);
}

/** The table at the end. */
export function summaryLines(summary: Summary): readonly string[] {
  const { backfillMs, recordsDelivered, proxied, proxyMs, changesDelivered, changesMs, restartMs, kills } = summary;
  const plain = (what: string, count: number) => [what, countText(count)];
  const timed = (what: string, count: number, ms: number) => [what, countText(count), secondsText(ms)];
  return tableLines(
    ['', 'count', 'time', 'rate'],
    [
      [
        ...timed('Records delivered, with the kill', recordsDelivered, backfillMs),
        rateText(recordsDelivered, backfillMs),
      ],
      plain('  read again after the kill', Math.max(0, summary.recordsRead - recordsDelivered)),
      plain('  lost', summary.lost),
      plain('  delivered twice', summary.recordsRepeated),
      plain('Messages accepted, signatures checked', summary.messages),
      plain('  with a wrong signature', summary.signatureFailures),
      plain('  sent again under the same id', summary.duplicates),
      plain('  still waiting or given up', summary.messagesQueued + summary.messagesDead),
      timed('Kills, and time until Tenon served again', kills, restartMs),
      [...timed('Proxied calls, at a steady pace', proxied, proxyMs), rateText(proxied, proxyMs)],
      plain('  failed', summary.proxyFailures),
      [
        ...timed('Changes delivered, webhooks sent twice', changesDelivered, changesMs),
        rateText(changesDelivered, changesMs),
      ],
      plain('Token refreshes', summary.refreshes),
      plain('Refusals by a rate limit', summary.rateLimited),
    ],
  );
}
