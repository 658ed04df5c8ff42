// The documents that are generated from the catalog say what the catalog says, and the calls on them are ones that the
// product takes.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { attachmentOf } from '../src/auth/attach.ts';
import type { Credential } from '../src/auth/credential.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import { isAuthorizationCode, type ProviderDeclaration } from '../src/catalog/schema.ts';
import { createConnectors } from '../src/connectors/connectors.ts';
import type { JsonObject } from '../src/core/json.ts';
import { systemClock } from '../src/core/time.ts';
import { credentialFields, identityFields } from '../src/edge/connect.ts';
import { OPERATIONS } from '../src/edge/platform/operations.ts';
import { metadataOf } from '../src/flows/connect/identity.ts';
import { apiPage } from './documents/api.ts';
import { DEVIATIONS } from './documents/apiWords.ts';
import { examplesOf } from './documents/connect.ts';
import { API_PAGE, generatedDocuments, loreOf, staleDocuments, writtenDocuments } from './documents/documents.ts';
import { bullet, paragraph, plain, range, span, table } from './documents/markdown.ts';
import { CAVEATS, NOT_CALLABLE, READ_TODAY } from './documents/words.ts';
import { PublishedSchemas, publishedIsMissing } from './support/published.ts';

const ROOT = join(import.meta.dirname, '..');
const ALL = createCatalog().list();

describe('the documents of the providers', () => {
  it('are as the catalog and the notes say', () => {
    expect(staleDocuments(generatedDocuments(ROOT), writtenDocuments(ROOT))).toEqual([]);
  });

  it('are told apart: missing, stale and left over', () => {
    const texts = (entries: Record<string, string>) => new Map(Object.entries(entries));
    const generated = texts({ 'same.md': 'a', 'missing.md': 'b', 'stale.md': 'c' });
    expect(staleDocuments(generated, texts({ 'same.md': 'a', 'stale.md': 'x', 'left.md': 'y' }))).toEqual([
      'docs/providers/missing.md is missing: run npm run docs',
      'docs/providers/stale.md is stale: run npm run docs',
      'docs/providers/left.md belongs to no provider: run npm run docs',
    ]);
  });
});

describe('the document of the API', () => {
  it('is as the table of operations says: else run npm run docs', () => {
    expect(readFileSync(join(ROOT, API_PAGE), 'utf8')).toBe(apiPage());
  });

  it('speaks of operations that there are', () => {
    const ids = OPERATIONS.map(({ id }) => id);
    expect(Object.keys(DEVIATIONS).filter((id) => !ids.includes(id))).toEqual([]);
  });

  it.skipIf(publishedIsMissing !== null)('has every published operation and no other', () => {
    const text = ({ id, method, path }: { id: string; method: string; path: string }) => `${id} ${method} ${path}`;
    const published = new PublishedSchemas().operations().map(text).sort();
    expect(OPERATIONS.map(text).sort()).toEqual(published);
  });
});

const connectBody = z.strictObject({ ...identityFields, ...credentialFields, projectIdOrName: z.string().optional() });

/** The body that connects a customer, as the page of a provider has it. */
function exampleBody(declaration: ProviderDeclaration): z.infer<typeof connectBody> {
  const bodies = examplesOf(declaration).filter(({ body }) => body['groupRef'] !== undefined);
  return connectBody.parse(bodies[0]?.body);
}

/** The credential of a body that needs no exchange; null for all others. */
function exampleCredential({ auth }: ProviderDeclaration, body: JsonObject): Credential | null {
  const { apiKey, basicAuth, customAuth } = body as {
    apiKey?: string;
    basicAuth?: { username: string; password: string };
    customAuth?: Record<string, string>;
  };
  if (auth.scheme === 'apiKey') return { scheme: 'apiKey', apiKey: apiKey ?? '' };
  if (auth.scheme === 'basic') return { scheme: 'basic', username: '', password: '', ...basicAuth };
  const isSentAsTyped = auth.scheme === 'custom' && auth.exchange === undefined;
  return isSentAsTyped ? { scheme: 'custom', values: customAuth ?? {} } : null;
}

describe('the calls on the pages', () => {
  const callable = ALL.filter(({ name }) => NOT_CALLABLE[name] === undefined);

  it.each(callable.map((declaration) => [declaration.name, declaration] as const))('connect %s', (_, declaration) => {
    const body = exampleBody(declaration);
    expect(() => metadataOf(declaration, body)).not.toThrow();
    const credential = exampleCredential(declaration, body as JsonObject);
    if (credential !== null) expect(() => attachmentOf(declaration, credential)).not.toThrow();
    if (isAuthorizationCode(declaration.auth)) expect(body.projectIdOrName).toBe('$P');
  });

  it('leave out only providers that cannot be connected', () => {
    const unable = ALL.filter((declaration) => {
      const { auth } = declaration;
      const isEmpty = auth.scheme === 'custom' && auth.exchange === undefined && auth.headers.length === 0;
      try {
        metadataOf(declaration, exampleBody(declaration));
        return isEmpty;
      } catch {
        return true;
      }
    });
    expect(unable.map(({ name }) => name)).toEqual(Object.keys(NOT_CALLABLE));
  });

  it('are said of providers that there are', () => {
    const names = ALL.map(({ name }) => name);
    expect(Object.keys(CAVEATS).filter((name) => !names.includes(name))).toEqual([]);
    expect([...createConnectors(systemClock).keys()]).toEqual(READ_TODAY);
  });
});

describe('markdown', () => {
  it('escapes text and leaves code alone', () => {
    expect(plain('send <key> as `<key>` with _offset, X-Rate-* and api_key')).toBe(
      'send \\<key> as `<key>` with \\_offset, X-Rate-\\* and api_key',
    );
  });

  it('wraps between words, never in code or before what would begin a list', () => {
    const words = `${'word '.repeat(23)}wor`;
    expect(paragraph(`${words} > Integrations`)).toBe(`${words} >\nIntegrations`);
    expect(bullet(`${'word '.repeat(22)}\`code that stays whole\``)).toBe(
      `- ${'word '.repeat(22).trim()}\n  \`code that stays whole\``,
    );
  });

  it('aligns tables, leaves out empty columns and does not pad wide ones', () => {
    const wide = 'w'.repeat(61);
    expect(
      table(
        ['A', 'B', 'C'],
        [
          ['one', '', 'x'],
          ['2|', '', wide],
        ],
      ),
    ).toBe(`| A   | C |\n|-----|---|\n| one | x |\n| 2\\| | ${wide} |`);
  });

  it('says spans of time', () => {
    expect([span(86_400_000), span(7_200_000), span(90_000), span(1500)]).toEqual([
      '1 day',
      '2 hours',
      '90 seconds',
      '1,500 milliseconds',
    ]);
    expect(range(5.6 * 86_400_000, 7 * 86_400_000)).toBe('5.6 to 7 days');
  });

  it('reads the comment that a file opens with, also where a word was broken at its hyphen', () => {
    expect(loreOf("// Obey Retry-\n// After\n// always.\n\nimport 'x';\n// not this")).toBe('Obey Retry-After always.');
  });
});
