import { GrpcClient, type Outcome } from './grpc-client.ts';

/** Calls at a fixed rate, whatever becomes of them (open loop), over a few connections. */
export class SteadyLoad {
  readonly failed: { number: number; outcome: Outcome }[] = [];
  readonly latenciesMs: number[] = [];
  done = 0;
  started = 0;
  readonly #clients: GrpcClient[];
  readonly #pending = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;

  constructor(address: string, callsPerSecond: number) {
    this.#clients = Array.from({ length: 4 }, () => new GrpcClient(address));
    const startedAtMs = performance.now();
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - startedAtMs) * callsPerSecond) / 1000);
      while (this.started < due) this.#call(this.started++);
    }, 5);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
    for (const client of this.#clients) client.close();
  }

  #call(number: number): void {
    const startedAtMs = performance.now();
    const id = `call-${number}`;
    const client = this.#clients[number % this.#clients.length]!;
    const call = client.unary(id).then((outcome) => {
      this.done++;
      this.latenciesMs.push(performance.now() - startedAtMs);
      if (outcome.code !== 'OK' || outcome.messages[0] !== id) this.failed.push({ number, outcome });
      this.#pending.delete(call);
    });
    this.#pending.add(call);
  }
}
