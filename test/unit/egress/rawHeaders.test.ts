import { describe, expect, it } from 'vitest';
import { type Controller, rawHeadersOf } from '../../../src/egress/exchange.ts';

/** Of a head that undici has read, as far as it is looked at. */
function controllerOf(rawHeaders: (Buffer | string)[] | null): Controller {
  return { rawHeaders } as unknown as Controller;
}

const HEAD = Buffer.from('HTTP/1.1 200 OK\r\nA: one\r\nLong-Name: f\u00fcr alle\r\nB: \r\n\r\n', 'latin1');

function piece(text: string): Buffer {
  const at = HEAD.indexOf(text, 0, 'latin1');
  return HEAD.subarray(at, at + text.length);
}

describe('the head of an answer', () => {
  it('that has no fields is an empty list', () => {
    expect([rawHeadersOf(controllerOf(null)), rawHeadersOf(controllerOf([]))]).toEqual([[], []]);
  });

  it('is read byte by byte, whatever it was written in', () => {
    const fields = [piece('A'), piece('one'), piece('Long-Name'), piece('f\u00fcr alle')];
    expect(rawHeadersOf(controllerOf(fields))).toEqual(['A', 'one', 'Long-Name', 'f\u00fcr alle']);
  });

  it.each([
    ['in front', 0],
    ['in the middle', 2],
    ['at the end', 5],
  ])('is read where a field was put together elsewhere: %s', (_where, place) => {
    const fields = ['A', 'one', 'Long-Name', 'f\u00fcr alle', 'B', ''].map(piece);
    const expected = fields.map((field) => field.toString('latin1'));
    for (const other of [Buffer.from(fields[place] as Buffer), expected[place] as string]) {
      expect(rawHeadersOf(controllerOf(fields.with(place, other as Buffer)))).toEqual(expected);
    }
  });

  it('is read in whatever order its fields lie in memory', () => {
    const fields = [piece('Long-Name'), piece('f\u00fcr alle'), piece('A'), piece('one')];
    expect(rawHeadersOf(controllerOf(fields))).toEqual(['Long-Name', 'f\u00fcr alle', 'A', 'one']);
    expect(rawHeadersOf(controllerOf([piece('one'), piece('A'), piece('Long-Name'), piece('f\u00fcr alle')]))).toEqual([
      'one',
      'A',
      'Long-Name',
      'f\u00fcr alle',
    ]);
  });
});
