import type { Socket } from 'node:net';

/** From the connection to the first bytes of HTTP, in all: a PROXY header, a handshake, what tells the version. */
export const startTimeoutMs = 10_000;

export interface StartingOptions {
  readonly timeoutMs?: number;
  /** Above it, the one that has taken longest makes place: a handshake takes milliseconds, silence takes all the time. */
  readonly maxStarting: number;
  /** One ended before it came to speak HTTP, whoever ended it. */
  readonly onFailed: (reason: string) => void;
}

/**
 * Connections that do not speak HTTP yet. Node's own `handshakeTimeout` says that a handshake stands still and leaves the
 * socket open, and it begins anew with every byte.
 */
export class StartingSockets {
  private readonly options: StartingOptions;
  /** The oldest first, which is the one whose time is over first. */
  private readonly starting = new Map<Socket, { dueMs: number; onClose: () => void }>();
  /** For the oldest of when it was set: one for all, as a timer of its own for each would be a hundredth of a handshake. */
  private timer: NodeJS.Timeout | undefined;

  constructor(options: StartingOptions) {
    this.options = options;
  }

  get size(): number {
    return this.starting.size;
  }

  /** From now on it has its time; another `add` changes nothing. */
  add(socket: Socket): void {
    if (this.starting.has(socket)) return;
    const { timeoutMs = startTimeoutMs, maxStarting } = this.options;
    for (const oldest of this.starting.keys()) {
      if (this.starting.size < maxStarting) break;
      this.fail(oldest, 'made place for newer connections');
    }
    const onClose = () => this.fail(socket, 'closed before it got to HTTP');
    socket.once('close', onClose);
    this.starting.set(socket, { dueMs: performance.now() + timeoutMs, onClose });
    if (this.timer === undefined) this.setTimer(timeoutMs);
  }

  /** It speaks HTTP, and is somebody else's. */
  done(socket: Socket): void {
    const start = this.starting.get(socket);
    if (start === undefined) return;
    this.starting.delete(socket);
    socket.off('close', start.onClose);
  }

  fail(socket: Socket, reason: string): void {
    if (!this.starting.has(socket)) return;
    this.done(socket);
    socket.destroy();
    this.options.onFailed(reason);
  }

  private setTimer(delayMs: number): void {
    this.timer = setTimeout(() => this.failLate(), delayMs).unref();
  }

  private failLate(): void {
    this.timer = undefined;
    const nowMs = performance.now();
    for (const [socket, { dueMs }] of this.starting) {
      // A timer may go off a moment early.
      if (dueMs > nowMs + 1) return this.setTimer(dueMs - nowMs);
      this.fail(socket, 'did not get to HTTP in time');
    }
  }
}
