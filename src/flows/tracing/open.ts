// Loads what makes spans, only where they are wanted: it takes 100 ms and 5 MB.

import type { Log } from '../../core/log.ts';
import type { Tracer } from '../../core/spans.ts';
import type { TracingConfig } from './config.ts';

/** One for each thread. */
export async function openTracer(config: TracingConfig | null, log: Log): Promise<Tracer | null> {
  if (config === null) return null;
  const { createTracer } = await import('./otel.ts');
  return createTracer(config, log);
}
