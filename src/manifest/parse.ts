// amp.yaml to a manifest, or to everything that is wrong with it, each with its line and column. Called by deploys
// (sourceYaml and zips) and by the command line. Invariant: a file is either accepted as a whole or not at all, and
// unknown keys never decide which.

import { z } from 'zod';
import { isJsonObject, type JsonValue } from '../core/json.ts';
import { MANIFEST_BYTES_MAX, MANIFEST_INTEGRATIONS_MAX, MANIFEST_PROBLEMS_MAX } from '../core/limits.ts';
import { copyOf } from './copy.ts';
import { type Finding, findingsOf, formatPath, type Path } from './issues.ts';
import type { IntegrationSpec, Manifest } from './manifest.ts';
import { integrationFindings, type KnownProviders, repeatedNames } from './rules.ts';
import { integrationSchema, manifestSchema } from './schema.ts';
import { readSource, type Source } from './source.ts';
import { textProblem } from './text.ts';

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
 * most MANIFEST_PROBLEMS_MAX. The manifest is plain JSON and holds what was written, unknown keys too. Shape and rules:
 * the published manifest schema and manifest reference.
 */
export function parseManifest(text: string, options: ParseManifestOptions): ManifestResult {
  const { fileName, maxBytes = MANIFEST_BYTES_MAX } = options;
  if (Buffer.byteLength(text) > maxBytes) {
    const message = `the file is larger than ${maxBytes} bytes`;
    return { kind: 'invalid', problems: [{ file: fileName, line: 1, column: 1, path: '', message }], warnings: [] };
  }
  const unreadable = textProblem(text);
  if (unreadable !== null) {
    return { kind: 'invalid', problems: [{ file: fileName, path: '', ...unreadable }], warnings: [] };
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
  const copied = copyOf(value, warnings);
  if (!copied.isComplete) {
    errors.push({ path: [], message: 'aliases repeat too much of the file' });
    return null;
  }
  const { file } = copied;
  errors.push(...copied.errors);
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
  // What was written, unknown keys included, and not what the schema made of it.
  return result.success ? (value as unknown as IntegrationSpec) : null;
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
