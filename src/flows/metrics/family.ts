// Metrics in the form that prom-client prints: a family of one name with its samples, made when somebody scrapes from
// what is counted anyway. Nothing is kept here.

import type { Distribution } from '../../core/counts.ts';

export type Labels = Readonly<Record<string, string | number>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** Where it is not the family's: `…_bucket`, `…_sum`, `…_count`. */
  readonly metricName?: string;
}

export interface Family {
  readonly name: string;
  /** For an operator at night: what it is, and what a high value means. */
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly Sample[];
}

export function sample(value: number, labels: Labels = {}): Sample {
  return { value, labels };
}

export function counter(name: string, help: string, ...samples: readonly Sample[]): Family {
  return { name, help, type: 'counter', samples };
}

export function gauge(name: string, help: string, ...samples: readonly Sample[]): Family {
  return { name, help, type: 'gauge', samples };
}

/** One distribution by its labels. */
export interface Measured {
  readonly labels: Labels;
  readonly distribution: Distribution;
}

export function histogram(
  name: string,
  help: string,
  edges: readonly number[],
  ...measured: readonly Measured[]
): Family {
  return { name, help, type: 'histogram', samples: measured.flatMap((one) => bucketsOf(name, edges, one)) };
}

/** Cumulative, as the format has them. */
function bucketsOf(name: string, edges: readonly number[], { labels, distribution }: Measured): Sample[] {
  let count = 0;
  const buckets = [...edges, '+Inf'].map((le, index) => {
    count += distribution.counts[index] ?? 0;
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
  });
  const total = { metricName: `${name}_count`, labels, value: count };
  return [...buckets, { metricName: `${name}_sum`, labels, value: distribution.sum }, total];
}
