// Which IP addresses Tenon may connect to. Pure: text in, answer out; the guard asks before every connection.
// Invariant: what these functions do not recognise as public unicast is not public. IPv6 is therefore judged by
// what is allocated (2000::/3), not by a list of what is forbidden.
// Sources: the IANA special-purpose address registries (RFC 6890).

import { isIPv4, isIPv6 } from 'node:net';
import { IntegrationError, invariant } from '../core/errors.ts';

/** One address as a number. An IPv4-mapped IPv6 address is family 4: the kernel connects to the IPv4 address. */
interface Address {
  readonly family: 4 | 6;
  readonly bits: bigint;
}

interface AddressRange extends Address {
  readonly prefixBits: number;
}

/** An exception to the guard: a range, and the one port it holds for, or null for every port. */
export interface AllowEntry {
  readonly range: AddressRange;
  readonly port: number | null;
}

export type AllowList = readonly AllowEntry[];

const WIDTH = { 4: 32, 6: 128 } as const;
const IPV4_MAPPED_PREFIX = 0xffffn; // ::ffff:0:0/96, RFC 4291 section 2.5.5.2
const IPV4_MASK = 0xffff_ffffn;

const IPV4_NOT_PUBLIC: readonly AddressRange[] = [
  '0.0.0.0/8', // "this network" (RFC 791); Linux connects 0.0.0.0 to loopback
  '10.0.0.0/8', // private (RFC 1918)
  '100.64.0.0/10', // carrier-grade NAT (RFC 6598); holds Alibaba's metadata address
  '127.0.0.0/8', // loopback (RFC 1122)
  '168.63.129.16/32', // publicly numbered, but Azure's host agent inside every virtual machine
  '169.254.0.0/16', // link-local (RFC 3927), cloud metadata
  '172.16.0.0/12', // private (RFC 1918)
  '192.0.0.0/24', // IETF protocol assignments (RFC 6890); holds Oracle's metadata address
  '192.0.2.0/24', // documentation (RFC 5737)
  '192.88.99.0/24', // 6to4 relay, withdrawn (RFC 7526)
  '192.168.0.0/16', // private (RFC 1918)
  '198.18.0.0/15', // benchmarking (RFC 2544)
  '198.51.100.0/24', // documentation (RFC 5737)
  '203.0.113.0/24', // documentation (RFC 5737)
  '224.0.0.0/4', // multicast (RFC 5771)
  '240.0.0.0/4', // reserved (RFC 1112), limited broadcast
].map(rangeOf);

const IPV6_GLOBAL_UNICAST = rangeOf('2000::/3'); // RFC 4291 section 2.4: all that IANA has allocated

const IPV6_NOT_PUBLIC: readonly AddressRange[] = [
  '2001::/23', // IETF protocol assignments (RFC 2928): Teredo, ORCHID, benchmarking
  '2001:db8::/32', // documentation (RFC 3849)
  '2002::/16', // 6to4 (RFC 3056): carries an IPv4 address of the sender's choice
  '3fff::/20', // documentation (RFC 9637)
].map(rangeOf);

/** NAT64 (RFC 6052): in an IPv6-only network an IPv4 provider resolves to it, so the embedded address decides. */
const NAT64 = rangeOf('64:ff9b::/96');

/** Whether `text` is an address of the public internet. Text that is not an IP address is not. */
export function isPublicAddress(text: string): boolean {
  const address = parseAddress(text);
  return address !== null && isPublic(address);
}

/** Whether an operator has permitted connections to this address and port. */
export function isAllowListed(allowList: AllowList, text: string, port: number): boolean {
  const address = parseAddress(text);
  if (address === null) return false;
  return allowList.some((entry) => (entry.port === null || entry.port === port) && contains(entry.range, address));
}

/**
 * Parses `TENON_EGRESS_ALLOW`: addresses or CIDR ranges with an optional port, separated by commas, e.g.
 * `127.0.0.1:4010, [::1]:4010, 10.0.0.0/8`. Empty text is the empty list.
 * Rejects with `invalid_input`, naming the entry.
 */
export function parseAllowList(text: string): AllowList {
  const entries = text.split(',').map((entry) => entry.trim());
  return entries.filter((entry) => entry !== '').map(parseAllowEntry);
}

function parseAllowEntry(entry: string): AllowEntry {
  const { rangeText, portText } = splitPort(entry);
  const range = parseRange(rangeText);
  if (range === null) {
    throw badEntry(entry, 'is not an IP address or a CIDR range, with or without a port; host names are not accepted');
  }
  if (range.bits !== firstOf(range)) throw badEntry(entry, 'has address bits set behind its prefix length');
  if (portText === null) return { range, port: null };
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0;
  if (port < 1 || port > 65_535) throw badEntry(entry, 'has a port that is not between 1 and 65535');
  return { range, port };
}

function badEntry(entry: string, fault: string): IntegrationError {
  return new IntegrationError('invalid_input', `TENON_EGRESS_ALLOW: "${entry}" ${fault}`, {
    remedy: 'Write entries like 10.0.0.0/8, 127.0.0.1:4010 or [::1]:4010, separated by commas.',
  });
}

/** IPv6 takes brackets before a port (RFC 3986 section 3.2.2); a bare IPv6 entry has none. */
function splitPort(entry: string): { readonly rangeText: string; readonly portText: string | null } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(entry);
  if (bracketed) return { rangeText: bracketed[1] ?? '', portText: bracketed[2] ?? null };
  const colon = entry.indexOf(':');
  if (colon < 0 || colon !== entry.lastIndexOf(':')) return { rangeText: entry, portText: null };
  return { rangeText: entry.slice(0, colon), portText: entry.slice(colon + 1) };
}

function isPublic(address: Address): boolean {
  if (address.family === 4) return !IPV4_NOT_PUBLIC.some((range) => contains(range, address));
  if (contains(NAT64, address)) return isPublic({ family: 4, bits: address.bits & IPV4_MASK });
  return contains(IPV6_GLOBAL_UNICAST, address) && !IPV6_NOT_PUBLIC.some((range) => contains(range, address));
}

function contains(range: AddressRange, address: Address): boolean {
  if (range.family !== address.family) return false;
  const hostBits = BigInt(WIDTH[range.family] - range.prefixBits);
  return range.bits >> hostBits === address.bits >> hostBits;
}

function firstOf(range: AddressRange): bigint {
  const hostBits = BigInt(WIDTH[range.family] - range.prefixBits);
  return (range.bits >> hostBits) << hostBits;
}

function rangeOf(text: string): AddressRange {
  const range = parseRange(text);
  invariant(range, 'T-EGRESS-RANGE', `${text} is not a range`);
  return range;
}

function parseRange(text: string): AddressRange | null {
  const [addressText = '', prefixText, ...rest] = text.split('/');
  // A zone names an interface of this machine, not a set of addresses.
  const address = addressText.includes('%') ? null : parseAddress(addressText);
  if (address === null || rest.length > 0) return null;
  const width = WIDTH[address.family];
  if (prefixText === undefined) return { ...address, prefixBits: width };
  // A mapped range would have to be counted from bit 96; writing it as IPv4 is clearer.
  if (address.family === 4 && addressText.includes(':')) return null;
  const prefixBits = /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : Number.POSITIVE_INFINITY;
  return prefixBits <= width ? { ...address, prefixBits } : null;
}

function parseAddress(text: string): Address | null {
  if (isIPv4(text)) return { family: 4, bits: ipv4Bits(text) };
  if (!isIPv6(text)) return null;
  const bits = ipv6Bits(text);
  return bits >> 32n === IPV4_MAPPED_PREFIX ? { family: 4, bits: bits & IPV4_MASK } : { family: 6, bits };
}

/** Bits of text that `isIPv4` accepts. */
export function ipv4Bits(text: string): bigint {
  return text.split('.').reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
}

/** Bits of text that `isIPv6` accepts, so only the `::`, the dotted tail and the zone need care. */
export function ipv6Bits(text: string): bigint {
  const [address = ''] = text.split('%');
  const [head = '', tail] = address.split('::');
  const first = groupsOf(head);
  const last = groupsOf(tail ?? '');
  const zeros = new Array<bigint>(tail === undefined ? 0 : 8 - first.length - last.length).fill(0n);
  return [...first, ...zeros, ...last].reduce((bits, group) => (bits << 16n) | group, 0n);
}

function groupsOf(part: string): bigint[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)];
    const bits = ipv4Bits(group);
    return [bits >> 16n, bits & 0xffffn];
  });
}
