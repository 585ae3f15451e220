import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  contentText,
  readSnapshot,
  writeSnapshot,
  type SnapshotContents,
  type SnapshotEntry,
  type SnapshotKind,
  type SnapshotPart,
} from './snapshot-text.ts';

/** The largest snapshot that is read or written. */
const maxBytes = 64 * 1024 * 1024;

export interface SnapshotOptions {
  directory: string;
  /** What is known to have been good longer ago is used no more, nor kept. */
  maxAgeMs: number;
  /** The snapshot cannot be read or written; the program goes on without. */
  onError: (error: Error) => void;
  /** A change is on disk after so long; default 5 s. */
  changeMs?: number;
  /** Without a change, so often is it written how long all is known to be good; default 30 s. */
  confirmMs?: number;
  /** Milliseconds since 1970. */
  now?: () => number;
}

interface Entry extends SnapshotEntry, Omit<SnapshotPart, 'text'> {
  /** Of its content, once it was written: most content changes before that. */
  text?: string;
  /** Its source works: it is good now. */
  isLive: boolean;
}

/**
 * What sources said last, in a file that outlives this process. It is written as a whole, under another name first, so
 * that nobody ever reads a part of it.
 */
export class SnapshotStore {
  readonly #options: SnapshotOptions;
  readonly #now: () => number;
  readonly #file: string;
  /** By kind and source. */
  readonly #entries = new Map<string, Entry>();
  /** How many follow a source: services may share one. */
  readonly #followers = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Infinity;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(options: SnapshotOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#file = join(options.directory, 'endpoints.snapshot');
  }

  /** Never rejects: without a snapshot that can be used there is none. */
  static async open(options: SnapshotOptions): Promise<SnapshotStore> {
    const store = new SnapshotStore(options);
    try {
      await mkdir(options.directory, { recursive: true });
      store.#take(await store.#load());
    } catch (error) {
      options.onError(new Error(`${store.#file} is not used: ${(error as Error).message}`, { cause: error }));
    }
    store.#schedule(options.confirmMs ?? 30_000);
    return store;
  }

  /** What is known of a source from before, unless that is too old. */
  earlier<K extends SnapshotKind>(kind: K, source: string): SnapshotEntry<K> | undefined {
    const entry = this.#entries.get(keyOf(kind, source));
    if (entry === undefined || !this.#isFresh(entry)) return undefined;
    return { content: entry.content as SnapshotContents[K], goodAtMs: entry.goodAtMs };
  }

  get maxAgeMs(): number {
    return this.#options.maxAgeMs;
  }

  /** @returns ends it */
  follow(kind: SnapshotKind, source: string): () => void {
    const key = keyOf(kind, source);
    this.#followers.set(key, (this.#followers.get(key) ?? 0) + 1);
    return () => {
      const others = this.#followers.get(key)! - 1;
      if (others > 0) return void this.#followers.set(key, others);
      this.#followers.delete(key);
      this.failed(kind, source);
    };
  }

  /** The source says so now. */
  told<K extends SnapshotKind>(kind: K, source: string, content: SnapshotContents[K]): void {
    const entry = { kind, source, content, goodAtMs: this.#now(), isLive: true };
    this.#entries.set(keyOf(kind, source), entry);
    this.#schedule(this.#options.changeMs ?? 5000);
  }

  /** The source fails: what it said was good until now. */
  failed(kind: SnapshotKind, source: string): void {
    const entry = this.#entries.get(keyOf(kind, source));
    if (entry?.isLive !== true) return;
    entry.goodAtMs = this.#now();
    entry.isLive = false;
  }

  /** The source works again, and what it said last holds. */
  recovered(kind: SnapshotKind, source: string): void {
    const entry = this.#entries.get(keyOf(kind, source));
    if (entry !== undefined) entry.isLive = true;
  }

  /** Writes what there is to write, and ends. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#writing;
    await this.#write();
  }

  async #load(): Promise<ReturnType<typeof readSnapshot>> {
    const size = await stat(this.#file).then(
      ({ size }) => size,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined; // the first process here
        throw error;
      },
    );
    if (size === undefined) return [];
    if (size > maxBytes) throw new Error(`it has ${size} bytes, at most ${maxBytes} are read`);
    return readSnapshot(await readFile(this.#file, 'utf8'));
  }

  #take(read: ReturnType<typeof readSnapshot>): void {
    for (const part of read) this.#entries.set(keyOf(part.kind, part.source), { ...part, isLive: false });
  }

  /** A clock that was set back would keep things for longer than they may be kept: who is of the future is not known to be good. */
  #isFresh({ goodAtMs }: { goodAtMs: number }): boolean {
    const ageMs = this.#now() - goodAtMs;
    return ageMs >= -60_000 && ageMs <= this.#options.maxAgeMs;
  }

  #schedule(ms: number): void {
    const dueMs = performance.now() + ms;
    if (this.#closed || dueMs >= this.#dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => {
      this.#dueMs = Infinity;
      this.#writing = this.#writing
        .then(() => this.#write())
        .then(() => this.#schedule(this.#options.confirmMs ?? 30_000));
    }, ms).unref();
  }

  async #write(): Promise<void> {
    const nowMs = this.#now();
    for (const [key, entry] of this.#entries) {
      if (entry.isLive) entry.goodAtMs = nowMs;
      else if (!this.#isFresh(entry)) this.#entries.delete(key);
    }
    const temporary = `${this.#file}.${hostname()}.tmp`;
    try {
      const parts = [...this.#entries.values()].map((one) => ({
        ...one,
        text: (one.text ??= contentText(one.content)),
      }));
      const text = writeSnapshot(parts);
      const bytes = Buffer.byteLength(text);
      if (bytes > maxBytes) throw new Error(`it would have ${bytes} bytes, at most ${maxBytes} are written`);
      const file = await open(temporary, 'w', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#file);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined); // what is wrong with the directory is said below
      this.#options.onError(
        new Error(`${this.#file} cannot be written: ${(error as Error).message}`, { cause: error }),
      );
    }
  }
}

const keyOf = (kind: SnapshotKind, source: string) => `${kind} ${source}`;
