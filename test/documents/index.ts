// The list of all providers by category.

import { PROVIDER_CATEGORIES, type ProviderDeclaration } from '../../src/catalog/schema.ts';
import { code, count, link, listed, paragraph, table } from './markdown.ts';
import { NOT_CALLABLE, READ_TODAY, schemeOf, titleOf } from './words.ts';

const MARK = '✓';

/** The whole page, with a line end. */
export function indexPage(all: readonly ProviderDeclaration[], withNotes: ReadonlySet<string>): string {
  const page = (name: string) => {
    const declaration = all.find((other) => other.name === name);
    return declaration === undefined ? name : link(titleOf(declaration, all), `${name}.md`);
  };
  const blocks = [
    '# Providers',
    paragraph(
      `The catalog has ${count(all.length)} providers. Each can be connected and called through the proxy, except ` +
        `${listed(Object.keys(NOT_CALLABLE).map(page))}, whose pages say why. Objects of ` +
        `${listed(READ_TODAY.map(page))} are read on a schedule, searched, written and subscribed to; other reads ` +
        'and writes are on their way.',
    ),
    paragraph(
      'The marks below are what the published catalog says of a provider, and not what Tenon does today. Calls on ' +
        `the pages expect ${code('$TENON')} (the address of your server, e.g. ${code('http://127.0.0.1:8080')}), ` +
        `${code('$TENON_API_KEY')} and ${code('$P')}, the id of the project. Tokens that you have already are taken ` +
        `over with ${code('oauth2AuthorizationCode')} in ${code('POST /v1/projects/$P/connections:generate')}. What ` +
        `cuts across providers is in ${link('coding concerns', '../coding-concerns/README.md')}.`,
    ),
    paragraph(
      `The pages are made from the declarations in ${code('src/catalog/providers/')} by ${code('npm run docs')}; ` +
        `notes written by hand are in ${code('docs/providers/notes/')}.`,
    ),
    categoryList(all),
    ...PROVIDER_CATEGORIES.flatMap((category) => [
      `## ${category.charAt(0).toUpperCase()}${category.slice(1)}`,
      categoryTable(
        all.filter((declaration) => declaration.category === category),
        all,
        withNotes,
      ),
    ]),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function categoryList(all: readonly ProviderDeclaration[]): string {
  const items = PROVIDER_CATEGORIES.map((category) => {
    const number = all.filter((declaration) => declaration.category === category).length;
    return `${link(category, `#${category.toLowerCase().replaceAll(' ', '-')}`)} ${number}`;
  });
  return paragraph(items.join(' · '));
}

function categoryTable(
  members: readonly ProviderDeclaration[],
  all: readonly ProviderDeclaration[],
  withNotes: ReadonlySet<string>,
): string {
  const rows = members
    .toSorted((a, b) => compare(a.displayName.toLowerCase(), b.displayName.toLowerCase()) || compare(a.name, b.name))
    .map((declaration) => {
      const { name, auth, support } = declaration;
      const mark = (is: boolean) => (is ? MARK : '');
      return [
        link(titleOf(declaration, all), `${name}.md`),
        code(name),
        schemeOf(auth),
        mark(support.proxy),
        mark(support.read),
        mark(support.write),
        mark(support.subscribe),
        withNotes.has(name) ? link('notes', `${name}.md#product-capabilities`) : '',
      ];
    });
  return table(['Provider', 'In the catalog', 'Signs in with', 'Proxy', 'Read', 'Write', 'Subscribe', 'Notes'], rows);
}

/** By code unit: the same on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
