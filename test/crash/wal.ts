// SQLite's write-ahead log as bytes: where its frames lie, and what a crash may leave on disk of a transaction that was
// being written, or of a checkpoint that was moving pages into the database. Pure: buffers in, buffers out.
// https://sqlite.org/fileformat2.html#the_write_ahead_log

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** Offsets in the header of the log. */
const PAGE_SIZE_AT = 8;
const SALTS_AT = 16;
/** Offsets in the header of a frame. */
const DATABASE_PAGES_AT = 4;
const FRAME_SALTS_AT = 8;
const SALT_BYTES = 8;

/** The two files that hold a database; the third one, `-shm`, is only an index of the second. */
export interface Files {
  readonly database: Buffer;
  readonly wal: Buffer;
}

export interface Frame {
  readonly startAt: number;
  readonly endAt: number;
  /** The last frame of a transaction. */
  readonly isCommit: boolean;
}

/** What a crash left, and whether the transaction that was under way must be found in it. */
export interface CrashState {
  readonly name: string;
  readonly files: Files;
  readonly isCommitted: boolean;
}

/** The frames of the log's present round; what an earlier round left behind them has other salts. */
export function framesOf(wal: Buffer): Frame[] {
  if (wal.length < HEADER_BYTES) return [];
  const frameBytes = FRAME_HEADER_BYTES + wal.readUInt32BE(PAGE_SIZE_AT);
  const salts = wal.subarray(SALTS_AT, SALTS_AT + SALT_BYTES);
  const frames: Frame[] = [];
  for (let startAt = HEADER_BYTES; startAt + frameBytes <= wal.length; startAt += frameBytes) {
    const saltsAt = startAt + FRAME_SALTS_AT;
    if (!wal.subarray(saltsAt, saltsAt + SALT_BYTES).equals(salts)) break;
    const isCommit = wal.readUInt32BE(startAt + DATABASE_PAGES_AT) !== 0;
    frames.push({ startAt, endAt: startAt + frameBytes, isCommit });
  }
  return frames;
}

/** The frames that one transaction wrote, between two looks at the log. */
export function framesBetween(before: Files, after: Files): Frame[] {
  const writtenFrom = isSameRound(before.wal, after.wal) ? (framesOf(before.wal).at(-1)?.endAt ?? 0) : 0;
  return framesOf(after.wal).filter(({ startAt }) => startAt >= writtenFrom);
}

function isSameRound(before: Buffer, after: Buffer): boolean {
  return before.length >= HEADER_BYTES && before.subarray(0, HEADER_BYTES).equals(after.subarray(0, HEADER_BYTES));
}

/** Everything that may be left if the power fails, or the process dies, while a transaction goes to the log. */
export function* tornCommits(before: Files, after: Files): Generator<CrashState> {
  const frames = framesBetween(before, after);
  if (frames.length === 0) return;
  const endAt = frames.at(-1)?.endAt ?? 0;
  const startAt = isSameRound(before.wal, after.wal) ? (frames[0]?.startAt ?? 0) : 0;
  const whole = after.wal.subarray(0, endAt);
  const state = (name: string, wal: Buffer): CrashState => ({
    name,
    files: { database: before.database, wal },
    // What an earlier round left at the end may happen to be the very bytes that were to be written.
    isCommitted: wal.subarray(0, endAt).equals(whole),
  });
  const cut = (at: number) => Buffer.concat([after.wal.subarray(0, at), before.wal.subarray(at)]);
  const changed = (change: (wal: Buffer) => void) => {
    const wal = cut(endAt);
    change(wal);
    return wal;
  };
  if (startAt === 0) yield state('in the middle of the header of the log', cut(HEADER_BYTES / 2));
  for (const [index, frame] of frames.entries()) {
    const pageAt = frame.startAt + FRAME_HEADER_BYTES;
    const middleAt = (pageAt + frame.endAt) >> 1;
    const where = `frame ${index + 1} of ${frames.length}`;
    yield state(`before ${where}`, cut(frame.startAt));
    yield state(`in the header of ${where}`, cut(frame.startAt + FRAME_HEADER_BYTES / 2));
    yield state(`in the page of ${where}`, cut(middleAt));
    yield state(`before the last byte of ${where}`, cut(frame.endAt - 1));
    yield state(
      `${where} and all later ones are zeros`,
      changed((wal) => wal.fill(0, frame.startAt, endAt)),
    );
    // Sectors reach the disk in any order: what was written last may be there without what was written before it.
    yield state(
      `the page of ${where} is zeros`,
      changed((wal) => wal.fill(0, pageAt, frame.endAt)),
    );
    yield state(
      `half of the page of ${where} is what was there before`,
      changed((wal) => wal.fill(0x5a, middleAt, frame.endAt)),
    );
  }
  yield state('after the last frame', cut(endAt));
}

/** Everything that may be left if a checkpoint is interrupted: some pages moved, one of them half. */
export function* tornCheckpoints(before: Files, after: Files): Generator<CrashState> {
  if (before.database.equals(after.database)) return;
  // A checkpoint may cut the log off when it is done; until then the log has everything.
  const wal = after.wal.length === 0 ? before.wal : after.wal;
  const pageBytes = wal.readUInt32BE(PAGE_SIZE_AT);
  const moved: number[] = [];
  for (let at = 0; at < after.database.length; at += pageBytes) {
    const old = before.database.subarray(at, at + pageBytes);
    if (!after.database.subarray(at, at + pageBytes).equals(old)) moved.push(at);
  }
  const state = (name: string, database: Buffer): CrashState => ({ name, files: { database, wal }, isCommitted: true });
  for (const [count, at] of moved.entries()) {
    const name = `page ${count + 1} of ${moved.length} of a checkpoint`;
    const until = (endAt: number) =>
      withPages(before.database, after.database, moved.slice(0, count), pageBytes, at, endAt);
    yield state(`before ${name}`, until(at));
    yield state(`in ${name}`, until(at + (pageBytes >> 1)));
  }
  yield state('after a checkpoint', after.database);
}

function withPages(
  from: Buffer,
  to: Buffer,
  pages: readonly number[],
  pageBytes: number,
  lastAt: number,
  lastEndAt: number,
): Buffer {
  const copied = [...pages.map((at): [number, number] => [at, at + pageBytes]), [lastAt, lastEndAt] as const];
  const bytes = Buffer.alloc(Math.max(from.length, ...copied.map(([, endAt]) => endAt)));
  from.copy(bytes);
  for (const [at, endAt] of copied) to.copy(bytes, at, at, endAt);
  return bytes;
}
