import { expect, it } from 'vitest';
import { REQUEST_BODY_MS_MAX } from '../../../src/core/limits.ts';
import { readBytes } from '../../../src/edge/body.ts';
import { fakeClock } from '../../support/clock.ts';

const BYTES_MAX = 8;

/** A request whose body comes as the test lets it. */
function slowRequest() {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  const request = new Request('http://tenon.example/', { method: 'POST', body: readable, duplex: 'half' });
  return { request, write: (text: string) => void writer.write(Buffer.from(text)), end: () => void writer.close() };
}

it('a body that is too large is refused as soon as that is seen', async () => {
  const clock = fakeClock();
  const { request, write } = slowRequest();
  write('123456789');
  await expect(readBytes(clock, request, BYTES_MAX)).rejects.toMatchObject({ code: 'payload_too_large', status: 413 });
  expect(clock.pendingCount).toBe(0);
});

it('a body that does not come whole in its time is refused, however many bytes have come', async () => {
  const clock = fakeClock();
  const { request, write } = slowRequest();
  const late = expect(readBytes(clock, request, BYTES_MAX)).rejects.toMatchObject({
    code: 'body_timeout',
    status: 408,
  });
  write('1');
  await clock.advance(REQUEST_BODY_MS_MAX - 1);
  write('2');
  expect(clock.pendingCount).toBe(1);
  await clock.advance(1);
  await late;
});

it('a body that comes in time is read, whatever time passes after it', async () => {
  const clock = fakeClock();
  const { request, write, end } = slowRequest();
  const read = readBytes(clock, request, BYTES_MAX);
  write('12');
  await clock.advance(REQUEST_BODY_MS_MAX - 1);
  write('34');
  end();
  expect((await read).toString()).toBe('1234');
  expect(clock.pendingCount).toBe(0);
});
