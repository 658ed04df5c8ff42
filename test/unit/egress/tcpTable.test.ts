// What the system says of connections: the real table for real sockets, and text of a test for the rest.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { endianness, platform } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Seen, TcpTable } from '../../../src/egress/tcpTable.ts';

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const REST = ':00000000 00:00000000 00000000     0        0 1131 1 0000000019a22492 20 4 30 10 -1\n';
const OURS = ['127.0.0.1', 8080, '10.0.0.2', 51_234] as const;

function socketOf([localAddress, localPort, remoteAddress, remotePort]: readonly [string, number, string, number]) {
  return { localAddress, localPort, remoteAddress, remotePort } as Socket;
}

/** A pair of connected sockets, ours first. */
async function connected(host: string): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, host);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const theirs = connect({ port: (server.address() as AddressInfo).port, host });
  const [ours] = (await once(server, 'connection')) as [Socket];
  for (const socket of [ours, theirs]) onTestFinished(() => void socket.destroy());
  return [ours.pause(), theirs];
}

const asked = (table: TcpTable, socket: Socket) => new Promise<Seen>((told) => table.ask(socket, told));

describe.skipIf(platform() !== 'linux' || endianness() !== 'LE')('the table of connections', () => {
  test('that cannot be read is not asked for again, and nobody is told anything', async () => {
    const files: string[] = [];
    const table = new TcpTable(async (file) => {
      files.push(file);
      throw new Error('EACCES');
    });
    let told = 0;
    for (let time = 0; time < 3; time++) {
      table.ask(socketOf(OURS), () => {
        told += 1;
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([files.length, told]).toEqual([1, 0]);
  });

  test('says nothing of a connection that is not in it, nor of one that has no addresses any more', async () => {
    let told = 0;
    const table = new TcpTable(async () => `${HEAD}   0: 0100007F:1F90 0300000A:C822 01 00000001${REST}`);
    for (const socket of [socketOf(OURS), {} as Socket]) {
      table.ask(socket, () => {
        told += 1;
      });
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toBe(0);
  });

  test('ends where a line is none', async () => {
    const table = new TcpTable(async () => `${HEAD}nothing here\n\n`);
    let told = 0;
    table.ask(socketOf(OURS), () => {
      told += 1;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toBe(0);
  });

  test('is read once for all that are asked about in a turn', async () => {
    const files: string[] = [];
    const table = new TcpTable(async (file) => {
      files.push(file);
      return `${HEAD}9999: 0100007F:1F90 0200000A:C822 08 0000ABCD${REST}`;
    });
    const both = await Promise.all([asked(table, socketOf(OURS)), asked(table, socketOf(OURS))]);
    expect(both).toEqual(Array(2).fill({ hasEnded: true, unacknowledged: '0000ABCD' }));
    expect(files).toEqual(['/proc/self/net/tcp']);
  });

  test.each(['127.0.0.1', '::1', '::'])(
    'knows a connection at %s, and that its other side has ended it',
    async (host) => {
      const table = new TcpTable();
      const [ours, theirs] = await connected(host);
      theirs.write('unread');
      expect(await asked(table, ours)).toEqual({ hasEnded: false, unacknowledged: '00000000' });
      theirs.end();
      await once(theirs, 'finish');
      expect(await asked(table, ours)).toEqual({ hasEnded: true, unacknowledged: '00000000' });
    },
  );
});
