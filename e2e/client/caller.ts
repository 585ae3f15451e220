import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('caller.mjs', import.meta.url));

/** One call; times are of the machine's clock. */
export interface Call {
  startedMs: number;
  endedMs: number;
  pod?: string;
  error?: string;
}

export interface CallerOptions {
  target: string;
  use: 'stock' | 'evenly' | 'xds';
  ratePerS: number;
  deadlineMs: number;
  kubeApi: string;
  /** Instead of what the target says. */
  authority?: string;
  serviceConfig?: object;
  dns?: object;
}

/** A client process that calls all the time, and what it has seen. */
export class Caller {
  readonly calls: Call[] = [];
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(options: CallerOptions, env: Record<string, string>) {
    this.#process = spawn(process.execPath, [program, JSON.stringify(options)], {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#ended = new Promise((resolve) => this.#process.once('exit', () => resolve()));
    createInterface({ input: this.#process.stdout! }).on('line', (line) => {
      this.calls.push(JSON.parse(line) as Call);
    });
  }

  /** Those that started in a span of time; all by default. */
  between(fromMs = 0, toMs = Infinity): Call[] {
    return this.calls.filter(({ startedMs }) => startedMs >= fromMs && startedMs < toMs);
  }

  stop(): Promise<void> {
    this.#process.stdin!.end();
    return this.#ended;
  }
}

export const nowMs = () => performance.timeOrigin + performance.now();
export const failed = (calls: readonly Call[]) => calls.filter(({ error }) => error !== undefined);

/** How many calls each pod answered. */
export function countsByPod(calls: readonly Call[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { pod } of calls) if (pod !== undefined) counts.set(pod, (counts.get(pod) ?? 0) + 1);
  return counts;
}

/** The latency that a share of the calls does not exceed. */
export function percentileMs(calls: readonly Call[], share: number): number {
  const sorted = calls.map(({ startedMs, endedMs }) => endedMs - startedMs).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

/** The longest time in which no call succeeded. */
export function longestOutageMs(calls: readonly Call[]): number {
  const ends = calls.filter(({ pod }) => pod !== undefined).map(({ endedMs }) => endedMs);
  ends.sort((a, b) => a - b);
  return ends.reduce((most, end, index) => Math.max(most, end - (ends[index - 1] ?? end)), 0);
}
