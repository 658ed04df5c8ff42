// Exports: each has a reader, and those that others build on have a doc comment. A use is an import from
// anywhere in the project, tests and benches included, so an export kept for its test alone is alive.

import type { ESTree } from 'vite';
import { targetOf } from './imports.ts';
import { at, type Project, type Source, type Violation, visit } from './project.ts';

const PRODUCT = /^(?:src|actors|machines)\//;
const DOCUMENTED = /^(?:src\/core|actors|machines)\//;

/** No export without an importer. A type is also in use where its own file does so: it is part of a signature. */
export function unusedExports({ sources, texts }: Project): Violation[] {
  const used = usedNames(sources);
  const entries = entryPoints(texts.get('package.json') ?? '{}');
  return sources.flatMap((source) => {
    const names = used.get(source.path);
    if (!PRODUCT.test(source.path) || entries.has(source.path) || names?.has('*')) return [];
    const types = typesNamedIn(source);
    return source.exports
      .filter(({ name, localName, isType }) => !names?.has(name) && !(isType && types.has(localName)))
      .map((own) => at(source, own.offset, `nobody imports ${own.name}; drop the export or the code`));
  });
}

/** What src/core, machines and actors export says its shapes and units. Lines of one kind may share a comment. */
export function documentedExports({ sources }: Project): Violation[] {
  return sources
    .filter(({ path }) => DOCUMENTED.test(path))
    .flatMap((source) => {
      const bare = new Set(bareStatements(source).flatMap(namesOf));
      return source.exports
        .filter(({ localName }) => bare.has(localName))
        .map(({ name, offset }) => at(source, offset, `${name} has no doc comment`));
    });
}

/** Names taken from each file; `*` where somebody takes all of them. */
function usedNames(sources: readonly Source[]): Map<string, Set<string>> {
  const used = new Map<string, Set<string>>();
  for (const source of sources) {
    for (const use of source.uses) {
      const target = targetOf(source, use);
      if (target === null) continue;
      const names = used.get(target) ?? new Set<string>();
      used.set(target, names);
      for (const name of use.names === 'all' ? ['*'] : use.names) names.add(name);
    }
  }
  return used;
}

/** Files that package.json starts or publishes, wherever it names them. */
function entryPoints(packageJson: string): Set<string> {
  return new Set([...packageJson.matchAll(/(?:\.\/)?([\w./-]+\.ts)\b/g)].map((match) => match[1] ?? ''));
}

/** Types that a file names outside their own declaration. */
function typesNamedIn(source: Source): Set<string> {
  const named = new Set<string>();
  const declarations = source.program.body.map((statement) => ({ statement, names: namesOf(statement) }));
  const name = (node: ESTree.Node) => {
    if (node.type !== 'Identifier') return;
    const owner = declarations.find(({ statement }) => statement.start <= node.start && node.end <= statement.end);
    if (!owner?.names.includes(node.name)) named.add(node.name);
  };
  visit(source, {
    TSTypeReference: (node) => name(node.typeName),
    TSInterfaceHeritage: (node) => name(node.expression),
    TSClassImplements: (node) => name(node.expression),
  });
  return named;
}

/** Top-level declarations that neither have a doc comment nor share the one of the line above. */
function bareStatements(source: Source): ESTree.Node[] {
  const docs = source.comments.filter(({ type, value }) => type === 'Block' && value.startsWith('*'));
  const ends = new Set(docs.map(({ end }) => end));
  let previous: ESTree.Node | undefined;
  let isDocumented = false;
  return source.program.body.filter((statement) => {
    const above = source.text.slice(0, statement.start).trimEnd();
    isDocumented = ends.has(above.length) || (isDocumented && sharesComment(source, previous, statement));
    previous = statement;
    return !isDocumented;
  });
}

/** Constants and types on adjacent lines are one table with one comment, overloads are one function. */
function sharesComment(source: Source, previous: ESTree.Node | undefined, statement: ESTree.Node): boolean {
  if (previous === undefined) return false;
  const [before, after] = [declarationOf(previous), declarationOf(statement)];
  if (before?.type === 'TSDeclareFunction') return namesOf(before)[0] === namesOf(statement)[0];
  const isAdjacent = source.text.slice(previous.end, statement.start) === '\n';
  const isTable = after?.type === 'VariableDeclaration' || after?.type === 'TSTypeAliasDeclaration';
  return isAdjacent && isTable && before?.type === after.type;
}

function declarationOf(statement: ESTree.Node): ESTree.Node | null {
  return statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
}

function namesOf(statement: ESTree.Node): string[] {
  const declaration = declarationOf(statement);
  if (declaration?.type === 'VariableDeclaration') {
    return declaration.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []));
  }
  if (declaration === null || !('id' in declaration) || declaration.id?.type !== 'Identifier') return [];
  return [declaration.id.name];
}
