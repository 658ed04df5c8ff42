// Shorter words for what every declaration says the same way.

import type { Media, Support } from './providerInfo.ts';
import type { CallKind, Quota } from './quotas.ts';

type Action =
  | 'read'
  | 'write'
  | 'delete'
  | 'proxy'
  | 'subscribe'
  | 'search'
  | 'bulkInsert'
  | 'bulkUpdate'
  | 'bulkUpsert'
  | 'bulkDelete';

/** The published support table with these actions switched on. */
export function supports(...actions: readonly Action[]): Support {
  const has = (action: Action) => actions.includes(action);
  return {
    read: has('read'),
    write: has('write'),
    delete: has('delete'),
    proxy: has('proxy'),
    subscribe: has('subscribe'),
    search: { operators: { equals: has('search') } },
    bulkWrite: {
      insert: has('bulkInsert'),
      update: has('bulkUpdate'),
      upsert: has('bulkUpsert'),
      delete: has('bulkDelete'),
    },
  };
}

/** The published batch table: creates and updates of up to `recordsMax` records a call. */
export function batchWrites(recordsMax: number): Pick<Support, 'batchWrite'> {
  const supported = { supported: true, defaultRecordLimit: recordsMax };
  return {
    batchWrite: { create: supported, update: supported, upsert: { supported: false }, delete: { supported: false } },
  };
}

/** Paths of a call kind: `path`, and all that lies below it, up to `depth` parts. */
export function pathsBelow(path: string, depth: number): readonly string[] {
  return Array.from({ length: depth + 1 }, (_, parts) => path + '/*'.repeat(parts));
}

/** Paths by their method, separated by blanks, each without what all of them begin with. */
export type Endpoints = Readonly<Record<string, string>>;

/** Names separated by blanks, each as a path. */
export function pathsIn(base: string, names: string): readonly string[] {
  return names
    .trim()
    .split(/\s+/)
    .map((name) => `${base}${name}`);
}

/** A limit for kinds of calls, one for each method: `isEach` has every endpoint counted for itself. */
export function quotasFor(
  limit: Omit<Quota, 'only'>,
  base: string,
  byMethod: Endpoints,
  how: Pick<CallKind, 'isEach' | 'isApart'> = {},
): readonly Quota[] {
  return Object.entries(byMethod).map(([method, names]) => {
    return { ...limit, only: { method, paths: pathsIn(base, names), ...how } };
  });
}

const MEDIA = 'https://res.cloudinary.com/dycvts6vp/image/upload/';

/** Icon and logo for light pages, and for dark ones where they differ; paths at the host of the published pictures. */
export function pictures(icon: string, logo: string, darkIcon = icon, darkLogo = logo): Media {
  const full = (path: string) => (path.startsWith('https://') ? path : `${MEDIA}${path}`);
  return {
    regular: { iconURL: full(icon), logoURL: full(logo) },
    darkMode: { iconURL: full(darkIcon), logoURL: full(darkLogo) },
  };
}
