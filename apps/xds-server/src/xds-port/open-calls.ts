import { status, type ServerDuplexStream } from '@grpc/grpc-js';

type Call = ServerDuplexStream<never, never>;

/** Ends a stream with a gRPC status. */
export function fail(call: Pick<Call, 'emit'>, code: status, details: string): void {
  call.emit('error', Object.assign(new Error(details), { code, details }));
}

/** The open streams of one service beside the xDS ones: so many at most, and all ended when the server stops. */
export class OpenCalls {
  readonly #open = new Set<() => void>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#open.size;
  }

  /** @returns false when there is no room: the stream was ended, and must be left alone */
  admit<Request, Response>(call: ServerDuplexStream<Request, Response>): boolean {
    if (this.#open.size >= this.#limit) {
      fail(call, status.RESOURCE_EXHAUSTED, `this server takes at most ${this.#limit} streams of this kind`);
      return false;
    }
    const end = () => fail(call, status.UNAVAILABLE, 'this xDS server is shutting down');
    const remove = () => void this.#open.delete(end);
    this.#open.add(end);
    call.on('cancelled', remove).on('close', remove).on('error', remove);
    return true;
  }

  stop(): void {
    for (const end of this.#open) end();
  }
}
