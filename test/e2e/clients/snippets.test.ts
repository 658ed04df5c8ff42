// The code of docs/proxy.md is the code that the tests beside this one run.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const FOLDER = join(ROOT, 'test/support/clients');
const GUIDE = readFileSync(join(ROOT, 'docs/proxy.md'), 'utf8');
const BLOCKS = [...GUIDE.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);

it.each(readdirSync(FOLDER))('%s is in the guide, word for word', (file) => {
  const [, ...code] = readFileSync(join(FOLDER, file), 'utf8').split(/(?<=^\n)/m);
  expect(BLOCKS).toContain(code.join(''));
});

it('nothing but these files and the values that they are given', () => {
  expect(BLOCKS.filter((code) => !code.startsWith('const tenon: Through = '))).toHaveLength(readdirSync(FOLDER).length);
});
