// What is counted on the way of calls, as metrics. A provider has series once it was called; the other labels are the
// constant lists of `src/core/counts.ts`.

import {
  type CallCounts,
  type Counts,
  DELIVERY_OUTCOMES,
  INBOX_OUTCOMES,
  LOOK_OUTCOMES,
  METHOD_CLASSES,
  PAGE_OUTCOMES,
  PLANES,
  type ProviderCounts,
  REFRESH_OUTCOMES,
  STATUS_CLASSES,
  WAIT_REASONS,
  WEBHOOK_EVENT_OUTCOMES,
  WEBHOOK_OUTCOMES,
  WRITE_OUTCOMES,
} from '../../core/counts.ts';
import { LATENCY_EDGES_S, LEASE_WAIT_EDGES_S } from '../../core/limits.ts';
import { counter, type Family, histogram, type Labels, type Sample, sample } from './family.ts';

/** On planes that have none, and of proxied calls that were refused before it was known. */
const NO_PROVIDER = 'none';

export function callFamilies(counts: Counts): Family[] {
  const planes = PLANES.map((plane) => ({ labels: { plane, provider: NO_PROVIDER }, calls: counts.planes[plane] }));
  const proxied = [...counts.providers].map(([provider, { calls }]) => ({
    labels: { plane: 'proxy', provider },
    calls,
  }));
  const all = [...planes, ...proxied.filter(({ calls }) => isAny(calls.requests))];
  return [
    counter(
      'tenon_requests_total',
      'Calls to Tenon, by how they ended; broken: the answer broke off in the middle; client_gone: the caller left.',
      ...all.flatMap(({ labels, calls }) => requestSamples(labels, calls)),
    ),
    histogram(
      'tenon_request_seconds',
      'From the head of a call to the end of its answer, waiting and the provider included.',
      LATENCY_EDGES_S,
      ...all.map(({ labels, calls }) => ({ labels, distribution: calls.seconds })),
    ),
    counter(
      'tenon_request_bytes_total',
      'Bytes of calls: in, from callers; out, to them. Bodies; on planes other than the proxy, out has heads too.',
      ...all.flatMap(({ labels, calls: { bytesIn, bytesOut } }) => [
        sample(bytesIn, { ...labels, direction: 'in' }),
        sample(bytesOut, { ...labels, direction: 'out' }),
      ]),
    ),
    histogram(
      'tenon_lease_wait_seconds',
      'What calls waited before they might go: for a token, for room in a limit, for a place among calls at once.',
      LEASE_WAIT_EDGES_S,
      ...WAIT_REASONS.map((reason) => ({ labels: { reason }, distribution: counts.leaseWaits[reason] })),
    ),
    counter(
      'tenon_deliveries_total',
      'Attempts to deliver a message to a webhook. retry: it failed and is tried again; dead: it was given up; ' +
        'dropped: a notification for which too much waited already.',
      ...byOutcome({}, 'outcome', DELIVERY_OUTCOMES, counts.deliveries),
    ),
  ];
}

export function providerFamilies({ providers }: Counts): Family[] {
  const all = [...providers].map(([provider, counts]) => ({ labels: { provider }, counts }));
  const plain: PlainOf = (name, help, amountOf) =>
    counter(
      name,
      help,
      ...all.map(({ labels, counts }) => sample(amountOf(counts), labels)).filter(({ value }) => value > 0),
    );
  const outcomes: OutcomesFamily = (name, help, label, names, of) =>
    counter(
      name,
      help,
      ...all.flatMap(({ labels, counts }) => byOutcome(labels, label, names, of(counts)).filter(isSome)),
    );
  return [
    outcomes(
      'tenon_upstream_requests_total',
      'Calls to the APIs of providers, one for each try, those of reads included; broken: no whole answer came.',
      'status',
      STATUS_CLASSES,
      ({ attempts }) => attempts,
    ),
    histogram(
      'tenon_upstream_seconds',
      'From a call to a provider to the head of its answer; of reads to its end.',
      LATENCY_EDGES_S,
      ...all
        .filter(({ counts }) => isAny(counts.upstreamSeconds.counts))
        .map(({ labels, counts }) => ({ labels, distribution: counts.upstreamSeconds })),
    ),
    plain(
      'tenon_upstream_rate_limited_total',
      'Answers of providers with 429: they want fewer calls.',
      (of) => of.limited,
    ),
    plain(
      'tenon_throttled_calls_total',
      'Calls in throttle mode that were answered without being sent, because the provider asked to be left alone.',
      ({ throttled }) => throttled,
    ),
    outcomes(
      'tenon_token_refreshes_total',
      'Token renewals; refused: the customer may have to connect again; app_refused: the provider app is in trouble; ' +
        'unknown: it was sent and no answer came.',
      'outcome',
      REFRESH_OUTCOMES,
      ({ refreshes }) => refreshes,
    ),
    ...dataFamilies(plain, outcomes),
  ];
}

/** What is read, looked at and written. */
function dataFamilies(plain: PlainOf, outcomes: OutcomesFamily): Family[] {
  return [
    outcomes(
      'tenon_read_pages_total',
      'Pages of reads; ended: the last of a run; deferred: it waits for a limit, a customer or a destination.',
      'outcome',
      PAGE_OUTCOMES,
      ({ pages }) => pages,
    ),
    plain('tenon_read_records_total', 'Records read from providers.', ({ records }) => records),
    outcomes(
      'tenon_schema_looks_total',
      'Looks at the fields of an object; deferred: it waits for a limit, a customer or a destination.',
      'outcome',
      LOOK_OUTCOMES,
      ({ looks }) => looks,
    ),
    outcomes(
      'tenon_writes_total',
      'Writes that are over, single ones and batches; failed: nothing was written, or nobody knows.',
      'outcome',
      WRITE_OUTCOMES,
      ({ writes }) => writes,
    ),
    plain(
      'tenon_written_records_total',
      'Records made, changed or deleted at providers by writes.',
      ({ recordsWritten }) => recordsWritten,
    ),
  ];
}

export function webhookFamilies({ providers }: Counts): Family[] {
  const all = [...providers].map(([provider, counts]) => ({ labels: { provider }, counts }));
  const outcomes = (names: readonly string[], of: OutcomesOf) =>
    all.flatMap(({ labels, counts }) => byOutcome(labels, 'outcome', names, of(counts)).filter(isSome));
  return [
    counter(
      'tenon_webhooks_total',
      'Webhooks of providers; refused: not proved, or not understood; deferred: the provider was told to come again.',
      ...outcomes(WEBHOOK_OUTCOMES, ({ webhooks }) => webhooks),
    ),
    counter(
      'tenon_webhook_events_total',
      'Events in them, for each installation that they concern; unwanted: none subscribes to it; ' +
        'unclaimed: of an account without an installation; overflow: lost, where an inbox has been full for a day.',
      ...outcomes(WEBHOOK_EVENT_OUTCOMES, ({ webhookEvents }) => webhookEvents),
    ),
    counter(
      'tenon_inbox_events_total',
      'Events that left an inbox; merged: told with an earlier one of the same record; bare: without the record that ' +
        'it should have; unwanted: nobody subscribes to it; dropped: nobody could read it.',
      ...outcomes(INBOX_OUTCOMES, ({ inboxEvents }) => inboxEvents),
    ),
  ];
}

type PlainOf = (name: string, help: string, amountOf: (counts: ProviderCounts) => number) => Family;
type OutcomesFamily = (name: string, help: string, label: string, names: readonly string[], of: OutcomesOf) => Family;
type OutcomesOf = (counts: ProviderCounts) => readonly number[];

function requestSamples(labels: Labels, { requests }: CallCounts): Sample[] {
  const every = METHOD_CLASSES.flatMap((method) => STATUS_CLASSES.map((status) => ({ ...labels, method, status })));
  return every.map((of, index) => sample(requests[index] ?? 0, of)).filter(isSome);
}

function byOutcome(labels: Labels, label: string, names: readonly string[], counts: readonly number[]): Sample[] {
  return names.map((name, index) => sample(counts[index] ?? 0, { ...labels, [label]: name }));
}

function isSome({ value }: Sample): boolean {
  return value > 0;
}

function isAny(counts: readonly number[]): boolean {
  return counts.some((count) => count > 0);
}
