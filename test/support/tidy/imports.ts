// The import order of the project: which folder may use which, where each package is allowed, and that every
// package is declared. The tables below are the order itself; docs/architecture.md explains it.

import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { at, type ModuleUse, type Project, type Source, type Violation } from './project.ts';

/** Folders of src/ in order: each may import those before it. */
const LADDER = ['core', 'store', 'egress', 'catalog', 'limits', 'auth', 'webhook', 'manifest', 'connectors'];
const LADDER_ZONES = LADDER.map((folder) => `src/${folder}`);
const BELOW_TOP = [...LADDER_ZONES, 'machines', 'actors', 'src/flows', 'src/edge'];
const TOP = ['src/cli', 'src/console', 'src/sandbox', 'src/threads', 'src/main.ts', 'src/config.ts'];

/** What each zone may import besides itself: zones, or single files. */
const ALLOWED: ReadonlyMap<string, readonly string[]> = new Map([
  ...LADDER_ZONES.map((zone, index): [string, string[]] => [zone, LADDER_ZONES.slice(0, index)]),
  ['machines', ['src/core']],
  ['actors', ['machines', ...LADDER_ZONES]],
  ['src/flows', ['actors', 'machines', ...LADDER_ZONES]],
  ['src/edge', ['src/flows', 'actors/runtime.ts', 'src/store', 'src/core']],
  ...TOP.map((zone): [string, string[]] => [zone, [...BELOW_TOP, ...TOP]]),
]);

/** Packages that only some zones may name. */
const PACKAGE_ZONES: ReadonlyMap<string, readonly string[]> = new Map([
  ['hono', ['src/edge', 'src/console', 'src/sandbox']],
  ['@hono/node-server', ['src/edge', 'src/console', 'src/sandbox']],
  ['xstate', ['machines', 'actors']],
  ['better-sqlite3', ['src/store']],
  ['undici', ['src/egress']],
  ['prom-client', ['src/flows']],
  ...['api', 'otlp-transformer', 'resources', 'sdk-trace'].map((name): [string, string[]] => [
    `@opentelemetry/${name}`,
    ['src/flows'],
  ]),
]);

interface Dependencies {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Folders import only what stands before them in the order. */
export function importOrder({ sources }: Project): Violation[] {
  return sources.flatMap((source) => {
    const zone = zoneOf(source.path);
    if (zone === null) return [];
    const allowed = ALLOWED.get(zone);
    if (allowed === undefined) return [{ path: source.path, line: 0, message: `${zone} is not in the import order` }];
    return source.uses.flatMap((use) => {
      const target = targetOf(source, use);
      if (target === null || !target.includes('/') || zoneOf(target) === zone) return [];
      if (allowed.includes(target) || allowed.includes(zoneOf(target) ?? '')) return [];
      return [
        at(source, use.offset, `${zone} may not import ${target}; it may import ${allowed.join(', ') || 'nothing'}`),
      ];
    });
  });
}

/** Packages are declared, product code uses no dev tools, and each package stays in its folders. */
export function packages({ sources, texts }: Project): Violation[] {
  const declared: Dependencies = JSON.parse(texts.get('package.json') ?? '{}');
  return sources.flatMap((source) =>
    source.uses.flatMap((use) => {
      const message = packageFault(zoneOf(source.path), use.specifier, declared);
      return message === null ? [] : [at(source, use.offset, message)];
    }),
  );
}

/** Specifiers say exactly what they mean: `node:` for what Node brings, a file ending for our own. */
export function specifiers({ sources }: Project): Violation[] {
  return sources.flatMap((source) =>
    source.uses.flatMap(({ specifier, offset }) => {
      if (isBuiltin(specifier) && !specifier.startsWith('node:')) {
        return [at(source, offset, `write 'node:${specifier}'`)];
      }
      if (specifier.startsWith('.') && !/\.(?:ts|json)$/.test(specifier)) {
        return [at(source, offset, `'${specifier}' must end in .ts (or .json)`)];
      }
      return [];
    }),
  );
}

/** The project path that a use names, or null for a package. */
export function targetOf(source: Source, use: ModuleUse): string | null {
  if (!use.specifier.startsWith('.')) return null;
  return posix.join(posix.dirname(source.path), use.specifier);
}

/** The unit of the order that a path belongs to, or null for tests, benches and files beside the folders. */
function zoneOf(path: string): string | null {
  const [folder = '', second = ''] = path.split('/');
  if (folder === 'src') return `src/${second}`;
  return folder === 'machines' || folder === 'actors' ? folder : null;
}

function packageFault(zone: string | null, specifier: string, declared: Dependencies): string | null {
  if (specifier.startsWith('.')) return null;
  const isNode = isBuiltin(specifier);
  if (zone === 'machines' && (isNode || specifier !== 'xstate')) return `machines import only src/core and xstate`;
  if (isNode) return null;
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const zones = PACKAGE_ZONES.get(name);
  if (zone !== null && zones !== undefined && !zones.includes(zone)) return `${name} is only for ${zones.join(', ')}`;
  if (Object.hasOwn(declared.dependencies ?? {}, name)) return null;
  if (!Object.hasOwn(declared.devDependencies ?? {}, name)) return `${name} is not in package.json`;
  return zone === null ? null : `${name} is a dev dependency; only tests and benches may import it`;
}
