// The address guard: decides whether a call may leave. It is asked twice, about the URL before anything happens
// and about the resolved addresses when a connection opens. The connection then goes to the address that was
// checked, so a name that resolves differently the second time (DNS rebinding) gains nothing. Both questions are
// needed: the net module asks `lookup` about names only, never about an IP literal.
// Invariant: no socket opens to an address that is neither public nor allow-listed.

import { ADDRCONFIG, type LookupAddress, type LookupOptions } from 'node:dns';
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { IntegrationError } from '../core/errors.ts';
import { type AllowList, isAllowListed, isPublicAddress } from './address.ts';

/** All addresses of a host name, at least one, or a rejection. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

export interface Guard {
  /** Throws `egress_refused` for what is wrong with the URL itself; a name's addresses are judged by `lookupFor`. */
  checkUrl(url: URL): void;
  /** The `lookup` of connections to this scheme and port. Fails with `egress_refused` if any address is refused. */
  lookupFor(protocol: string, port: number): LookupFunction;
}

type LookupCallback = Parameters<LookupFunction>[2];

const LOOPBACK: readonly LookupAddress[] = [{ address: '127.0.0.1', family: 4 }];

/** The machine's own resolver. ADDRCONFIG, as net.connect asks: no AAAA answers where there is no IPv6. */
const systemResolve: Resolve = (hostname) => systemLookup(hostname, { all: true, hints: ADDRCONFIG });

export function createGuard(allowList: AllowList, resolve: Resolve = systemResolve): Guard {
  const isAllowed = (protocol: string, address: string, port: number): boolean =>
    isAllowListed(allowList, address, port) || (protocol === 'https:' && isPublicAddress(address));

  return {
    checkUrl(url) {
      const host = url.hostname;
      if (url.protocol !== 'https:' && url.protocol !== 'http:') {
        throw refusal(host, `scheme ${url.protocol} is not http or https`);
      }
      if (url.username !== '' || url.password !== '') throw refusal(host, 'a URL must not carry credentials');
      const address = host.startsWith('[') ? host.slice(1, -1) : host;
      if (isIP(address) !== 0 && !isAllowed(url.protocol, address, portOf(url))) {
        throw refusal(host, refusedAddress(url.protocol, address));
      }
    },
    lookupFor(protocol, port) {
      return (hostname, options, callback) => {
        addressesOf(hostname, resolve).then(
          (addresses) => {
            const refused = addresses.find(({ address }) => !isAllowed(protocol, address, port));
            if (refused === undefined) answer(addresses, options, callback);
            else callback(refusal(hostname, refusedAddress(protocol, refused.address)), []);
          },
          (error: NodeJS.ErrnoException) => callback(error, []),
        );
      };
    },
  };
}

/** The port of a URL, with the scheme's default filled in. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/** RFC 6761 section 6.3: `localhost` and the names below it are loopback and are never asked of a DNS server. */
async function addressesOf(hostname: string, resolve: Resolve): Promise<readonly LookupAddress[]> {
  if (/^(?:.*\.)?localhost\.?$/i.test(hostname)) return LOOPBACK;
  const addresses = await resolve(hostname);
  if (addresses.length === 0) throw new IntegrationError('network', `${hostname} resolves to no address`);
  return addresses;
}

/** `net.connect` asks for all addresses when it may try them in turn (RFC 8305), else for one. */
function answer(addresses: readonly LookupAddress[], options: LookupOptions, callback: LookupCallback): void {
  const [first] = addresses;
  if (options.all || first === undefined) callback(null, [...addresses]);
  else callback(null, first.address, first.family);
}

function refusedAddress(protocol: string, address: string): string {
  // A credential sent in clear text is a credential lost, so plain http needs the operator's word.
  if (protocol === 'http:') return `plain http to ${address}, which is not on the allow-list`;
  return `${address} is neither a public address nor on the allow-list`;
}

/** The public detail names the host, which the caller sent, and not the address, which would map the inner network. */
function refusal(host: string, reason: string): IntegrationError {
  return new IntegrationError('egress_refused', `call to ${host || 'no host'} refused: ${reason}`, {
    publicDetail: `calls to ${host || 'a URL without a host'} are not permitted`,
    remedy: 'Use https and a public host, or let the operator permit the address with TENON_EGRESS_ALLOW.',
  });
}
