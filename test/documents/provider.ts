// One page per provider, from its declaration, the comment that its file opens with and, for some, notes by hand.

import type { CallKind, ConcurrencyLimit, Quota } from '../../src/catalog/quotas.ts';
import { type HiddenError, type ProviderDeclaration, tokenFactsOf } from '../../src/catalog/schema.ts';
import { CALLER_WAIT_MS_MAX } from '../../src/core/limits.ts';
import { connectBlocks } from './connect.ts';
import { bullet, code, count, link, listed, paragraph, plain, span, table } from './markdown.ts';
import { tokenBlocks } from './tokens.ts';
import {
  CAVEATS,
  hasOwnAddresses,
  learnedLines,
  NOT_CALLABLE,
  READ_TODAY,
  SHARED_BY,
  schemeOf,
  supportOf,
  titleOf,
} from './words.ts';

export interface ProviderPageInput {
  readonly declaration: ProviderDeclaration;
  /** The comment that the file of the declaration opens with, as text. */
  readonly lore: string;
  /** Sections written by hand; their links are those of the page. */
  readonly notes: string | null;
  readonly all: readonly ProviderDeclaration[];
  readonly withNotes: ReadonlySet<string>;
}

const CONCERNS: Readonly<Record<string, string>> = {
  'token-rotation': 'Token rotation',
  'multi-region-base-urls': 'Addresses per region and customer',
  'pagination-styles': 'Pagination styles',
  'incremental-filters': 'Incremental filters',
  'rate-limit-headers': 'Rate limits and their headers',
  'webhook-signatures': 'Webhook signatures',
  'bulk-apis': 'Bulk APIs',
  'idempotent-writes': 'Idempotent writes',
  'errors-in-200-answers': 'Errors in answers with status 200',
  'clock-and-time-zones': 'Clocks and time zones',
};

/** The whole page, with a line end. */
export function providerPage(input: ProviderPageInput): string {
  const { declaration, notes } = input;
  const blocks = [
    `# ${titleOf(declaration, input.all)}`,
    facts(input),
    paragraph(plain(input.lore)),
    ...warning(declaration),
    ...section('Connect', connectBlocks(declaration)),
    ...section('Tokens', tokenBlocks(declaration)),
    ...section('Addresses', addresses(declaration)),
    ...section('What it can do', abilities(declaration)),
    ...section('Limits', limits(declaration)),
    ...section('Errors in 2xx answers', hiddenErrors(declaration.hiddenErrors)),
    ...section('Checks', checks(declaration)),
    ...(notes === null ? section('Coding concerns', concerns(declaration)) : [notes.trim()]),
    ...section('Sources', [declaration.sources.map((url) => bullet(`<${url}>`)).join('\n')]),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function section(title: string, blocks: readonly string[]): readonly string[] {
  return blocks.length === 0 ? [] : [`## ${title}`, ...blocks];
}

function facts({ declaration, all, withNotes }: ProviderPageInput): string {
  const { name, category, auth, variantOf, labels } = declaration;
  const page = (other: ProviderDeclaration) => link(titleOf(other, all), `${other.name}.md`);
  const base = all.find((other) => other.name === variantOf);
  const variants = all.filter((other) => other.variantOf === name).map(page);
  const line = [
    `${code(name)} in the catalog`,
    link(category, `index.md#${category.toLowerCase().replaceAll(' ', '-')}`),
    schemeOf(auth),
    ...(base === undefined ? [] : [`variant of ${page(base)}`]),
    ...(variants.length === 0 ? [] : [`variants: ${listed(variants)}`]),
    ...(labels?.['experimental'] === 'true' ? ['published as experimental'] : []),
  ].join(' · ');
  const shared = base !== undefined && withNotes.has(base.name) ? ` The notes on ${page(base)} hold here too.` : '';
  return paragraph(`${line}${shared === '' ? '' : `.${shared}`}`);
}

function warning({ name }: ProviderDeclaration): readonly string[] {
  const reason = NOT_CALLABLE[name];
  const caveat = CAVEATS[name];
  return [
    ...(reason === undefined ? [] : [paragraph(`**Not usable yet.** ${reason}`)]),
    ...(caveat === undefined ? [] : [paragraph(`**Not whole yet.** ${caveat}`)]),
  ];
}

function addresses(declaration: ProviderDeclaration): readonly string[] {
  const { name, baseUrl, modules, defaultModule } = declaration;
  if (NOT_CALLABLE[name] !== undefined) return [];
  const rows = Object.entries(modules).map(([key, module]) => [
    `${code(key)}${key === defaultModule ? ' (default)' : ''}`,
    plain(module.displayName),
    code(module.baseUrl),
    listed(supportOf(module.support)) || 'nothing',
  ]);
  const learned = learnedLines(declaration);
  return [
    paragraph(`Proxied paths are appended to ${code(baseUrl)}`),
    ...(rows.length === 0
      ? []
      : [
          paragraph(
            `With ${code('proxy.useModule')} in the manifest, to the address of the integration's module instead:`,
          ),
          table(['Module', 'Name', 'Address', 'Published as supported'], rows),
        ]),
    ...(learned.length === 0 ? [] : [learned.map(bullet).join('\n')]),
  ];
}

function abilities({ name, support }: ProviderDeclaration): readonly string[] {
  const published = supportOf(support);
  const unpublished = support.proxy ? '' : ', although the published catalog does not list the proxy';
  const rest = published.some((what) => what !== 'proxy') ? ' The rest is on its way.' : '';
  const today = READ_TODAY.includes(name)
    ? 'calls through the proxy, scheduled reads, backfills, searches and writes. The rest is on its way.'
    : `calls through the proxy${unpublished}.${rest}`;
  return [
    [
      bullet(`Published as supported: ${listed(published) || 'signing in only'}.`),
      bullet(`What Tenon does today: ${NOT_CALLABLE[name] === undefined ? today : 'nothing.'}`),
    ].join('\n'),
  ];
}

function limits({ quotas, concurrency, quotaProbe }: ProviderDeclaration): readonly string[] {
  if (quotas.length + concurrency.length === 0) return [];
  // One limit may be declared for several kinds of calls.
  const limitsOnce = [...new Map(quotas.map((quota) => [quota.name, quota])).values()];
  const rows = [...limitsOnce.map(quotaRow), ...concurrency.map(concurrencyRow)];
  const waits = `Tenon keeps them: a call that finds no room waits, at most ${span(CALLER_WAIT_MS_MAX)}.`;
  const policies = [
    ...quotaPolicies(quotas),
    ...concurrency.flatMap(({ name, startsAt }) =>
      startsAt === undefined
        ? []
        : [
            `${code(name)} begins with ${startsAt}: a refusal for it halves them, and answers that come while all ` +
              'are taken add one after the other.',
          ],
    ),
    ...(quotaProbe === undefined
      ? []
      : [
          `What is left is asked with ${code(`GET ${quotaProbe.path}`)} before the first read, every ` +
            `${span(quotaProbe.everyMs)} while reads run, and after a pause. That call counts too.`,
        ]),
  ];
  const list = policies.length === 0 ? [] : [policies.map(bullet).join('\n')];
  return [table(['Limit', 'At most', 'Shared by'], rows), paragraph(waits), ...list];
}

/** Those of several limits together where they are the same, as of a second and a minute. */
function quotaPolicies(quotas: readonly Quota[]): readonly string[] {
  const named = quotas.map((quota) => [quota.name, quotaPolicy(quota, quotas)] as const);
  return [...Map.groupBy(named, ([, text]) => text)]
    .filter(([text]) => text !== '')
    .map(([text, names]) => `${names.map(([name]) => code(name)).join(', ')}: ${text}.`);
}

/** What is done with a quota besides counting; empty if nothing is. */
function quotaPolicy(
  { name, caps, isSpread, lagMs, isSoft, isOptional, pause, only }: Quota,
  quotas: readonly Quota[],
): string {
  const isForAll = quotas.some((other) => other.name === name && other.only === undefined);
  const parts = [
    ...(only === undefined ? [] : [countedText(only, isForAll)]),
    ...(isOptional ? ['there is none until an answer tells one'] : []),
    ...(caps === undefined
      ? []
      : [
          `reads and backfills stop at ${percent(caps.background)} of it, writes that nobody waits for at ` +
            `${percent(caps.write)}`,
        ]),
    ...(isSpread ? ['reads and backfills are spread over the time until the oldest calls leave the window'] : []),
    ...(lagMs === undefined ? [] : [`the provider's count is late, so that its highest of ${span(lagMs)} is believed`]),
    ...(isSoft ? ["what people ask for is ended by the provider's refusal and not by the count"] : []),
    ...(pause === undefined
      ? []
      : [
          `after a refusal that says no time nothing is sent for ${span(pause.firstMs)}` +
            (pause.longestMs > pause.firstMs
              ? `, twice as long each time in a row, up to ${span(pause.longestMs)}`
              : ''),
        ]),
  ];
  return parts.join('; ');
}

function countedText({ method, paths, isApart = false, isEach = false }: CallKind, isForAll: boolean): string {
  const calls = paths.map((path) => code(method === undefined ? path : `${method} ${path}`));
  if (isForAll) return `counts ${calls.join(' and ')} too`;
  const which = isEach ? `each of ${calls.join(', ')} for itself` : `${calls.join(' and ')} only`;
  return `counts ${which}${isApart ? ', which other limits do not count unless it is said here' : ''}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function quotaRow({ name, limit, windowMs, scope, isOptional }: Quota): readonly string[] {
  return [code(name), `${isOptional ? 'what is set' : count(limit)} in ${span(windowMs)}`, SHARED_BY[scope]];
}

function concurrencyRow({ name, limit, scope }: ConcurrencyLimit): readonly string[] {
  return [code(name), `${count(limit)} at once`, SHARED_BY[scope]];
}

function hiddenErrors(errors: readonly HiddenError[]): readonly string[] {
  if (errors.length === 0) return [];
  const rows = errors.map(({ path, equals, codePath, messagePath }) => [
    equals === undefined ? `there is ${code(path)}` : `${code(path)} is ${code(JSON.stringify(equals))}`,
    codePath === undefined ? '' : code(codePath),
    messagePath === undefined ? '' : code(messagePath),
  ]);
  return [
    table(['It failed when', 'Code', 'Message'], rows),
    paragraph('The proxy passes such answers on as they are: look at the body before the status.'),
  ];
}

function checks(declaration: ProviderDeclaration): readonly string[] {
  const { authHealthCheck: check, accountLookup: lookup } = declaration;
  const lines: string[] = [];
  if (check !== undefined) {
    const statuses = (check.successStatusCodes ?? [200, 204]).map(String);
    lines.push(
      `Health check: ${code(`${check.method ?? 'GET'} ${check.url}`)} answers ${listed(statuses, 'or')}. It is asked ` +
        'when a credential or a token is handed over, and when calls are refused with one that cannot be renewed.',
    );
  }
  if (lookup !== undefined) {
    const names = lookup.values.map(({ name }) => code(name));
    const gives = names.length === 0 ? '' : ` gives ${listed(names)}`;
    const account =
      lookup.workspaceRefPath === undefined
        ? ''
        : ` What stands at ${code(lookup.workspaceRefPath)} names the account.`;
    lines.push(`Account lookup, after connecting: ${code(`${lookup.method} ${lookup.url}`)}${gives}.${account}`);
  }
  return lines.length === 0 ? [] : [lines.map(bullet).join('\n')];
}

function concerns(declaration: ProviderDeclaration): readonly string[] {
  const { auth, support, quotas, concurrency, hiddenErrors: hidden } = declaration;
  const tokens = tokenFactsOf(declaration);
  const exchange = auth.scheme === 'custom' ? auth.exchange : undefined;
  const isBulk = Object.values(support.bulkWrite).some(Boolean);
  const all = [declaration.support, ...Object.values(declaration.modules).map((module) => module.support)];
  const names = [
    ...(tokens !== undefined && tokens.rotation !== 'stable' ? ['token-rotation'] : []),
    ...(hasOwnAddresses(declaration) ? ['multi-region-base-urls'] : []),
    ...(all.some(({ read }) => read) ? ['pagination-styles', 'incremental-filters'] : []),
    ...(quotas.length + concurrency.length > 0 ? ['rate-limit-headers'] : []),
    ...(all.some(({ subscribe }) => subscribe) ? ['webhook-signatures'] : []),
    ...(isBulk ? ['bulk-apis'] : []),
    ...(all.some(({ write }) => write) ? ['idempotent-writes'] : []),
    ...(hidden.length > 0 || (tokens?.hiddenErrors ?? []).length > 0 ? ['errors-in-200-answers'] : []),
    ...(exchange?.kind === 'assertion' ? ['clock-and-time-zones'] : []),
  ];
  if (names.length === 0) return [];
  return [names.map((name) => bullet(link(CONCERNS[name] ?? name, `../coding-concerns/${name}.md`))).join('\n')];
}
