import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addressWarnings, readConfig } from '../../src/config.ts';

describe('the environment is refused', () => {
  it.each([
    ['TENON_PORT', 'http', 'must be a port number'],
    ['TENON_PORT', '-1', 'must be a port number'],
    ['TENON_PORT', '1e3', 'must be a port number'],
    ['TENON_PORT', '65536', 'must be a port number'],
    ['TENON_PORT', ' 80', 'must be a port number'],
    ['TENON_PUBLIC_URL', 'tenon.example.com', 'must be an origin'],
    ['TENON_PUBLIC_URL', 'ftp://tenon.example.com', 'must be an origin'],
    ['TENON_PUBLIC_URL', 'https://tenon.example.com/x', 'must be an origin'],
    ['TENON_PUBLIC_URL', 'https://tenon.example.com/?x', 'must be an origin'],
    ['TENON_PUBLIC_URL', 'https://me@tenon.example.com', 'must be an origin'],
    ['TENON_PROXY_URL', 'tenon.example.com/proxy', 'must be an address'],
    ['TENON_PROXY_URL', 'ftp://tenon.example.com/proxy', 'must be an address'],
    ['TENON_PROXY_URL', 'https://me@tenon.example.com/proxy', 'must be an address'],
    ['TENON_PROXY_URL', 'https://tenon.example.com/proxy?x', 'must be an address'],
    ['TENON_CATALOG_URL', 'ftp://catalog.example/c.json', 'must be an https address or a file'],
    ['TENON_LOG_LEVEL', 'verbose', 'must be one of trace, debug'],
    ['TENON_METRICS_TOKEN', 'short', 'must have at least 16 characters'],
    ['TENON_METRICS_TOKEN', 'sixteen characters', 'and no spaces'],
    ['TENON_SALESFORCE_EVENT_RELAY', 'us-east-1', 'must be a region and an account'],
    ['TENON_SALESFORCE_EVENT_RELAY', 'arn:aws:US-EAST-1:1234', 'must be a region and an account'],
    ['TENON_PROXY_SILENCE_SECONDS', '59', 'must be a number of seconds, 60 to 3600'],
    ['TENON_PROXY_SILENCE_SECONDS', '3601', 'must be a number of seconds, 60 to 3600'],
    ['TENON_PROXY_SILENCE_SECONDS', '2m', 'must be a number of seconds, 60 to 3600'],
    ['TENON_EGRESS_ALLOW', 'localhost', 'is not an IP address'],
    ['TENON_EGRESS_ALLOW', '10.0.0.1/8', 'has address bits set'],
  ])('with %s=%s, by the name of the variable', (name, value, reason) => {
    expect(() => readConfig({ [name]: value })).toThrow(expect.objectContaining({ code: 'invalid_input' }));
    expect(() => readConfig({ [name]: value })).toThrow(name);
    expect(() => readConfig({ [name]: value })).toThrow(reason);
  });
});

describe('the environment', () => {
  it('may be empty', () => {
    expect(readConfig({})).toEqual({
      dataFolder: join('.', '.tenon'),
      hostname: '127.0.0.1',
      port: 8080,
      salesforceEventRelay: null,
      publicUrl: null,
      proxyUrl: null,
      masterKeys: [],
      egressAllow: [],
      providerSilenceMs: 60_000,
      catalogFile: null,
      catalogSource: null,
      logLevel: 'info',
      metricsToken: null,
      workers: 0,
      tracing: null,
    });
  });

  it('may have variables that are set to nothing', () => {
    const names = [
      'DATA_DIR',
      'HOST',
      'PORT',
      'PUBLIC_URL',
      'MASTER_KEY',
      'EGRESS_ALLOW',
      'PROXY_SILENCE_SECONDS',
      'CATALOG_FILE',
      'CATALOG_URL',
      'LOG_LEVEL',
      'SALESFORCE_EVENT_RELAY',
    ];
    expect(readConfig(Object.fromEntries(names.map((name) => [`TENON_${name}`, ''])))).toEqual(readConfig({}));
  });

  it('is read into what it means', () => {
    const config = readConfig({
      TENON_DATA_DIR: '/data',
      TENON_HOST: '::',
      TENON_PORT: '0',
      TENON_PUBLIC_URL: 'https://Tenon.example.com:443/',
      TENON_PROXY_URL: 'https://Tenon.example.com:443/at/proxy/',
      TENON_MASTER_KEY: ' new , old,',
      TENON_EGRESS_ALLOW: '127.0.0.1:80, 10.0.0.0/8',
      TENON_CATALOG_FILE: 'catalog.json',
      TENON_CATALOG_URL: 'https://catalog.example/catalog.json',
      TENON_LOG_LEVEL: 'warn',
      TENON_METRICS_TOKEN: 'sixteen-letters!',
      TENON_SALESFORCE_EVENT_RELAY: 'arn:aws:us-east-1:123456789012',
      TENON_WORKERS: '2',
      TENON_PROXY_SILENCE_SECONDS: '120',
    });
    expect(config).toMatchObject({
      dataFolder: '/data',
      hostname: '::',
      port: 0,
      publicUrl: 'https://tenon.example.com',
      proxyUrl: 'https://tenon.example.com/at/proxy',
      masterKeys: ['new', 'old'],
      catalogFile: 'catalog.json',
      catalogSource: { kind: 'url', url: 'https://catalog.example/catalog.json' },
      logLevel: 'warn',
      salesforceEventRelay: 'arn:aws:US-EAST-1:123456789012',
      workers: 2,
      providerSilenceMs: 120_000,
    });
    expect(config.egressAllow).toHaveLength(2);
  });
});

describe('an address that others reach without one that they can be told', () => {
  it.each([
    ['0.0.0.0', undefined, 1],
    ['tenon.internal', undefined, 1],
    ['::', undefined, 1],
    ['0.0.0.0', 'https://tenon.example.com', 0],
    ['127.0.0.1', undefined, 0],
    ['localhost', undefined, 0],
    ['::1', undefined, 0],
    [undefined, undefined, 0],
  ])('%s with %s is warned of %i times', (host, url, count) => {
    const warnings = addressWarnings(readConfig({ TENON_HOST: host, TENON_PUBLIC_URL: url }));
    expect(warnings).toHaveLength(count);
    if (count > 0) expect(warnings[0]).toContain('TENON_PUBLIC_URL is not set');
  });
});
