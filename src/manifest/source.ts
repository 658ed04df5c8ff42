// Reads the YAML text of a manifest and remembers where each value stands. Called by parse.ts only.
// Invariant: reading is bounded (size, aliases, merges, nesting) and takes time in proportion to the text; every path
// has a position: where a value is missing, that of the nearest mapping around it.

import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import { MANIFEST_ALIASES_MAX, MANIFEST_MERGED_MAX } from '../core/limits.ts';
import type { Path } from './issues.ts';

/** 1-based, in characters. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface TextProblem extends Position {
  readonly message: string;
}

export interface Source {
  /** The content as plain values; null where the text is too broken to have any. */
  readonly content: { readonly value: unknown } | null;
  readonly errors: readonly TextProblem[];
  readonly warnings: readonly TextProblem[];
  positionOf(path: Path, of: 'key' | 'value'): Position;
}

type YamlDocument = ReturnType<typeof parseDocument>;
type Located = { readonly offset: number; readonly message: string };

interface Survey {
  /** What each alias stands for. */
  readonly targets: ReadonlyMap<unknown, unknown>;
  readonly firstAliasOffset: number;
  readonly aliasProblems: readonly Located[];
  readonly repeatedKeys: readonly Located[];
}

const OWN_WORDS: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY:
    'another "key:" begins inside this value: put the value in quotes, or indent the next line like the keys above',
  MULTIPLE_DOCS: 'a manifest is one YAML document, remove everything from "---" on',
  NON_STRING_KEY: 'keys must be plain text',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
  TAB_AS_INDENT: 'tabs are not allowed as indentation, use spaces',
};

const UNQUOTED_STAR = /^[^#"'*\n]*[:-] +(?=\*[^\s,\]}]* +[^\s#])/;
/** Of a line: nobody writes a schedule behind more. */
const LOOKED_AT_CHARS = 500;

/** Reads one YAML document. Never throws on bad text. */
export function readSource(text: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    logLevel: 'error',
    merge: true,
    prettyErrors: false,
    stringKeys: true,
    // The library compares every pair of keys; `survey` looks for repeated ones with a set.
    uniqueKeys: false,
  });
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const locate = ({ offset, message }: Located): TextProblem => ({ ...positionAt(offset), message });
  const version = document.directives?.yaml;
  const isOtherYaml = version?.explicit === true && version.version !== '1.2';
  const syntax = [
    ...(isOtherYaml ? [{ line: 1, column: 1, message: `is YAML ${version.version}: only YAML 1.2 is read` }] : []),
    ...firstPerLine(document.errors.map((error) => ({ ...positionAt(error.pos[0]), error }))).map(({ error }) =>
      locate(inOwnWords(text, error.pos[0], error.code, error.message)),
    ),
  ];
  if (syntax.length > 0) {
    return { content: null, errors: syntax, warnings: [], positionOf: () => positionAt(0) };
  }
  const survey = surveyOf(document);
  const content = survey.aliasProblems.length === 0 ? plainValue(document, survey.targets) : null;
  const isBomb = survey.aliasProblems.length === 0 && content === null;
  const bombs = isBomb ? [{ offset: survey.firstAliasOffset, message: 'aliases repeat too much of the file' }] : [];
  return {
    content,
    errors: [...survey.repeatedKeys, ...survey.aliasProblems, ...bombs].map(locate),
    warnings: document.warnings.map((warning) => locate({ offset: warning.pos[0], message: warning.message })),
    positionOf: (path, of) => positionAt(offsetOf(document, survey.targets, path, of)),
  };
}

/** The words of the library are for those who know the grammar of YAML. */
function inOwnWords(text: string, offset: number, code: string, message: string): Located {
  // `schedule: */10 * * * *` is an alias to YAML, and everything after it too much.
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const star = UNQUOTED_STAR.exec(text.slice(lineStart, lineStart + LOOKED_AT_CHARS));
  if (star === null) return { offset, message: OWN_WORDS[code] ?? message };
  return { offset: lineStart + star[0].length, message: 'a value that begins with * must be in quotes' };
}

/** One slip in YAML makes the parser complain several times about the same line; the first complaint is the cause. */
function firstPerLine<Problem extends Position>(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<number>();
  return problems.filter(({ line }) => !seen.has(line) && seen.add(line));
}

/** One walk over the document, because resolving a single alias by the library is such a walk too. */
function surveyOf(document: YamlDocument): Survey {
  const anchors = new Map<string, unknown>();
  const targets = new Map<unknown, unknown>();
  const aliasProblems: Located[] = [];
  const repeatedKeys: Located[] = [];
  let firstAliasOffset = 0;
  visit(document, {
    Node(_key, node, ancestors) {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node);
        if (isMap(node)) {
          repeatedKeys.push(...repeatedKeysOf(node));
          aliasProblems.push(
            ...mergeProblemsOf(node, (source) => (isAlias(source) ? anchors.get(source.source) : source)),
          );
        }
        return undefined;
      }
      const offset = startOf(node);
      if (ancestors.includes(anchors.get(node.source) as (typeof ancestors)[number])) {
        aliasProblems.push({ offset, message: `the alias stands inside the value that &${node.source} names` });
      }
      if (targets.size === 0) firstAliasOffset = offset;
      targets.set(node, anchors.get(node.source));
      if (!anchors.has(node.source)) {
        aliasProblems.push({ offset, message: `the anchor &${node.source} is not defined before this alias` });
      }
      if (targets.size <= MANIFEST_ALIASES_MAX) return undefined;
      aliasProblems.push({ offset, message: `a manifest may have at most ${MANIFEST_ALIASES_MAX} aliases` });
      return visit.BREAK;
    },
  });
  return { targets, firstAliasOffset, aliasProblems, repeatedKeys };
}

function repeatedKeysOf(map: YAMLMap): readonly Located[] {
  const seen = new Set<string>();
  return map.items.flatMap((pair) => {
    const key = keyOf(pair);
    if (key === '<<' || !seen.has(key)) {
      seen.add(key);
      return [];
    }
    return [{ offset: startOf(pair.key), message: 'the same key is given twice in one mapping' }];
  });
}

/** What `<<` merges must be a mapping, or a list of mappings. */
function mergeProblemsOf(map: YAMLMap, resolved: (source: unknown) => unknown): readonly Located[] {
  return mergesOf(map).flatMap(({ key, value }) => {
    const source = resolved(value);
    const sources = isSeq(source) ? source.items.map(resolved) : [source];
    if (sources.every((one) => isMap(one) || one === undefined)) return [];
    return [{ offset: startOf(isNode(value) ? value : key), message: 'only a mapping can be merged with <<' }];
  });
}

function mergesOf(map: YAMLMap): readonly Pair[] {
  return map.items.filter((pair) => keyOf(pair) === '<<');
}

/** The library throws where aliases of aliases would multiply ("billion laughs"); of merges it counts nothing. */
function plainValue(document: YamlDocument, targets: Survey['targets']): { readonly value: unknown } | null {
  if (buildOf(document.contents, targets).merged > MANIFEST_MERGED_MAX) return null;
  try {
    return { value: document.toJS({ maxAliasCount: MANIFEST_ALIASES_MAX }) };
  } catch (thrown) {
    if (thrown instanceof ReferenceError || thrown instanceof RangeError) return null;
    throw thrown;
  }
}

/** What the library makes of a node: values in all, those of them that are there by a merge, and members of it. */
interface Build {
  readonly values: number;
  readonly merged: number;
  readonly members: number;
}

/**
 * What is merged is built for each merge and then copied member by member; what another alias stands for is built
 * once. Each anchor is looked at once, however often it is merged. No alias may stand inside its own anchor.
 */
function buildOf(node: unknown, targets: Survey['targets'], known = new Map<unknown, Build>()): Build {
  const before = known.get(node);
  if (before !== undefined) return before;
  let [values, merged, members] = [1, 0, 0];
  for (const item of isSeq(node) || isMap(node) ? node.items : []) {
    const value = isPair(item) ? item.value : item;
    if (isPair(item) && keyOf(item) === '<<') {
      for (const source of mergedBy(value, targets)) {
        const build = buildOf(source, targets, known);
        values += build.values + build.members;
        merged += build.values + build.members;
        members += build.members;
      }
    } else {
      const build = buildOf(value, targets, known);
      values += build.values;
      merged += build.merged;
      members += 1;
    }
  }
  const build = { values, merged, members };
  if (isNode(node) && !isAlias(node) && node.anchor !== undefined) known.set(node, build);
  return build;
}

function offsetOf(document: YamlDocument, targets: Survey['targets'], path: Path, of: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const [index, step] of path.entries()) {
    const parent = isAlias(node) ? targets.get(node) : node;
    const pair = isMap(parent) ? pairIn(parent, step, targets) : undefined;
    const child = isSeq(parent) && typeof step === 'number' ? parent.items[step] : pair?.value;
    if (pair === undefined && child === undefined) return offset;
    const wantsKey = isEmpty(child) || (of === 'key' && index === path.length - 1);
    offset = startOf(wantsKey && pair !== undefined ? pair.key : child);
    node = child;
  }
  return offset;
}

/** The pair under a key, its own or one that was merged in: there the first source wins. */
function pairIn(
  map: YAMLMap,
  key: Path[number],
  targets: Survey['targets'],
  seen = new Set<unknown>(),
): Pair | undefined {
  if (seen.has(map)) return undefined;
  seen.add(map);
  const own = map.items.findLast((item) => keyOf(item) === key);
  if (own !== undefined) return own;
  for (const { value } of mergesOf(map)) {
    for (const merged of mergedBy(value, targets)) {
      const pair = isMap(merged) ? pairIn(merged, key, targets, seen) : undefined;
      if (pair !== undefined) return pair;
    }
  }
  return undefined;
}

/** The mappings that the value of a `<<` stands for. */
function mergedBy(value: unknown, targets: Survey['targets']): readonly unknown[] {
  const resolved = (node: unknown) => (isAlias(node) ? targets.get(node) : node);
  const target = resolved(value);
  return isSeq(target) ? target.items.map(resolved) : [target];
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

/** `key:` with nothing behind it: the position right after the colon helps nobody. */
function isEmpty(node: unknown): boolean {
  return node === null || (isScalar(node) && node.range?.[0] === node.range?.[1]);
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}
