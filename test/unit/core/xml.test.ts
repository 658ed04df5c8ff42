// Reading and writing XML: what is refused, what is passed over, and that what is written is read back.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { XML_DEPTH_MAX } from '../../../src/core/limits.ts';
import { childrenOf, elementAt, escapeXml, parseXml, textOf } from '../../../src/core/xml.ts';

describe('parseXml', () => {
  it.each([
    ['nothing', ''],
    ['text alone', 'hello'],
    ['two roots', '<a/><b/>'],
    ['text after the root', '<a/>x'],
    ['an element that does not end', '<a><b></a>'],
    ['an end without a beginning', '</a>'],
    ['a bracket without a name', '<a>< b</a>'],
    ['a comment that does not end', '<a><!-- </a>'],
    ['a document type, which could expand', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ['more levels than bounded', '<a>'.repeat(XML_DEPTH_MAX + 1) + '</a>'.repeat(XML_DEPTH_MAX + 1)],
    ['a name without an end', `<${'a'.repeat(100_000)}`],
  ])('refuses %s', (_, text) => {
    expect(() => parseXml(text, 'it')).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  it('passes over prefixes, comments and instructions, and keeps attributes and CDATA', () => {
    const root = parseXml(
      '\uFEFF<?xml version="1.0"?>\n<s:a x="1"><!-- no --><b>one</b><b><![CDATA[<two>]]></b><c y="2"/></s:a>\n',
      'it',
    );
    expect([root.name, root.attributes]).toEqual(['a', 'x="1"']);
    expect(childrenOf(root, 'b').map(({ text }) => text)).toEqual(['one', '<two>']);
    expect([elementAt(root, 'c')?.attributes, elementAt(root, 'c', 'd'), textOf(root, 'none')]).toEqual([
      'y="2"',
      undefined,
      '',
    ]);
    expect(parseXml('<a>&lt;&#65;&#x42;&unknown;</a>', 'it').text).toBe('<AB&unknown;');
  });

  it('reads back any text that was escaped, and nothing in it becomes an element', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.oneof(fc.constantFrom('<', '>', '&', '"', "'", ']', 'a'), fc.string()) }),
        (text) => {
          const sayable = text.replace(/[^\t\n\r\x20-\uFFFD]/g, '');
          const root = parseXml(`<a><b>${escapeXml(text)}</b></a>`, 'it');
          expect([root.children.length, textOf(root, 'b')]).toEqual([1, sayable.trim()]);
        },
      ),
    );
  });
});
