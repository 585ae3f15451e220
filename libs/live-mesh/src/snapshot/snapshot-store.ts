import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { EndpointSet } from '@evenly/endpoints';
import { endpointsText, readSnapshot, writeSnapshot, type SnapshotEntry } from './snapshot-text.ts';

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

interface Entry extends SnapshotEntry {
  text: string;
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
  earlier(source: string): SnapshotEntry | undefined {
    const entry = this.#entries.get(source);
    return entry !== undefined && this.#isFresh(entry) ? entry : undefined;
  }

  get maxAgeMs(): number {
    return this.#options.maxAgeMs;
  }

  /** @returns ends it */
  follow(source: string): () => void {
    this.#followers.set(source, (this.#followers.get(source) ?? 0) + 1);
    return () => {
      const others = this.#followers.get(source)! - 1;
      if (others > 0) return void this.#followers.set(source, others);
      this.#followers.delete(source);
      this.failed(source);
    };
  }

  /** The source says so now. */
  told(source: string, set: EndpointSet): void {
    this.#entries.set(source, { set, text: endpointsText(set), goodAtMs: this.#now(), isLive: true });
    this.#schedule(this.#options.changeMs ?? 5000);
  }

  /** The source fails: what it said was good until now. */
  failed(source: string): void {
    const entry = this.#entries.get(source);
    if (entry?.isLive !== true) return;
    entry.goodAtMs = this.#now();
    entry.isLive = false;
  }

  /** The source works again, and what it said last holds. */
  recovered(source: string): void {
    const entry = this.#entries.get(source);
    if (entry !== undefined) entry.isLive = true;
  }

  /** Writes what there is to write, and ends. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#writing;
    await this.#write();
  }

  async #load(): Promise<Map<string, SnapshotEntry>> {
    const size = await stat(this.#file).then(
      ({ size }) => size,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined; // the first process here
        throw error;
      },
    );
    if (size === undefined) return new Map();
    if (size > maxBytes) throw new Error(`it has ${size} bytes, at most ${maxBytes} are read`);
    return readSnapshot(await readFile(this.#file, 'utf8'));
  }

  #take(read: Map<string, SnapshotEntry>): void {
    for (const [source, entry] of read)
      this.#entries.set(source, { ...entry, text: endpointsText(entry.set), isLive: false });
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
    for (const [source, entry] of this.#entries) {
      if (entry.isLive) entry.goodAtMs = nowMs;
      else if (!this.#isFresh(entry)) this.#entries.delete(source);
    }
    const temporary = `${this.#file}.${hostname()}.tmp`;
    try {
      const text = writeSnapshot(this.#entries);
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
