// A Tenon whose flows are called directly, with connections that need no browser.

import { onTestFinished } from 'vitest';
import type { ProjectId } from '../../../../src/core/ids.ts';
import { generateConnection } from '../../../../src/flows/connect/generate.ts';
import type { Services } from '../../../../src/flows/services.ts';
import type { ConnectionRow } from '../../../../src/store/tables/connections.ts';
import { type IntegrationRow, readIntegration } from '../../../../src/store/tables/installations.ts';
import { startTenon } from '../../../support/tenon.ts';

export interface Flows {
  readonly services: Services;
  readonly projectId: ProjectId;
  connect(groupRef?: string, provider?: 'stripe' | 'freshdesk'): Promise<ConnectionRow>;
  integration(name: string): IntegrationRow;
}

export async function startFlows(): Promise<Flows> {
  const tenon = await startTenon();
  onTestFinished(() => tenon.stop());
  const { services } = tenon.running;
  const projectId = tenon.projectId as ProjectId;
  return {
    services,
    projectId,
    connect(groupRef = 'acme', provider = 'stripe') {
      const names = { groupRef, groupName: groupRef, consumerRef: 'ada', consumerName: 'Ada' };
      const metadata = provider === 'stripe' ? {} : { workspace: { value: groupRef, source: 'input' } as const };
      const typed = { apiKey: 'sk_test', basicAuth: { username: 'key', password: 'X' } };
      return generateConnection(services, { projectId, provider, ...names, metadata }, typed);
    },
    integration(name) {
      const row = readIntegration(services.store.reads, projectId, name);
      if (row === undefined) throw new Error(`there is no integration ${name}`);
      return row;
    },
  };
}

/** A manifest of integrations that read the named objects. */
export function manifestOf(
  ...integrations: readonly { name: string; provider: string; objects: readonly string[] }[]
): string {
  return JSON.stringify({
    specVersion: '1.0.0',
    integrations: integrations.map(({ name, provider, objects }) => ({
      name,
      provider,
      proxy: { enabled: true },
      ...(objects.length === 0
        ? {}
        : {
            read: {
              objects: objects.map((objectName) => ({ objectName, destination: 'hook', schedule: '0 0 1 1 *' })),
            },
          }),
    })),
  });
}
