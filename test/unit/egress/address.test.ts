import { describe, expect, test } from 'vitest';
import { isAllowListed, isPublicAddress, parseAllowList } from '../../../src/egress/address.ts';

const NOT_PUBLIC: readonly (readonly [string, string])[] = [
  ['unspecified', '0.0.0.0'],
  ['"this network"', '0.1.2.3'],
  ['private, class A', '10.0.0.1'],
  ['private, class B, first', '172.16.0.0'],
  ['private, class B, last', '172.31.255.255'],
  ['private, class C', '192.168.1.1'],
  ['loopback', '127.0.0.1'],
  ['loopback, last', '127.255.255.255'],
  ['cloud metadata', '169.254.169.254'],
  ['carrier-grade NAT, first', '100.64.0.0'],
  ['carrier-grade NAT, last', '100.127.255.255'],
  ['Azure host agent', '168.63.129.16'],
  ['IETF assignments', '192.0.0.192'],
  ['6to4 relay', '192.88.99.1'],
  ['benchmarking', '198.19.255.255'],
  ['documentation 1', '192.0.2.1'],
  ['documentation 2', '198.51.100.1'],
  ['documentation 3', '203.0.113.1'],
  ['multicast', '224.0.0.1'],
  ['reserved', '240.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['IPv6 unspecified', '::'],
  ['IPv6 loopback', '::1'],
  ['IPv6 loopback written out', '0:0:0:0:0:0:0:1'],
  ['IPv4-mapped private', '::ffff:10.0.0.1'],
  ['IPv4-mapped private in hex', '::ffff:a00:1'],
  ['IPv4-mapped metadata', '::ffff:169.254.169.254'],
  ['IPv4-compatible', '::8.8.8.8'],
  ['IPv4-translated', '::ffff:0:8.8.8.8'],
  ['NAT64 of a private address', '64:ff9b::10.0.0.1'],
  ['NAT64 for local use', '64:ff9b:1::8.8.8.8'],
  ['6to4', '2002:808:808::1'],
  ['Teredo', '2001:0:4136:e378::1'],
  ['IPv6 benchmarking', '2001:2::1'],
  ['ORCHID', '2001:20::1'],
  ['IPv6 documentation', '2001:db8::1'],
  ['IPv6 documentation, second', '3fff::1'],
  ['discard-only', '100::1'],
  ['unique local', 'fd00:ec2::254'],
  ['link-local', 'fe80::1'],
  ['link-local with a zone', 'fe80::1%eth0'],
  ['site-local', 'fec0::1'],
  ['IPv6 multicast', 'ff02::1'],
  ['segment routing', '5f00::1'],
  ['not an address', 'example.com'],
  ['octal octets', '0177.0.0.1'],
  ['empty', ''],
];

const PUBLIC = [
  '8.8.8.8',
  '172.15.255.255',
  '172.32.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '169.253.0.1',
  '223.255.255.255',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
  '2606:4700::1111',
  '2a00:1450:4001:830::200e',
  '2001:4860:4860::8888',
];

describe('public addresses', () => {
  test.each(NOT_PUBLIC)('%s (%s) is not public', (_what, address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each(PUBLIC)('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});

describe('the allow-list', () => {
  test.each([
    'localhost',
    'localhost:4010',
    '*.example.com',
    '127.0.0.1/33',
    '127.0.0.1/',
    '127.0.0.1/8/8',
    '127.0.0.1/-1',
    '10.0.0.1/8',
    '127.0.0.1:',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '127.0.0.1:http',
    '::1/129',
    '[::1',
    '[::1]4010',
    '[::1]:99999',
    'fe80::1%eth0',
    '::ffff:10.0.0.0/104',
    '10.0.0.0/8; 127.0.0.1',
  ])('%s is refused by name', (entry) => {
    expect(() => parseAllowList(`192.168.0.0/16,${entry}`)).toThrow(
      expect.objectContaining({ code: 'invalid_input', message: expect.stringContaining(`"${entry}"`) }),
    );
  });

  test.each([
    ['127.0.0.1', '127.0.0.1', 80, true],
    ['127.0.0.1', '127.0.0.2', 80, false],
    ['127.0.0.1', '::ffff:127.0.0.1', 80, true],
    ['127.0.0.1:4010', '127.0.0.1', 4010, true],
    ['127.0.0.1:4010', '127.0.0.1', 4011, false],
    ['10.0.0.0/8', '10.255.255.255', 1, true],
    ['10.0.0.0/8', '11.0.0.0', 1, false],
    ['10.0.0.0/8:443', '10.1.2.3', 443, true],
    ['10.0.0.0/8:443', '10.1.2.3', 80, false],
    ['0.0.0.0/0', '169.254.169.254', 80, true],
    ['0.0.0.0/0', '::1', 80, false],
    ['::1', '::1', 80, true],
    ['[::1]:4010', '::1', 4010, true],
    ['[::1]:4010', '::1', 4011, false],
    ['fd00::/8', 'fdff::1', 80, true],
    ['[fd00::/8]:443', 'fc00::1', 443, false],
    ['127.0.0.1', '64:ff9b::127.0.0.1', 80, false],
    ['127.0.0.1', 'example.com', 80, false],
    ['', '127.0.0.1', 80, false],
    [' 10.0.0.0/8 , 127.0.0.1 ,', '127.0.0.1', 80, true],
  ] as const)('"%s" for %s port %i: %s', (text, address, port, isAllowed) => {
    expect(isAllowListed(parseAllowList(text), address, port)).toBe(isAllowed);
  });
});
