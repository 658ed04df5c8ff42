import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { parseCatalogSource } from '../../../src/catalog/source.ts';

describe('TENON_CATALOG_URL', () => {
  it.each([
    ['ftp://catalog.example/c.json', 'must be an https address or a file'],
    ['javascript:alert(1)', 'must be an https address or a file'],
    ['data:application/json,{}', 'must be an https address or a file'],
    ['https://[', 'must be an https address or a file'],
    ['https://me:secret@catalog.example/c.json', 'must not carry a user name'],
    ['file://elsewhere/c.json', 'must name a file of this machine'],
  ])('is refused as %s, and not repeated', (text, reason) => {
    expect(() => parseCatalogSource(text)).toThrow(`TENON_CATALOG_URL ${reason}`);
    expect(() => parseCatalogSource(text)).not.toThrow(text);
  });

  it.each([
    ['https://catalog.example/c.json', 'https://catalog.example/c.json'],
    ['HTTP://127.0.0.1:4010/c.json', 'http://127.0.0.1:4010/c.json'],
    ['https://catalog.example', 'https://catalog.example/'],
  ])('may be the address %s', (text, url) => {
    expect(parseCatalogSource(text)).toEqual({ kind: 'url', url, shown: url });
  });

  it('is shown without what a signed address has in its query', () => {
    expect(parseCatalogSource('https://catalog.example/c.json?signature=s3cret#x')).toEqual({
      kind: 'url',
      url: 'https://catalog.example/c.json?signature=s3cret',
      shown: 'https://catalog.example/c.json',
    });
  });

  it.each([
    ['catalog.json', join(process.cwd(), 'catalog.json')],
    ['/etc/tenon/catalog.json', '/etc/tenon/catalog.json'],
    ['file:///etc/tenon/the%20catalog.json', '/etc/tenon/the catalog.json'],
  ])('may be the file %s', (text, path) => {
    expect(parseCatalogSource(text)).toEqual({ kind: 'file', path, shown: path });
  });
});
