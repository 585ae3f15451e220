import { grpcCodes } from '@evenly/mesh-config';
import type { CallEnd, CallObserver, CallStart, WholeCallEnd } from '../call/call-observer.ts';
import type { Attempt } from '../upstream/attempt.ts';

/** Characters of one value. Clients choose what is in them, and how long it is. */
const maxText = 1024;
const noFields = [] as const;

/** One call's line, from its start to its end. */
export class AccessLogEntry implements CallObserver {
  readonly #start: CallStart;
  readonly #write: (line: string) => void;
  readonly #startedAtMs = Date.now();
  #endpoint: string | undefined;
  #attempts = 0;
  #requestBytes = 0;
  #responseBytes = 0;

  constructor(start: CallStart, write: (line: string) => void) {
    this.#start = start;
    this.#write = write;
  }

  attemptFields() {
    return noFields;
  }

  attemptStarted({ host }: Attempt): void {
    this.#attempts++;
    this.#endpoint = host.key;
  }

  /** With hedging the one that answered is not always the one that was asked last. */
  attemptEnded({ host }: Attempt, { why }: CallEnd): void {
    if (why === undefined) this.#endpoint = host.key;
  }

  requestData(bytes: number): void {
    this.#requestBytes += bytes;
  }

  responseData(bytes: number): void {
    this.#responseBytes += bytes;
  }

  ended(end: WholeCallEnd): void {
    const { listener, block, peer, isGrpc, route } = this.#start;
    const { method, path, authority } = block.asRequest();
    const line = {
      time: new Date(this.#startedAtMs).toISOString(),
      event: 'access',
      listener,
      peer,
      method: cut(method),
      path: cut(path),
      authority: cut(authority),
      route,
      service: end.service,
      endpoint: this.#endpoint,
      attempts: this.#attempts,
      httpStatus: end.httpStatus === 0 ? undefined : end.httpStatus,
      grpcStatus: isGrpc ? (grpcCodes[end.grpcStatus] ?? 'none') : undefined,
      why: end.why,
      reason: cut(end.reason),
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
      durationMs: Math.round(end.durationMs * 1000) / 1000,
      requestId: cut(end.requestId ?? block.get('x-request-id')),
      userAgent: cut(block.get('user-agent')),
    };
    this.#write(`${JSON.stringify(line)}\n`);
  }
}

function cut(text: string | undefined): string | undefined {
  return text !== undefined && text.length > maxText ? `${text.slice(0, maxText)}…` : text;
}
