// How things stand when somebody scrapes: limits of providers, circuits, queues, actors and the store. Invariant: one
// series for each provider and declared limit at most, however many customers there are.

import type { BudgetView } from '../../../actors/budgetState.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { OTHER_PROVIDER } from '../../core/counts.ts';
import { COMMIT_EDGES_S, COMMIT_GROUP_EDGES, METRIC_ROWS_COUNTED_MAX } from '../../core/limits.ts';
import { linesDropped } from '../../core/log.ts';
import { SECOND_MS } from '../../core/time.ts';
import { readInboxTotal } from '../../store/tables/inbox.ts';
import { readLaneTotals } from '../../store/tables/outbox.ts';
import { countDueActors, countPausedActors } from '../../store/tables/snapshots.ts';
import { countUnmade } from '../../store/tables/subscriptions.ts';
import type { Services } from '../services.ts';
import { counter, type Family, gauge, histogram, type Labels, sample } from './family.ts';

/** One limit of one provider, over all who share it somewhere. */
interface LimitSum {
  readonly labels: Labels;
  /** The one with the smallest share left. */
  fullest: BudgetView;
  spent: number;
  limit: number;
  declared: number;
  learned: number;
  blocked: number;
  readonly waiting: Map<string, number>;
}

type Limited = 'budgets' | 'endpointBudget' | 'catalog' | 'clock';

export function limitFamilies({ budgets, endpointBudget, catalog, clock }: Pick<Services, Limited>): Family[] {
  const sums = limitSums([...budgets.view(), ...endpointBudget.view(clock.nowMs())], catalog);
  const of = (name: string, help: string, amountOf: (sum: LimitSum) => number) =>
    gauge(name, help, ...sums.map((sum) => sample(amountOf(sum), sum.labels)));
  return [
    of('tenon_limit_remaining', 'Calls that the fullest key of a limit has left; 0: its calls wait.', ({ fullest }) =>
      Math.max(0, fullest.limit - fullest.spent),
    ),
    of('tenon_limit', 'Calls that the fullest key of a limit may make in its window.', ({ fullest }) => fullest.limit),
    of(
      'tenon_limit_reserved',
      'Calls of that limit that are left to people: schedules and backfills do not spend them.',
      ({ fullest }) => fullest.reservedForPeople,
    ),
    of(
      'tenon_limit_window_seconds',
      'Length of the window of the fullest key; 0: calls at the same time.',
      ({ fullest }) => fullest.windowMs / SECOND_MS,
    ),
    of('tenon_limit_spent_sum', 'Calls that count in the windows of a limit, over all keys.', ({ spent }) => spent),
    of('tenon_limit_sum', 'Calls that the windows of a limit allow, over all keys.', ({ limit }) => limit),
    gauge(
      'tenon_limit_keys',
      'Accounts, users or provider apps that a limit is counted for; learned: the provider told another number.',
      ...sums.flatMap(({ labels, declared, learned }) => [
        sample(declared, { ...labels, source: 'declared' }),
        sample(learned, { ...labels, source: 'learned' }),
      ]),
    ),
    of('tenon_limit_blocked_keys', 'Keys whose provider wants no calls for a while.', ({ blocked }) => blocked),
    gauge(
      'tenon_limit_waiting_calls',
      'Calls that wait for room in a limit, by who asked: interactive first, backfill last; refresh: renewals.',
      ...sums.flatMap(({ labels, waiting }) =>
        [...waiting].map(([priority, count]) => sample(count, { ...labels, priority })),
      ),
    ),
  ];
}

function limitSums(views: readonly BudgetView[], catalog: Catalog): LimitSum[] {
  const sums = new Map<string, LimitSum>();
  for (const view of views) {
    const provider = providerLabel(catalog, view.key);
    const declared = catalog.find(provider)?.quotas.find(({ name }) => name === view.name);
    // A limit that the account may have and that no answer has told is none.
    if (declared?.isOptional && !view.isLearned) continue;
    const key = `${provider}/${view.name}`;
    let sum = sums.get(key);
    if (sum === undefined) {
      const labels = { provider, limit: view.name };
      const none = { spent: 0, limit: 0, declared: 0, learned: 0, blocked: 0 };
      sum = { labels, fullest: view, ...none, waiting: new Map() };
      sums.set(key, sum);
    }
    addView(sum, view);
  }
  return [...sums.values()];
}

function addView(sum: LimitSum, view: BudgetView): void {
  if (shareLeft(view) < shareLeft(sum.fullest)) sum.fullest = view;
  sum.spent += view.spent;
  sum.limit += view.limit;
  sum.learned += view.isLearned ? 1 : 0;
  sum.declared += view.isLearned ? 0 : 1;
  sum.blocked += view.blockedUntilMs === null ? 0 : 1;
  for (const [priority, count] of Object.entries(view.waiting)) {
    sum.waiting.set(priority, (sum.waiting.get(priority) ?? 0) + count);
  }
}

function shareLeft({ limit, spent }: BudgetView): number {
  return limit <= 0 ? 0 : (limit - spent) / limit;
}

/** Keys begin with the provider; one that has left the catalog has no name of its own any more. */
function providerLabel(catalog: Catalog, key: string): string {
  const name = key.slice(0, key.indexOf('/'));
  return catalog.find(name) === undefined ? OTHER_PROVIDER : name;
}

export function circuitFamilies({ leases, catalog }: Pick<Services, 'leases' | 'catalog'>): Family[] {
  const counts = new Map<string, { readonly labels: Labels; count: number }>();
  for (const { providerKey, state } of leases.circuits()) {
    const labels = { provider: providerLabel(catalog, providerKey), state: state === 'open' ? 'open' : 'half_open' };
    const key = `${labels.provider}/${labels.state}`;
    const before = counts.get(key)?.count ?? 0;
    counts.set(key, { labels, count: before + 1 });
  }
  const help = 'Circuits that are not closed: calls of a provider app (or connection) fail together and are held back.';
  return [gauge('tenon_circuits', help, ...[...counts.values()].map(({ labels, count }) => sample(count, labels)))];
}

export function subscriptionFamilies({ store }: Pick<Services, 'store'>): Family[] {
  const unmade = countUnmade(store.reads, METRIC_ROWS_COUNTED_MAX);
  return [
    gauge(
      'tenon_subscriptions_unmade',
      'Installations whose provider was not asked for all they subscribe to, by status; at most 10,000 are counted.',
      ...unmade.map(({ status, n }) => sample(n, { status })),
    ),
  ];
}

export function actorFamilies({ runtime, store, clock }: Pick<Services, 'runtime' | 'store' | 'clock'>): Family[] {
  const depths = runtime.dispatcher.depths();
  const { queued, queuedBytes, dead } = readLaneTotals(store.reads);
  const nowMs = clock.nowMs();
  const inbox = readInboxTotal(store.reads, METRIC_ROWS_COUNTED_MAX);
  const due = countDueActors(store.reads, nowMs, METRIC_ROWS_COUNTED_MAX);
  const paused = countPausedActors(store.reads, METRIC_ROWS_COUNTED_MAX);
  return [
    gauge(
      'tenon_effects_waiting',
      'Effects in memory that wait for a place, by type; further ones may wait in the database.',
      ...depths.map(({ type, waiting }) => sample(waiting, { type: type.replace('effect.', '') })),
    ),
    gauge(
      'tenon_effects_running',
      'Effects that are being performed, by type.',
      ...depths.map(({ type, running }) => sample(running, { type: type.replace('effect.', '') })),
    ),
    gauge(
      'tenon_messages_waiting',
      'Messages that wait to be delivered to webhooks, first and later attempts.',
      sample(queued),
    ),
    gauge(
      'tenon_messages_waiting_bytes',
      'Their size; a destination holds back its reads at 64 MB.',
      sample(queuedBytes),
    ),
    gauge('tenon_messages_dead', 'Messages that were given up and are kept for two weeks.', sample(dead)),
    gauge(
      'tenon_inbox_waiting',
      'Events of providers that are not in the outbox yet, at most 10,000 of them counted.',
      sample(inbox.events),
    ),
    gauge(
      'tenon_inbox_oldest_seconds',
      'How long the oldest of those that are counted waits; 0: none does.',
      sample(inbox.oldestAtMs === null ? 0 : (nowMs - inbox.oldestAtMs) / SECOND_MS),
    ),
    gauge('tenon_actors_live', 'Actors in memory.', sample(runtime.liveCount)),
    gauge('tenon_actors_paused', 'Actors that a bug of ours stopped: see `tenon quarantine list`.', sample(paused)),
    gauge(
      'tenon_events_waiting',
      'Events that wait for their actor; growing: the disk or the CPU is behind.',
      sample(runtime.waitingCount),
    ),
    gauge(
      'tenon_alarms_due',
      'Actors whose time has come and that were not woken yet; high after a long stop.',
      sample(due),
    ),
  ];
}

export function storeFamilies({ store, log }: Pick<Services, 'store' | 'log'>): Family[] {
  const { commits, waiting, databaseBytes, walBytes } = store.stats();
  return [
    histogram(
      'tenon_store_commit_seconds',
      'From a group of steps at the writer to its being on disk; slow: the disk is.',
      COMMIT_EDGES_S,
      { labels: {}, distribution: commits.seconds },
    ),
    histogram('tenon_store_commit_steps', 'Steps that shared one transaction and one fsync.', COMMIT_GROUP_EDGES, {
      labels: {},
      distribution: commits.groups,
    }),
    gauge(
      'tenon_store_commits_waiting',
      'Steps that wait for the writer; at 10,000 changes are refused.',
      sample(waiting),
    ),
    gauge(
      'tenon_store_healthy',
      '0 while the disk is full: changes are refused with 503.',
      sample(store.isHealthy ? 1 : 0),
    ),
    gauge('tenon_store_database_bytes', 'Size of the database file.', sample(databaseBytes)),
    gauge(
      'tenon_store_wal_bytes',
      'Size of its log; above 16 MB: a backup is being read, or the disk is behind.',
      sample(walBytes),
    ),
    counter(
      'tenon_log_lines_dropped_total',
      'Log lines lost because nobody read standard output.',
      sample(linesDropped(log)),
    ),
  ];
}
