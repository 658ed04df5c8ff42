// Read objects that a manifest no longer has and that are read on where they were installed: a deploy takes them away
// only if it says so. They belong to the revision that left them out. Invariant: whoever installs later has none.

import { MANIFEST_OBJECTS_MAX } from '../core/limits.ts';
import type { Ms } from '../core/time.ts';
import type { IntegrationSpec, ReadObjectSpec } from './manifest.ts';

export interface KeptObject {
  readonly object: ReadObjectSpec;
  /** When it left the manifest. */
  readonly sinceMs: Ms;
}

/** A revision with what it keeps of those before it. */
export interface RunningRevision {
  readonly spec: IntegrationSpec;
  readonly kept: readonly KeptObject[];
}

/** What `after` has to keep of the revision before it; the newest first. */
export function keptAfter({ spec, kept }: RunningRevision, after: IntegrationSpec, nowMs: Ms): readonly KeptObject[] {
  const left = (spec.read?.objects ?? []).map((object): KeptObject => ({ object, sinceMs: nowMs }));
  const names = new Set((after.read?.objects ?? []).map(({ objectName }) => objectName.toLowerCase()));
  return [...left, ...kept]
    .filter(({ object }) => !names.has(object.objectName.toLowerCase()))
    .slice(0, MANIFEST_OBJECTS_MAX);
}

/** The integration as it runs for somebody who installed it at `installedAtMs`. */
export function runningSpec({ spec, kept }: RunningRevision, installedAtMs: Ms): IntegrationSpec {
  const own = kept.filter(({ sinceMs }) => installedAtMs <= sinceMs).map(({ object }) => object);
  if (own.length === 0) return spec;
  return { ...spec, read: { objects: [...(spec.read?.objects ?? []), ...own] } };
}
