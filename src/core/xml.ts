// XML as SOAP has it: elements and text. Prefixes, processing instructions and comments are passed over, attributes are
// kept as text, and a document type is refused, so that nothing expands. Invariant: a document costs time and memory in
// proportion to its length, and its depth is bounded.

import { IntegrationError } from './errors.ts';
import { XML_DEPTH_MAX } from './limits.ts';

/** One element; `text` is its own, without white space at the ends. */
export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  /** As written between the name and the bracket. */
  readonly attributes: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
/** A comment, CDATA, a processing instruction, a tag or a run of text. What is none of them is not XML. */
const TOKEN =
  /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\?[\s\S]*?\?>|<(\/?)([\w.:-]{1,200})(?=[\s/>])([^<>]*?)(\/?)>|([^<]+)/y;

/** Text for content and attributes. What XML 1.0 cannot say at all is left out. */
export function escapeXml(text: string): string {
  return text.replace(/[^\t\n\r\x20-\uFFFD]/g, '').replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

interface Open {
  readonly name: string;
  readonly attributes: string;
  text: string;
  readonly children: XmlElement[];
}

/** The root element. Rejects with `malformed`; `what` names the text. */
export function parseXml(document: string, what: string): XmlElement {
  const malformed = () => new IntegrationError('malformed', `${what} is not valid XML`);
  const root: Open = { name: '', attributes: '', text: '', children: [] };
  const open: Open[] = [root];
  const token = new RegExp(TOKEN);
  const source = document.replace(/^\uFEFF/, '');
  while (token.lastIndex < source.length) {
    const match = token.exec(source);
    const parent = open.at(-1);
    if (match === null || parent === undefined) throw malformed();
    const [, cdata, slash, tag, attributes = '', selfClosing, text] = match;
    if (cdata !== undefined) parent.text += cdata;
    else if (text !== undefined) parent.text += unescapeXml(text);
    else if (tag !== undefined && slash === '/') {
      open.pop();
      if (parent === root || parent.name !== localName(tag)) throw malformed();
      open.at(-1)?.children.push({ ...parent, text: parent.text.trim() });
    } else if (tag !== undefined) {
      const element: Open = { name: localName(tag), attributes: attributes.trim(), text: '', children: [] };
      if (selfClosing === '/') parent.children.push(element);
      else if (open.push(element) > XML_DEPTH_MAX) throw malformed();
    }
  }
  const [only, ...others] = root.children;
  if (open.length !== 1 || only === undefined || others.length > 0 || root.text.trim() !== '') throw malformed();
  return only;
}

/** The children of that name. */
export function childrenOf(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

/** The first element down a path of names, or undefined where a step is missing. */
export function elementAt(element: XmlElement | undefined, ...names: readonly string[]): XmlElement | undefined {
  return names.reduce<XmlElement | undefined>((found, name) => childrenOf(found, name)[0], element);
}

/** The text of a child; empty where there is none. */
export function textOf(element: XmlElement | undefined, name: string): string {
  return elementAt(element, name)?.text ?? '';
}

function localName(tag: string): string {
  return tag.slice(tag.indexOf(':') + 1);
}

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{1,8}));/gi, (whole, hex, decimal, name: string) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
