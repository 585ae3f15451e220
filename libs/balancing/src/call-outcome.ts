/**
 * How a call ended, as far as it tells about the host. `failure` is the host's; an answer such as NOT_FOUND is a `success`.
 * `cancelled` says nothing: it is the caller's doing.
 */
export type CallOutcome = 'success' | 'failure' | 'cancelled';

const cancelled = 1;
const unknown = 2;
/** Of gRPC: 0 to 16. */
const statuses = 17;

/**
 * The gRPC statuses, by number, that are an endpoint's fault unless the config says otherwise: UNKNOWN, which is what an
 * exception in a server becomes, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE and DATA_LOSS. The same that Envoy counts,
 * to which they are an HTTP status from 500 up. Linkerd does not count UNIMPLEMENTED, gRPC clients (gRFC A50) count all but OK.
 */
export const defaultFailureStatuses: readonly number[] = [2, 4, 12, 13, 14, 15];

/** Which answers tell against an endpoint. One table for all that carry calls: proxies and clients. */
export class OutcomeTable {
  readonly #byStatus: readonly CallOutcome[];

  /** @param failures numbers of gRPC statuses; all that is not there is an answer as good as any */
  constructor(failures: readonly number[] = defaultFailureStatuses) {
    const others = (status: number) => (status === cancelled ? 'cancelled' : 'success');
    this.#byStatus = Array.from({ length: statuses }, (_, status) =>
      failures.includes(status) ? 'failure' : others(status),
    );
  }

  /** @param status a gRPC status; one that gRPC does not know, or none (-1), is UNKNOWN to every client */
  ofGrpc(status: number): CallOutcome {
    return this.#byStatus[status] ?? this.#byStatus[unknown]!;
  }

  /** @param status of HTTP, where gRPC is not spoken, or where an answer to a gRPC call is none */
  ofHttp(status: number): CallOutcome {
    return status >= 500 ? 'failure' : 'success';
  }
}

export const defaultOutcomes = new OutcomeTable();
