// What the tidy rules look at: every file of the project as text, and every TypeScript file parsed. Read from
// disk for the real check and built from a record for the rules' own tests, so that a rule cannot tell the two
// apart. Nothing here knows a rule.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ESTree, parseSync, Visitor, type VisitorObject } from 'vite';

/** One thing that is wrong. `line` is 0 where the whole file is meant. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** Looks at the whole project and answers everything that breaks the rule. */
export type Rule = (project: Project) => readonly Violation[];

/** A module that a file names, with the exports it takes from it. */
export interface ModuleUse {
  readonly specifier: string;
  readonly offset: number;
  /** `all` where the names cannot be told: a dynamic import, `export *`, a namespace that is handed on. */
  readonly names: readonly string[] | 'all';
}

/** A name that a file offers to others. */
export interface OwnExport {
  readonly name: string;
  readonly localName: string;
  readonly offset: number;
  readonly isType: boolean;
}

export interface Source {
  /** From the project root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly program: ESTree.Program;
  readonly comments: ReturnType<typeof parseSync>['comments'];
  readonly uses: readonly ModuleUse[];
  readonly exports: readonly OwnExport[];
  readonly parseErrors: readonly Violation[];
  lineOf(offset: number): number;
}

export interface Project {
  /** Text files by path. */
  readonly texts: ReadonlyMap<string, string>;
  readonly sources: readonly Source[];
  /** Every file, also those that are not text, and every folder without a slash at its end. */
  readonly paths: ReadonlySet<string>;
}

/** Other people's code, what runs leave behind, and measurements, which are data about one machine. */
const IGNORED = new Set(['.git', 'node_modules', '.tenon', 'dist', 'coverage', 'bench/results', '.vitest.json']);
const TEXT_ENDING = /(?:\.(?:ts|md|json|ya?ml|toml|html|css|js|sql|sh|npmrc)|^LICENSE|^\.ci\/run)$/;

/** Builds a project from the texts of its files. */
export function projectOf(files: Readonly<Record<string, string>>): Project {
  const texts = new Map(Object.entries(files));
  return { texts, sources: parseAll(texts), paths: withFolders(texts.keys()) };
}

/** Reads the project that lies in the folder `root`. */
export function readProject(root: string): Project {
  const paths = filesBelow(root, '');
  const texts = new Map<string, string>();
  for (const path of paths) {
    if (TEXT_ENDING.test(path)) texts.set(path, readFileSync(join(root, path), 'utf8'));
  }
  return { texts, sources: parseAll(texts), paths: withFolders(paths) };
}

/** Visits every node of a file; see the `Visitor` of oxc for the names. */
export function visit(source: Source, visitor: VisitorObject): void {
  new Visitor(visitor).visit(source.program);
}

/** A violation at a place in a source. */
export function at(source: Source, offset: number, message: string): Violation {
  return { path: source.path, line: source.lineOf(offset), message };
}

function filesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (IGNORED.has(path)) return [];
    return entry.isDirectory() ? filesBelow(root, path) : [path];
  });
}

function withFolders(paths: Iterable<string>): Set<string> {
  const all = new Set<string>();
  for (const path of paths) {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) all.add(path.slice(0, end));
  }
  return all;
}

function parseAll(texts: ReadonlyMap<string, string>): Source[] {
  return [...texts].filter(([path]) => path.endsWith('.ts')).map(([path, text]) => parseSource(path, text));
}

function parseSource(path: string, text: string): Source {
  const parsed = parseSync(path, text);
  const lineOf = lineFinder(text);
  return {
    path,
    text,
    program: parsed.program,
    comments: parsed.comments,
    uses: [...importsOf(parsed.module, parsed.program), ...expressionsOf(parsed.program)],
    exports: exportsOf(parsed.module),
    parseErrors: parsed.errors.map((error) => ({
      path,
      line: lineOf(error.labels[0]?.start ?? 0),
      message: error.message,
    })),
    lineOf,
  };
}

/** Line numbers start at 1; found by halving, since long files have many functions to place. */
function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

type ParsedModule = ReturnType<typeof parseSync>['module'];

function importsOf(module: ParsedModule, program: ESTree.Program): ModuleUse[] {
  const imports = module.staticImports.map(({ moduleRequest, start, entries }): ModuleUse => {
    const namespace = entries.find((entry) => entry.importName.kind === 'NamespaceObject');
    const names = entries.map((entry) => entry.importName.name ?? 'default');
    return {
      specifier: moduleRequest.value,
      offset: start,
      names: namespace === undefined ? names : membersOf(program, namespace.localName.value),
    };
  });
  const reexports = module.staticExports.flatMap(({ start, entries }) =>
    entries.flatMap(({ moduleRequest, importName }): ModuleUse[] => {
      if (moduleRequest === null) return [];
      const names = importName.kind === 'Name' ? [importName.name ?? 'default'] : ('all' as const);
      return [{ specifier: moduleRequest.value, offset: start, names }];
    }),
  );
  return [...imports, ...reexports];
}

/** What a file takes from a namespace it imported; `all` where it hands the namespace on. */
function membersOf(program: ESTree.Program, namespace: string): string[] | 'all' {
  const members: string[] = [];
  // The import itself is the one mention that is no member.
  let mentions = -1;
  new Visitor({
    Identifier(node) {
      if (node.name === namespace) mentions += 1;
    },
    MemberExpression({ object, property, computed }) {
      if (computed || property.type !== 'Identifier') return;
      if (property.name === namespace) mentions -= 1;
      if (object.type === 'Identifier' && object.name === namespace) members.push(property.name);
    },
    TSQualifiedName({ left, right }) {
      if (left.type === 'Identifier' && left.name === namespace) members.push(right.name);
    },
  }).visit(program);
  return mentions === members.length ? members : 'all';
}

/** Modules named inside expressions and types: `import('…')`, `require('…')` and `new URL('./worker.ts', …)`. */
function expressionsOf(program: ESTree.Program): ModuleUse[] {
  const uses: ModuleUse[] = [];
  const use = (node: ESTree.Node | undefined) => {
    if (node?.type === 'Literal' && typeof node.value === 'string') {
      uses.push({ specifier: node.value, offset: node.start, names: 'all' });
    }
  };
  new Visitor({
    ImportExpression: (node) => use(node.source),
    TSImportType: (node) => use(node.source),
    CallExpression(node) {
      if (node.callee.type === 'Identifier' && node.callee.name === 'require') use(node.arguments[0]);
    },
    NewExpression(node) {
      const [first, base] = node.arguments;
      const isUrl =
        node.callee.type === 'Identifier' && node.callee.name === 'URL' && base?.type === 'MemberExpression';
      if (isUrl && first?.type === 'Literal' && /^\.{1,2}\/.*\.ts$/.test(String(first.value))) use(first);
    },
  }).visit(program);
  return uses;
}

function exportsOf(module: ParsedModule): OwnExport[] {
  return module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ exportName, localName, isType, start }): OwnExport[] => {
      if (exportName.kind === 'None') return [];
      const name = exportName.name ?? 'default';
      return [{ name, localName: localName.name ?? name, offset: exportName.start ?? start, isType }];
    }),
  );
}
