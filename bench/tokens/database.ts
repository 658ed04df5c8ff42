// What a data folder knows of the grants of a fleet: read from its files, of a process that is dead or has stopped.

import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CREDENTIAL_PURPOSE } from '../../actors/tokenManager.ts';
import type { CredentialContext } from '../../machines/credentialEvents.ts';
import type { RefreshEffect } from '../../machines/effects.ts';
import { parseCredential } from '../../src/auth/credential.ts';
import { createVault, parseMasterKey, type Vault } from '../../src/auth/vault.ts';
import { answerPlace } from '../../src/flows/connect/refresh.ts';
import type { Reads } from '../../src/store/port.ts';
import { openForReading } from '../../src/store/sqlite.ts';
import { tokenNameOf } from './ledger.ts';
import { grantOfGroup } from './wire.ts';

/** One connection as it is on disk. */
export interface StoredGrant {
  /** Of the refresh token in use. */
  readonly generation: number;
  /** The same, or that of an answer which is on disk and was not taken up yet. */
  readonly newestGeneration: number;
  /** As the API shows it. */
  readonly status: string;
  /** Of its credential actor. */
  readonly state: string;
  readonly lostAnswerAtMs: number | null;
}

interface Row {
  readonly connectionId: string;
  readonly groupRef: string;
  readonly status: string;
  readonly generation: number;
  readonly sealed: Uint8Array;
  readonly state: string;
}

interface AnswerRow {
  readonly payload: string;
  readonly result: Uint8Array;
}

/** The database and its log, but not the log's index: whoever opens the copy makes a new one. */
export function copyData(dataFolder: string, target: string): void {
  mkdirSync(target, { recursive: true });
  for (const name of ['tenon.db', 'tenon.db-wal', 'master.key']) {
    if (existsSync(join(dataFolder, name))) copyFileSync(join(dataFolder, name), join(target, name));
  }
}

/** In the order of their grants. */
export function storedGrants(dataFolder: string): readonly StoredGrant[] {
  const vault = createVault([parseMasterKey(readFileSync(join(dataFolder, 'master.key'), 'utf8'))]);
  const reads = openForReading(join(dataFolder, 'tenon.db'));
  try {
    const answered = answeredGenerations(reads, vault);
    const rows = reads.all<Row>(
      `SELECT connectionId, groupRef, status, credentials.generation, sealed, state FROM connections
       JOIN credentials USING (connectionId) JOIN snapshots ON actorId = 'credential:' || connectionId`,
    );
    const grants: StoredGrant[] = [];
    for (const row of rows) grants[grantOfGroup(row.groupRef)] = storedGrant(row, vault, answered);
    return grants;
  } finally {
    reads.close();
  }
}

function storedGrant(row: Row, vault: Vault, answered: ReadonlyMap<string, number>): StoredGrant {
  const { connectionId, generation: rowGeneration, status } = row;
  const place = { connectionId, generation: rowGeneration, purpose: CREDENTIAL_PURPOSE };
  const credential = parseCredential(vault.open(row.sealed, place).toString());
  const generation = generationOf(credential.scheme === 'oauth2' ? credential.refreshToken : undefined);
  const { value, context } = JSON.parse(row.state) as { value: string; context: CredentialContext };
  return {
    generation,
    newestGeneration: Math.max(generation, answered.get(connectionId) ?? 0),
    status,
    state: value,
    lostAnswerAtMs: context.lostAnswerAtMs,
  };
}

/** Of the refresh tokens in answers that were stored before they were read. */
function answeredGenerations(reads: Reads, vault: Vault): ReadonlyMap<string, number> {
  const rows = reads.all<AnswerRow>(
    "SELECT payload, result FROM effects WHERE result IS NOT NULL AND payload ->> '$.type' = 'effect.refresh'",
  );
  return new Map(
    rows.map(({ payload, result }) => {
      const effect = JSON.parse(payload) as RefreshEffect;
      const { bodyText } = JSON.parse(vault.open(result, answerPlace(effect)).toString()) as { bodyText: string };
      const { refresh_token: token } = JSON.parse(bodyText) as { refresh_token?: string };
      return [effect.connectionId, token === undefined ? 0 : generationOf(token)];
    }),
  );
}

function generationOf(token: string | undefined): number {
  const name = tokenNameOf(token ?? '');
  if (name === null) throw new Error('there is a token on disk that nobody handed out');
  return name.generation;
}
