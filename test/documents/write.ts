// `npm run docs`: writes the page of the API and those of all providers, and removes those of providers that are gone.

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiPage } from './api.ts';
import { API_PAGE, FOLDER, generatedDocuments, writtenDocuments } from './documents.ts';

const root = join(import.meta.dirname, '../..');
const documents = generatedDocuments(root);
const written = writtenDocuments(root);
const changed = [...documents].filter(([name, text]) => written.get(name) !== text);
const left = [...written.keys()].filter((name) => !documents.has(name));
for (const [name, text] of changed) writeFileSync(join(root, FOLDER, name), text);
writeFileSync(join(root, API_PAGE), apiPage());
for (const name of left) rmSync(join(root, FOLDER, name));
process.stdout.write(`${documents.size + 1} documents: ${changed.length + 1} written, ${left.length} removed\n`);
