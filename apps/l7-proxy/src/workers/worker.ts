import cluster from 'node:cluster';
import { isOurs, type WorkerMessage, type WorkerReport } from './messages.ts';

/** In a worker: says that it serves, and answers the supervisor from now on. Elsewhere: nothing. */
export function answerSupervisor(report: () => Promise<WorkerReport>): void {
  const { worker } = cluster;
  if (worker === undefined) return;
  const tell = (message: WorkerMessage) => {
    if (worker.isConnected()) worker.send(message);
  };
  worker.on('message', (question: unknown) => {
    if (!isOurs(question) || question.evenly !== 'question') return;
    void report().then((answer) => tell({ evenly: 'answer', id: question.id, report: answer }));
  });
  tell({ evenly: 'ready' });
}
