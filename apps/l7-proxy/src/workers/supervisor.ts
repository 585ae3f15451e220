import cluster from 'node:cluster';
import { execArgv } from 'node:process';
import { Backoff } from '@evenly/endpoints';
import {
  dividedHeap,
  exitCodes,
  processMemory,
  ServiceError,
  type Gate,
  type Runtime,
} from '@evenly/service';
import { Counter, Gauge } from 'prom-client';
import type { ProxyStatus } from '../admin/status.ts';
import { mergeStatus } from './merged-status.ts';
import type { MetricsJson } from './messages.ts';
import { mergeMetrics, PastMetrics } from './merged-metrics.ts';
import { SupervisedWorker, type WorkerExit } from './supervised-worker.ts';
import { shareTicketSecret } from './ticket-secret.ts';

/** A worker that has served for so long was good: the next failure is a first one. */
const goodMs = 10_000;
/** How often the numbers of workers are fetched, so that little of them is lost when one crashes. */
const pollMs = 5000;

/**
 * Several processes that serve the same ports, for more than one core. Connections are dealt out in turn by this process
 * (node:cluster), which listens, serves the admin port, and starts workers again that end by themselves.
 */
export class Supervisor {
  readonly #service: Pick<Runtime, 'log' | 'metrics' | 'readiness'>;
  readonly #workers = new Map<number, SupervisedWorker>();
  readonly #gates = new Map<number, Gate>();
  readonly #past = new PastMetrics();
  readonly #exits: Counter;
  readonly #polling: NodeJS.Timeout;
  readonly #sharedEnv = shareTicketSecret();
  #count = 0;
  #restarts = 0;
  #ending = false;

  constructor(service: Pick<Runtime, 'log' | 'metrics' | 'readiness'>) {
    this.#service = service;
    this.#exits = new Counter({
      name: 'evenly_proxy_worker_exits_total',
      help: 'Workers that ended by themselves and were started again',
      registers: [service.metrics],
    });
    const running: Gauge = new Gauge({
      name: 'evenly_proxy_workers',
      help: 'Workers that serve',
      registers: [service.metrics],
      collect: () => running.set(this.#serving.length),
    });
    this.#polling = setInterval(() => void this.#reports(), pollMs).unref();
    cluster.schedulingPolicy = cluster.SCHED_RR;
  }

  /**
   * Starts the first, and when that serves the others: what is wrong with the config is then said once.
   * @throws ServiceError with what the first worker ended for
   */
  async start(count: number): Promise<void> {
    cluster.setupPrimary({ execArgv: dividedHeap(execArgv, processMemory(), count) });
    this.#count = count;
    const { readiness } = this.#service;
    for (let number = 1; number <= count; number++)
      this.#gates.set(
        number,
        readiness.gate(`worker ${number}`, () => this.#whyNotReady(number)),
      );
    for (let number = 1; number <= count; number++) {
      const worker = this.#fork(number);
      const exit = number === 1 ? await worker.started : undefined;
      if (this.#ending) return;
      if (exit !== undefined) throw startError(exit);
      this.#watch(worker, new Backoff());
    }
    await Promise.all([...this.#workers.values()].map(({ started }) => started));
  }

  /** The metrics of all processes, those of ended ones included. */
  async metrics(): Promise<string> {
    const own = (await this.#service.metrics.getMetricsAsJSON()) as MetricsJson;
    const reports = await this.#reports();
    return mergeMetrics([own, this.#past.all, ...reports.map(({ metrics }) => metrics)]).metrics();
  }

  async status(): Promise<ProxyStatus> {
    const reports = await this.#reports();
    // One that has ended and waits for its restart is missed, too.
    const workers = Array.from({ length: this.#count }, (_, index) => {
      const worker = this.#workers.get(index + 1);
      const pid = worker?.pid === undefined ? {} : { pid: worker.pid };
      return { number: index + 1, ...pid, serving: worker?.listeningAtMs !== undefined && worker.answers };
    });
    return {
      ...mergeStatus(reports.map(({ status }) => status)),
      waiting: this.#service.readiness.waiting,
      workers,
      workerRestarts: this.#restarts,
    };
  }

  async drain(signal: AbortSignal): Promise<void> {
    this.#ending = true;
    clearInterval(this.#polling);
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop(signal)));
  }

  get #serving(): SupervisedWorker[] {
    return [...this.#workers.values()].filter(({ listeningAtMs }) => listeningAtMs !== undefined);
  }

  async #reports() {
    const reports = await Promise.all(this.#serving.map((worker) => worker.report()));
    return reports.filter((report) => report !== undefined);
  }

  #fork(number: number): SupervisedWorker {
    const worker = new SupervisedWorker(number, this.#sharedEnv);
    worker.onReady = () => this.#gates.get(number)?.pass();
    this.#workers.set(number, worker);
    return worker;
  }

  #whyNotReady(number: number): string {
    const [first] = this.#workers.get(number)?.waiting ?? [];
    return first === undefined ? 'has not been started yet' : `${first.gate}: ${first.reason}`;
  }

  #watch(worker: SupervisedWorker, backoff: Backoff): void {
    void worker.exited.then(async (exit) => {
      if (this.#ending) return;
      const { number, listeningAtMs, lastReport } = worker;
      this.#workers.delete(number);
      if (listeningAtMs !== undefined && performance.now() - listeningAtMs >= goodMs) backoff.reset();
      const waitMs = backoff.next();
      this.#exits.inc();
      this.#restarts++;
      this.#service.log.error(
        { worker: number, ...exit, restartInMs: Math.round(waitMs) },
        'a worker has ended',
      );
      if (lastReport !== undefined) await this.#past.add(lastReport.metrics);
      setTimeout(() => {
        if (!this.#ending) this.#watch(this.#fork(number), backoff);
      }, waitMs);
    });
  }
}

function startError({ code, signal }: WorkerExit): ServiceError {
  const reason = `the first worker could not start (${signal ?? `exit ${code}`}); it has said why`;
  return new ServiceError(code === exitCodes.usage ? 'BAD_CONFIG' : 'CANNOT_LISTEN', reason);
}
