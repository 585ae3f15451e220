import type { Socket } from 'node:net';

export interface FirstBytes<T> {
  /**
   * Looks at all that has come so far.
   * @returns undefined while more is needed; `length` bytes are taken away, the rest is for whoever comes next
   * @throws Error what came is no such beginning
   */
  decide: (bytes: Buffer) => { length: number; value: T } | undefined;
  onDecided: (value: T) => void;
  /** What came is no such beginning: the socket is the caller's to close. */
  onRefused: (reason: string) => void;
}

/** More than any beginning that is decided about: `decide` sets its own, lower limits. */
const maxBytes = 16_384;

/**
 * Reads the beginning of a connection, and leaves it paused with what was not taken in front. How long that may take is for
 * `StartingSockets` to say.
 */
export function readFirstBytes<T>(socket: Socket, { decide, onDecided, onRefused }: FirstBytes<T>): void {
  let bytes: Buffer = Buffer.alloc(0);
  const stop = () => {
    socket.off('data', onData).off('close', stop).off('end', onEnd);
  };
  const refuse = (reason: string) => {
    stop();
    onRefused(reason);
  };
  const onEnd = () => refuse('ended at once');
  const onData = (chunk: Buffer) => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    let decided;
    try {
      decided = decide(bytes);
    } catch (error) {
      return refuse((error as Error).message);
    }
    if (decided === undefined) {
      if (bytes.length > maxBytes) refuse('too many bytes');
      return;
    }
    stop();
    socket.pause();
    const rest = bytes.subarray(decided.length);
    if (rest.length > 0) socket.unshift(rest);
    onDecided(decided.value);
  };
  socket.on('data', onData).on('close', stop).on('end', onEnd);
}

const http2Preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** HTTP/2 with prior knowledge (RFC 9113 §3.4), or something older. */
export function httpVersion(bytes: Buffer): { length: number; value: 'h2' | 'http/1.1' } | undefined {
  const length = Math.min(bytes.length, http2Preface.length);
  if (bytes.compare(http2Preface, 0, length, 0, length) !== 0) return { length: 0, value: 'http/1.1' };
  return length < http2Preface.length ? undefined : { length: 0, value: 'h2' };
}
