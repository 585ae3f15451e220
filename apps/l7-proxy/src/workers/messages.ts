import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import type { WaitingGate } from '@evenly/service';
import type { ProxyStatus } from '../admin/status.ts';

export type MetricsJson = MetricObjectWithValues<MetricValue<string>>[];

/** What the supervisor asks a worker. */
export interface Question {
  evenly: 'question';
  id: number;
}

/** Everything at once: both are small beside what a scrape costs. */
export interface WorkerReport {
  metrics: MetricsJson;
  status: ProxyStatus;
}

/** What a worker tells the supervisor. */
export type WorkerMessage =
  /** The others may start, too: the config is good. */
  | { evenly: 'listening' }
  /** Not all of them, nor at every change; none: it is ready. */
  | { evenly: 'waiting'; gates: readonly WaitingGate[] }
  | { evenly: 'answer'; id: number; report: WorkerReport };

export function isOurs(message: unknown): message is WorkerMessage | Question {
  return typeof message === 'object' && message !== null && 'evenly' in message;
}
