import { describe, expect, it } from 'vitest';
import { type Course, courseOf, plotOf, type Series } from '../../../bench/harness/plot.ts';

const start: Series = {
  title: 'Time to ready <cold>',
  unit: 'ms',
  points: [
    { size: 10_000, value: 480 },
    { size: 100_000, value: 500 },
    { size: 1_000_000, value: 560 },
  ],
  limit: 1000,
};

function attributes(svg: string, element: string, name: string): number[] {
  return [...svg.matchAll(new RegExp(`<${element} [^>]*\\b${name}="([\\d.-]+)"`, 'g'))].map(([, value]) =>
    Number(value),
  );
}

describe('a plot of growth', () => {
  it('cannot be drawn of a series without points', () => {
    expect(() => plotOf('growth', 'installations', [{ title: 'x', unit: 'ms', points: [] }])).toThrow(RangeError);
  });

  it('spreads sizes by their logarithm, and a larger value is higher up', () => {
    const svg = plotOf('growth', 'installations', [start]);
    const [first = 0, second = 0, third = 0] = attributes(svg, 'circle', 'cx');
    expect(second - first).toBeCloseTo(third - second, 0);
    expect(second).toBeGreaterThan(first);
    const heights = attributes(svg, 'circle', 'cy');
    expect(heights).toEqual(heights.toSorted((a, b) => b - a));
  });

  it('has one scale for series that reach as high as each other', () => {
    const points = (value: number) => [
      { size: 2, value: 0 },
      { size: 10, value },
    ];
    const series = [20, 28].map((value) => ({ title: `${value}`, unit: 'ms', points: points(value), reach: 28 }));
    const [, lower = 0, , higher = 0] = attributes(plotOf('latency', 'one in', series), 'circle', 'cy');
    const [bottom = 0] = attributes(plotOf('latency', 'one in', series), 'circle', 'cy');
    expect((bottom - lower) / (bottom - higher)).toBeCloseTo(20 / 28, 2);
  });

  it('names its axes and its limit, in text that cannot become markup', () => {
    const svg = plotOf('growth', 'installations', [start]);
    for (const text of [
      'Time to ready &lt;cold&gt;, ms',
      '>installations<',
      '>10K<',
      '>100K<',
      '>1M<',
      '>at most 1K<',
    ]) {
      expect(svg).toContain(text);
    }
    expect(svg).not.toContain('<cold>');
  });

  it('has colours for a light and for a dark page', () => {
    const svg = plotOf('growth', 'installations', [start]);
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg).toContain('class="page"');
  });

  it('draws a single size, and values of nothing', () => {
    const svg = plotOf('growth', 'installations', [{ title: 'x', unit: 'ms', points: [{ size: 20, value: 0 }] }]);
    expect(svg).not.toContain('NaN');
  });

  it('puts every series into the picture', () => {
    const svg = plotOf('growth', 'installations', [start, start, start, start]);
    const [, width = 0, height = 0] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)?.map(Number) ?? [];
    const places = [...svg.matchAll(/translate\((\d+) (\d+)\)/g)].map(([, x, y]) => [Number(x), Number(y)]);
    expect(new Set(places.map(String)).size).toBe(4);
    for (const [x = 0, y = 0] of places) expect([x < width, y < height]).toEqual([true, true]);
  });
});

const renewed: Course = {
  title: 'Tokens',
  unit: 'tokens renewed',
  points: [
    { atMs: 0, value: 0 },
    { atMs: 5000, value: 400 },
    { atMs: 10_000, value: 1000 },
  ],
  moments: [
    { atMs: 5000, label: '<killed>' },
    { atMs: 6000, label: 'ready again' },
  ],
};

describe('a plot of a course', () => {
  it('cannot be drawn of a course without points', () => {
    expect(() => courseOf({ ...renewed, points: [] })).toThrow(RangeError);
  });

  it('spreads times evenly, and a moment is where its time is', () => {
    const svg = courseOf(renewed);
    const [, line = ''] = /<polyline class="line" points="([^"]+)"/.exec(svg) ?? [];
    const [[x0 = 0, y0 = 0] = [], [x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = []] = line
      .split(' ')
      .map((point) => point.split(',').map(Number));
    expect(x1 - x0).toBeCloseTo(x2 - x1, 0);
    expect([y0 > y1, y1 > y2]).toEqual([true, true]);
    expect(attributes(svg, 'line class="limit"', 'x1')[0]).toBeCloseTo(x1, 0);
  });

  it('names its moments, in text that cannot become markup, for a light and for a dark page', () => {
    const svg = courseOf(renewed);
    for (const text of [
      '&lt;killed&gt;',
      'ready again',
      'tokens renewed, over seconds',
      'prefers-color-scheme: dark',
    ]) {
      expect(svg).toContain(text);
    }
    expect(svg).not.toContain('<killed>');
  });
});
