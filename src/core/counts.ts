// What is counted on the way of a call: plain numbers in plain objects, so that counting costs nanoseconds and a
// thread can post what it counted to another one, which adds it up (`takeCounts`, `addCounts`). Who scrapes turns them
// into samples (`src/flows/operator/samples.ts`). Invariant: the labels are the keys of these objects; nothing that a
// caller or a provider writes becomes one.

import {
  COMMIT_EDGES_S,
  COMMIT_GROUP_EDGES,
  LATENCY_EDGES_S,
  LEASE_WAIT_EDGES_S,
  METRIC_PROVIDERS_MAX,
} from './limits.ts';
import { SECOND_MS } from './time.ts';

/** Parts of the address space that calls are counted by. `other`: health, metrics, downloads, what is nowhere. */
export const PLANES = ['proxy', 'platform', 'operator', 'callback', 'webhook', 'other'] as const;
/** See PLANES. */
export type Plane = (typeof PLANES)[number];

/** Methods by what they do (RFC 9110 section 9.2.1); anything else a caller may write is `other`. */
export const METHOD_CLASSES = ['read', 'write', 'other'] as const;
const READ = METHOD_CLASSES.indexOf('read');
const WRITE = METHOD_CLASSES.indexOf('write');
const OTHER_METHOD = METHOD_CLASSES.indexOf('other');
const METHOD_CLASS: ReadonlyMap<string | undefined, number> = new Map([
  ...['GET', 'HEAD', 'OPTIONS'].map((method): [string, number] => [method, READ]),
  ...['POST', 'PUT', 'PATCH', 'DELETE'].map((method): [string, number] => [method, WRITE]),
]);

/** How calls end: with a status, broken off in the middle of an answer (or without one), or left by the client. */
export const STATUS_CLASSES = ['2xx', '3xx', '4xx', '5xx', 'broken', 'client_gone'] as const;
const BROKEN = STATUS_CLASSES.indexOf('broken');
const CLIENT_GONE = STATUS_CLASSES.indexOf('client_gone');

/** What came of a token renewal. `unknown`: sent, and nobody knows; `app_refused`: the client, not the grant. */
export const REFRESH_OUTCOMES = ['renewed', 'refused', 'app_refused', 'failed', 'unknown'] as const;
/** What came of a page of a read. `ended`: it was the last of its run. */
export const PAGE_OUTCOMES = ['committed', 'ended', 'deferred', 'failed', 'abandoned'] as const;
/** What came of a look at the fields of one object. */
export const LOOK_OUTCOMES = ['looked', 'deferred', 'failed'] as const;
/** What a write came to; `partly`: of a batch, some records. */
export const WRITE_OUTCOMES = ['written', 'partly', 'failed'] as const;
/** What came of one attempt to deliver a message. `dropped`: a notification that was not even stored. */
export const DELIVERY_OUTCOMES = ['delivered', 'retry', 'dead', 'dropped'] as const;
/** What a webhook of a provider came to. `deferred`: not all of it found room, and the provider is to come again. */
export const WEBHOOK_OUTCOMES = ['received', 'refused', 'deferred'] as const;
/**
 * What became of the events in it. `unclaimed`: of an account that has no installation; `overflow`: lost, because so
 * much has waited for so long that it made no sense to have them sent again.
 */
export const WEBHOOK_EVENT_OUTCOMES = ['stored', 'duplicate', 'unwanted', 'unclaimed', 'overflow'] as const;
/**
 * What became of events in inboxes. `merged`: told with an earlier one of the same record; `bare`: told without the
 * record that it should have; `unwanted`: nobody subscribes to it; `dropped`: nobody could read it.
 */
export const INBOX_OUTCOMES = ['told', 'merged', 'bare', 'unwanted', 'dropped'] as const;
/** What a call waits for before it may go: a token, calls in a window, a place among calls at the same time. */
export const WAIT_REASONS = ['token', 'budget', 'seats'] as const;
/** See WAIT_REASONS. */
export type WaitReason = (typeof WAIT_REASONS)[number];

/** Values by size, in the unit of their edges: how many up to each edge, and beyond the last one. */
export interface Distribution {
  readonly counts: number[];
  sum: number;
}

/** Calls of one plane. */
export interface CallCounts {
  /** By method class and status class: METHOD_CLASSES × STATUS_CLASSES. */
  readonly requests: number[];
  /** From its head to its end, by LATENCY_EDGES_S. */
  readonly seconds: Distribution;
  bytesIn: number;
  bytesOut: number;
}

/** What concerns one provider. */
export interface ProviderCounts {
  /** Proxied calls. */
  readonly calls: CallCounts;
  /** Calls to its API, also those of reads, one for each try: by STATUS_CLASSES. */
  readonly attempts: number[];
  /** From the lease to the head of the answer, by LATENCY_EDGES_S. */
  readonly upstreamSeconds: Distribution;
  /** Answers that refused a call for being too many. */
  limited: number;
  /** Calls in throttle mode that were answered without being sent. */
  throttled: number;
  /** By REFRESH_OUTCOMES. */
  readonly refreshes: number[];
  /** By PAGE_OUTCOMES. */
  readonly pages: number[];
  /** Records read. */
  records: number;
  /** By LOOK_OUTCOMES. */
  readonly looks: number[];
  /** Writes that are over, by WRITE_OUTCOMES. */
  readonly writes: number[];
  /** Records made, changed or deleted. */
  recordsWritten: number;
  /** By WEBHOOK_OUTCOMES. */
  readonly webhooks: number[];
  /** By WEBHOOK_EVENT_OUTCOMES. */
  readonly webhookEvents: number[];
  /** By INBOX_OUTCOMES. */
  readonly inboxEvents: number[];
}

/** Everything that is counted where calls are made. Can be posted to another thread as it is. */
export interface Counts {
  readonly planes: Readonly<Record<Plane, CallCounts>>;
  /** At most METRIC_PROVIDERS_MAX and `other`. */
  readonly providers: Map<string, ProviderCounts>;
  /** By DELIVERY_OUTCOMES. */
  readonly deliveries: number[];
  /** By LEASE_WAIT_EDGES_S. */
  readonly leaseWaits: LeaseWaits;
}

/** See WAIT_REASONS. */
export type LeaseWaits = Readonly<Record<WaitReason, Distribution>>;

/** Commits, as they are counted where they are made. */
export interface CommitCounts {
  /** From the writer's taking a group to its being on disk, by COMMIT_EDGES_S. */
  readonly seconds: Distribution;
  /** Steps that shared a transaction, by COMMIT_GROUP_EDGES. */
  readonly groups: Distribution;
}

/** Whom providers beyond METRIC_PROVIDERS_MAX are counted with. */
export const OTHER_PROVIDER = 'other';

/** Nothing counted yet. */
export function newCounts(): Counts {
  const planes = Object.fromEntries(PLANES.map((plane) => [plane, newCallCounts()])) as Record<Plane, CallCounts>;
  return { planes, providers: new Map(), deliveries: zeros(DELIVERY_OUTCOMES.length), leaseWaits: newLeaseWaits() };
}

/** No wait counted yet. */
export function newLeaseWaits(): LeaseWaits {
  const waits = WAIT_REASONS.map((reason) => [reason, newDistribution(LEASE_WAIT_EDGES_S)]);
  return Object.fromEntries(waits) as Record<WaitReason, Distribution>;
}

/** No commit counted yet. */
export function newCommitCounts(): CommitCounts {
  return { seconds: newDistribution(COMMIT_EDGES_S), groups: newDistribution(COMMIT_GROUP_EDGES) };
}

/** The counts of a provider of the catalog. */
export function countsOf({ providers }: Counts, provider: string): ProviderCounts {
  const known = providers.get(provider);
  if (known !== undefined) return known;
  if (providers.size >= METRIC_PROVIDERS_MAX && provider !== OTHER_PROVIDER) {
    return countsOf({ providers } as Counts, OTHER_PROVIDER);
  }
  const counts = newProviderCounts();
  providers.set(provider, counts);
  return counts;
}

/** Counts one value; `edges` are those that the distribution was made with. */
export function observe(distribution: Distribution, edges: readonly number[], value: number): void {
  let place = 0;
  while (place < edges.length && value > (edges[place] as number)) place += 1;
  distribution.counts[place] = (distribution.counts[place] as number) + 1;
  distribution.sum += value;
}

/** How a call ended: its status, or what there was instead of one. */
export type CallEnd = number | 'broken' | 'clientGone';

/** Counts a call that has ended. */
export function countCall(
  counts: CallCounts,
  method: string | undefined,
  end: CallEnd,
  ms: number,
  bytesIn: number,
  bytesOut: number,
): void {
  const row = METHOD_CLASS.get(method) ?? OTHER_METHOD;
  add(counts.requests, row * STATUS_CLASSES.length + statusClassOf(end));
  observe(counts.seconds, LATENCY_EDGES_S, ms / SECOND_MS);
  counts.bytesIn += bytesIn;
  counts.bytesOut += bytesOut;
}

/** Counts one try at a provider; `upstreamMs` until the head of its answer, null without one. */
export function countAttempt(counts: ProviderCounts, end: CallEnd, upstreamMs: number | null): void {
  add(counts.attempts, statusClassOf(end));
  if (end === 429) counts.limited += 1;
  if (upstreamMs !== null) observe(counts.upstreamSeconds, LATENCY_EDGES_S, upstreamMs / SECOND_MS);
}

/** Adds to the count of `outcome` among `outcomes`. */
export function countOutcome<Outcome extends string>(
  counts: number[],
  outcomes: readonly Outcome[],
  outcome: Outcome,
  times = 1,
): void {
  add(counts, outcomes.indexOf(outcome), times);
}

/** Counts how long a call waited before it might go. */
export function countWait(waits: LeaseWaits, reason: WaitReason, ms: number): void {
  observe(waits[reason], LEASE_WAIT_EDGES_S, ms / SECOND_MS);
}

/** Adds what another thread counted. */
export function addCounts(into: Counts, from: Counts): void {
  for (const [provider, counts] of from.providers) sum(countsOf(into, provider), counts);
  sum(into.planes, from.planes);
  sum(into.deliveries, from.deliveries);
  sum(into.leaseWaits, from.leaseWaits);
}

/** What was counted since the last time, for `addCounts` on another thread. Counting goes on in the same objects. */
export function takeCounts(counts: Counts): Counts {
  const taken = structuredClone(counts);
  const { planes, providers, deliveries, leaseWaits } = counts;
  for (const part of [planes, deliveries, leaseWaits, ...providers.values()]) clear(part);
  return taken;
}

function newProviderCounts(): ProviderCounts {
  return {
    calls: newCallCounts(),
    attempts: zeros(STATUS_CLASSES.length),
    upstreamSeconds: newDistribution(LATENCY_EDGES_S),
    limited: 0,
    throttled: 0,
    refreshes: zeros(REFRESH_OUTCOMES.length),
    pages: zeros(PAGE_OUTCOMES.length),
    records: 0,
    looks: zeros(LOOK_OUTCOMES.length),
    writes: zeros(WRITE_OUTCOMES.length),
    recordsWritten: 0,
    webhooks: zeros(WEBHOOK_OUTCOMES.length),
    webhookEvents: zeros(WEBHOOK_EVENT_OUTCOMES.length),
    inboxEvents: zeros(INBOX_OUTCOMES.length),
  };
}

function newCallCounts(): CallCounts {
  const requests = zeros(METHOD_CLASSES.length * STATUS_CLASSES.length);
  return { requests, seconds: newDistribution(LATENCY_EDGES_S), bytesIn: 0, bytesOut: 0 };
}

function newDistribution(edges: readonly number[]): Distribution {
  return { counts: zeros(edges.length + 1), sum: 0 };
}

function zeros(length: number): number[] {
  return new Array<number>(length).fill(0);
}

function add(counts: number[], place: number, times = 1): void {
  counts[place] = (counts[place] as number) + times;
}

/** 1xx never ends a call; what a provider numbers beyond 599 is an error of its own. */
function statusClassOf(end: CallEnd): number {
  if (typeof end !== 'number') return end === 'broken' ? BROKEN : CLIENT_GONE;
  return end < 300 ? 0 : Math.min(3, Math.floor(end / 100) - 2);
}

/** Numbers, and lists and objects of them, of the same shape. */
type Tree = { [key: string]: number | Tree } | number[];

function sum(into: object, from: object): void {
  const [left, right] = [into as { [key: string]: number | Tree }, from as { [key: string]: number | Tree }];
  for (const [key, value] of Object.entries(right)) {
    const own = left[key];
    if (typeof value === 'number') left[key] = (typeof own === 'number' ? own : 0) + value;
    else if (typeof own === 'object') sum(own, value);
  }
}

function clear(part: object): void {
  const tree = part as { [key: string]: number | Tree };
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'number') tree[key] = 0;
    else clear(value);
  }
}
