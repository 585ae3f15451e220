import type { PodStatus } from '@evenly/local-cluster';
import type { Call } from '../calls.ts';
import { counterOf } from '../measure/pod-counter.ts';
import { percentile } from '../measure/statistics.ts';

/** Who called whom how often, in the second that is over. */
export interface Edge {
  from: string;
  /** Absent: calls that reached nobody. */
  pod?: string;
  calls: number;
  failed: number;
}

export interface TrafficSecond {
  atMs: number;
  edges: Edge[];
  /** Of calls that succeeded. */
  p50Ms?: number;
  p99Ms?: number;
}

/** Callers whose calls the lab does not make itself: the frontend, a browser, grpcurl. */
const others = 'others';
/** More calls of a second than this are not looked at for latency. */
const maxLatencies = 10_000;

/** Puts the calls of clients and the pods' own counts together, second by second. */
export class Traffic {
  readonly #edges = new Map<string, Edge>();
  #latencies: number[] = [];
  /** The pods' own counts, as they were a second ago. */
  #counted = new Map<string, number>();

  add({ client, pod, code, latencyMs }: Call): void {
    const key = `${client} ${pod ?? ''}`;
    const edge = this.#edges.get(key) ?? {
      from: client,
      ...(pod !== undefined && { pod }),
      calls: 0,
      failed: 0,
    };
    edge.calls++;
    this.#edges.set(key, edge);
    // A call that is refused at once is not quick.
    if (code !== 'OK') edge.failed++;
    else if (this.#latencies.length < maxLatencies) this.#latencies.push(latencyMs);
  }

  /** Ends the second. @param pods those that run */
  async second(pods: readonly PodStatus[]): Promise<TrafficSecond> {
    const counts = await Promise.all(pods.map(async (pod) => [pod.name, await handledBy(pod)] as const));
    const edges = [...this.#edges.values()];
    const latencies = this.#latencies;
    this.#edges.clear();
    this.#latencies = [];
    for (const [pod, count] of counts) {
      const before = this.#counted.get(pod);
      if (count === undefined || before === undefined) continue;
      const known = edges.filter((edge) => edge.pod === pod).reduce((sum, { calls }) => sum + calls, 0);
      // The pod is asked a moment later than the clients: one or two calls are the difference of the clocks.
      const calls = count - before - known;
      if (calls > Math.max(2, known * 0.25)) edges.push({ from: others, pod, calls, failed: 0 });
    }
    this.#counted = new Map(counts.flatMap(([pod, count]) => (count === undefined ? [] : [[pod, count]])));
    const p50Ms = percentile(latencies, 0.5);
    const p99Ms = percentile(latencies, 0.99);
    return {
      atMs: Date.now(),
      edges,
      ...(p50Ms !== undefined && { p50Ms }),
      ...(p99Ms !== undefined && { p99Ms }),
    };
  }
}

/** How many echo calls a pod says that it has answered; undefined if it does not say. */
const handledBy = (pod: PodStatus) => counterOf(pod, 'grpc_server_handled_total', 'echo.EchoServer');
