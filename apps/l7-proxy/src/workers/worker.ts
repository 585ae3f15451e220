import cluster from 'node:cluster';
import type { Readiness } from '@evenly/service';
import { isOurs, type WorkerMessage, type WorkerReport } from './messages.ts';

/** How often a worker that is not ready says what it waits for. */
const sayMs = 1000;
/** Gates that it names. */
const maxNamed = 20;

/** In a worker: tells the supervisor. Elsewhere: nothing. */
export function tellSupervisor(message: WorkerMessage): void {
  const { worker } = cluster;
  if (worker?.isConnected()) worker.send(message);
}

/** In a worker: says what it waits for until it is ready, and answers the supervisor from now on. Elsewhere: nothing. */
export function answerSupervisor(readiness: Readiness, report: () => Promise<WorkerReport>): void {
  const { worker } = cluster;
  if (worker === undefined) return;
  worker.on('message', (question: unknown) => {
    if (!isOurs(question) || question.evenly !== 'question') return;
    void report().then((answer) => tellSupervisor({ evenly: 'answer', id: question.id, report: answer }));
  });
  const say = () => tellSupervisor({ evenly: 'waiting', gates: readiness.waiting.slice(0, maxNamed) });
  const saying = setInterval(say, sayMs).unref();
  const stop = readiness.onChange(() => {
    if (!readiness.isReady) return;
    say();
    clearInterval(saying);
    stop();
  });
}
