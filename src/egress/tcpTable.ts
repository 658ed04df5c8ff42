// What the system knows of a connection and Node does not show: whether the other side still takes what lies in the
// system's buffers, megabytes that it may need minutes for, and whether an end stands behind bytes that nobody reads.
// Linux tells it in a table of all connections; elsewhere nothing is known. Asked for calls in which nothing happens.
// Invariant: the table is read once at a time, and never for nobody.

import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { endianness, platform } from 'node:os';
import { ipv4Bits, ipv6Bits } from './address.ts';

/** One connection as the system sees it. */
export interface Seen {
  /** The other side sends no more; what it sent before may not have been read yet. */
  readonly hasEnded: boolean;
  /** What was sent and not acknowledged, in hexadecimal: as long as it changes, the other side reads. */
  readonly unacknowledged: string;
}

type Told = (seen: Seen) => void;

/** `01` in the column of states is an established connection, `08` one that the other side has ended. */
const CLOSE_WAIT = '08';
const FILES = ['/proc/self/net/tcp', '/proc/self/net/tcp6'] as const;
const HEAD_LINE = /^.*\n/;

/** Answers about connections of this process. */
export class TcpTable {
  readonly #read: (file: string) => Promise<string>;
  /** By file, then by connection. */
  #asked: [Map<string, Told[]>, Map<string, Told[]>] = [new Map(), new Map()];
  #isReading = false;
  /** Elsewhere there is no such table; on a machine of the other byte order it is written otherwise. */
  #isKnown = platform() === 'linux' && endianness() === 'LE';

  constructor(read = (file: string): Promise<string> => readFile(file, 'latin1')) {
    this.#read = read;
  }

  /** Calls back later with what is seen of the connection; never, if nothing is. */
  ask(socket: Socket, told: Told): void {
    const { localAddress, localPort, remoteAddress, remotePort } = socket;
    if (!this.#isKnown || localAddress === undefined || remoteAddress === undefined) return;
    const isV6 = localAddress.includes(':');
    const key = `${endOf(localAddress, localPort)} ${endOf(remoteAddress, remotePort)}`;
    const asked = this.#asked[isV6 ? 1 : 0];
    const others = asked.get(key);
    if (others === undefined) asked.set(key, [told]);
    else others.push(told);
    if (!this.#isReading) void this.#answer();
  }

  async #answer(): Promise<void> {
    this.#isReading = true;
    // All that are asked about in one turn share one reading.
    await Promise.resolve();
    while (this.#isKnown && this.#asked.some((asked) => asked.size > 0)) {
      const batch = this.#asked;
      this.#asked = [new Map(), new Map()];
      for (const [index, asked] of batch.entries()) if (asked.size > 0) await this.#tell(FILES[index] as string, asked);
    }
    this.#isReading = false;
  }

  async #tell(file: string, asked: ReadonlyMap<string, readonly Told[]>): Promise<void> {
    let text: string;
    try {
      text = await this.#read(file);
    } catch {
      // Hidden from us, as in some sandboxes: it will stay so.
      this.#isKnown = false;
      return;
    }
    for (const [told, seen] of found(text, asked)) for (const tell of told) tell(seen);
  }
}

/** The lines that were asked for. A busy machine has ten thousands, so only those are taken apart. */
function found(text: string, asked: ReadonlyMap<string, readonly Told[]>): [readonly Told[], Seen][] {
  const all: [readonly Told[], Seen][] = [];
  const [keyLength = 0] = [...asked.keys()].map(({ length }) => length);
  // `  12: 0100007F:1F90 0100007F:D3A4 01 00000000:00000000 …`: both ends, the state, what waits to go out.
  for (let line = HEAD_LINE.exec(text)?.[0].length ?? text.length; line < text.length; ) {
    const colon = text.indexOf(': ', line);
    if (colon < 0) break;
    const start = colon + 2;
    const end = start + keyLength;
    const told = asked.get(text.slice(start, end));
    if (told !== undefined) {
      const state = text.slice(end + 1, end + 3);
      all.push([told, { hasEnded: state === CLOSE_WAIT, unacknowledged: text.slice(end + 4, end + 12) }]);
    }
    const next = text.indexOf('\n', start);
    line = next < 0 ? text.length : next + 1;
  }
  return all;
}

/** As the table writes it: words of four bytes as the machine holds them, the port as it is said. */
function endOf(address: string, port = 0): string {
  const isV6 = address.includes(':');
  const digits = (isV6 ? ipv6Bits(address) : ipv4Bits(address)).toString(16).padStart(isV6 ? 32 : 8, '0');
  const words = digits.match(/.{8}/g) ?? [];
  const hex = words.map((word) => (word.match(/../g) ?? []).reverse().join('')).join('');
  return `${hex}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}
