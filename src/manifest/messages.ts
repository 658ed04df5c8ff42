// Cuts a page of entries into message bodies that fit the published size. Called by reads and subscriptions; this is
// the hot loop of the read path, so each entry becomes text exactly once and bodies are put together from texts.
// Invariant: the entries of all bodies, in order, are the entries given.

import type { JsonObject } from '../core/json.ts';
import { MESSAGE_BYTES_MAX } from '../core/limits.ts';
import type { MappedRecord } from './mapping.ts';

/** One element of `result`. Subscriptions add their own keys, and may have no record. */
export interface ResultEntry extends Partial<MappedRecord> {
  readonly associations?: JsonObject;
}

/** A body to deliver, or one entry that fits no message and is delivered as a link to `resultJson`. */
export type Message =
  | { readonly kind: 'inline'; readonly body: string; readonly bodyBytes: number; readonly numRecords: number }
  | { readonly kind: 'oversized'; readonly resultJson: string; readonly resultBytes: number; readonly numRecords: 1 };

/**
 * Message bodies of at most `maxBytes` UTF-8 bytes: the keys of `envelope` (which must have neither `resultInfo` nor
 * `result`), then `resultInfo`, then `result`. No entries, no messages.
 */
export function splitIntoMessages(
  entries: readonly ResultEntry[],
  envelope: JsonObject,
  maxBytes: number = MESSAGE_BYTES_MAX,
): readonly Message[] {
  const head = openedEnvelope(envelope);
  const messages: Message[] = [];
  // The count has at most as many digits as the number of all entries.
  const frameBytes = Buffer.byteLength(inlineBody(head, entries.length, ''));
  let texts: string[] = [];
  let textBytes = 0;
  const close = () => {
    if (texts.length === 0) return;
    const body = inlineBody(head, texts.length, texts.join(','));
    const digitsSaved = String(entries.length).length - String(texts.length).length;
    const bodyBytes = frameBytes - digitsSaved + textBytes + texts.length - 1;
    messages.push({ kind: 'inline', body, bodyBytes, numRecords: texts.length });
    texts = [];
    textBytes = 0;
  };
  for (const entry of entries) {
    const text = JSON.stringify(entry);
    const bytes = Buffer.byteLength(text);
    // Commas: one before each entry but the first.
    if (frameBytes + textBytes + texts.length + bytes > maxBytes) close();
    if (frameBytes + bytes > maxBytes) {
      messages.push({ kind: 'oversized', resultJson: `[${text}]`, resultBytes: bytes + 2, numRecords: 1 });
      continue;
    }
    texts.push(text);
    textBytes += bytes;
  }
  close();
  return messages;
}

/** The body that points to a stored result instead of carrying it. */
export function urlMessageBody(envelope: JsonObject, downloadUrl: string, numRecords: number): string {
  return `${openedEnvelope(envelope)}"resultInfo":${JSON.stringify({ type: 'url', numRecords, downloadUrl })}}`;
}

function inlineBody(head: string, numRecords: number, entryTexts: string): string {
  return `${head}"resultInfo":{"type":"inline","numRecords":${numRecords}},"result":[${entryTexts}]}`;
}

/** The envelope as text, open for more keys. */
function openedEnvelope(envelope: JsonObject): string {
  const text = JSON.stringify(envelope);
  return text === '{}' ? '{' : `${text.slice(0, -1)},`;
}
