import { describe, expect, it } from 'vitest';
import { jsonOrNull } from '../../../src/core/json.ts';
import { isWrite } from '../../../src/edge/platform/isWrite.ts';

const of = (text: string) => isWrite(jsonOrNull(text), text);

describe('a body at the address of triggers and writes', () => {
  it.each([
    '',
    'null',
    '[{"record":{}}]',
    '"type: create"',
    '{"groupRef":"acme","mode":"async"}',
    '{"groupRef":"acme","mode":"synchronous"}',
    '{"groupRef":"type","mode":"async"}',
    '{"groupRef":"acme","nested":{"type":"create"}}',
    '{"groupRef":"acme","mode":"async",}',
    '{"groupRef":"type","mode":"as',
    '{"groupRef":"acme","recordType":"x",}',
    '<html>',
  ])('is no write: %s', (text) => {
    expect(of(text)).toBe(false);
  });

  it.each([
    '{"groupRef":"acme","type":"create"}',
    '{"record":null}',
    '{"batch":[]}',
    '{"groupRef":"acme","type":"create","record":{"email":"a@b"}',
    '{"groupRef":"acme","record":{"email":"a@b",}}',
    '{"batch" : [',
    "{'type': 'create'}",
    '{type: "create"}',
  ])('is a write: %s', (text) => {
    expect(of(text)).toBe(true);
  });
});
