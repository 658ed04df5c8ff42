import type { LookupAddress } from 'node:dns';
import { describe, expect, test, vi } from 'vitest';
import { parseAllowList } from '../../../src/egress/address.ts';
import { createGuard, type Resolve } from '../../../src/egress/guard.ts';

const addressesOf = (...addresses: string[]): LookupAddress[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

function lookUp(guardText: string, resolve: Resolve, hostname: string, protocol = 'https:', port = 443) {
  const lookup = createGuard(parseAllowList(guardText), resolve).lookupFor(protocol, port);
  return new Promise<readonly LookupAddress[]>((fulfil, reject) => {
    lookup(hostname, { all: true }, (error, addresses) => {
      if (error) reject(error);
      else fulfil(addresses as LookupAddress[]);
    });
  });
}

describe('checkUrl', () => {
  const guard = createGuard(parseAllowList('127.0.0.1:4010, [::1]:4010'));

  test.each([
    ['loopback', 'https://127.0.0.1/'],
    ['loopback in decimal', 'https://2130706433/'],
    ['loopback in hex', 'https://0x7f000001/'],
    ['loopback in octal', 'https://0177.0.0.1/'],
    ['loopback, short form', 'https://127.1/'],
    ['loopback with a trailing dot', 'https://127.0.0.1./'],
    ['loopback in full-width digits', 'https://１２７.0.0.1/'],
    ['loopback, percent-encoded', 'https://%31%32%37.0.0.1/'],
    ['IPv6 loopback', 'https://[::1]/'],
    ['IPv4-mapped', 'https://[::ffff:127.0.0.1]/'],
    ['IPv4-mapped in hex', 'https://[::ffff:7f00:1]/'],
    ['NAT64', 'https://[64:ff9b::a00:1]/'],
    ['metadata', 'https://169.254.169.254/latest/meta-data'],
    ['private', 'https://10.1.2.3/'],
    ['allow-listed address, other port', 'https://127.0.0.1:4011/'],
    ['plain http to a public address', 'http://8.8.8.8/'],
    ['user info', 'https://user@example.com/'],
    ['password only', 'https://:secret@example.com/'],
    ['file', 'file:///etc/passwd'],
    ['ftp', 'ftp://example.com/'],
    ['data', 'data:text/plain,x'],
    ['gopher', 'gopher://example.com:70/'],
  ])('%s is refused (%s)', (_what, text) => {
    expect(() => guard.checkUrl(new URL(text))).toThrow(expect.objectContaining({ code: 'egress_refused' }));
  });

  test('a refusal repeats no secret of the URL', () => {
    const refuse = () => guard.checkUrl(new URL('https://user:hunter2@example.com/?token=hunter2'));
    expect(refuse).toThrow(expect.not.objectContaining({ message: expect.stringContaining('hunter2') }));
  });

  test.each([
    'https://example.com/',
    'https://8.8.8.8:8443/',
    'https://[2606:4700::1111]/',
    'http://127.0.0.1:4010/',
    'https://127.0.0.1:4010/',
    'http://[::1]:4010/',
    // A name is judged by its addresses when the connection opens.
    'http://example.com/',
    'https://localhost./',
  ])('%s may be tried', (text) => {
    expect(() => guard.checkUrl(new URL(text))).not.toThrow();
  });
});

describe('lookupFor', () => {
  test.each([
    ['a private address', ['10.0.0.5']],
    ['public and private addresses', ['8.8.8.8', '10.0.0.5']],
    ['public IPv4 and unique local IPv6', ['8.8.8.8', 'fd00::5']],
    ['a mapped loopback address', ['::ffff:127.0.0.1']],
    ['something that is no address', ['example.net']],
  ])('a name with %s is refused', async (_what, addresses) => {
    const found = lookUp('', async () => addressesOf(...addresses), 'sneaky.example.com');
    await expect(found).rejects.toMatchObject({ code: 'egress_refused' });
  });

  test('the public detail names the host and not the address', async () => {
    const found = lookUp('', async () => addressesOf('10.0.0.5'), 'sneaky.example.com');
    const error = await found.catch((thrown) => thrown);
    expect(error.publicDetail).toContain('sneaky.example.com');
    expect(error.publicDetail).not.toContain('10.0.0.5');
  });

  test('plain http to a name with public addresses is refused', async () => {
    const found = lookUp('10.0.0.0/8', async () => addressesOf('8.8.8.8'), 'example.com', 'http:', 80);
    await expect(found).rejects.toMatchObject({ code: 'egress_refused' });
  });

  test('an allow-listed port does not open the others', async () => {
    const resolve = async () => addressesOf('10.0.0.5');
    await expect(lookUp('10.0.0.5:8080', resolve, 'inner', 'http:', 80)).rejects.toMatchObject({
      code: 'egress_refused',
    });
    await expect(lookUp('10.0.0.5:8080', resolve, 'inner', 'http:', 8080)).resolves.toEqual(addressesOf('10.0.0.5'));
  });

  test('no address at all is a network failure', async () => {
    await expect(lookUp('', async () => [], 'empty.example.com')).rejects.toMatchObject({ code: 'network' });
  });

  test.each(['localhost', 'localhost.', 'LOCALHOST', 'a.localhost', 'a.b.localhost.'])(
    '%s is loopback without DNS, and guarded as such',
    async (hostname) => {
      const resolve = vi.fn(async () => addressesOf('8.8.8.8'));
      await expect(lookUp('', resolve, hostname)).rejects.toMatchObject({ code: 'egress_refused' });
      await expect(lookUp('127.0.0.1', resolve, hostname)).resolves.toEqual(addressesOf('127.0.0.1'));
      expect(resolve).not.toHaveBeenCalled();
    },
  );

  test.each(['notlocalhost', 'localhost.example.com'])('%s is a name like any other', async (hostname) => {
    await expect(lookUp('', async () => addressesOf('8.8.8.8'), hostname)).resolves.toEqual(addressesOf('8.8.8.8'));
  });

  test('asked for one address it answers with the first', async () => {
    const lookup = createGuard([], async () => addressesOf('2606:4700::1', '8.8.8.8')).lookupFor('https:', 443);
    const answer = await new Promise((resolve) => {
      lookup('example.com', {}, (...args) => resolve(args));
    });
    expect(answer).toEqual([null, '2606:4700::1', 6]);
  });
});
