// What a dead process left, judged from copies of its files, before anybody opens them again: sound in itself, no
// position ahead of its messages, and no token lost that was handed out and kept.

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CREDENTIAL_PURPOSE } from '../../actors/tokenManager.ts';
import { parseCredential } from '../../src/auth/credential.ts';
import { createVault, parseMasterKey, type Vault } from '../../src/auth/vault.ts';
import type { Reads } from '../../src/store/port.ts';
import { openForReading } from '../../src/store/sqlite.ts';
import type { CheckpointRow } from '../../src/store/tables/installations.ts';
import type { Grants } from './grants.ts';
import { type Inbox, type RecordsMessage, recordIdsOf } from './inbox.ts';
import { faultsOf } from './invariants.ts';

/** What `src/flows/connect/refresh.ts` seals an answer with. */
const ANSWER_PURPOSE = 'refreshAnswer';

/** Copies the database and its log, but not the log's index: whoever opens the copy makes a new one. */
export function copyDatabase(dataFolder: string, target: string): void {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const name of ['tenon.db', 'tenon.db-wal', 'master.key']) {
    if (existsSync(join(dataFolder, name))) copyFileSync(join(dataFolder, name), join(target, name));
  }
}

/** What is wrong in a copy, in words. What it says of tokens goes into the books of the grants. */
export function auditDead(folder: string, inbox: Inbox, grants: Grants): string[] {
  const reads = openForReading(join(folder, 'tenon.db'));
  try {
    const vault = createVault([parseMasterKey(readFileSync(join(folder, 'master.key'), 'utf8'))]);
    for (const token of tokensIn(reads, vault)) grants.stored(token);
    return [...faultsOf(reads), ...positionFaults(reads, inbox)];
  } finally {
    reads.close();
  }
}

/** A checkpoint counts records; so many different ones were told, in messages that arrived or still wait. */
function positionFaults(reads: Reads, inbox: Inbox): string[] {
  const waiting = new Map<string, Set<string>>();
  for (const { messageId, body } of reads.all<{ messageId: string; body: string }>(
    'SELECT messageId, body FROM outbox',
  )) {
    const message = JSON.parse(body) as RecordsMessage;
    const ids = waiting.get(message.operationId) ?? new Set();
    waiting.set(message.operationId, ids);
    for (const id of recordIdsOf(message)) {
      const other = inbox.recordsOf(message.operationId).get(id);
      if (other !== undefined && other !== messageId)
        return [`record ${id} came with ${other} and waits in ${messageId}`];
      ids.add(id);
    }
  }
  return reads.all<CheckpointRow>('SELECT * FROM checkpoints').flatMap(({ actorId, operationId, recordsRead }) => {
    if (operationId === null) return [];
    const told = new Set([...inbox.recordsOf(operationId).keys(), ...(waiting.get(operationId) ?? [])]).size;
    return told === recordsRead ? [] : [`${actorId} is at ${recordsRead} records, ${told} were told`];
  });
}

interface SealedRow {
  readonly connectionId: string;
  readonly generation: number;
  readonly sealed: Uint8Array;
}

/** The newest refresh token of each connection: of an answer that was stored and not taken up yet, or in use. */
function* tokensIn(reads: Reads, vault: Vault): Generator<string> {
  const credentials = reads.all<SealedRow>('SELECT connectionId, generation, sealed FROM credentials');
  const answers = reads.all<SealedRow>(
    `SELECT payload ->> '$.connectionId' AS connectionId, payload ->> '$.generation' AS generation, result AS sealed
     FROM effects WHERE result IS NOT NULL AND payload ->> '$.type' = 'effect.refresh'`,
  );
  for (const { connectionId, generation, sealed } of credentials) {
    const credential = parseCredential(
      vault.open(sealed, { connectionId, generation, purpose: CREDENTIAL_PURPOSE }).toString(),
    );
    const current = credential.scheme === 'oauth2' ? credential.refreshToken : undefined;
    const answer = answers.find((row) => row.connectionId === connectionId && row.generation === generation);
    const next = answer === undefined ? undefined : tokenOf(vault, answer);
    const newest = next ?? current;
    if (newest !== undefined) yield newest;
  }
}

/** Undefined where the provider refused. */
function tokenOf(vault: Vault, { connectionId, generation, sealed }: SealedRow): string | undefined {
  const text = vault.open(sealed, { connectionId, generation, purpose: ANSWER_PURPOSE }).toString();
  const { bodyText } = JSON.parse(text) as { bodyText: string };
  return (JSON.parse(bodyText) as { refresh_token?: string }).refresh_token;
}
