// All generated documents of a checkout, as texts by path.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCatalog } from '../../src/catalog/catalog.ts';
import { indexPage } from './index.ts';
import { providerPage } from './provider.ts';

/** Where they are; nothing else but the folder of notes is there. */
export const FOLDER = 'docs/providers';

/** The page of the API, generated too. */
export const API_PAGE = 'docs/api.md';

/** What the documents should say, by file name. `root` is the folder of the checkout. */
export function generatedDocuments(root: string): ReadonlyMap<string, string> {
  const all = createCatalog().list();
  const notes = notesIn(root);
  const withNotes = new Set(notes.keys());
  const pages = all.map((declaration): [string, string] => {
    const { name } = declaration;
    const lore = loreOf(readFileSync(join(root, 'src/catalog/providers', `${name}.ts`), 'utf8'));
    return [`${name}.md`, providerPage({ declaration, lore, notes: notes.get(name) ?? null, all, withNotes })];
  });
  return new Map([...pages, ['index.md', indexPage(all, withNotes)]]);
}

/** The documents that are there, by file name. */
export function writtenDocuments(root: string): ReadonlyMap<string, string> {
  const names = readdirSync(join(root, FOLDER)).filter((name) => name.endsWith('.md'));
  return new Map(names.map((name) => [name, readFileSync(join(root, FOLDER, name), 'utf8')]));
}

function notesIn(root: string): ReadonlyMap<string, string> {
  const folder = join(root, FOLDER, 'notes');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.md')) : [];
  return new Map(names.map((name) => [name.replace(/\.md$/, ''), readFileSync(join(folder, name), 'utf8')]));
}

/** What is wrong with the documents that are there; empty if they are as generated. */
export function staleDocuments(
  generated: ReadonlyMap<string, string>,
  written: ReadonlyMap<string, string>,
): readonly string[] {
  const differing = [...generated].flatMap(([name, text]) => {
    const now = written.get(name);
    if (now === text) return [];
    return [`${FOLDER}/${name} is ${now === undefined ? 'missing' : 'stale'}`];
  });
  const left = [...written.keys()].filter((name) => !generated.has(name));
  return [...differing, ...left.map((name) => `${FOLDER}/${name} belongs to no provider`)].map(
    (problem) => `${problem}: run npm run docs`,
  );
}

/** The comment that a file opens with, as one text. A word that was broken at its hyphen is whole again. */
export function loreOf(source: string): string {
  const lines = source.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^\/\/ ?/, ''))
    .join('\n')
    .replace(/-\n/g, '-')
    .replaceAll('\n', ' ');
}
