// The served description: what readers of OpenAPI hold it to.

import { describe, expect, it } from 'vitest';
import { openApi } from '../../../src/edge/openapi.ts';

const { paths } = openApi('https://tenon.example.com') as {
  paths: Record<string, Record<string, { parameters: readonly { name: string; in: string }[] }>>;
};

describe('a path', () => {
  it('is there once, whatever its parameters are called', () => {
    const shapes = Object.keys(paths).map((path) => path.replace(/\{\w+\}/g, '{}'));
    expect(new Set(shapes).size).toBe(shapes.length);
  });

  it('has the parameters that it names', () => {
    for (const [path, methods] of Object.entries(paths)) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const { parameters } of Object.values(methods)) {
        expect([path, parameters.filter((one) => one.in === 'path').map(({ name }) => name)]).toEqual([path, named]);
      }
    }
  });
});
