import { PortForward } from './port-forward.ts';
import { eventually } from '../shared/wait.ts';

/** What a client's calls came to. */
export interface Calls {
  /** From the pod's name to the number of its answers. */
  byPod: Map<string, number>;
  answered: number;
  failed: number;
  /** How many failed with each gRPC code, by its name. */
  failures: Record<string, number>;
}

/** How long the wanted number of calls may take: a client that has nobody to call waits for its deadlines. */
const callsMs = 120_000;

/** An echo-client's pod: calls without end, and its metrics say who answered. */
export class ClientPod {
  readonly name: string;
  readonly #forward: PortForward;

  private constructor(name: string, forward: PortForward) {
    this.name = name;
    this.#forward = forward;
  }

  static async open(namespace: string, name: string): Promise<ClientPod> {
    return new ClientPod(name, await PortForward.open(namespace, name, 8080));
  }

  close = (): Promise<void> => this.#forward.close();

  /** All calls since the client began. */
  async calls(): Promise<Calls> {
    const response = await fetch(`${this.#forward.url}/metrics`);
    const text = await response.text();
    if (!response.ok) throw new Error(`metrics of ${this.name}: ${response.status} ${text}`);
    const calls: Calls = { byPod: new Map(), answered: 0, failed: 0, failures: {} };
    const line = /^grpc_client_handled_total\{pod="([^"]*)",grpc_code="([^"]*)"\} (\d+)$/gm;
    for (const [, pod, code, count] of text.matchAll(line)) {
      if (code === 'OK') {
        calls.answered += Number(count);
        calls.byPod.set(pod!, Number(count));
      } else {
        calls.failed += Number(count);
        calls.failures[code!] = (calls.failures[code!] ?? 0) + Number(count);
      }
    }
    return calls;
  }

  /** Calls from now on: resolves when there are so many more, those that failed included. */
  async next(count: number): Promise<Calls> {
    const before = await this.calls();
    return eventually(async () => {
      const calls = since(before, await this.calls());
      const made = calls.answered + calls.failed;
      if (made < count) throw new Error(`${this.name}: ${made} of ${count} calls within ${callsMs} ms`);
      return calls;
    }, callsMs);
  }

  /** The calls while something happens. */
  async during(happens: () => Promise<void>): Promise<Calls> {
    const before = await this.calls();
    await happens();
    return since(before, await this.calls());
  }
}

function since(before: Calls, now: Calls): Calls {
  const old = (pod: string) => before.byPod.get(pod) ?? 0;
  return {
    byPod: new Map(more([...now.byPod], old)),
    answered: now.answered - before.answered,
    failed: now.failed - before.failed,
    failures: Object.fromEntries(more(Object.entries(now.failures), (code) => before.failures[code] ?? 0)),
  };
}

/** What counts have grown by, of those that have. */
function more(counts: [string, number][], before: (name: string) => number): [string, number][] {
  return counts
    .map(([name, count]): [string, number] => [name, count - before(name)])
    .filter(([, count]) => count > 0);
}
