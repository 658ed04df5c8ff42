// Holds the project to its own rules: import order, sizes, syntax, clock, comments, documents and the lock. Each
// rule is also shown a small project that breaks it, because a rule that never fails would look the same as a
// tidy project.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { assert, describe, expect, it } from 'vitest';
import { clock, comments, headers, network, parses, sizes, syntax } from './support/tidy/code.ts';
import { documentedExports, unusedExports } from './support/tidy/exports.ts';
import { claimedTests, documentPaths, lockFile, machinePaths, packageFile } from './support/tidy/files.ts';
import { importOrder, packages, specifiers } from './support/tidy/imports.ts';
import { projectOf, type Rule, readProject, type Violation } from './support/tidy/project.ts';

const RULES: readonly (readonly [string, Rule])[] = [
  ['every file parses', parses],
  ['folders import only what stands before them', importOrder],
  ['packages are declared and stay in their folders', packages],
  ['import specifiers are complete', specifiers],
  ['functions, files and lines keep their bounds', sizes],
  ['syntax is erasable and the types are honest', syntax],
  ['comments hide neither unfinished work nor silenced checks', comments],
  ['every product file opens with a comment', headers],
  ['core, machines and actors document their exports', documentedExports],
  ['every export has a reader', unusedExports],
  ['only core/time.ts reads the clock, sets timers or rolls dice', clock],
  ['only egress calls the network', network],
  ['documents name files that exist', documentPaths],
  ['documents claim nothing without its test', claimedTests],
  ['package.json pins versions and install scripts', packageFile],
  ['the lock builds nothing and names no host', lockFile],
  ['no file knows the machine it was written on', machinePaths],
];

function listed(violations: readonly Violation[]): string[] {
  const byPath = [...Map.groupBy(violations, ({ path }) => path).values()];
  return byPath.flatMap((ofFile) =>
    ofFile
      .toSorted((a, b) => a.line - b.line)
      .map(({ path, line, message }) => `${path}${line === 0 ? '' : `:${line}`}: ${message}`),
  );
}

describe('the project', () => {
  const project = readProject(join(import.meta.dirname, '..'));

  it.each(RULES)('%s', (_name, rule) => {
    const violations = listed(rule(project));
    if (violations.length > 0) assert.fail(`${violations.length} violations\n${violations.join('\n')}`);
  });

  it('is read whole', () => {
    expect(project.sources.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['src/core/time.ts', 'test/tidy.test.ts', 'vitest.config.ts']),
    );
    expect([...project.texts.keys()].filter((path) => path.includes('node_modules'))).toEqual([]);
  });
});

describe('XState', () => {
  it('runs with its development checks under vitest, and would not without the condition', () => {
    const plain = ['--input-type=module', '--eval', 'console.log(import.meta.resolve("xstate"))'];
    const options = { cwd: join(import.meta.dirname, '..'), encoding: 'utf8' } as const;
    expect(execFileSync(process.execPath, plain, options)).not.toContain('development');
    expect(import.meta.resolve('xstate')).toContain('xstate.development');
  });
});

/** A rule, the project it is shown and what it must say; a trailing `…` stands for any end. */
type Case = readonly [name: string, rule: Rule, files: Readonly<Record<string, string>>, expected: readonly string[]];

const lines = (count: number) => 'x;\n'.repeat(count);
const longFunction = `function long() {\n${lines(69)}}`;
const manifest = (...names: string[]) =>
  JSON.stringify({
    dependencies: Object.fromEntries(names.map((name) => [name, '1.0.0'])),
    devDependencies: { vite: '1.0.0' },
  });

function expectCases(cases: readonly Case[]): void {
  it.each(cases)('%s', (_name, rule, files, expected) => {
    const found = listed(rule(projectOf(files)));
    const cut = found.map((line, index) => {
      const wanted = expected[index];
      return wanted?.endsWith('…') ? `${line.slice(0, wanted.length - 1)}…` : line;
    });
    expect(cut).toEqual(expected);
  });
}

describe('rules about imports', () => {
  const from = (...targets: string[]) => targets.map((target) => `import '${target}';\n`).join('');
  expectCases([
    [
      'src/core stands first',
      importOrder,
      { 'src/core/a.ts': from('../store/b.ts') },
      ['src/core/a.ts:1: src/core may …'],
    ],
    [
      'a later folder is refused, an earlier one and the own folder are not',
      importOrder,
      { 'src/auth/a.ts': from('./b.ts', '../limits/c.ts', '../core/d.ts', '../webhook/e.ts') },
      ['src/auth/a.ts:4: src/auth may not import src/webhook/e.ts…'],
    ],
    [
      'machines see core only',
      importOrder,
      { 'machines/a.ts': from('../src/core/a.ts', './b.ts', '../src/store/a.ts', '../actors/a.ts') },
      [
        'machines/a.ts:3: machines may not import src/store/a.ts…',
        'machines/a.ts:4: machines may not import actors/a.ts…',
      ],
    ],
    [
      'actors see machines and the folders up to connectors',
      importOrder,
      { 'actors/a.ts': from('../machines/a.ts', '../src/connectors/a.ts', '../src/flows/a.ts', '../src/edge/a.ts') },
      ['actors/a.ts:3: actors may not import src/flows/a.ts…', 'actors/a.ts:4: actors may not import src/edge/a.ts…'],
    ],
    [
      'flows do not see the edge',
      importOrder,
      { 'src/flows/read/a.ts': from('../proxy.ts', '../../../actors/a.ts', '../../auth/a.ts', '../../edge/a.ts') },
      ['src/flows/read/a.ts:4: src/flows may not import src/edge/a.ts…'],
    ],
    [
      'the edge sees flows, the runtime, store and core',
      importOrder,
      {
        'src/edge/a.ts': from(
          '../flows/a.ts',
          '../../actors/runtime.ts',
          '../store/a.ts',
          '../core/a.ts',
          '../../actors/host.ts',
          '../auth/a.ts',
          '../config.ts',
        ),
      },
      [
        'src/edge/a.ts:5: src/edge may not import actors/host.ts…',
        'src/edge/a.ts:6: src/edge may not import src/auth/a.ts…',
        'src/edge/a.ts:7: src/edge may not import src/config.ts…',
      ],
    ],
    [
      'the top sees everything but tests; tests and benches are free',
      importOrder,
      {
        'src/main.ts': from('./config.ts', './edge/a.ts', '../actors/a.ts', './console/a.ts', '../test/support/a.ts'),
        'test/a.test.ts': from('../src/main.ts'),
        'bench/a.ts': from('../src/main.ts', '../test/support/a.ts'),
      },
      ['src/main.ts:5: src/main.ts may not import test/support/a.ts…'],
    ],
    [
      'a folder nobody placed is refused',
      importOrder,
      { 'src/misc/a.ts': '' },
      ['src/misc/a.ts: src/misc is not in …'],
    ],
    [
      'types, re-exports, dynamic imports and worker addresses count as imports',
      importOrder,
      {
        'src/core/a.ts': [
          `import type { A } from '../store/a.ts';`,
          `type B = import('../auth/b.ts').B;`,
          `await import('../auth/c.ts');`,
          `new URL('../auth/d.ts', import.meta.url);`,
          `export { e } from '../auth/e.ts';`,
        ].join('\n'),
      },
      [1, 2, 3, 4, 5].map((line) => `src/core/a.ts:${line}: src/core may not import…`),
    ],
    [
      'packages stay in their folders',
      packages,
      {
        'package.json': manifest('hono', 'xstate', 'better-sqlite3', 'undici', '@hono/node-server', 'zod'),
        'src/flows/a.ts': from('hono/cors', '@hono/node-server/x', 'xstate', 'better-sqlite3', 'undici', 'zod'),
        'src/edge/a.ts': from('hono', '@hono/node-server'),
        'src/store/a.ts': from('better-sqlite3'),
        'src/egress/a.ts': from('undici', 'node:net'),
        'actors/a.ts': from('xstate'),
        'machines/a.ts': from('xstate', 'node:fs', 'zod'),
        'bench/a.ts': from('undici', 'better-sqlite3'),
      },
      [
        'src/flows/a.ts:1: hono is only for src/edge, src/console, src/sandbox',
        'src/flows/a.ts:2: @hono/node-server is only for src/edge, src/console, src/sandbox',
        'src/flows/a.ts:3: xstate is only for machines, actors',
        'src/flows/a.ts:4: better-sqlite3 is only for src/store',
        'src/flows/a.ts:5: undici is only for src/egress',
        'machines/a.ts:2: machines import only src/core and xstate',
        'machines/a.ts:3: machines import only src/core and xstate',
      ],
    ],
    [
      'packages are declared, and dev tools stay out of the product',
      packages,
      {
        'package.json': manifest('zod'),
        'src/core/a.ts': from('zod', 'vite', 'left-pad'),
        'test/a.ts': from('vite', 'left-pad'),
      },
      [
        'src/core/a.ts:2: vite is a dev dependency; only tests and benches may import it',
        'src/core/a.ts:3: left-pad is not in package.json',
        'test/a.ts:2: left-pad is not in package.json',
      ],
    ],
    [
      'specifiers carry their ending and the node: prefix',
      specifiers,
      { 'bench/a.ts': from('./b.ts', './c.json', 'node:fs', './d', './e.js', 'fs/promises') },
      [
        "bench/a.ts:4: './d' must end in .ts (or .json)",
        "bench/a.ts:5: './e.js' must end in .ts (or .json)",
        "bench/a.ts:6: write 'node:fs/promises'",
      ],
    ],
  ]);
});

describe('rules about code', () => {
  expectCases([
    ['a broken file is reported', parses, { 'src/core/a.ts': 'const a = 1;\nconst = ;' }, ['src/core/a.ts:2: …']],
    [
      'files: 400 lines, tests 600, data any number',
      sizes,
      {
        'src/core/a.ts': lines(400),
        'src/core/b.ts': lines(401),
        'test/a.test.ts': lines(600),
        'test/b.test.ts': lines(601),
        'src/catalog/providers/a.ts': lines(2000),
      },
      ['src/core/b.ts: 401 lines, at most 400', 'test/b.test.ts: 601 lines, at most 600'],
    ],
    [
      'lines: 120 characters, addresses excepted',
      sizes,
      { 'src/core/a.ts': `// ${'x'.repeat(117)}\n// ${'x'.repeat(118)}\n// https://example.com/${'x'.repeat(120)}` },
      ['src/core/a.ts:2: 121 characters, at most 120'],
    ],
    [
      'functions: 70 lines, methods and arrows too',
      sizes,
      {
        'src/core/a.ts': `function short() {\n${lines(68)}}\n${longFunction}`,
        'src/core/b.ts': `class A {\n  m() {\n${lines(69)}}\n}\nconst f = () => {\n${lines(69)}};`,
      },
      [
        'src/core/a.ts:71: function of 71 lines, at most 70',
        'src/core/b.ts:2: function of 71 lines, at most 70',
        'src/core/b.ts:74: function of 71 lines, at most 70',
      ],
    ],
    [
      'test blocks may be long, and a suite counts only its own lines',
      sizes,
      {
        'test/a.test.ts': `describe.each([1])('a', () => {\n${lines(80)}${longFunction}\n});`,
        'test/b.ts': `function suite() {\n  describe('b', () => {\n    it('c', () => {\n${lines(80)}});\n  });\n}`,
        'src/core/c.ts': `describe('c', () => {\n${lines(80)}});`,
      },
      ['test/a.test.ts:82: function of 71 lines, at most 70', 'src/core/c.ts:1: function of 82 lines, at most 70'],
    ],
    [
      'refused syntax',
      syntax,
      {
        'src/core/a.ts': [
          'enum A { B }',
          'namespace C { x; }',
          'class D { constructor(readonly e: number) {} }',
          'let f: any;',
          'g!;',
          'export default 1;',
          `declare module 'h' {}`,
          'declare global {}',
        ].join('\n'),
        'src/core/b.ts': 'const a = 1;\nexport { a as default };',
        'vite.config.ts': 'export default {};',
      },
      [
        'src/core/a.ts:1: enum…',
        'src/core/a.ts:2: namespace…',
        'src/core/a.ts:3: parameter property…',
        'src/core/a.ts:4: any…',
        'src/core/a.ts:5: non-null assertion…',
        'src/core/a.ts:6: default export…',
        'src/core/b.ts:2: default export…',
      ],
    ],
    [
      'markers and silencers in comments, not in strings',
      comments,
      {
        'src/core/a.ts': ['// TODO later', '/* @ts-ignore */', '// @ts-nocheck', '/** FIXME */'].join('\n'),
        'src/core/b.ts': `const todo = 'TODO'; // a todo list\n// @ts-expect-error: wrong on purpose`,
      },
      ['TODO', '@ts-ignore', '@ts-nocheck', 'FIXME'].map(
        (word, index) => `src/core/a.ts:${index + 1}: ${word} in a comment`,
      ),
    ],
    [
      'product files open with a comment, after #! at most',
      headers,
      {
        'src/core/a.ts': '// A.',
        'src/cli/b.ts': '#!/usr/bin/env node\n// B.',
        'actors/c.ts': 'c;\n// C.',
        'test/d.ts': 'd;',
      },
      ['actors/c.ts:1: the file must open with a comment…'],
    ],
    [
      'clocks, timers and chance',
      clock,
      {
        'src/auth/a.ts': [
          'Date.now();',
          'new Date();',
          'const later = setTimeout;',
          'globalThis.setInterval(f, 1);',
          'Math.random();',
          'performance.now();',
          `import { setTimeout as wait } from 'node:timers/promises';`,
          'AbortSignal.timeout(1);',
        ].join('\n'),
        'src/core/time.ts': 'Date.now(); setTimeout(f, 1);',
        'test/a.test.ts': 'Date.now();',
        'bench/a.ts': 'performance.now();',
        'src/auth/b.ts': [
          'new Date(1); Date.parse(text); setImmediate(f); queueMicrotask(f); clearTimeout(handle);',
          'socket.setTimeout(1); type Handle = ReturnType<typeof setTimeout>; const a = { setTimeout: 1 };',
        ].join('\n'),
      },
      [1, 2, 3, 4, 5, 6, 7, 8].map((line) => `src/auth/a.ts:${line}: …`),
    ],
    [
      'the global fetch',
      network,
      {
        'src/auth/a.ts': 'fetch(url);\nglobalThis.fetch(url);\nconst deps = { fetch };',
        'src/auth/b.ts': 'client.fetch(url); app.use({ fetch: call });',
        'src/auth/c.ts': 'function get(fetch: typeof globalThis.fetch) { return fetch(url); }',
        'src/auth/d.ts': 'function get({ fetch }: Deps) { return fetch(url); }',
        'src/egress/a.ts': 'fetch(url);',
        'test/a.test.ts': 'fetch(url);',
      },
      [1, 2, 3].map((line) => `src/auth/a.ts:${line}: global …`),
    ],
  ]);
});

describe('rules about exports', () => {
  expectCases([
    [
      'an export without a reader is dead; one that only a test reads is not',
      unusedExports,
      {
        'package.json': '{"bin": {"tenon": "./src/cli/tenon.ts"}}',
        'src/core/a.ts': [
          'export const dead = 1;',
          'export const used = 2;',
          'export const tested = 3;',
          'export function alone() { alone(); }',
        ].join('\n'),
        'src/core/b.ts': `import { used } from './a.ts';\nawait import('./c.ts');`,
        'src/core/c.ts': 'export const all = 1;',
        'src/cli/tenon.ts': 'export const entry = 1;',
        'test/a.test.ts': `import { tested } from '../src/core/a.ts';\nexport const own = 1;`,
      },
      ['src/core/a.ts:1: nobody imports dead…', 'src/core/a.ts:4: nobody imports alone…'],
    ],
    [
      'a type is in use where a signature of its own file names it, but not by itself',
      unusedExports,
      {
        'src/core/a.ts':
          'export interface Options { a: 1 }\nexport function f(options: Options) {}\nexport type Tree = Tree[];',
        'src/core/b.ts': `import { f } from './a.ts';`,
      },
      ['src/core/a.ts:3: nobody imports Tree…'],
    ],
    [
      'a namespace keeps alive what is taken from it, or all when it is handed on',
      unusedExports,
      {
        'src/core/a.ts': 'export const a = 1;\nexport const dead = 2;\nexport type T = 3;',
        'src/core/b.ts': 'export const b = 1;',
        'test/c.ts': `import * as a from '../src/core/a.ts';\na.a as a.T;`,
        'test/d.ts': `import * as b from '../src/core/b.ts';\nf(b);`,
      },
      ['src/core/a.ts:2: nobody imports dead…'],
    ],
    [
      'a re-export needs a reader of its own',
      unusedExports,
      { 'src/core/a.ts': 'export const a = 1;', 'src/core/b.ts': `export { a as b } from './a.ts';` },
      ['src/core/b.ts:1: nobody imports b…'],
    ],
    [
      'exports of core, machines and actors are documented',
      documentedExports,
      {
        'src/core/a.ts':
          '// A file.\nexport const a = 1;\n/** B. */\nexport const b = 2;\nexport const c = 3;\n\nexport const d = 4;',
        'machines/a.ts': '/** A. */\nexport function a() {}\nexport function b() {}',
        'actors/a.ts': [
          '/** A. */\nexport function a(x: 1): 1;\nexport function a(x: 2): 2;\nexport function a() {}',
          'class B {}\nexport { B };',
        ].join('\n'),
        'src/auth/a.ts': 'export const a = 1;',
      },
      [
        'src/core/a.ts:2: a has no doc comment',
        'src/core/a.ts:7: d has no doc comment',
        'machines/a.ts:3: b has no doc comment',
        'actors/a.ts:6: B has no doc comment',
      ],
    ],
  ]);
});

describe('rules about files', () => {
  const lock = (entry: object) => ({
    'package-lock.json': JSON.stringify({ packages: { 'node_modules/better-sqlite3': entry } }),
  });
  const machine = (...parts: string[]) => ['', ...parts].join('/');
  expectCases([
    [
      'documents name existing files',
      documentPaths,
      {
        'README.md':
          'See `src/core/a.ts`, `src/core/`, `src/core/b.ts:7`, `npm test`, `src/<name>.ts`.\n[docs](docs/a.md#top)',
        'docs/a.md': '`actors/gone.ts` and [up](../README.md), [gone](gone.md), [web](https://example.com).',
        'src/core/a.ts': '',
      },
      [
        'README.md:1: src/core/b.ts does not exist',
        'docs/a.md:1: actors/gone.ts does not exist',
        'docs/a.md:1: docs/gone.md does not exist',
      ],
    ],
    [
      'documents claim nothing without its test',
      claimedTests,
      {
        'docs/a.md': '`test/a.test.ts` “holds” and `test/a.test.ts` “holds too”\n`test/gone.test.ts` “holds”',
        'test/a.test.ts': "it('holds', () => {});",
      },
      ['docs/a.md:1: test/a.test.ts has no test “holds too”', 'docs/a.md:2: test/gone.test.ts has no test “holds”'],
    ],
    [
      'package.json pins versions and install scripts',
      packageFile,
      {
        'package.json': JSON.stringify({
          devDependencies: { vite: '^8.0.0', vitest: '5.1.1' },
          allowScripts: { node: true, 'better-sqlite3': true },
        }),
      },
      [
        'package.json: vite must have an exact version, not ^8.0.0',
        'package.json: allowScripts must have "deno": true',
        'package.json: allowScripts must have "better-sqlite3": false',
      ],
    ],
    [
      'a lock that would compile says how to mend it',
      lockFile,
      lock({}),
      ['package-lock.json: node_modules/better-sqlite3 needs `"gypfile": false`…'],
    ],
    [
      'a lock names no host',
      lockFile,
      lock({ gypfile: false, resolved: 'https://registry.example/x.tgz' }),
      ['package-lock.json: node_modules/better-sqlite3 is resolved from https://registry.example/x.tgz…'],
    ],
    ['a good lock passes', lockFile, lock({ gypfile: false, resolved: 'x.tgz' }), []],
    [
      'paths of one machine',
      machinePaths,
      {
        'docs/a.md': `cd ${machine('work', 'x')}\n${machine('root', 'x')}`,
        'docs/b.md': `https://example.com/drive${machine('root', 'children')}`,
        'src/core/a.ts': `read('${['..', 'shared', 'x'].join('/')}')`,
        'test/a.test.ts': `it.skipIf(missing)('${['..', 'shared', 'x'].join('/')}')`,
        'test/b.test.ts': `it('${['..', 'shared', 'x'].join('/')}')`,
      },
      ['docs/a.md:1: …', 'docs/a.md:2: …', 'src/core/a.ts:1: …', 'test/b.test.ts:1: …'],
    ],
  ]);
});
