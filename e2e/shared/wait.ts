import type { Answer } from './frontend-client.ts';

export { eventually, isAlive } from '@evenly/local-cluster/testing';

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
