// Rules about what is not code: documents name only what exists, package.json and the lock install the same
// things on every machine, and no file knows the machine it was written on.

import { posix } from 'node:path';
import type { Project, Violation } from './project.ts';

const PROJECT_PATH = /^(?:src|actors|machines|bench|test|docs|\.ci)\/[\w./-]*$/;
const EXACT_VERSION = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;
/** npm runs install scripts by this table: two fetch their binary, the third would need a compiler. */
const INSTALL_SCRIPTS = { node: true, deno: true, 'better-sqlite3': false };
const MACHINE_PATH = /(?<![\w.-])\/(?:work|root)\//;
const REFERENCE_PATH = /(?<![\w/.-])(?:\.\.\/)*shared\//;

interface PackageFile {
  readonly allowScripts?: Readonly<Record<string, boolean>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

interface LockFile {
  readonly packages?: Readonly<Record<string, { readonly gypfile?: boolean; readonly resolved?: string }>>;
}

/** README and docs name no file that is not there, neither in backticks nor behind a link. */
export function documentPaths({ texts, paths }: Project): Violation[] {
  return [...texts]
    .filter(([path]) => path === 'README.md' || /^docs\/.*\.md$/.test(path))
    .flatMap(([document, text]) =>
      text.split('\n').flatMap((line, index) =>
        pathsNamedIn(line, document)
          .filter((path) => !paths.has(path))
          .map((path) => ({ path: document, line: index + 1, message: `${path} does not exist` })),
      ),
    );
}

/** Where a document says which test would break, `test/a.test.ts` “name”, that test exists. */
export function claimedTests({ texts }: Project): Violation[] {
  return [...texts]
    .filter(([path]) => /^docs\/.*\.md$/.test(path))
    .flatMap(([document, text]) =>
      text
        .split('\n')
        .flatMap((line, index) =>
          [...line.matchAll(/`(test\/[^`]+)` “([^”]+)”/g)]
            .filter(([, file = '', name = '']) => !texts.get(file)?.includes(name))
            .map(([, file, name]) => ({ path: document, line: index + 1, message: `${file} has no test “${name}”` })),
        ),
    );
}

/** Every machine gets the same versions and runs the same install scripts. */
export function packageFile({ texts }: Project): Violation[] {
  const path = 'package.json';
  const { allowScripts = {}, dependencies, devDependencies }: PackageFile = JSON.parse(texts.get(path) ?? '{}');
  const loose = Object.entries({ ...dependencies, ...devDependencies })
    .filter(([, version]) => !EXACT_VERSION.test(version))
    .map(([name, version]) => `${name} must have an exact version, not ${version}`);
  const scripts = Object.entries(INSTALL_SCRIPTS)
    .filter(([name, isAllowed]) => allowScripts[name] !== isAllowed)
    .map(([name, isAllowed]) => `allowScripts must have "${name}": ${isAllowed}`);
  return [...loose, ...scripts].map((message) => ({ path, line: 0, message }));
}

/** The lock builds nothing from source and names no registry, so that any mirror serves. */
export function lockFile({ texts }: Project): Violation[] {
  const path = 'package-lock.json';
  const { packages = {} }: LockFile = JSON.parse(texts.get(path) ?? '{}');
  const hosts = Object.entries(packages)
    .filter(([, { resolved }]) => resolved?.includes('://'))
    .map(([name, { resolved }]) => `${name} is resolved from ${resolved}; delete the "resolved" field`);
  const builds = packages['node_modules/better-sqlite3']?.gypfile !== false;
  const advice =
    'node_modules/better-sqlite3 needs `"gypfile": false` after its "engines", or npm 10 compiles it although the ' +
    'package brings its addon. npm install drops the line: add it to the lock by hand and run npm ci';
  return [...hosts, ...(builds ? [advice] : [])].map((message) => ({ path, line: 0, message }));
}

/** No path of the machine that a file was written on; tests may look for reference files if they skip without them. */
export function machinePaths({ texts }: Project): Violation[] {
  return [...texts].flatMap(([path, text]) => {
    const maySkip = path.startsWith('test/') && /\bskip/i.test(text);
    return text.split('\n').flatMap((line, index) => {
      const found = MACHINE_PATH.exec(line)?.[0] ?? (maySkip ? undefined : REFERENCE_PATH.exec(line)?.[0]);
      return found === undefined ? [] : [{ path, line: index + 1, message: `${found} exists on one machine only` }];
    });
  });
}

function pathsNamedIn(line: string, document: string): string[] {
  const quoted = [...line.matchAll(/`([^`]+)`/g)].map((match) => (match[1] ?? '').replace(/:\d+$/, ''));
  const linked = [...line.matchAll(/\]\(([^)#\s]+)/g)].map((match) => match[1] ?? '');
  const files = linked.filter((target) => !/^(?:[a-z]+:|\/)/.test(target));
  return [
    ...quoted.filter((path) => PROJECT_PATH.test(path)),
    ...files.map((target) => posix.join(folderOf(document), target)),
  ].map((path) => path.replace(/\/$/, ''));
}

/** Notes on a provider are read inside the page that is generated one folder up, and so are their links. */
function folderOf(document: string): string {
  return posix.dirname(document).replace(/^docs\/providers\/notes$/, 'docs/providers');
}
