import { describe, expect, it } from 'vitest';
import { normalizeVariable, resolveTemplate, templateVariables } from '../../../src/catalog/template.ts';
import { IntegrationError } from '../../../src/core/errors.ts';

const SALESFORCE = 'https://{{.workspace}}.my.salesforce.com';

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof IntegrationError ? error.code : String(error);
  }
  return 'nothing thrown';
}

const HOSTILE_ANYWHERE: readonly string[] = [
  'evil.com/#',
  'evil.com/',
  'evil.com?',
  'evil.com#',
  'evil.com\\',
  'evil.com\\@x',
  'https://evil.com',
  '//evil.com',
  '../x',
  '..',
  './',
  '/',
  'a/../b',
  'a b',
  ' acme',
  'acme ',
  'acme\t',
  'acme\n.evil.com',
  'acme\r\nHost: evil.com',
  'acme\0',
  '%2e',
  '%2e%2e%2f',
  'acme%00',
  'acme%40evil.com',
  'аcme',
  'acme。evil。com',
  'acme／evil',
  '{{.workspace}}',
  '\u0024{x}',
  "a'b",
  'a"b',
  'a<b>',
  'a;b',
  'a&b=c',
];

const HOSTILE_IN_HOST: readonly string[] = [
  ...HOSTILE_ANYWHERE,
  'a@evil.com',
  'user:pass@evil.com',
  'evil.com:443',
  ':8080',
  '.',
  '.acme',
  'acme.',
  'a..b',
  '-acme',
  'acme-',
  'a.-b',
  'a-.b',
  'acme_dev',
  'acme,evil',
  'x'.repeat(64),
  `${'x.'.repeat(130)}x`,
  'x'.repeat(600),
  '[::1]',
];

describe('resolveTemplate', () => {
  it.each(HOSTILE_IN_HOST)('refuses %j in a host', (workspace) => {
    expect(codeOf(() => resolveTemplate(SALESFORCE, { workspace }))).toBe('bad_request');
  });

  it.each([...HOSTILE_ANYWHERE, 'x'.repeat(600), '.'])('refuses %j in a path segment', (cloudId) => {
    const template = 'https://api.atlassian.com/ex/jira/{{.cloudId}}/rest/api';
    expect(codeOf(() => resolveTemplate(template, { cloudId }))).toBe('bad_request');
  });

  it.each([
    'http://crm.example.com',
    'https://user:pass@crm.example.com',
    'https://crm.example.com?x=1',
    'https://crm.example.com#x',
    'https://crm.example.com/../x',
    'https://crm.example.com/a b',
    'https://crm_example.com@evil.com',
    'javascript:alert(1)',
    'crm.example.com',
    'https://0x7f.1',
  ])('refuses %j as a whole origin', (workspace) => {
    expect(codeOf(() => resolveTemplate('{{.workspace}}/rest/v11_24', { workspace }))).toBe('bad_request');
  });

  it.each(['2130706433', '0x7f000001', '0x7f.1', '127.1', '1.2.3', '0177.0.0.1'])(
    'refuses the host %s, which URL parsing would turn into another one',
    (workspace) => {
      expect(codeOf(() => resolveTemplate('https://{{.workspace}}/api', { workspace }))).toBe('bad_request');
    },
  );

  it('refuses a value with a dot where it is glued to the literal suffix', () => {
    const template = 'https://{{.workspace}}-api.outplayhq.com';
    expect(codeOf(() => resolveTemplate(template, { workspace: 'evil.com' }))).toBe('bad_request');
    expect(resolveTemplate(template, { workspace: 'acme' })).toBe('https://acme-api.outplayhq.com');
  });

  it('refuses a template whose registrable domain would be partly the value', () => {
    expect(codeOf(() => resolveTemplate('https://{{.workspace}}vendor.com', { workspace: 'evil' }))).toBe('invariant');
  });

  it.each(['ftp://{{.workspace}}.x.com', 'x.com', 'https://{{workspace}}.x.com', 'https://{{.a b}}.x.com'])(
    'calls the template %j a bug of ours',
    (template) => {
      expect(codeOf(() => resolveTemplate(template, { workspace: 'acme' }))).toBe('invariant');
    },
  );

  it.each([{}, { workspace: '' }, Object.create({ workspace: 'acme' }) as Record<string, string>])(
    'names the variable that has no value of its own (%#)',
    (variables) => {
      expect(() => resolveTemplate(SALESFORCE, variables)).toThrow('"workspace" is missing');
    },
  );

  it('reads no value from the prototype', () => {
    expect(() => resolveTemplate('https://x.com/{{.constructor}}', {})).toThrow('"constructor" is missing');
  });

  it('never repeats the value in the message', () => {
    expect(() => resolveTemplate(SALESFORCE, { workspace: 'se/cret' })).toThrow(/^(?!.*se\/cret)/);
  });

  it.each([
    ['acme', 'https://acme.my.salesforce.com'],
    ['acme--dev.sandbox', 'https://acme--dev.sandbox.my.salesforce.com'],
    ['acme-dev-ed.develop', 'https://acme-dev-ed.develop.my.salesforce.com'],
    ['ACME', 'https://acme.my.salesforce.com'],
    ['evil.com', 'https://evil.com.my.salesforce.com'],
  ])('fills the Salesforce workspace %s', (workspace, address) => {
    expect(resolveTemplate(SALESFORCE, { workspace })).toBe(address);
  });

  it.each([
    ['http://{{.workspace}}.localhost:4010', { workspace: 'acme' }, 'http://acme.localhost:4010'],
    ['http://127.0.0.1:4010/crm', {}, 'http://127.0.0.1:4010/crm'],
    ['http://[::1]:4010', {}, 'http://[::1]:4010'],
    ['https://{{ .workspace }}.x.com/a', { workspace: 'b' }, 'https://b.x.com/a'],
    [
      'https://{{.workspace}}.api.{{.region}}.dynamics.com/api/data',
      { workspace: 'acme', region: 'crm4' },
      'https://acme.api.crm4.dynamics.com/api/data',
    ],
    ['https://{{.workspace}}/oauth2/new?', { workspace: 'h.example.com' }, 'https://h.example.com/oauth2/new?'],
    ['{{.w}}/rest/v11', { w: 'https://crm.example.com:8443/sugar/' }, 'https://crm.example.com:8443/sugar/rest/v11'],
    ['{{.w}}', { w: 'https://eu.api.example.com' }, 'https://eu.api.example.com'],
    ['https://x.com/{{.tenant}}/token', { tenant: 'a.b_c~d-9@e' }, 'https://x.com/a.b_c~d-9@e/token'],
  ])('resolves %s', (template, variables, address) => {
    expect(resolveTemplate(template, variables)).toBe(address);
  });
});

describe('normalizeVariable', () => {
  it.each([
    'https://evil.com',
    'https://acme.my.salesforce.com.evil.com',
    'https://acme.my.salesforce.com@evil.com',
    'https://evil.com/acme.my.salesforce.com',
    'x'.repeat(600),
  ])('refuses %j, an address of another form', (pasted) => {
    expect(codeOf(() => normalizeVariable(SALESFORCE, 'workspace', pasted))).toBe('bad_request');
  });

  it.each(['evil.com/#', 'evil.com/.my.salesforce.com', 'a@evil.com', '../x', '//evil.com'])(
    'leaves %j to resolveTemplate, which refuses it',
    (pasted) => {
      const workspace = normalizeVariable(SALESFORCE, 'workspace', pasted);
      expect(codeOf(() => resolveTemplate(SALESFORCE, { workspace }))).toBe('bad_request');
    },
  );

  it.each([
    [SALESFORCE, 'acme', 'acme'],
    [SALESFORCE, ' acme ', 'acme'],
    [SALESFORCE, 'https://acme.my.salesforce.com', 'acme'],
    [SALESFORCE, 'https://Acme.My.Salesforce.com/lightning/page/home?x=1#y', 'acme'],
    [SALESFORCE, 'acme.my.salesforce.com', 'acme'],
    [SALESFORCE, 'acme.my.salesforce.com/', 'acme'],
    [SALESFORCE, 'https://acme--dev.sandbox.my.salesforce.com', 'acme--dev.sandbox'],
    [SALESFORCE, 'acme-dev-ed.develop.my.salesforce.com', 'acme-dev-ed.develop'],
    ['http://{{.workspace}}.localhost:4010', 'http://acme.localhost:4010', 'acme'],
    ['https://{{.workspace}}/api', 'https://git.example.com/acme', 'git.example.com'],
    ['https://3.basecampapi.com/{{.workspace}}', '12345', '12345'],
    ['{{.workspace}}/rest/v11_24', 'https://crm.example.com/', 'https://crm.example.com'],
  ])('with %s takes %j as %j', (template, pasted, value) => {
    expect(normalizeVariable(template, 'workspace', pasted)).toBe(value);
  });

  it('finds each of several variables in a pasted address', () => {
    const template = 'https://{{.workspace}}.api.{{.region}}.dynamics.com/api/data';
    const pasted = 'https://acme.api.crm4.dynamics.com/';
    expect(normalizeVariable(template, 'workspace', pasted)).toBe('acme');
    expect(normalizeVariable(template, 'region', pasted)).toBe('crm4');
  });
});

describe('templateVariables', () => {
  it('lists names in order', () => {
    expect(templateVariables('https://{{.a}}.{{ .b }}/{{.a}}')).toEqual(['a', 'b', 'a']);
    expect(templateVariables('https://x.com')).toEqual([]);
  });
});
