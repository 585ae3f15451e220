import { once } from 'node:events';
import cluster, { type Worker } from 'node:cluster';
import type { WaitingGate } from '@evenly/service';
import { isOurs, type WorkerReport } from './messages.ts';

/** How a worker ended. */
export interface WorkerExit {
  code: number | null;
  signal: string | null;
}

/** How long a worker may take to answer before its last report is used. */
const answerMs = 2000;

/** One worker process, as the supervisor sees it. */
export class SupervisedWorker {
  readonly number: number;
  /** When it said that it listens; undefined before. */
  listeningAtMs: number | undefined;
  /** What it waits for before it is ready. */
  waiting: readonly WaitingGate[] = [{ gate: 'program', reason: 'starting' }];
  /** Called once. */
  onReady: () => void = () => undefined;
  /** It answered the last question in time. */
  answers = true;
  /** What it told last, also after its end. */
  lastReport: WorkerReport | undefined;
  /** Resolves, never rejects. */
  readonly exited: Promise<WorkerExit>;
  /** Resolves when it listens; with the exit when it ends before. */
  readonly started: Promise<WorkerExit | undefined>;
  readonly #worker: Worker;
  readonly #answers = new Map<number, () => void>();
  #asked = 0;

  /** @param env what it has in its environment beside the process's */
  constructor(number: number, env: Record<string, string>) {
    this.number = number;
    this.#worker = cluster.fork(env);
    this.exited = new Promise((resolve) => {
      this.#worker.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const listening = new Promise<undefined>((resolve) => {
      this.#worker.on('message', (message: unknown) => this.#onMessage(message, () => resolve(undefined)));
    });
    this.started = Promise.race([listening, this.exited]);
    // Here and once: a reaction for each question would stay as long as the worker lives.
    void this.exited.then(() => this.#answers.forEach((done) => done()));
    // A write to a worker that is ending fails; its exit says the same.
    this.#worker.on('error', () => undefined);
  }

  get pid(): number | undefined {
    return this.#worker.process.pid;
  }

  /** Asks for a new report; after a while the last one has to do. */
  async report(): Promise<WorkerReport | undefined> {
    if (!this.#worker.isConnected()) return this.lastReport;
    const id = ++this.#asked;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.answers = false;
        resolve();
      }, answerMs);
      const done = () => {
        clearTimeout(timer);
        this.answers = true;
        resolve();
      };
      this.#answers.set(id, done);
      this.#worker.send({ evenly: 'question', id });
    });
    this.#answers.delete(id);
    return this.lastReport;
  }

  /** SIGTERM, and SIGKILL when `signal` aborts. */
  async stop(signal: AbortSignal): Promise<void> {
    if (this.#worker.isDead()) return;
    this.#worker.process.kill('SIGTERM');
    const cut = once(signal, 'abort');
    if (!signal.aborted) await Promise.race([this.exited, cut]);
    if (!this.#worker.isDead()) this.#worker.process.kill('SIGKILL');
    await this.exited;
  }

  #onMessage(message: unknown, onListening: () => void): void {
    if (!isOurs(message)) return;
    if (message.evenly === 'listening') {
      this.listeningAtMs = performance.now();
      onListening();
    } else if (message.evenly === 'waiting') {
      this.waiting = message.gates;
      if (message.gates.length === 0) this.onReady();
    } else if (message.evenly === 'answer') {
      this.lastReport = message.report;
      this.#answers.get(message.id)?.();
    }
  }
}
