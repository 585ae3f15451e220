import * as z from 'zod';

/** A call that has ended, as a client saw it. */
export interface Call {
  client: string;
  /** When it ended, in milliseconds since 1970. */
  atMs: number;
  /** Absent when it reached nobody. */
  pod?: string;
  /** gRPC status. */
  code: string;
  latencyMs: number;
}

/** What echo-client writes for each call with `--output calls --json`. */
const callLine = z.object({
  event: z.literal('call'),
  time: z.iso.datetime(),
  code: z.string(),
  pod: z.string().optional(),
  latencyMs: z.number(),
});

/** The calls of all clients, for whoever listens. */
export class Calls {
  readonly #listeners = new Set<(call: Call) => void>();

  /** @returns stops listening */
  listen(listener: (call: Call) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** @returns true if this line of a client's output was a call */
  take(client: string, line: string): boolean {
    if (!line.startsWith('{"event":"call"')) return false;
    const { time, code, pod, latencyMs } = callLine.parse(JSON.parse(line));
    const call = { client, atMs: Date.parse(time), code, latencyMs, ...(pod !== undefined && { pod }) };
    for (const listener of this.#listeners) listener(call);
    return true;
  }
}
