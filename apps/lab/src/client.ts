import * as z from 'zod';
import { LabError } from './errors.ts';

const errorBody = z.object({ error: z.object({ message: z.string() }) });

/** Calls a running lab's REST API. */
export class LabClient {
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** @throws LabError NOT_RUNNING, REFUSED (the message is the lab's) */
  get(path: string): Promise<unknown> {
    return this.#send(path, { method: 'GET' });
  }

  /** @throws as `get` */
  post(path: string, body?: unknown): Promise<unknown> {
    const headers = { 'content-type': 'application/json' };
    return this.#send(path, {
      method: 'POST',
      ...(body !== undefined && { headers, body: JSON.stringify(body) }),
    });
  }

  async #send(path: string, init: RequestInit): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, init).catch((cause: unknown) => {
      const message = `no lab answers on port ${this.#port}; start it with: npm start (another port: --lab-port)`;
      throw new LabError('NOT_RUNNING', message, { cause });
    });
    const body: unknown = await response.json().catch(() => undefined);
    if (response.ok) return body;
    const known = errorBody.safeParse(body);
    const message = known.success ? known.data.error.message : `HTTP status ${response.status}`;
    throw new LabError('REFUSED', message);
  }
}
