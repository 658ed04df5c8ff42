import { describe, expect, it } from 'vitest';
import { MACHINES } from '../../actors/runtime.ts';
import { MACHINE_ITERATIONS_MAX, SNAPSHOT_BYTES_MAX } from '../../src/core/limits.ts';

interface Node {
  readonly invoke: readonly unknown[];
  readonly after: readonly unknown[];
  readonly always?: readonly unknown[];
  readonly type: string;
  readonly transitions: ReadonlyMap<string, unknown>;
  readonly states: Readonly<Record<string, Node>>;
}

const nodesOf = (node: Node): Node[] => [node, ...Object.values(node.states).flatMap(nodesOf)];

describe('the machines of the product', () => {
  it('have names of their own', () => {
    const names = MACHINES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(MACHINES.map((definition) => [definition.name, definition] as const))(
    '%s decides only: it invokes nothing, sets no timer and cannot loop for ever',
    (_name, { machine }) => {
      const nodes = nodesOf(machine.root as unknown as Node);
      expect(nodes.flatMap(({ invoke, after }) => [...invoke, ...after])).toEqual([]);
      expect(machine.config).toMatchObject({ options: { maxIterations: MACHINE_ITERATIONS_MAX } });
    },
  );

  it.each(MACHINES.map((definition) => [definition.name, definition] as const))(
    '%s has a migration for each of its older versions and starts small',
    (_name, { machine, schemaVersion, migrations, wakeAtMs }) => {
      expect(migrations).toHaveLength(schemaVersion - 1);
      const { context } = machine.getInitialSnapshot({} as never, { key: 'k'.repeat(200) });
      expect(JSON.stringify(context).length).toBeLessThan(SNAPSHOT_BYTES_MAX / 10);
      expect(wakeAtMs(context as never)).toBeNull();
    },
  );
});
