import { once } from 'node:events';
import sonicBoom from 'sonic-boom';

const { SonicBoom } = sonicBoom; // CommonJS

/** What may wait for the destination: some ten thousand lines. */
const maxWaitingBytes = 4 * 1024 * 1024;
/** Lines wait for others, so that a write is for many; but not for long. */
const maxWaitMs = 100;
/** Of a write. Others write to standard output too, and so much goes to a pipe in one piece (PIPE_BUF). */
const maxWriteBytes = 4096;

/**
 * Writes lines to a file, or to standard output, without ever waiting for it: lines that it does not take in time are
 * dropped and counted.
 */
export class LineWriter {
  /** Lines. */
  dropped = 0;
  readonly #out: InstanceType<typeof SonicBoom>;
  #lines = '';
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #failing = false;
  #closed = false;

  /** @param dest a path, which is added to, or the number of a file descriptor */
  private constructor(dest: string | number, onError: (error: Error) => void) {
    this.#out = new SonicBoom({
      dest,
      maxLength: maxWaitingBytes,
      maxWrite: maxWriteBytes,
      contentMode: 'buffer',
    });
    this.#out.on('drop', () => (this.dropped += this.#count));
    // Each write tries again; it is said once, until it works again.
    this.#out.on('write', () => (this.#failing = false));
    this.#out.on('error', (error) => {
      if (!this.#failing) onError(error as Error);
      this.#failing = true;
    });
  }

  /** @throws Error when the file cannot be opened */
  static async open(dest: string | number, onError: (error: Error) => void): Promise<LineWriter> {
    let opened = false;
    const writer = new LineWriter(dest, (error) => opened && onError(error));
    await once(writer.#out, 'ready');
    opened = true;
    return writer;
  }

  write(line: string): void {
    if (this.#closed) {
      this.dropped++;
      return;
    }
    if (this.#lines.length + line.length > maxWriteBytes) this.#flush();
    this.#lines += line;
    this.#count++;
    this.#timer ??= setTimeout(() => this.#flush(), maxWaitMs).unref();
  }

  /** Writes what waits, and closes. What is not written when `signal` aborts is lost. */
  async close(signal: AbortSignal): Promise<void> {
    const out = this.#out;
    this.#flush();
    this.#closed = true;
    const closed = once(out, 'close', { signal }).catch(() => undefined);
    out.end();
    await closed;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // Its types know strings only, which it would measure again and again.
    if (this.#count > 0) this.#out.write(Buffer.from(this.#lines) as unknown as string);
    this.#lines = '';
    this.#count = 0;
  }
}
