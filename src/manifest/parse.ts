// amp.yaml to a manifest, or to everything that is wrong with it, each with its line and column. Called by deploys
// (sourceYaml and zips) and by the command line. Invariant: a file is either accepted as a whole or not at all, and
// unknown keys never decide which.

import { z } from 'zod';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { MANIFEST_BYTES_MAX, MANIFEST_INTEGRATIONS_MAX, MANIFEST_PROBLEMS_MAX } from '../core/limits.ts';
import { didYouMean } from '../core/nearNames.ts';
import { type Finding, findingsOf, formatPath, type Path } from './issues.ts';
import type { IntegrationSpec, Manifest } from './manifest.ts';
import { integrationFindings, type KnownProviders, repeatedNames } from './rules.ts';
import { integrationSchema, manifestSchema } from './schema.ts';
import { readSource, type Source } from './source.ts';

/** One thing to fix, in the words of the file. `path` is empty for problems of the text itself. */
export interface ManifestProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
  readonly remedy?: string;
}

export type ManifestResult =
  | { readonly kind: 'ok'; readonly manifest: Manifest; readonly warnings: readonly ManifestProblem[] }
  | {
      readonly kind: 'invalid';
      readonly problems: readonly ManifestProblem[];
      readonly warnings: readonly ManifestProblem[];
    };

export interface ParseManifestOptions extends KnownProviders {
  /** The name that problems are reported under. */
  readonly fileName: string;
  readonly maxBytes?: number;
}

/**
 * Parses and validates a manifest. Never throws on bad text: all problems come back at once, ordered by position, at
 * most MANIFEST_PROBLEMS_MAX. The manifest holds only known keys and is plain JSON. Shape and rules: the published
 * manifest schema and manifest reference.
 */
export function parseManifest(text: string, options: ParseManifestOptions): ManifestResult {
  const { fileName, maxBytes = MANIFEST_BYTES_MAX } = options;
  if (Buffer.byteLength(text) > maxBytes) {
    const message = `the file is larger than ${maxBytes} bytes`;
    return { kind: 'invalid', problems: [{ file: fileName, line: 1, column: 1, path: '', message }], warnings: [] };
  }
  const source = readSource(text);
  const errors: Finding[] = [];
  const warnings: Finding[] = [];
  const manifest = source.content === null ? null : manifestOf(source.content.value, options, errors, warnings);
  const inText = (problem: Source['errors'][number]) => ({ file: fileName, path: '', ...problem });
  const located = (finding: Finding, of: 'key' | 'value') => locate(finding, source, fileName, of);
  const problems = [...source.errors.map(inText), ...bounded(errors).map((finding) => located(finding, 'value'))];
  const allWarnings = inOrder([
    ...source.warnings.map(inText),
    ...bounded(warnings).map((finding) => located(finding, 'key')),
  ]);
  if (problems.length > 0 || manifest === null) {
    return { kind: 'invalid', problems: inOrder(problems), warnings: allWarnings };
  }
  return { kind: 'ok', manifest, warnings: allWarnings };
}

/** `amp.yaml:12:5: integrations[0].read.objects[0].schedule: runs 5 min apart (…)`. */
export function formatProblem(problem: ManifestProblem): string {
  const { file, line, column, path, message, remedy } = problem;
  const where = path === '' ? '' : `${path}: `;
  return `${file}:${line}:${column}: ${where}${message}${remedy === undefined ? '' : ` (${remedy})`}`;
}

/** The manifest, or null where its outline is not one; adds what it finds to `errors` and `warnings`. */
function manifestOf(
  value: unknown,
  providers: KnownProviders,
  errors: Finding[],
  warnings: Finding[],
): Manifest | null {
  if (!isJsonObject(value)) {
    const message = value === null ? 'the file has no content' : 'the file must be a mapping';
    errors.push({ path: [], message, remedy: 'start with specVersion: 1.0.0 and integrations:' });
    return null;
  }
  const file = knownPart(manifestSchema, value, [], warnings) as JsonObject;
  const outline = manifestSchema.extend({ integrations: z.array(z.unknown()).min(1).max(MANIFEST_INTEGRATIONS_MAX) });
  const result = outline.safeParse(file, { reportInput: true });
  if (!result.success) errors.push(...findingsOf(result.error));
  const list = Array.isArray(file['integrations']) ? (file['integrations'] as readonly JsonValue[]) : [];
  const integrations = list.slice(0, MANIFEST_INTEGRATIONS_MAX);
  errors.push(...repeatedNames(integrations));
  const specs = integrations.flatMap((integration, index) => {
    const spec = integrationOf(integration, ['integrations', index], providers, errors, warnings);
    return spec === null ? [] : [spec];
  });
  return result.success ? { specVersion: result.data.specVersion, integrations: specs } : null;
}

function integrationOf(
  value: JsonValue,
  path: Path,
  providers: KnownProviders,
  errors: Finding[],
  warnings: Finding[],
): IntegrationSpec | null {
  const below = (finding: Finding): Finding => ({ ...finding, path: [...path, ...finding.path] });
  if (isJsonObject(value)) {
    const found = integrationFindings(value, providers);
    errors.push(...found.errors.map(below));
    warnings.push(...found.warnings.map(below));
  }
  const result = integrationSchema.safeParse(value, { reportInput: true });
  if (!result.success) errors.push(...findingsOf(result.error, path));
  return result.success ? result.data : null;
}

/**
 * The part of `value` that the schema knows; the rest becomes warnings. A key without a value counts as absent, as it
 * does in the published command line. The walk follows the schema, so it ends even where an alias contains itself.
 */
function knownPart(schema: unknown, value: unknown, path: Path, warnings: Finding[]): unknown {
  if (schema instanceof z.ZodExactOptional) return knownPart(schema.unwrap(), value, path, warnings);
  if (schema instanceof z.ZodPipe) return knownPart(schema.in, value, path, warnings);
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((item, index) => knownPart(schema.element, item, [...path, index], warnings));
  }
  if (!(schema instanceof z.ZodObject) || !isJsonObject(value)) return value;
  const known: [string, unknown][] = [];
  for (const [written, item] of Object.entries(value)) {
    const key = canonicalKey(written, schema.shape);
    const keyPath = [...path, written];
    if (!Object.hasOwn(schema.shape, key)) {
      const remedy = didYouMean(key, Object.keys(schema.shape));
      const message = 'is not a key of the manifest and is ignored';
      note(warnings, { path: keyPath, message, ...(remedy === undefined ? {} : { remedy }) });
    } else if (item !== null) {
      known.push([key, knownPart(schema.shape[key], item, [...path, key], warnings)]);
    } else if (schema.shape[key] instanceof z.ZodExactOptional) {
      note(warnings, { path: keyPath, message: 'has no value and is ignored' });
    }
  }
  return Object.fromEntries(known);
}

/** Aliases can repeat one stray key a million times. */
function note(findings: Finding[], finding: Finding): void {
  if (findings.length < MANIFEST_PROBLEMS_MAX) findings.push(finding);
}

/** Documentation and clients spell one key in two ways. */
function canonicalKey(key: string, shape: object): string {
  const isPlural = key === 'inheritFieldsAndMappings' && Object.hasOwn(shape, 'inheritFieldsAndMapping');
  return isPlural ? 'inheritFieldsAndMapping' : key;
}

function bounded(findings: readonly Finding[]): readonly Finding[] {
  return findings.slice(0, MANIFEST_PROBLEMS_MAX);
}

function locate(finding: Finding, source: Source, file: string, of: 'key' | 'value'): ManifestProblem {
  return { file, ...source.positionOf(finding.path, of), ...finding, path: formatPath(finding.path) };
}

function inOrder(problems: readonly ManifestProblem[]): readonly ManifestProblem[] {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return sorted.slice(0, MANIFEST_PROBLEMS_MAX);
}
