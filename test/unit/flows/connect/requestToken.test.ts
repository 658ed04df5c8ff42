import { expect, it } from 'vitest';
import type { OutgoingCall } from '../../../../src/egress/buffered.ts';
import { sendTokenRequest } from '../../../../src/flows/connect/requestToken.ts';
import type { Services } from '../../../../src/flows/services.ts';

it('a token request of a connection has a share of the origin apart from that of its calls', async () => {
  const sent: OutgoingCall[] = [];
  const request = async (call: OutgoingCall) => {
    sent.push(call);
    return { status: 200, headers: {}, body: Buffer.from('{}') };
  };
  const services = { egress: { request } as unknown as Services['egress'] };
  const token = { url: 'https://login.example/token', method: 'POST', headers: [], body: 'grant_type=x' } as const;
  for (const connectionId of ['c1', 'c2', undefined]) await sendTokenRequest(services, token, connectionId);
  const [first, second, nobodys] = sent.map(({ owner }) => owner);
  expect(first).not.toBe('c1');
  expect(first).not.toBe(second);
  expect(nobodys).toBeUndefined();
});
