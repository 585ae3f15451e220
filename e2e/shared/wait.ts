import type { Answer } from './frontend-client.ts';

/** Tries until it holds (or throws what it threw last), for states that no event announces. */
export async function eventually<T>(attempt: () => T | Promise<T>, deadlineMs = 30_000): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What a load goes to. */
export interface Frontend {
  call(service: string, calls: number): Promise<Answer>;
}

/** Calls without end from several clients at once, while something else happens. */
export class Load {
  readonly answers: Answer[] = [];
  readonly #workers: Promise<void>[];
  #stopped = false;

  constructor(frontend: Frontend, service: string, clients = 4) {
    const work = async () => {
      while (!this.#stopped) this.answers.push(await frontend.call(service, 10));
    };
    this.#workers = Array.from({ length: clients }, work);
  }

  /** Resolves when all requests are answered. @returns those that were not all right, as text */
  async stop(): Promise<string[]> {
    this.#stopped = true;
    await Promise.all(this.#workers);
    return this.answers.filter(({ status }) => status !== 200).map(({ status, text }) => `${status} ${text}`);
  }
}
