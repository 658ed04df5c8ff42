// Rules about the code of single files: how long things may get, which syntax stays out, who may read the clock,
// set timers or call the network, and what comments must and must not say.

import type { ESTree } from 'vite';
import { at, type Project, type Source, type Violation, visit } from './project.ts';

const FUNCTION_LINES_MAX = 70;
const FILE_LINES_MAX = 400;
const TEST_FILE_LINES_MAX = 600;
const LINE_CHARS_MAX = 120;

const PRODUCT = /^(?:src|actors|machines)\//;
const DATA = /^src\/(?:catalog\/(?:providers\/|builtIn\.ts$)|core\/limits\.ts$)/;
/** An address, alone or as the value of a member, cannot be broken. */
const ADDRESS_LINE = /^\s*(?:\w+: )?'https?:\/\/\S+',?$/;
const CLOCK = 'src/core/time.ts';

/** Callbacks that hold tests: as long as their tests are many. */
const TEST_BLOCKS = new Set(['describe', 'it', 'test', 'suite']);
const TIMERS = new Set(['setTimeout', 'setInterval']);
const CLOCK_MEMBERS = new Set([
  'Date.now',
  'Math.random',
  'performance.now',
  'process.hrtime',
  'Temporal.Now',
  'AbortSignal.timeout',
]);
const GLOBAL_OBJECTS = new Set(['globalThis', 'global', 'window', 'self']);
const MARKER = /\b(?:TODO|FIXME|XXX|HACK)\b/;
const SILENCER = /@ts-(?:ignore|nocheck)\b/;

type FunctionNode = ESTree.Function | ESTree.ArrowFunctionExpression;

/** A file that does not parse would pass every other rule. */
export function parses({ sources }: Project): Violation[] {
  return sources.flatMap((source) => source.parseErrors);
}

/** Files, lines and functions end before a reader loses the thread. */
export function sizes({ sources }: Project): Violation[] {
  return sources.flatMap((source) => [...fileSize(source), ...longLines(source), ...longFunctions(source)]);
}

/** Only syntax that can be erased, and no way around the type checker. */
export function syntax({ sources }: Project): Violation[] {
  return sources.flatMap((source) => {
    const found: Violation[] = [];
    const refuse = (message: string) => (node: ESTree.Node) => {
      found.push(at(source, node.start, message));
    };
    visit(source, {
      TSEnumDeclaration: refuse('enum: use an `as const` object'),
      TSParameterProperty: refuse('parameter property: assign the field in the constructor'),
      TSAnyKeyword: refuse('any: use unknown'),
      TSNonNullExpression: refuse('non-null assertion: narrow the type'),
      TSModuleDeclaration(node) {
        if (node.kind !== 'global' && !node.declare) refuse('namespace: use a module')(node);
      },
    });
    for (const { name, offset } of source.exports) {
      const isConfig = /^[^/]*\.config\.ts$/.test(source.path);
      if (name === 'default' && !isConfig) found.push(at(source, offset, 'default export: name it'));
    }
    return found;
  });
}

/** Work that is not done and checks that are switched off do not hide in comments. */
export function comments({ sources }: Project): Violation[] {
  return sources.flatMap((source) =>
    source.comments.flatMap(({ value, start }) => {
      const marker = MARKER.exec(value)?.[0] ?? SILENCER.exec(value)?.[0];
      return marker === undefined ? [] : [at(source, start, `${marker} in a comment`)];
    }),
  );
}

/** A product file opens with what it does, who calls it and its invariant. */
export function headers({ sources }: Project): Violation[] {
  return sources
    .filter(({ path, text }) => PRODUCT.test(path) && !/^(?:#!.*\n)?\s*\/[/*]/.test(text))
    .map(({ path }) => ({
      path,
      line: 1,
      message: 'the file must open with a comment: what it does and who calls it',
    }));
}

/** One file reads the clock and sets timers, so that tests and simulations own time and chance. */
export function clock({ sources }: Project): Violation[] {
  return sources.filter(isProduct).flatMap((source) => {
    if (source.path === CLOCK) return [];
    const found = globalsIn(source, TIMERS);
    const refuse = (node: ESTree.Node, what: string) => {
      found.push(at(source, node.start, `${what}: take a Clock (${CLOCK}); randomness comes from node:crypto`));
    };
    visit(source, {
      MemberExpression(node) {
        const name = `${nameOf(node.object)}.${nameOf(node.property)}`;
        if (CLOCK_MEMBERS.has(name)) refuse(node, name);
      },
      CallExpression: (node) => nameOf(node.callee) === 'Date' && refuse(node, 'Date()'),
      NewExpression(node) {
        if (nameOf(node.callee) === 'Date' && node.arguments.length === 0) refuse(node, 'new Date()');
      },
    });
    const timers = source.uses.filter(({ specifier }) => /^(?:node:)?timers(?:\/|$)/.test(specifier));
    return [...found, ...timers.map(({ specifier, offset }) => at(source, offset, `${specifier}: take a Clock`))];
  });
}

/** The global `fetch` knows no address guard, no limits and no budget. */
export function network({ sources }: Project): Violation[] {
  const guarded = sources.filter((source) => isProduct(source) && !source.path.startsWith('src/egress/'));
  return guarded.flatMap((source) => globalsIn(source, new Set(['fetch'])));
}

function isProduct({ path }: Source): boolean {
  return PRODUCT.test(path);
}

function fileSize({ path, text }: Source): Violation[] {
  if (DATA.test(path)) return [];
  const max = path.startsWith('test/') ? TEST_FILE_LINES_MAX : FILE_LINES_MAX;
  const lines = text.trimEnd().split('\n').length;
  return lines > max ? [{ path, line: 0, message: `${lines} lines, at most ${max}` }] : [];
}

function longLines({ path, text }: Source): Violation[] {
  return text.split('\n').flatMap((line, index) => {
    // An address cannot be wrapped.
    if (DATA.test(path) && ADDRESS_LINE.test(line)) return [];
    if (line.length <= LINE_CHARS_MAX || /^\s*(?:\/\/|\*)\s*https?:\/\/\S+$/.test(line)) return [];
    return [{ path, line: index + 1, message: `${line.length} characters, at most ${LINE_CHARS_MAX}` }];
  });
}

function longFunctions(source: Source): Violation[] {
  const functions: FunctionNode[] = [];
  const blocks: FunctionNode[] = [];
  visit(source, {
    FunctionDeclaration: (node) => functions.push(node),
    FunctionExpression: (node) => functions.push(node),
    ArrowFunctionExpression: (node) => functions.push(node),
    CallExpression(node) {
      if (!source.path.startsWith('test/') || !TEST_BLOCKS.has(rootName(node.callee))) return;
      for (const argument of node.arguments) {
        if (argument.type === 'ArrowFunctionExpression' || argument.type === 'FunctionExpression')
          blocks.push(argument);
      }
    },
  });
  return functions
    .filter((node) => !blocks.includes(node))
    .map((node) => ({ node, lines: ownLines(source, node, blocks) }))
    .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
    .map(({ node, lines }) => at(source, node.start, `function of ${lines} lines, at most ${FUNCTION_LINES_MAX}`));
}

/** Lines of a function without the test blocks in it, so that a suite shared by several implementations may be long. */
function ownLines(source: Source, node: FunctionNode, blocks: readonly FunctionNode[]): number {
  const inside = blocks.filter((block) => isWithin(block, node));
  const outermost = inside.filter((block) => !inside.some((other) => isWithin(block, other)));
  return outermost.reduce((lines, block) => lines - linesOf(source, block) + 1, linesOf(source, node));
}

function isWithin(inner: ESTree.Node, outer: ESTree.Node): boolean {
  return inner !== outer && outer.start <= inner.start && inner.end <= outer.end;
}

function linesOf(source: Source, node: ESTree.Node): number {
  return source.lineOf(node.end) - source.lineOf(node.start) + 1;
}

/** `describe` of `describe.each(rows)('…', …)`. */
function rootName(callee: ESTree.Node): string {
  if (callee.type === 'MemberExpression') return rootName(callee.object);
  if (callee.type === 'CallExpression') return rootName(callee.callee);
  if (callee.type === 'TaggedTemplateExpression') return rootName(callee.tag);
  return nameOf(callee);
}

function nameOf(node: ESTree.Node): string {
  if (node.type === 'Identifier') return node.name;
  return node.type === 'Literal' ? String(node.value) : '';
}

/**
 * Places where a file reads one of the named globals, bare or through the global object. A file that binds the
 * name itself means its own; property names and types are not reads.
 */
function globalsIn(source: Source, names: ReadonlySet<string>): Violation[] {
  const reads: ESTree.Node[] = [];
  const others = new Set<ESTree.Node>();
  const bound = new Set<string>();
  const bind = (node: ESTree.Node | null): void => {
    if (node?.type === 'Identifier') bound.add(node.name);
    if (node?.type === 'AssignmentPattern') bind(node.left);
    if (node?.type === 'Property') bind(node.value);
  };
  visit(source, {
    Identifier: (node) => names.has(node.name) && reads.push(node),
    MemberExpression(node) {
      if (!node.computed) others.add(node.property);
      if (GLOBAL_OBJECTS.has(nameOf(node.object)) && names.has(nameOf(node.property))) reads.push(node);
    },
    Property: (node) => others.add(node.key),
    PropertyDefinition: (node) => others.add(node.key),
    MethodDefinition: (node) => others.add(node.key),
    TSPropertySignature: (node) => others.add(node.key),
    TSMethodSignature: (node) => others.add(node.key),
    TSTypeQuery: (node) => others.add(node.exprName),
    ImportSpecifier(node) {
      others.add(node.imported);
      bind(node.local);
    },
    VariableDeclarator: (node) => bind(node.id),
    FunctionDeclaration: (node) => [node.id, ...node.params].forEach(bind),
    FunctionExpression: (node) => node.params.forEach(bind),
    ArrowFunctionExpression: (node) => node.params.forEach(bind),
    ObjectPattern: (node) => node.properties.forEach(bind),
  });
  return reads
    .filter((node) => !others.has(node) && !(node.type === 'Identifier' && bound.has(node.name)))
    .map((node) => at(source, node.start, `global ${source.text.slice(node.start, node.end)} is not for this folder`));
}
