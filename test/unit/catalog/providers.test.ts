// What every declaration must keep, whatever it says.

import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createCatalog } from '../../../src/catalog/catalog.ts';
import { OWN_FACTS_KEY, ownFactsSchema } from '../../../src/catalog/ownFacts.ts';
import { isAuthorizationCode, RATE_HEADER_FAMILIES, tokenFactsOf } from '../../../src/catalog/schema.ts';
import { templateVariables } from '../../../src/catalog/template.ts';
import { ownFactsOf } from '../../../src/catalog/wire.ts';
import { learnedVariables } from '../../../src/flows/connect/identity.ts';
import { kindsOf, patternOf, quotasSpent } from '../../../src/limits/callKinds.ts';

const catalog = createCatalog();
const declarations = catalog.list();
/** Not asked for by the published form, since nothing of Snowflake is called over HTTP. */
const UNKNOWN_VARIABLES: Readonly<Record<string, readonly string[]>> = { snowflake: ['workspace'] };
/** Each customer registers the client of their own server, so that its secret is theirs. */
const OWN_CLIENTS: Readonly<Record<string, string>> = {};

describe('the built-in declarations', () => {
  it('are one file each, named as the provider', () => {
    const files = readdirSync('src/catalog/providers').map((file) => file.replace(/\.ts$/, ''));
    expect(files.toSorted()).toEqual(declarations.map(({ name }) => name));
  });

  it.each(declarations)('$name has own facts of the shape that files have', (declaration) => {
    expect(ownFactsSchema.parse(ownFactsOf(declaration))).toEqual(ownFactsOf(declaration));
    expect(OWN_FACTS_KEY).toBe('tenon');
  });

  it.each(declarations)('$name names vendor pages as sources', ({ sources }) => {
    for (const source of sources) {
      expect(URL.canParse(source) && source.startsWith('https://'), source).toBe(true);
      expect(source).not.toContain('withampersand');
    }
    expect(sources.length).toBeGreaterThan(0);
  });

  it.each(declarations.filter(({ variantOf }) => variantOf !== undefined))(
    '$name is a variant of a provider',
    (one) => {
      expect(catalog.find(one.variantOf ?? '')?.name).toBe(one.variantOf);
      expect(one.variantOf).not.toBe(one.name);
    },
  );

  it.each(declarations.filter(({ isHostOfAccount }) => isHostOfAccount === true))(
    '$name has the limits of the provider whose accounts it is for, too',
    (one) => {
      const base = catalog.get(one.variantOf ?? one.name);
      expect(one.baseUrl).toMatch(/^https:\/\/\{\{\.workspace\}\}\./);
      expect([base.isHostOfAccount, base.baseUrl, base.quotas, base.concurrency]).toEqual([
        true,
        one.baseUrl,
        one.quotas,
        one.concurrency,
      ]);
    },
  );

  it.each(declarations)('$name has an input, or a way to learn, for each variable of its addresses', (declaration) => {
    const { name, baseUrl, modules, inputs, auth } = declaration;
    const templates = [baseUrl, ...Object.values(modules).map((module) => module.baseUrl)];
    if (auth.scheme === 'oauth2') templates.push(auth.tokenUrl);
    const known = [...inputs.map((input) => input.name), ...learnedVariables(declaration)];
    const missing = templates.flatMap(templateVariables).filter((variable) => !known.includes(variable));
    expect([...new Set(missing)]).toEqual(UNKNOWN_VARIABLES[name] ?? []);
  });

  it.each(declarations.filter(({ auth }) => isAuthorizationCode(auth)))(
    '$name sends the secret of the builder to its own domains only, whatever a customer types',
    ({ auth, inputPatterns = {}, name }) => {
      if (!isAuthorizationCode(auth) || name in OWN_CLIENTS) return;
      const closed = [...Object.keys(inputPatterns), ...(auth.callbackFields ?? []).map((field) => field.name)];
      for (const template of [auth.tokenUrl, auth.tokens.refreshUrl ?? auth.tokenUrl]) {
        const end = /^https:\/\/([^/]*)/.exec(template)?.[1]?.split('}}').at(-1) ?? '';
        const last = templateVariables(template.split('/').slice(0, 3).join('/')).at(-1);
        if (last !== undefined && closed.includes(last) && end === '') continue;
        expect(end, template).toMatch(last === undefined ? /^[a-z0-9-]+(\.[a-z0-9-]+)+$/ : /^(\.[a-z0-9-]+){2,}$/);
      }
    },
  );

  it.each(declarations)('$name uses in its templates only what its form asks for', ({ auth }) => {
    if (auth.scheme !== 'custom') return;
    const derived = auth.exchange?.kind === 'login' ? [auth.exchange.value.name] : [];
    const known = [...auth.inputs.map(({ name }) => name), ...derived, 'accessToken'];
    const used = [...auth.headers, ...auth.queryParams].flatMap(({ valueTemplate }) =>
      templateVariables(valueTemplate),
    );
    expect(used.filter((name) => !known.includes(name))).toEqual([]);
  });

  it.each(declarations)('$name says consistent things of its tokens', (declaration) => {
    const tokens = tokenFactsOf(declaration);
    if (tokens === undefined) return;
    if (tokens.graceMs !== undefined) expect(tokens.rotation).toBe('singleUseGrace');
    if (tokens.lifetimeMs === 'permanent') expect(tokens.idleLifetimeMs).toBeUndefined();
  });

  it.each(declarations.filter(({ rateHeaders }) => rateHeaders?.quotas !== undefined))(
    '$name maps what its answers tell to limits that it declares',
    ({ quotas, concurrency, rateHeaders }) => {
      const names = [...quotas, ...concurrency].map(({ name }) => name);
      for (const kind of [null, ...kindsOf(quotas)]) {
        const spent = [...quotasSpent(quotas, kind), ...concurrency].map(({ name }) => name);
        expect(new Set(spent).size).toBe(spent.length);
      }
      for (const name of Object.values(rateHeaders?.quotas ?? {}).flat()) expect(names).toContain(name);
    },
  );

  it.each(declarations.filter(({ quotas }) => quotas.some(({ only }) => only?.isEach)))(
    '$name has one limit for each path, method and window',
    ({ quotas }) => {
      const limits = quotas.flatMap(({ only, windowMs }) =>
        only?.isEach === true ? only.paths.map((path) => `${windowMs} ${only.method ?? 'any'} ${path}`) : [],
      );
      expect(new Set(limits).size).toBe(limits.length);
      for (const limit of limits) expect(limit).toMatch(/^\d+ [A-Za-z]+ (?:\/(?:\*|[^*/?#]+))+$/);
    },
  );

  it.each(declarations)('$name says the same of one limit wherever it says it', ({ quotas }) => {
    const said = new Map<string, object>();
    for (const { only, ...limit } of quotas) {
      expect(said.get(limit.name) ?? limit).toEqual(limit);
      said.set(limit.name, limit);
    }
  });

  it.each([
    ['clickup', 'perMinute'],
    ['docusign', 'perHour'],
    ['gitlab', 'perMinute'],
    ['teamleader', 'perMinute'],
  ])('%s is told of the one limit that its unnamed fields mean', (name, quota) => {
    expect(catalog.get(name).rateHeaders).toEqual({ family: 'generic', quotas: { '': quota } });
  });

  it.each(declarations.filter(({ quotas }) => quotas.some(({ only }) => only !== undefined)))(
    '$name has each call of a kind fit that kind first, and no two kinds fit all of the same calls',
    ({ quotas }) => {
      const kinds = kindsOf(quotas);
      const declared = kinds.flatMap((kind) => kind.paths.map((path) => ({ kind, path })));
      for (const { kind, path } of declared) {
        const example = path.replaceAll('*', 'x');
        const fitting = kinds.filter(
          ({ method, paths }) => method === kind.method && patternOf({ paths }).test(example),
        );
        expect(fitting[0]).toBe(kind);
        // Another may fit it only where that has a * in the place of a name.
        for (const { paths } of fitting.slice(1)) expect(paths).not.toContain(path);
      }
    },
  );

  it('use every family of rate headers', () => {
    const used = declarations.map(({ rateHeaders }) => rateHeaders?.family);
    expect(RATE_HEADER_FAMILIES.filter((family) => !used.includes(family))).toEqual([]);
  });
});
