// Slack's uploads in three steps: a method gives an address of its own host, the bytes go there without a token, and
// another method completes. Called by `slack.ts`. Invariant: bytes are counted and digested, never kept, and at most
// SANDBOX_UPLOADS_MAX uploads are remembered.
// Source: https://docs.slack.dev/reference/methods/files.getUploadURLExternal

import { createHash } from 'node:crypto';
import { randomToken } from '../core/ids.ts';
import { isJsonObject, type JsonObject, parseJson } from '../core/json.ts';
import { SANDBOX_UPLOADS_MAX } from '../core/limits.ts';
import { recentlyUsed } from '../core/recent.ts';
import type { RequestContext } from './context.ts';
import type { SlackCall, SlackResult } from './slack.ts';

interface Upload {
  readonly id: string;
  readonly name: string;
  readonly team: string;
  readonly lengthAnnounced: number;
  /** Set when the bytes have come. */
  sha256: string | null;
}

export class SlackFiles {
  readonly #byTicket = recentlyUsed<string, Upload>(SANDBOX_UPLOADS_MAX);
  readonly #byId = recentlyUsed<string, Upload>(SANDBOX_UPLOADS_MAX);

  methods(): readonly (readonly [string, (call: SlackCall) => SlackResult])[] {
    return [
      ['files.getUploadURLExternal', (call) => this.#open(call)],
      ['files.completeUploadExternal', (call) => this.#complete(call)],
    ];
  }

  /** The ticket is the credential. */
  async receive(c: RequestContext): Promise<Response> {
    const upload = this.#byTicket.get(c.req.param('ticket') ?? '');
    if (upload === undefined) return c.text('invalid upload url', 404);
    const bytes = await bytesOf(c);
    if (bytes.length !== upload.lengthAnnounced) return c.text('length mismatch', 400);
    upload.sha256 = createHash('sha256').update(bytes).digest('hex');
    return c.text(`OK - ${bytes.length}`);
  }

  #open({ c, team, args }: SlackCall): SlackResult {
    const { filename = '', length = '' } = args;
    if (filename === '' || !/^\d+$/.test(length)) return { error: 'invalid_arguments' };
    const ticket = randomToken(18);
    const id = `F${randomToken(6)
      .replaceAll(/[^A-Za-z0-9]/g, '0')
      .toUpperCase()}`;
    const upload = { id, name: filename, team: team.name, lengthAnnounced: Number(length), sha256: null };
    this.#byTicket.set(ticket, upload);
    this.#byId.set(id, upload);
    return { upload_url: `${new URL(c.req.url).origin}/upload/v1/${ticket}`, file_id: id };
  }

  #complete({ team, args }: SlackCall): SlackResult {
    const asked = parseJson(args['files'] ?? '[]', 'files');
    const files: JsonObject[] = [];
    for (const item of Array.isArray(asked) ? asked : []) {
      const upload = isJsonObject(item) ? this.#byId.get(String(item['id'])) : undefined;
      if (upload === undefined || upload.team !== team.name || upload.sha256 === null)
        return { error: 'file_not_found' };
      const title = isJsonObject(item) ? (item['title'] ?? upload.name) : upload.name;
      // The digest is the sandbox's own: a test that uploads sees that every byte has come.
      files.push({
        id: upload.id,
        name: upload.name,
        title,
        size: upload.lengthAnnounced,
        sandbox_sha256: upload.sha256,
      });
    }
    return files.length === 0 ? { error: 'invalid_arguments' } : { files };
  }
}

/** The first part of a form with files, or the body as it is. */
async function bytesOf(c: RequestContext): Promise<Buffer> {
  if (!(c.req.header('content-type') ?? '').startsWith('multipart/')) return Buffer.from(await c.req.arrayBuffer());
  for (const part of (await c.req.formData()).values()) {
    if (typeof part !== 'string') return Buffer.from(await part.arrayBuffer());
  }
  return Buffer.alloc(0);
}
