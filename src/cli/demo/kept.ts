// What `--keep` prints at the end: where everything is, and calls to paste. The API key shown opens this demo's folder
// only and is gone with it.

import { dirname } from 'node:path';
import { proxyHeaders } from './client.ts';
import type { Screen } from './screen.ts';
import type { Installation } from './setup.ts';
import type { Stage } from './stage.ts';

const LABEL_CHARS = 12;

export function showKept(screen: Screen, stage: Stage, installations: readonly Installation[]): void {
  const { server, sandbox, receiver, databaseFile, logFile } = stage;
  const dataFolder = dirname(databaseFile);
  const facts: readonly (readonly [string, string])[] = [
    ['Tenon', server.url],
    ['API key', server.apiKey],
    ['Project', installations[0]?.projectId ?? ''],
    ...installations.map(({ customer, installationId }) => [customer.providerName, installationId] as const),
    ['Providers', sandbox.origin],
    ['Webhooks', receiver.origin],
    ['Data', dataFolder],
    ['Log', logFile],
  ];
  screen.line(`  ${screen.style('bold', 'Everything keeps running')} until you press Ctrl-C.`);
  screen.line();
  for (const [label, value] of facts) screen.line(`  ${screen.style('dim', label.padEnd(LABEL_CHARS))}${value}`);
  for (const { customer, projectId, installationId } of installations) {
    screen.line();
    screen.line(`  ${screen.style('dim', `# the customer's ${customer.providerName}, through Tenon`)}`);
    const headers = Object.entries(proxyHeaders(server.apiKey, projectId, installationId));
    const options = headers.map(([name, value]) => `    -H '${name}: ${value}'`);
    screen.line([`  curl ${server.url}${customer.samplePath}`, ...options].join(' \\\n'));
  }
  screen.line();
  screen.line(`  ${screen.style('dim', '# what an installation waits for')}`);
  screen.line(`  TENON_DATA_DIR=${dataFolder} npm run -s tenon -- why ${installations[0]?.installationId ?? ''}`);
  screen.line();
}
